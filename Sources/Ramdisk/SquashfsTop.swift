internal import Archive
internal import Support
internal import SystemPackage

/// The modification time of a squashfs file's top directory, which sqfstar sets to the time of its run: version 4.5.1,
/// that of Debian 12, takes `-root-time` and forgets it.
///
/// The layout is that of the kernel's fs/squashfs/squashfs_fs.h, version 4.0. The inode table must not be compressed.
struct SquashfsTop {
    private let descriptor: FileDescriptor
    private let path: FilePath
    private static let metadataSize: UInt64 = 8192

    init(_ descriptor: FileDescriptor, _ path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Bytes that the file says it has; it may be padded beyond.
    static func usedBytes(_ descriptor: FileDescriptor, _ path: FilePath) throws -> UInt64 {
        try SquashfsTop(descriptor, path).number(at: 40, bytes: 8)
    }

    func setTime(_ seconds: UInt32) throws {
        let reference = try number(at: 32, bytes: 8)
        let block = try number(at: 64, bytes: 8) + reference >> 16
        let offset = reference & 0xffff
        let inode = try (UInt64(0)..<12).map { try place(block, offset + $0) }
        let type = try number(at: inode[0], bytes: 1)
        guard type == 1 || type == 8 else {
            throw ArchiveError.malformed(format: "squashfs", what: "the top is no directory")
        }
        for index in 0..<4 {
            let byte = UInt8(truncatingIfNeeded: seconds >> UInt32(8 * index))
            _ = try FileError.wrap("write", path) {
                try descriptor.writeAll(toAbsoluteOffset: Int64(inode[8 + index]), [byte])
            }
        }
    }

    /// Where a byte of the inode table is: metadata blocks have a header of two bytes, whose top bit means "not compressed".
    private func place(_ block: UInt64, _ offset: UInt64) throws -> UInt64 {
        let isNext = offset >= Self.metadataSize
        let start = isNext ? block + 2 + Self.metadataSize : block
        guard try number(at: start, bytes: 2) & 0x8000 != 0 else {
            throw ArchiveError.malformed(format: "squashfs", what: "the inode table is compressed")
        }
        return start + 2 + (isNext ? offset - Self.metadataSize : offset)
    }

    /// A little-endian number.
    private func number(at offset: UInt64, bytes count: Int) throws -> UInt64 {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = try FileError.wrap("read", path) {
            try bytes.withUnsafeMutableBytes {
                try descriptor.read(fromAbsoluteOffset: Int64(clamping: offset), into: $0)
            }
        }
        guard got == count else { throw ArchiveError.truncated(format: "squashfs") }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
