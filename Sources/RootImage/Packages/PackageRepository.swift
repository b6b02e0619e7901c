internal import Profiles
public import Support
public import SystemPackage

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

/// One place of packages that a package manager reads.
protocol PackageRepository: Equatable {
    /// Beginnings of entries that are URLs.
    static var schemes: [String] { get }

    /// Understands one entry of pkgdir or otherpkgdir.
    ///
    /// - Parameters:
    ///   - entry: a URL, or a folder of the host.
    ///   - architecture: as the package manager calls it.
    ///   - root: messages show paths without its prefix.
    /// - Returns: several when a folder holds several.
    static func find(_ entry: String, architecture: String, shownBeneath root: RootFolder) throws -> [Self]
    /// The same without those in folders below.
    static func findAtTop(_ entry: String, architecture: String, shownBeneath root: RootFolder) throws -> [Self]
}

extension PackageRepository {
    static func isURL(_ entry: String) -> Bool { schemes.contains { entry.hasPrefix($0) } }
}

extension PackageSource {
    /// The repositories of an osimage, each once, in order: those of pkgdir, then those of otherpkgdir that lists name (`dir/name`).
    func repositories<Repository: PackageRepository>(_ requests: [PackageRequest], _ architecture: String) throws
        -> [Repository]
    {
        var result: [Repository] = []
        func add(_ entry: String) throws {
            for found in try Repository.find(entry, architecture: architecture, shownBeneath: root)
            where !result.contains(found) {
                result.append(found)
            }
        }
        for entry in pkgdirs { try add(entry) }
        let wanted = Set(requests.map(\.repository)).subtracting([""]).sorted()
        for entry in otherpkgdirs {
            if Repository.isURL(entry) {
                try add(entry)
                continue
            }
            let folder = FilePath(entry)
            let present = wanted.filter { folder.joined($0).isDirectory }
            for name in present { try add(folder.joined(name).printable) }
            do {
                // Folders beside those that lists name are none of ours.
                let found =
                    try present.isEmpty
                    ? Repository.find(entry, architecture: architecture, shownBeneath: root)
                    : Repository.findAtTop(entry, architecture: architecture, shownBeneath: root)
                result += found.filter { !result.contains($0) }
            } catch let error as RepositoryError
                where error.isOfEmptyFolder && (!present.isEmpty || requests.allSatisfy { !$0.repository.isEmpty })
            {
                continue
            }
        }
        for name in wanted
        where !otherpkgdirs.contains(where: { Repository.isURL($0) || FilePath($0).joined(name).isDirectory }) {
            let request = requests.first { $0.repository == name }
            throw RepositoryError.notFound(FilePath("\(name) (\(request?.origin ?? ""))"))
        }
        guard !result.isEmpty else { throw RepositoryError.none }
        return result
    }
}
