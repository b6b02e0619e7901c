public import Support
public import SystemPackage

/// Where packages come from: one entry of pkgdir or otherpkgdir, understood.
public enum AptRepository: Sendable, Equatable {
    /// A copied medium or mirror with `dists/`: one suite of it.
    case archive(FilePath, suite: String, components: [String], isSigned: Bool)
    /// A folder with its own `Packages` index.
    case flat(FilePath, isSigned: Bool)
    /// A folder of `.deb` files without an index; one is made for the run.
    case packages(FilePath, debs: [FilePath])
    /// `URL suite components` as in sources.list(5).
    case url(String)

    /// The folder that the build must see; nil for a URL.
    public var folder: FilePath? {
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
    public static func find(_ entry: String, architecture: String, shownBeneath root: RootFolder) throws
        -> [AptRepository]
    {
        if isURL(entry) {
            guard isWhole(entry) else { throw AptRepositoryError.badURL(entry) }
            return [.url(entry)]
        }
        let folder = FilePath(entry)
        let stored = root.stored(folder)
        guard folder.isDirectory else { throw AptRepositoryError.notFound(stored) }
        if folder.joined("dists").isDirectory {
            let archives = try suites(of: folder, stored, architecture)
            guard archives.isEmpty else { return archives }
        }
        for name in ["Packages", "Packages.gz", "Packages.xz"] where folder.joined(name).isRegularFile {
            return [.flat(folder, isSigned: folder.joined("InRelease").exists || folder.joined("Release.gpg").exists)]
        }
        let debs = try packages(in: folder)
        guard !debs.isEmpty else { throw AptRepositoryError.empty(stored, architecture: architecture) }
        return [.packages(folder, debs: debs)]
    }

    public static func isURL(_ entry: String) -> Bool {
        ["http:", "https:", "ftp:", "mirror+"].contains { entry.hasPrefix($0) }
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
                throw AptRepositoryError.incompleteCopy(stored)
            }
            result.append(.archive(folder, suite: name.printable, components: components, isSigned: isSigned))
        }
        if result.isEmpty, hasOtherArchitectures { throw AptRepositoryError.empty(stored, architecture: architecture) }
        return result
    }

    private static func packages(in folder: FilePath) throws -> [FilePath] {
        var debs: [FilePath] = []
        try TreeWalk(folder).run { entry in
            if entry.status.kind == .regular, entry.path.bytes.suffix(4).elementsEqual(".deb".utf8) {
                debs.append(entry.path)
            }
            return .enter
        }
        return debs
    }
}

public enum AptRepositoryError: Diagnosable, Equatable {
    case notFound(FilePath)
    case empty(FilePath, architecture: String)
    case incompleteCopy(FilePath)
    case badURL(String)
    case none
    case untrusted(String, fingerprint: String)
    case unsigned(String)
    case badSignature(String)
    case unusable(String, reason: String)

    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let path):
            Diagnostic(
                "package folder not found", subject: path.printable,
                remedy: "run copycds, or correct pkgdir or otherpkgdir")
        case .empty(let path, let architecture):
            Diagnostic(
                "folder has no packages for \(architecture)", subject: path.printable,
                remedy: "copy a medium of that architecture there, or put .deb files or a Packages index into it")
        case .incompleteCopy(let path):
            Diagnostic("copy of the medium is not complete", subject: path.printable, remedy: "run copycds again")
        case .badURL(let entry):
            Diagnostic("not a repository", subject: entry, remedy: "write it as 'URL suite component', see genimage(1)")
        case .none: Diagnostic("there is no package folder", remedy: "run copycds, or set pkgdir of the osimage")
        case .untrusted(let place, let fingerprint):
            Diagnostic(
                "repository is signed by a key that is not trusted (\(fingerprint))", subject: place,
                remedy: "check that key and trust it with copycds --key FILE")
        case .unsigned(let place):
            Diagnostic("repository is not signed", subject: place, remedy: "use a signed one, or copy it with copycds")
        case .badSignature(let place):
            Diagnostic("signature of the repository is wrong", subject: place, remedy: "copy the medium again")
        case .unusable(let place, let reason): Diagnostic("cannot use repository", subject: place, remedy: reason)
        }
    }
}
