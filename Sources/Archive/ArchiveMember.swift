public import Support
internal import SystemPackage

/// One member of an archive: what its header says, without its data.
public struct ArchiveMember: Hashable, Sendable {
    /// Bytes of a device node's number.
    public struct Device: Hashable, Sendable {
        public var major: UInt32
        public var minor: UInt32

        public init(major: UInt32, minor: UInt32) {
            self.major = major
            self.minor = minor
        }
    }

    /// A run of bytes of a sparse file that are stored; the rest reads as zeros.
    public struct Extent: Hashable, Sendable {
        public var offset: UInt64
        public var length: UInt64

        public init(offset: UInt64, length: UInt64) {
            self.offset = offset
            self.length = length
        }
    }

    /// An extended attribute.
    public struct Attribute: Hashable, Sendable {
        /// With its namespace, e.g. `security.capability`.
        public var name: [UInt8]
        public var value: [UInt8]

        public init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// Relative to the top of the tree; the top itself is `.`.
    public var path: [UInt8]
    public var kind: FileStatus.Kind
    /// Permission bits with set-id and sticky bits, 0o7777 at most.
    public var permissions: UInt32
    public var owner: UInt32
    public var group: UInt32
    /// Seconds since 1970-01-01 UTC.
    public var modified: Int64
    /// Bytes of a regular file as its reader sees them, holes included.
    public var size: UInt64
    /// Of a device node.
    public var device: Device?
    /// Of a symbolic link.
    public var linkTarget: [UInt8]
    /// The same for all links to one file; newc only, 0 elsewhere.
    public var inode: UInt32
    /// Links to the file in this archive; newc only, 1 elsewhere.
    public var links: UInt32
    /// The member that this is another name of; tar only. Such a member has no data of its own.
    public var hardLink: [UInt8]?
    /// Sorted by name; of tar, and of what is read as tar.
    public var attributes: [Attribute]
    /// Stored runs of a sparse file in order; nil for an ordinary file. Tar only.
    public var extents: [Extent]?

    public init(path: [UInt8], kind: FileStatus.Kind, permissions: UInt32 = 0o644) {
        self.path = path
        self.kind = kind
        self.permissions = permissions
        (owner, group, modified, size) = (0, 0, 0, 0)
        (linkTarget, inode, links, attributes) = ([], 0, 1, [])
    }

    /// The path for messages.
    public var printable: String { String(decoding: path, as: UTF8.self) }

    /// The type bits of `st_mode`.
    public var typeBits: UInt32 {
        switch kind {
        case .regular: 0o100000
        case .directory: 0o040000
        case .symbolicLink: 0o120000
        case .characterDevice: 0o020000
        case .blockDevice: 0o060000
        case .fifo: 0o010000
        case .socket: 0o140000
        }
    }

    /// The kind that the type bits of a mode stand for; nil for a mode without a known type.
    static func kind(ofMode mode: UInt32) -> FileStatus.Kind? {
        switch mode & 0o170000 {
        case 0o100000: .regular
        case 0o040000: .directory
        case 0o120000: .symbolicLink
        case 0o020000: .characterDevice
        case 0o060000: .blockDevice
        case 0o010000: .fifo
        case 0o140000: .socket
        default: nil
        }
    }
}

/// What an archive format cannot hold, or an archive that is not what it should be.
public enum ArchiveError: Diagnosable, Equatable {
    /// newc has 32-bit sizes.
    case tooLarge(path: [UInt8], format: String)
    case cannotHoldSocket(path: [UInt8], format: String)
    /// A number of the member that has no field wide enough.
    case numberTooLarge(path: [UInt8], what: String, format: String)
    case truncated(format: String)
    case malformed(format: String, what: String)
    /// A compressor or decompressor refused.
    case codec(String, what: String)

    public var diagnostic: Diagnostic {
        switch self {
        case .tooLarge(let path, let format):
            Diagnostic(
                "\(format) cannot hold a file of 4 GiB or more", subject: Self.text(path),
                remedy: "exclude it, or pack with -m tar or -m squashfs")
        case .cannotHoldSocket(let path, let format):
            Diagnostic(
                "\(format) cannot hold a socket", subject: Self.text(path),
                remedy: "remove it, exclude it, or pack with -m cpio")
        case .numberTooLarge(let path, let what, let format):
            Diagnostic(
                "\(format) cannot hold this \(what)", subject: Self.text(path), remedy: "exclude the file, or change it"
            )
        case .truncated(let format):
            Diagnostic("\(format) archive ends too early", remedy: "pack it again")
        case .malformed(let format, let what):
            Diagnostic("not a valid \(format) archive", subject: what, remedy: "pack it again")
        case .codec(let library, let what):
            Diagnostic("\(library) failed", subject: what, remedy: "pack it again")
        }
    }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
}
