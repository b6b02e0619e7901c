/// Settings of the table `site` that mean something. Read from `site.txt`, which is embedded in the program.
///
/// Other names are taken too.
enum SiteSettings {
    /// Their names, sorted by bytes.
    static var names: [String] { lines.map(\.name) }

    /// What a setting means, one line; empty for one that is not known.
    static func summary(of name: String) -> String { lines.first { $0.name == name }?.summary ?? "" }

    private static var lines: [(name: String, summary: String)] {
        String(decoding: PackageResources.site_txt, as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1)
            return line.hasPrefix("#") || parts.count < 2 ? nil : (String(parts[0]), String(parts[1]))
        }
    }
}
