public import Support
public import SystemPackage

/// The packages of a tree of any family, sorted by name.
public struct InstalledPackages: Sendable, Equatable {
    public struct Package: Sendable, Equatable {
        public var name: String
        public var version: String
        public var architecture: String
    }

    public let packages: [Package]

    /// - Throws: `InstalledPackagesError.noDatabase`, and what keeps the database from being read.
    public init(tree: FilePath) throws {
        let found: [Package]
        if try RootFolder(tree).host("/var/lib/dpkg/status").isRegularFile {
            found = try Self.debian(tree)
        } else if let database = try RpmDatabase(tree: tree) {
            found = try database.packages().map {
                Package(name: $0.name, version: $0.version, architecture: $0.architecture)
            }
        } else {
            throw InstalledPackagesError.noDatabase(tree)
        }
        packages = found.sorted { left, right in
            let pairs = [
                (left.name, right.name), (left.version, right.version), (left.architecture, right.architecture),
            ]
            guard let (first, second) = pairs.first(where: { $0 != $1 }) else { return false }
            return Array(first.utf8).lexicographicallyPrecedes(Array(second.utf8))
        }
    }

    private static func debian(_ tree: FilePath) throws -> [Package] {
        let native = try RootFolder(tree).host("/var/lib/dpkg/arch")
        let architecture = native.exists ? String(try native.readText().prefix { !$0.isNewline }) : ""
        let status = try DpkgStatus(tree: tree, architecture: architecture)
        let present = status.versions
        return status.packages.filter { present[$0.key] != nil }.map {
            Package(
                name: String($0.key.prefix { $0 != ":" }), version: $0.value.version,
                architecture: $0.value.architecture)
        }
    }
}

public enum InstalledPackagesError: Diagnosable, Equatable {
    case noDatabase(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .noDatabase(let tree):
            Diagnostic(
                "tree has no package database", subject: tree.printable, remedy: "name the rootimg folder of an osimage"
            )
        }
    }
}
