internal import Support
public import SystemPackage

/// Bytes that an archive is read from, in blocks.
public protocol ForeignInput: AnyObject {
    /// The next block, valid until the next call; empty at the end.
    func read() throws -> UnsafeRawBufferPointer
    /// Passes over at most `count` bytes.
    /// - Returns: how many; 0 when they have to be read.
    func skip(_ count: Int64) -> Int64
}

/// A file or device, from its beginning or another offset.
public final class FileInput: ForeignInput {
    private let descriptor: FileDescriptor
    private let size: Int64
    private let path: FilePath
    private var position: Int64
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)

    /// - Parameters:
    ///   - descriptor: stays the caller's, open as long as this is in use.
    ///   - size: bytes of the file or device.
    ///   - path: for errors.
    public init(_ descriptor: FileDescriptor, size: Int64, _ path: FilePath, from offset: Int64 = 0) {
        (self.descriptor, self.size, self.path, position) = (descriptor, size, path, offset)
    }

    deinit { buffer.deallocate() }

    public func read() throws -> UnsafeRawBufferPointer {
        let count = try FileError.wrap("read", path) {
            try descriptor.read(fromAbsoluteOffset: position, into: buffer)
        }
        position += Int64(count)
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    public func skip(_ count: Int64) -> Int64 {
        // Skipping past the end would hide that the file is too short.
        let step = max(0, min(count, size - position))
        position += step
        return step
    }
}

/// The data of the member that an archive stands at: an archive in an archive.
public final class MemberInput: ForeignInput {
    private let archive: ForeignArchive

    public init(_ archive: ForeignArchive) { self.archive = archive }

    public func read() throws -> UnsafeRawBufferPointer { try archive.block() }

    public func skip(_ count: Int64) -> Int64 { 0 }
}

/// Bytes in memory.
public final class BytesInput: ForeignInput {
    private let bytes: UnsafeMutableRawBufferPointer
    private var isRead = false

    public init(_ bytes: [UInt8]) {
        self.bytes = .allocate(byteCount: bytes.count, alignment: 16)
        self.bytes.copyBytes(from: bytes)
    }

    deinit { bytes.deallocate() }

    public func read() -> UnsafeRawBufferPointer {
        defer { isRead = true }
        return isRead ? UnsafeRawBufferPointer(start: nil, count: 0) : UnsafeRawBufferPointer(bytes)
    }

    public func skip(_ count: Int64) -> Int64 { 0 }
}
