public import Profiles
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

    public init(tree: FilePath) throws {
        guard try RootFolder(tree).host("/var/lib/dpkg/status").isRegularFile else {
            throw InstalledPackagesError.noDatabase(tree)
        }
        let native = try RootFolder(tree).host("/var/lib/dpkg/arch")
        let architecture = native.exists ? String(try native.readText().prefix { !$0.isNewline }) : ""
        let status = try DpkgStatus(tree: tree, architecture: architecture)
        let present = status.versions
        packages = status.packages.filter { present[$0.key] != nil }
            .map {
                Package(
                    name: String($0.key.prefix { $0 != ":" }), version: $0.value.version,
                    architecture: $0.value.architecture)
            }
            .sorted {
                (Array($0.name.utf8), Array($0.architecture.utf8)).0.lexicographicallyPrecedes(Array($1.name.utf8))
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

/// Where packages come from, as an osimage says it.
public struct PackageSource: Sendable {
    public var pkgdirs: [String]
    public var otherpkgdirs: [String]
    public var keyrings: [FilePath]
    /// For messages: paths are shown without its prefix.
    public var root: RootFolder

    public init(pkgdirs: [String], otherpkgdirs: [String], keyrings: [FilePath], root: RootFolder) {
        (self.pkgdirs, self.otherpkgdirs, self.keyrings, self.root) = (pkgdirs, otherpkgdirs, keyrings, root)
    }
}

/// A family of distributions, found by the name of one. Each has a driver; the flow is the same.
public struct PackageFamily: Sendable {
    private let osver: String
    private let arch: String

    public init(osver: String, arch: String) { (self.osver, self.arch) = (osver, arch) }

    /// A driver and the temporary folder that it works in.
    public struct Session {
        public let driver: any PackageDriver
        private let workspace: FilePath

        init(_ driver: any PackageDriver, _ workspace: FilePath) { (self.driver, self.workspace) = (driver, workspace) }

        public func end() { try? workspace.removeTree() }
    }

    /// Gets ready to work on `folder`. Call it under the lock, and `end` afterwards.
    public func session(
        _ folder: ImageFolder, source: PackageSource, requests: [PackageRequest], kernelVersion: String?,
        installsRecommends: Bool,
        isInteractive: Bool, variables: Environment, execPath: FilePath, locked: PackageLock? = nil
    ) throws -> Session {
        let family = osver.lowercased()
        guard family.hasPrefix("debian") || family.hasPrefix("ubuntu") else {
            throw PackageError.unsupportedDistribution(osver)
        }
        let architecture = try AptDriver.architecture(arch)
        let repositories = try self.repositories(source, requests, architecture)
        let workspace = try folder.makeTemporary("apt")
        do {
            try folder.logFile.removeFile()
            return Session(
                try AptDriver(
                    folder: workspace, architecture: architecture, repositories: repositories,
                    keyrings: source.keyrings,
                    installsRecommends: installsRecommends, kernelVersion: kernelVersion, isInteractive: isInteractive,
                    variables: variables, logFile: folder.logFile, execPath: execPath, requests: requests,
                    locked: locked),
                workspace)
        } catch {
            try? workspace.removeTree()
            throw error
        }
    }

    private func repositories(_ source: PackageSource, _ requests: [PackageRequest], _ architecture: String) throws
        -> [AptRepository]
    {
        var result: [AptRepository] = []
        for entry in source.pkgdirs {
            result += try AptRepository.find(entry, architecture: architecture, shownBeneath: source.root)
        }
        let wanted = Set(requests.map(\.repository)).subtracting([""]).sorted()
        for entry in source.otherpkgdirs {
            if AptRepository.isURL(entry) {
                result.append(.url(entry))
                continue
            }
            let folder = FilePath(entry)
            var found = 0
            for name in wanted where folder.joined(name).isDirectory {
                result += try AptRepository.find(
                    folder.joined(name).printable, architecture: architecture, shownBeneath: source.root)
                found += 1
            }
            do {
                result += try AptRepository.find(entry, architecture: architecture, shownBeneath: source.root)
            } catch AptRepositoryError.empty where found > 0 || requests.allSatisfy({ !$0.repository.isEmpty }) {
                continue
            }
        }
        for name in wanted
        where !source.otherpkgdirs.contains(where: { AptRepository.isURL($0) || FilePath($0).joined(name).isDirectory })
        {
            let request = requests.first { $0.repository == name }
            throw AptRepositoryError.notFound(FilePath("\(name) (\(request?.origin ?? ""))"))
        }
        var seen: [AptRepository] = []
        for repository in result where !seen.contains(repository) { seen.append(repository) }
        return seen
    }
}
