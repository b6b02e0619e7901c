public import Support
public import SystemPackage

/// Why a package repository cannot be used.
public enum RepositoryError: Diagnosable, Equatable {
    case notFound(FilePath)
    case empty(FilePath, architecture: String)
    /// Packages, but no `repodata`.
    case noMetadata(FilePath)
    case incompleteCopy(FilePath)
    case badURL(String)
    case badAddress(String)
    case none
    case untrusted(String, fingerprint: String)
    case unsigned(String)
    case badSignature(String)
    case unusable(String, reason: String)

    /// Nothing to install is there, which is no harm where only folders below it count.
    var isOfEmptyFolder: Bool {
        switch self {
        case .empty, .noMetadata: true
        default: false
        }
    }

    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let path):
            Diagnostic(
                "package folder not found", subject: path.printable,
                remedy: "run copycds, or correct pkgdir or otherpkgdir")
        case .empty(let path, let architecture):
            Diagnostic(
                "folder has no packages for \(architecture)", subject: path.printable,
                remedy: "copy a medium of that architecture there, or put packages and their index into it")
        case .noMetadata(let path):
            Diagnostic(
                "folder has no repository metadata", subject: path.printable,
                remedy: "run createrepo_c \(path.printable), or copy a medium there with copycds")
        case .incompleteCopy(let path):
            Diagnostic("copy of the medium is not complete", subject: path.printable, remedy: "run copycds again")
        case .badURL(let entry):
            Diagnostic("not a repository", subject: entry, remedy: "write it as 'URL suite component', see genimage(1)")
        case .badAddress(let entry):
            Diagnostic(
                "not a repository", subject: entry, remedy: "write it as one URL without blanks, see genimage(1)")
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
