internal import Support
internal import SystemPackage

/// A folder with `repodata/repomd.xml`, or the URL of one.
struct RpmRepository: PackageRepository, Sendable {
    enum Place: Equatable, Sendable {
        /// The entry of pkgdir, which the build sees as a whole, and where below it the repository is.
        case folder(FilePath, below: FilePath)
        case url(String)
    }

    let place: Place
    /// For messages.
    let shown: String

    static let schemes = ["http:", "https:", "ftp:"]

    static func find(_ entry: String, architecture: String, shownBeneath root: RootFolder) throws -> [RpmRepository] {
        if isURL(entry) {
            guard entry.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw RepositoryError.badAddress(entry) }
            return [RpmRepository(place: .url(entry), shown: entry)]
        }
        let top = FilePath(entry)
        let stored = root.stored(top)
        guard top.isDirectory else { throw RepositoryError.notFound(stored) }
        var found: [FilePath] = []
        var hasPackages = false
        try TreeWalk(top).run { item in
            if item.status.kind == .regular, item.name.bytes.suffix(4).elementsEqual(".rpm".utf8) { hasPackages = true }
            guard item.status.kind == .directory, item.name == "repodata" else { return .enter }
            if top.joined(item.path).joined("repomd.xml").isRegularFile {
                found.append(item.path.removingLastComponent())
            }
            return .skip
        }
        guard !found.isEmpty else {
            throw hasPackages
                ? RepositoryError.noMetadata(stored) : RepositoryError.empty(stored, architecture: architecture)
        }
        return found.map {
            RpmRepository(place: .folder(top, below: $0), shown: ($0.isEmpty ? stored : stored.joined($0)).printable)
        }
    }

    static func findAtTop(
        _ entry: String, architecture: String, shownBeneath root: RootFolder
    ) throws -> [RpmRepository] {
        let top = FilePath(entry)
        guard top.joined("repodata/repomd.xml").isRegularFile else {
            throw RepositoryError.empty(root.stored(top), architecture: architecture)
        }
        return [RpmRepository(place: .folder(top, below: ""), shown: root.stored(top).printable)]
    }

    var top: FilePath? {
        guard case .folder(let top, _) = place else { return nil }
        return top
    }
}
