internal import Profiles
internal import Support
internal import SystemPackage

/// What a run of apt puts into a tree for its own sake, and takes out again.
struct AptTraces {
    private let tree: FilePath
    private let root: RootFolder

    init(_ tree: FilePath) {
        self.tree = tree
        root = RootFolder(tree)
    }

    private static let policy = "#!/bin/sh\n# catboat: no service starts while packages are installed\nexit 101\n"

    /// Keeps package scripts from starting services (invoke-rc.d(8)). A policy of the administrator's own stays in force and in place.
    func forbidServices() throws {
        let file = try root.host("/usr/sbin/policy-rc.d")
        guard !file.exists, file.removingLastComponent().isDirectory else { return }
        try AtomicFile.write(Self.policy.utf8, to: file, permissions: 0o755)
    }

    func allowServices() throws {
        let file = try root.host("/usr/sbin/policy-rc.d")
        guard file.isRegularFile, try file.readBytes() == Array(Self.policy.utf8) else { return }
        try file.removeFile()
    }

    /// mmdebstrap leaves sources that only the build can reach, and the host's name and name server.
    func removeBuildPaths(_ repositories: [AptRepository]) throws {
        var text = "# The packages of this image were chosen by the osimage's pkglist; see genimage(1).\n"
        for case .url(let line) in repositories { text += "deb \(line)\n" }
        let sources = try root.host("/etc/apt/sources.list")
        if sources.removingLastComponent().isDirectory { try AtomicFile.write(text.utf8, to: sources) }
        for stored in [
            "/etc/apt/sources.list.d/0000sources.list", "/etc/hostname", "/etc/resolv.conf",
            "/etc/apt/apt.conf.d/99mmdebstrap", "/etc/dpkg/dpkg.cfg.d/99mmdebstrap",
        ] {
            try root.host(FilePath(stored)).removeFile()
        }
    }

    func removeLeftovers() throws {
        for stored in ["/var/cache/apt/pkgcache.bin", "/var/cache/apt/srcpkgcache.bin"] {
            try root.host(FilePath(stored)).removeFile()
        }
    }
}

/// Which packages of a tree were installed only because others need them: `var/lib/apt/extended_states`, see apt-mark(8).
enum AptMarks {
    private static func file(_ tree: FilePath) throws -> FilePath {
        try RootFolder(tree).host("/var/lib/apt/extended_states")
    }

    /// The marks as they were before a run: apt takes away those of what it is about to remove, and may be killed before it
    /// has removed it.
    private static func kept(_ tree: FilePath) throws -> FilePath {
        try RootFolder(tree).host("/var/lib/apt/extended_states.catboat")
    }

    /// Keeps the marks for the case that this run is killed, and brings back those that a killed run lost.
    static func keep(tree: FilePath, architecture: String) throws {
        let (file, kept) = (try file(tree), try kept(tree))
        guard file.removingLastComponent().isDirectory else { return }
        try markAutomatic(automatic(in: kept).sorted(), tree: tree, architecture: architecture)
        try AtomicFile.write(file.exists ? try file.readBytes() : [], to: kept)
    }

    static func forget(tree: FilePath) throws { try kept(tree).removeFile() }

    static func automatic(tree: FilePath) throws -> Set<String> { try automatic(in: file(tree)) }

    private static func automatic(in file: FilePath) throws -> Set<String> {
        guard file.exists else { return [] }
        var result: Set<String> = []
        for stanza in try file.readText().split(separator: "\n\n") {
            let lines = stanza.split(separator: "\n")
            guard lines.contains("Auto-Installed: 1"), let name = lines.first(where: { $0.hasPrefix("Package: ") })
            else { continue }
            result.insert(String(name.dropFirst(9)))
        }
        return result
    }

    /// Adds marks; what is there already stays as it is.
    static func markAutomatic(_ names: [String], tree: FilePath, architecture: String) throws {
        let missing = Set(names).subtracting(try automatic(tree: tree))
        guard !missing.isEmpty else { return }
        let file = try file(tree)
        var text = file.exists ? try file.readText() : ""
        let status = try DpkgStatus(tree: tree, architecture: architecture)
        for name in missing.sorted() {
            guard let package = status.packages[name] else { continue }
            let arch = package.architecture == "all" ? architecture : package.architecture
            text += "Package: \(name)\nArchitecture: \(arch)\nAuto-Installed: 1\n\n"
        }
        try AtomicFile.write(text.utf8, to: file)
    }
}
