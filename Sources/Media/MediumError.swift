public import Support
public import SystemPackage

/// Why an install medium cannot be read.
public enum MediumError: Diagnosable, Equatable {
    case notAnImage(FilePath)
    /// A DVD that has only the UDF file system.
    case onlyUDF(FilePath)
    case truncated(FilePath, bytes: Int64, expected: Int64)
    /// libarchive's own words about a damaged image.
    case damaged(FilePath, reason: String)
    /// A name with `..`, an absolute one, or one that no file system takes.
    case unsafeName(FilePath, name: FilePath)
    /// A symbolic link that leads out of the medium.
    case escapingLink(FilePath, name: FilePath, target: FilePath)
    case linkLoop(FilePath, name: FilePath)
    /// A device node, socket or pipe.
    case specialFile(FilePath, name: FilePath)
    case tooMany(FilePath, limit: Int)
    /// The entries hold more bytes than an image of this size can.
    case tooLarge(FilePath)
    case notReadable(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .notAnImage(let path):
            Diagnostic(
                "not an ISO 9660 image", subject: path.printable, remedy: "name an ISO file, a drive or a folder")
        case .onlyUDF(let path):
            Diagnostic(
                "the image has only a UDF file system", subject: path.printable,
                remedy: "mount it and name the folder")
        case .truncated(let path, let bytes, let expected):
            Diagnostic(
                "the image is truncated: it has \(bytes) of \(expected) bytes", subject: path.printable,
                remedy: "download it again")
        case .damaged(let path, let reason):
            Diagnostic("the image is damaged", subject: path.printable, remedy: reason)
        case .unsafeName(let path, let name):
            Diagnostic("unsafe name on the medium", subject: name.printable, remedy: "do not trust \(path.printable)")
        case .escapingLink(let path, let name, let target):
            Diagnostic(
                "a link on the medium leads out of it", subject: "\(name.printable) -> \(target.printable)",
                remedy: "do not trust \(path.printable)")
        case .linkLoop(let path, let name):
            Diagnostic(
                "a link on the medium leads to itself", subject: name.printable,
                remedy: "do not trust \(path.printable)")
        case .specialFile(let path, let name):
            Diagnostic(
                "device node, socket or pipe on the medium", subject: name.printable,
                remedy: "do not trust \(path.printable)")
        case .tooMany(let path, let limit):
            Diagnostic("the medium has more than \(limit) names", subject: path.printable)
        case .tooLarge(let path):
            Diagnostic(
                "files of the image are larger than the image", subject: path.printable,
                remedy: "do not trust it; download it again")
        case .notReadable(let path):
            Diagnostic(
                "not a file, block device or folder", subject: path.printable,
                remedy: "name an ISO file, a drive or a folder")
        }
    }
}
