public import Support
public import SystemPackage

/// Why a medium could not be copied.
public enum CopyError: Diagnosable, Equatable {
    /// A file that a checksum list names is not on the medium.
    case missing(FilePath, list: FilePath)
    case mismatch(FilePath, list: FilePath, expected: String, found: String)
    case shorter(FilePath, found: Int64, expected: Int64)
    case noRoom(FilePath, needed: Int64, free: Int64)
    case busy(FilePath)
    /// A file of the medium would take the place of a folder that is there.
    case folderInTheWay(FilePath)
    case insideItself(FilePath)
    case notAFolder(FilePath)
    /// Something has the name that a link is to have.
    case notALink(FilePath)
    /// Discs of Debian each bring an index of their own: one would hide the packages of the other.
    case anotherDisc(FilePath, disc: String, present: String)
    case badSignature(FilePath, key: String)
    case noKey(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .missing(let path, let list):
            Diagnostic(
                "file is missing on the medium, but \(list.printable) lists it", subject: path.printable,
                remedy: "download the medium again")
        case .mismatch(let path, let list, let expected, let found):
            Diagnostic(
                "file does not match \(list.printable) (\(found) instead of \(expected))", subject: path.printable,
                remedy: "download the medium again")
        case .shorter(let path, let found, let expected):
            Diagnostic(
                "file ends early on the medium (\(found) of \(expected) bytes)", subject: path.printable,
                remedy: "download the medium again")
        case .noRoom(let path, let needed, let free):
            Diagnostic(
                "no space for the medium: it needs \(needed >> 20) MiB, \(free >> 20) MiB are free",
                subject: path.printable, remedy: "free some there, or copy to another place with -p")
        case .busy(let path):
            Diagnostic(
                "another copy to this folder is running", subject: path.printable, remedy: "wait until it is done")
        case .folderInTheWay(let path):
            Diagnostic("a folder is where the medium has a file", subject: path.printable, remedy: "move it away")
        case .insideItself(let path):
            Diagnostic("the copy would lie inside its own source", subject: path.printable, remedy: "choose another -p")
        case .notAFolder(let path):
            Diagnostic("not a folder", subject: path.printable, remedy: "move it away, or choose another -p")
        case .notALink(let path):
            Diagnostic(
                "a link to the copy cannot be made: the name is taken", subject: path.printable, remedy: "move it away")
        case .anotherDisc(let path, let disc, let present):
            Diagnostic(
                "disc '\(disc)' would hide the packages of disc '\(present)'", subject: path.printable,
                remedy: "copy it elsewhere with -p and list both folders in pkgdir")
        case .badSignature(let path, let key):
            Diagnostic(
                "signature is wrong: it claims key \(key)", subject: path.printable, remedy: "do not trust this medium")
        case .noKey(let path):
            Diagnostic(
                "not an OpenPGP public key", subject: path.printable,
                remedy: "export it with gpg --armor --export KEY")
        }
    }
}
