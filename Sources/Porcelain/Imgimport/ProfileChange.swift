internal import Bundles
internal import SystemPackage
internal import Support

/// Turns the manifest of an image into that of an independent copy under another profile.
struct ProfileChange {
    private let old: String
    private let new: String
    private let name: String?
    private let installFolder: FilePath
    private let renamesPartitions: Bool

    /// - Parameter renamesPartitions: whether the bundle brings the partition files.
    init(from old: String, to new: String, name: String?, installFolder: FilePath, renamesPartitions: Bool) {
        (self.old, self.new, self.name, self.installFolder) = (old, new, name, installFolder)
        self.renamesPartitions = renamesPartitions
    }

    /// The name that xCAT gives the copy.
    static func imageName(_ manifest: BundleManifest, profile: String) -> String {
        ["osvers", "osarch", "provmethod"].map { manifest.osimage[$0] ?? "" }.joined(separator: "-") + "-\(profile)"
    }

    /// - Parameter rename: told of every file of the image whose place changes.
    func apply(to manifest: inout BundleManifest, rename: (_ from: String, _ to: String) -> Void) {
        manifest.osimage["profile"] = new
        moveRoot(&manifest, rename)
        for column in BundleManifest.fileColumns + (renamesPartitions ? ["partitionfile"] : []) {
            let items = manifest.list(column)
            guard !items.isEmpty else { continue }
            let value = items.map { item in
                let path = Self.path(item, in: column)
                guard path.hasPrefix("/"), let range = item.firstRange(of: path) else { return item }
                let moved = renamed(path)
                rename(path, moved)
                return item[..<range.lowerBound] + moved + item[range.upperBound...]
            }.joined(separator: ",")
            if manifest.osimage[column] != nil { manifest.osimage[column] = value }
            if manifest.linuximage[column] != nil { manifest.linuximage[column] = value }
        }
        let image = name ?? Self.imageName(manifest, profile: new)
        manifest.osimage["imagename"] = image
        if !manifest.linuximage.isEmpty { manifest.linuximage["imagename"] = image }
    }

    /// Boot files and the tree get the folder of the new profile, also where the manifest names none.
    private func moveRoot(_ manifest: inout BundleManifest, _ rename: (String, String) -> Void) {
        guard manifest.osimage["provmethod"] != "install" else { return }
        let folder = installFolder.joined("netboot").joined(manifest.osimage["osvers"] ?? "")
            .joined(manifest.osimage["osarch"] ?? "").joined(new)
        if manifest.linuximage["rootimgdir"] != nil { manifest.linuximage["rootimgdir"] = folder.printable }
        for key in [\BundleManifest.kernel, \.ramdisk, \.rootimg, \.rootimgtree, \.litefile] {
            guard let path = manifest[keyPath: key] else { continue }
            let moved = folder.joined(FilePath(path).lastName).printable
            manifest[keyPath: key] = moved
            rename(path, moved)
        }
    }

    /// The path of an item: without a prefix like `d:`, and of a script without its arguments.
    static func path(_ item: String, in column: String) -> String {
        let start = item.firstIndex(of: "/") ?? item.startIndex
        return column == "postinstall" ? String(item[start...].prefix { !$0.isWhitespace }) : String(item[start...])
    }

    /// The path with the profile in its base name changed; a name that does not have it gets it in front.
    func renamed(_ path: String) -> String {
        let file = FilePath(path)
        let base = Self.renamed(file.lastName.printable, from: old, to: new)
        return file.removingLastComponent().joined(base).printable
    }

    /// The first place where `old` stands by itself, not as a part of a longer word.
    static func renamed(_ base: String, from old: String, to new: String) -> String {
        let isWord: (Character) -> Bool = { $0.isLetter || $0.isNumber }
        for range in base.ranges(of: old) where !old.isEmpty {
            let before = base[..<range.lowerBound].last.map { !isWord($0) } ?? true
            let after = base[range.upperBound...].first.map { !isWord($0) } ?? true
            if before, after { return base[..<range.lowerBound] + new + base[range.upperBound...] }
        }
        return "\(new).\(base)"
    }
}
