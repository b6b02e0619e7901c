public import Support
public import SystemPackage

/// The packages of a Debian tree: `var/lib/dpkg/status`, see deb822(5) and dpkg-query(1).
public struct DpkgStatus: Sendable, Equatable {
    public struct Package: Sendable, Equatable {
        /// The whole stanza without its final empty line.
        public var stanza: [UInt8]
        public var version: String
        public var architecture: String
        /// The third word of `Status`: `installed`, `unpacked`, `config-files`, …
        public var state: String
        public var isEssential: Bool
    }

    /// By name, `name:arch` for packages of another architecture than the tree's.
    public var packages: [String: Package] = [:]
    /// The tree's own architecture; `all` belongs to it.
    public let architecture: String

    public init(architecture: String) { self.architecture = architecture }

    public init(_ text: [UInt8], architecture: String) {
        self.init(architecture: architecture)
        for stanza in Self.stanzas(of: text) { add(stanza, state: nil) }
    }

    /// Status of a tree; empty when it has none.
    public init(tree: FilePath, architecture: String) throws(FileError) {
        let file = try RootFolder(tree).host("/var/lib/dpkg/status")
        self.init(file.exists ? try file.readBytes(limit: 256 << 20) : [], architecture: architecture)
    }

    /// Versions of the packages that are there, even if not configured yet.
    public var versions: [String: String] {
        packages.filter { Self.presentStates.contains($0.value.state) }.mapValues(\.version)
    }

    /// Packages whose installation or removal was interrupted, sorted by name.
    public var brokenPackages: [String] {
        packages.filter { !["installed", "config-files", "not-installed"].contains($0.value.state) }.keys.sorted()
    }

    private static let presentStates: Set<String> = [
        "installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending",
    ]

    /// Records a stanza of an index as an installed package.
    mutating func install(_ stanza: [UInt8]) { add(stanza, state: "installed") }

    mutating func remove(_ name: String) { packages[name] = nil }

    /// As dpkg would write it when every package that is there were configured: what a simulation starts from.
    var settledText: [UInt8] {
        var result: [UInt8] = []
        for (_, package) in packages.sorted(by: { $0.key < $1.key }) where Self.presentStates.contains(package.state) {
            result += package.stanza.split(separator: 0x0a).filter { !$0.starts(with: "Status:".utf8) }.joined(
                separator: [0x0a])
            result += Array("\nStatus: install ok installed\n\n".utf8)
        }
        return result
    }

    private mutating func add(_ stanza: [UInt8], state: String?) {
        let fields = Self.fields(of: stanza)
        guard let name = fields["Package"], let version = fields["Version"] else { return }
        let architecture = fields["Architecture"] ?? self.architecture
        let isNative = architecture == "all" || architecture == self.architecture
        packages[isNative ? name : "\(name):\(architecture)"] = Package(
            stanza: stanza, version: version, architecture: architecture,
            state: state ?? fields["Status"]?.split(separator: " ").last.map(String.init) ?? "not-installed",
            isEssential: fields["Essential"] == "yes")
    }

    static func stanzas(of text: [UInt8]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var start = 0
        var index = 0
        while index < text.count {
            if text[index] == 0x0a, index + 1 < text.count, text[index + 1] == 0x0a {
                if index > start { result.append(Array(text[start..<index])) }
                while index < text.count, text[index] == 0x0a { index += 1 }
                start = index
            } else {
                index += 1
            }
        }
        let last = text[start...].reversed().drop { $0 == 0x0a }.reversed()
        if !last.isEmpty { result.append(Array(last)) }
        return result
    }

    private static let wanted = ["Package", "Version", "Architecture", "Status", "Essential"]

    private static func fields(of stanza: [UInt8]) -> [String: String] {
        var result: [String: String] = [:]
        for line in stanza.split(separator: 0x0a) {
            guard line.first != 0x20, line.first != 0x09, let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                continue
            }
            guard let key = wanted.first(where: { line[..<colon].elementsEqual($0.utf8) }) else { continue }
            result[key] = String(decoding: line[(colon + 1)...].drop { $0 == 0x20 }, as: UTF8.self)
        }
        return result
    }
}
