internal import ForeignArchives
internal import Support
public import SystemPackage

/// One name on an install medium.
public struct MediumEntry: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case directory
        /// Size in bytes.
        case file(Int64)
        /// A symbolic link and what it says, as bytes.
        case link(FilePath)
        /// Another name of a file that came before.
        case hardLink(FilePath)
    }

    /// Relative to the top, without `.`, `..` or empty components.
    public var path: FilePath
    public var kind: Kind
    public var isExecutable: Bool
    /// Seconds since 1970-01-01 UTC.
    public var modified: Int64

    /// Bytes of a file; 0 for anything else.
    public var size: Int64 { if case .file(let size) = kind { size } else { 0 } }

    /// A path that stays below the top, from a name as the medium has it; nil when it would not.
    ///
    /// A leading `./` is dropped; the top itself is the empty path.
    static func safePath(_ name: [UInt8]) -> FilePath? { ForeignEntry.safePath(name) }
}

/// Hands the bytes of one file of a medium on, block by block.
typealias MediumContent = (_ emit: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

/// Where a medium is read from: an image, or a folder.
protocol MediumSource: AnyObject {
    /// As the user named it.
    var path: FilePath { get }
    /// What the files of the medium may hold together, in bytes; nil when there is no bound.
    var byteLimit: Int64? { get }
    /// Visits every entry but the top itself, in the order that reads fastest.
    func visit(_ body: (MediumEntry, MediumContent) throws -> Void) throws
}
