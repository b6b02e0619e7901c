internal import Support

/// Reads the portable archive format "new ASCII", cpio(5) magic 070701.
public final class NewcReader: ArchiveReader {
    private let cursor: StreamCursor
    private var remaining: UInt64 = 0
    private var padding = 0
    private var isEnded = false
    private let endsSource: Bool

    /// - Parameter endsSource: whether nothing but zeros may follow the end mark. An initramfs is several archives in a row.
    public init(_ source: any ByteSource, endsSource: Bool = true) {
        cursor = StreamCursor(source, format: "cpio")
        self.endsSource = endsSource
    }

    public func next() throws -> ArchiveMember? {
        if isEnded { return nil }
        try cursor.skip(remaining + UInt64(padding))
        (remaining, padding) = (0, 0)
        let header = try cursor.take(NewcHeader.length)
        guard header.starts(with: "070701".utf8) else {
            throw ArchiveError.malformed(format: "cpio", what: "a header without the magic 070701")
        }
        var numbers: [UInt32] = []
        for start in stride(from: 6, to: NewcHeader.length, by: 8) {
            guard let number = UInt32(String(decoding: header[start..<(start + 8)], as: UTF8.self), radix: 16) else {
                throw ArchiveError.malformed(format: "cpio", what: "a header with a field that is no number")
            }
            numbers.append(number)
        }
        let nameSize = Int(numbers[11])
        guard nameSize > 1, nameSize <= 1 << 16 else {
            throw ArchiveError.malformed(format: "cpio", what: "a name of \(nameSize) bytes")
        }
        let padded = (NewcHeader.length + nameSize + 3) / 4 * 4 - NewcHeader.length
        let name = Array(try cursor.take(padded)[..<(nameSize - 1)])
        if name == NewcHeader.endName, numbers[6] == 0 {
            isEnded = true
            if endsSource { try cursor.expectEnd() }
            return nil
        }
        guard let kind = ArchiveMember.kind(ofMode: numbers[1]) else {
            throw ArchiveError.malformed(format: "cpio", what: String(decoding: name, as: UTF8.self))
        }
        var member = ArchiveMember(path: name, kind: kind, permissions: numbers[1] & 0o7777)
        (member.inode, member.owner, member.group, member.links) = (numbers[0], numbers[2], numbers[3], numbers[4])
        member.modified = Int64(numbers[5])
        if kind == .characterDevice || kind == .blockDevice {
            member.device = ArchiveMember.Device(major: numbers[9], minor: numbers[10])
        }
        remaining = UInt64(numbers[6])
        padding = ArchiveFormat.newc.padding(after: remaining)
        if kind == .symbolicLink {
            guard remaining <= 1 << 16 else { throw ArchiveError.malformed(format: "cpio", what: member.printable) }
            member.linkTarget = try cursor.take(Int(remaining))
            remaining = 0
        } else {
            member.size = remaining
        }
        return member
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if remaining == 0 { return 0 }
        let count = try cursor.read(into: buffer, limit: remaining)
        remaining -= UInt64(count)
        return count
    }
}
