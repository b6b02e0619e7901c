public import Support
public import SystemPackage

/// Writes newc to an open file, member by member as they come.
public struct NewcWriter {
    private let output: FileDescriptor
    private let path: FilePath
    private var length: UInt64 = 0
    /// Bytes of the current member that are still to come, and the zeros after them.
    private var due: UInt64 = 0
    private var padding = 0

    /// - Parameter path: for errors.
    public init(to output: FileDescriptor, _ path: FilePath) { (self.output, self.path) = (output, path) }

    /// Writes a member with all its data; `bytes` of a symbolic link are its target.
    public mutating func add(_ path: FilePath, _ kind: FileStatus.Kind = .regular, _ bytes: [UInt8] = []) throws {
        var member = ArchiveMember(path: path.bytes, kind: kind, permissions: kind == .regular ? 0o644 : 0o755)
        if kind == .symbolicLink {
            (member.linkTarget, member.permissions) = (bytes, 0o777)
        } else {
            member.size = UInt64(bytes.count)
        }
        try begin(member)
        try bytes.withUnsafeBytes { try write($0) }
        try end()
    }

    /// Begins a regular file of `size` bytes, which `write` is to bring.
    public mutating func begin(_ path: FilePath, size: UInt64) throws {
        var member = ArchiveMember(path: path.bytes, kind: .regular)
        member.size = size
        try begin(member)
    }

    private mutating func begin(_ member: ArchiveMember) throws {
        try put(try ArchiveFormat.newc.header(of: member))
        due = NewcHeader.storedSize(of: member)
        padding = ArchiveFormat.newc.padding(after: due)
    }

    /// - Throws: `ArchiveError.malformed` for more than was announced.
    public mutating func write(_ block: UnsafeRawBufferPointer) throws {
        guard UInt64(block.count) <= due else {
            throw ArchiveError.malformed(format: "cpio", what: "a member with more bytes than it says")
        }
        try output.writeWhole(block, to: path)
        due -= UInt64(block.count)
        length += UInt64(block.count)
    }

    /// Ends the member.
    /// - Throws: `ArchiveError.malformed` when it did not get all its bytes.
    public mutating func end() throws {
        guard due == 0 else {
            throw ArchiveError.malformed(format: "cpio", what: "a member with fewer bytes than it says")
        }
        try put([UInt8](repeating: 0, count: padding))
    }

    /// Ends the archive.
    public mutating func finish() throws { try put(ArchiveFormat.newc.trailer(after: length)) }

    private mutating func put(_ bytes: [UInt8]) throws {
        try output.writeWhole(bytes, to: path)
        length += UInt64(bytes.count)
    }
}
