internal import Support
internal import SystemPackage

/// Where packages come from: one entry of pkgdir or otherpkgdir, understood.
enum AptRepository: PackageRepository, Sendable {
    /// A copied medium or mirror with `dists/`: one suite of it.
    case archive(FilePath, suite: String, components: [String], isSigned: Bool)
    /// A folder with its own `Packages` index.
    case flat(FilePath, isSigned: Bool)
    /// A folder of `.deb` files without an index; one is made for the run.
    case packages(FilePath, debs: [FilePath])
    /// `URL suite components` as in sources.list(5).
    case url(String)

    static let schemes = ["http:", "https:", "ftp:", "mirror+"]

    /// The folder that the build must see; nil for a URL.
    var folder: FilePath? {
        switch self {
        case .archive(let folder, _, _, _), .flat(let folder, _), .packages(let folder, _): folder
        case .url: nil
        }
    }

    /// Understands one entry of pkgdir or otherpkgdir.
    ///
    /// - Parameters:
    ///   - entry: a URL line, or a folder of the host.
    ///   - architecture: Debian's name of it, e.g. `amd64`.
    ///   - root: messages show paths without its prefix.
    /// - Returns: several when an archive has several suites.
    static func find(_ entry: String, architecture: String, shownBeneath root: RootFolder) throws -> [AptRepository] {
        try find(entry, architecture, root, entersFolders: true)
    }

    static func findAtTop(_ entry: String, architecture: String, shownBeneath root: RootFolder) throws
        -> [AptRepository]
    {
        try find(entry, architecture, root, entersFolders: false)
    }

    private static func find(_ entry: String, _ architecture: String, _ root: RootFolder, entersFolders: Bool) throws
        -> [AptRepository]
    {
        if isURL(entry) {
            guard isWhole(entry) else { throw RepositoryError.badURL(entry) }
            return [.url(entry)]
        }
        let folder = FilePath(entry)
        let stored = root.stored(folder)
        guard folder.isDirectory else { throw RepositoryError.notFound(stored) }
        if folder.joined("dists").isDirectory {
            let archives = try suites(of: folder, stored, architecture)
            guard archives.isEmpty else { return archives }
        }
        for name in ["Packages", "Packages.gz", "Packages.xz"] where folder.joined(name).isRegularFile {
            return [.flat(folder, isSigned: folder.joined("InRelease").exists || folder.joined("Release.gpg").exists)]
        }
        let debs = try packages(in: folder, entersFolders: entersFolders)
        guard !debs.isEmpty else { throw RepositoryError.empty(stored, architecture: architecture) }
        return [.packages(folder, debs: debs)]
    }

    /// Whether the entry is one line of sources.list(5) behind `deb`: a URL, a suite, and components unless the suite ends in `/`.
    private static func isWhole(_ entry: String) -> Bool {
        guard !entry.unicodeScalars.contains(where: { $0.value < 0x20 }) else { return false }
        let words = entry.split(separator: " ")
        return words.count > 2 || (words.count == 2 && words[1].hasSuffix("/"))
    }

    private static func suites(of folder: FilePath, _ stored: FilePath, _ architecture: String) throws
        -> [AptRepository]
    {
        var result: [AptRepository] = []
        var hasOtherArchitectures = false
        for name in try folder.joined("dists").directoryNames() {
            let suite = folder.joined("dists").joined(name)
            // Links such as `stable` name a suite a second time.
            guard try suite.status()?.kind == .directory,
                suite.joined("Release").isRegularFile || suite.joined("InRelease").isRegularFile
            else { continue }
            var components: [String] = []
            for component in try suite.directoryNames() where suite.joined(component).isDirectory {
                let index = suite.joined(component).joined("binary-\(architecture)")
                if try index.directoryNames().contains(where: { $0.printable.hasPrefix("Packages") }) {
                    components.append(component.printable)
                } else if try suite.joined(component).directoryNames().contains(where: {
                    $0.printable.hasPrefix("binary-")
                }) {
                    hasOtherArchitectures = true
                }
            }
            guard !components.isEmpty else { continue }
            let isSigned = suite.joined("InRelease").exists || suite.joined("Release.gpg").exists
            // A copy without its stamp was interrupted; what it holds was not checked against the medium's checksums.
            let isMedium = folder.joined(".disk/info").exists
            guard isSigned || !isMedium || folder.joined(".catboat-media.json").exists else {
                throw RepositoryError.incompleteCopy(stored)
            }
            result.append(.archive(folder, suite: name.printable, components: components, isSigned: isSigned))
        }
        if result.isEmpty, hasOtherArchitectures { throw RepositoryError.empty(stored, architecture: architecture) }
        return result
    }

    private static func packages(in folder: FilePath, entersFolders: Bool) throws -> [FilePath] {
        var debs: [FilePath] = []
        try TreeWalk(folder).run { entry in
            if entry.status.kind == .regular, entry.path.bytes.suffix(4).elementsEqual(".deb".utf8) {
                debs.append(entry.path)
            }
            return entersFolders ? .enter : .skip
        }
        return debs
    }
}
