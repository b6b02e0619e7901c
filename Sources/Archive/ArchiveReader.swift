/// Reads an archive from front to back, member by member.
public protocol ArchiveReader: AnyObject {
    /// The next member; data of the last one that was not read is passed over. nil after the end mark.
    /// - Throws: `ArchiveError.truncated` when there is no end mark, `.malformed` for what is no header.
    func next() throws -> ArchiveMember?

    /// Data of the member that `next` gave, holes as zeros. 0 at its end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ArchiveReader {
    /// The whole data of a member that must be small.
    public func readData(_ member: ArchiveMember, limit: Int) throws -> [UInt8] {
        guard member.size <= UInt64(limit) else {
            throw ArchiveError.malformed(format: "archive", what: "\(member.printable) is too large")
        }
        var bytes = [UInt8](repeating: 0, count: Int(member.size))
        var filled = 0
        while filled < bytes.count {
            let count = try bytes.withUnsafeMutableBytes {
                try read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            if count == 0 { throw ArchiveError.truncated(format: "archive") }
            filled += count
        }
        return bytes
    }
}

/// Bytes of a stream by exact counts, for the readers of archive formats.
final class StreamCursor {
    private let source: any ByteSource
    private let format: String
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    init(_ source: any ByteSource, format: String) {
        self.source = source
        self.format = format
    }

    deinit { scratch.deallocate() }

    /// Exactly `count` bytes.
    func take(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = try bytes.withUnsafeMutableBytes { try source.readFully(into: $0) }
        guard got == count else { throw ArchiveError.truncated(format: format) }
        return bytes
    }

    /// Up to `limit` bytes into `buffer`, at least one.
    func read(into buffer: UnsafeMutableRawBufferPointer, limit: UInt64) throws -> Int {
        let count = min(buffer.count, Int(clamping: limit))
        let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        guard got > 0 || count == 0 else { throw ArchiveError.truncated(format: format) }
        return got
    }

    func skip(_ count: UInt64) throws {
        var rest = count
        while rest > 0 { rest -= UInt64(try read(into: scratch, limit: rest)) }
    }

    /// Makes sure that nothing but zeros follows.
    func expectEnd() throws {
        while true {
            let count = try source.read(into: scratch)
            if count == 0 { return }
            guard scratch[..<count].allSatisfy({ $0 == 0 }) else {
                throw ArchiveError.malformed(format: format, what: "bytes after the end mark")
            }
        }
    }
}
