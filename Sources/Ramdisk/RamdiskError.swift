public import Support
public import SystemPackage

/// Why a tree cannot be packed, or a packed file not be verified.
public enum RamdiskError: Diagnosable, Equatable {
    case noTree(FilePath)
    /// A listed path that is not in the tree.
    case missing(FilePath)
    /// Its size or time is not what it was when packing began.
    case changed(FilePath)
    /// A listed path that is absolute, empty or climbs with `..`.
    case badPath([UInt8])
    /// Our own members have this name.
    case reserved(FilePath)
    /// A path that a list of lines cannot hold.
    case newlineInPath([UInt8])
    /// A file that is none of the kinds that we pack.
    case unknownFormat(FilePath)
    /// More bytes than may be unpacked, with the entry that would be beyond.
    case tooLarge([UInt8], limit: UInt64)

    public var diagnostic: Diagnostic {
        switch self {
        case .noTree(let path): Diagnostic("no tree to pack", subject: path.printable, remedy: "run genimage first")
        case .missing(let path):
            Diagnostic(
                "file to pack is gone", subject: path.printable,
                remedy: "let nothing change the tree while it is packed")
        case .changed(let path):
            Diagnostic(
                "file changed while it was packed", subject: path.printable,
                remedy: "let nothing change the tree, and pack again")
        case .badPath(let path):
            Diagnostic(
                "not a path of the tree", subject: String(decoding: path, as: UTF8.self),
                remedy: "list paths relative to the tree, without ..")
        case .reserved(let path):
            Diagnostic("name is reserved for attributes", subject: path.printable, remedy: "remove it from the tree")
        case .newlineInPath(let path):
            Diagnostic("path holds a newline", subject: String(decoding: path, as: UTF8.self), remedy: "use -z")
        case .tooLarge(let path, let limit):
            Diagnostic(
                "packed root image is too large", subject: String(decoding: path, as: UTF8.self),
                remedy: "it would unpack to more than \(limit) bytes; allow more with --max-size if you trust it")
        case .unknownFormat(let path):
            Diagnostic(
                "not a packed root image", subject: path.printable, remedy: "give a file that ramdisk-pack wrote")
        }
    }
}
