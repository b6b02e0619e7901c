public import Support
public import SystemPackage

/// Why drivers cannot be read.
public enum DriverError: Diagnosable, Equatable {
    case notReadable(FilePath)
    case damaged(FilePath, reason: String)
    /// A driver disk that libarchive cannot read.
    case fileSystem(FilePath)
    case unsafeName(FilePath, name: FilePath)
    case hardLink(FilePath, name: FilePath)
    case tooLarge(FilePath, name: FilePath, limit: Int)

    public var diagnostic: Diagnostic {
        switch self {
        case .notReadable(let path):
            Diagnostic(
                "not a file or folder", subject: path.printable,
                remedy: "name a package, a driver disk, a module or a folder of these")
        case .damaged(let path, let reason):
            Diagnostic(
                "not a package, driver disk or kernel module, or damaged", subject: path.printable, remedy: reason)
        case .fileSystem(let path):
            Diagnostic(
                "driver disk holds an ext file system", subject: path.printable,
                remedy: "mount it and name the folder")
        case .unsafeName(let path, let name):
            Diagnostic("unsafe name in it", subject: "\(path.printable): \(name.printable)", remedy: "do not trust it")
        case .hardLink(let path, let name):
            Diagnostic(
                "several names for one file", subject: "\(path.printable): \(name.printable)",
                remedy: "unpack it and name the folder")
        case .tooLarge(let path, let name, let limit):
            Diagnostic(
                "file of more than \(limit >> 20) MiB", subject: "\(path.printable): \(name.printable)",
                remedy: "do not trust it")
        }
    }
}
