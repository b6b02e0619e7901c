internal import Support
public import SystemPackage

/// Settings from all places, later ones winning: this machine's file, the site's file, the environment, `-c`.
public struct Configuration: Sendable, Equatable {
    public private(set) var entries: [ConfigText.Entry]

    public init(_ entries: [ConfigText.Entry] = []) { self.entries = entries }

    /// The last value of `key`; section and name are compared in lower case. A bare name gives `true`.
    public subscript(key: String) -> String? {
        entry(key).map { $0.value ?? "true" }
    }

    private func entry(_ key: String) -> ConfigText.Entry? {
        let key = Self.normalised(key)
        return entries.last { $0.key == key }
    }

    /// - Throws: `ConfigError.notABoolean`.
    public func boolean(_ key: String) throws(ConfigError) -> Bool? {
        guard let entry = entry(key) else { return nil }
        switch (entry.value ?? "true").lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0", "": return false
        default: throw .notABoolean(key: key, value: entry.value ?? "", origin: entry.origin)
        }
    }

    /// - Throws: `ConfigError.notANumber`.
    public func number(_ key: String) throws(ConfigError) -> Int? {
        guard let entry = entry(key) else { return nil }
        guard let number = entry.value.flatMap({ Int($0) }) else {
            throw .notANumber(key: key, value: entry.value ?? "", origin: entry.origin)
        }
        return number
    }

    /// Subsections of `section` in order of first appearance: `["backup"]` for `hook.backup.event`.
    public func subsections(of section: String) -> [String] {
        var seen: [String] = []
        for entry in entries where entry.key.hasPrefix(section + ".") {
            let rest = entry.key.dropFirst(section.count + 1)
            guard let dot = rest.lastIndex(of: ".") else { continue }
            let name = String(rest[..<dot])
            if !seen.contains(name) { seen.append(name) }
        }
        return seen
    }

    /// These settings, overruled by `other`.
    public func overruled(by other: Configuration) -> Configuration { Configuration(entries + other.entries) }

    /// The file at `path`; empty when it does not exist.
    /// - Parameters:
    ///   - name: what entries say they come from; the path itself unless given.
    ///   - allowsStore: false for the site's versioned file, which may not say where the store is.
    public static func file(
        _ path: FilePath, named name: FilePath? = nil, allowsStore: Bool = true
    ) throws -> Configuration {
        guard path.exists else { return Configuration() }
        let text = try ConfigText(try path.readText(limit: 1 << 20), name: (name ?? path).printable)
        if !allowsStore,
            let entry = text.entries.first(where: { $0.key.hasPrefix("store.") || $0.key.hasPrefix("db.") })
        {
            throw ConfigError.notAllowed(key: entry.key, origin: entry.origin)
        }
        return Configuration(text.entries)
    }

    /// Settings as `-c` gives them: `key=value`, or a bare key for true.
    public static func words(_ words: [String], origin: String) throws(ConfigError) -> Configuration {
        var entries: [ConfigText.Entry] = []
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = normalised(String(parts[0]))
            guard key.contains("."), !key.hasPrefix("."), !key.hasSuffix(".") else { throw .badSetting(word) }
            entries.append(.init(key: key, value: parts.count > 1 ? String(parts[1]) : nil, origin: origin))
        }
        return Configuration(entries)
    }

    private static func normalised(_ key: String) -> String {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 2, let first = parts.first, let last = parts.last else { return key.lowercased() }
        return ([first.lowercased()] + parts[1..<(parts.count - 1)].map(String.init) + [last.lowercased()])
            .joined(separator: ".")
    }
}
