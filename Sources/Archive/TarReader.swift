internal import Support

/// Reads tar archives: those of `ArchiveFormat.tar` (ustar blocks, pax extended headers, sparse files in GNU format 1.0)
/// and those of GNU tar with its long names and wide numbers.
public final class TarReader: ArchiveReader {
    private let cursor: StreamCursor
    /// Stored bytes of the member still to come.
    private var remaining: UInt64 = 0
    private var padding = 0
    private var isEnded = false
    /// Of the member: where its reader is, how far it goes, and its stored runs if it is sparse.
    private var position: UInt64 = 0
    private var size: UInt64 = 0
    private var extents: ArraySlice<ArchiveMember.Extent>?

    public init(_ source: any ByteSource) { cursor = StreamCursor(source, format: "tar") }

    public func next() throws -> ArchiveMember? {
        if isEnded { return nil }
        try cursor.skip(remaining + UInt64(padding))
        (remaining, padding) = (0, 0)
        var records: [String: [UInt8]] = [:]
        var headers = 0
        while true {
            let block = try cursor.take(TarHeader.block)
            if block.allSatisfy({ $0 == 0 }) {
                isEnded = true
                guard try cursor.take(TarHeader.block).allSatisfy({ $0 == 0 }) else {
                    throw ArchiveError.malformed(format: "tar", what: "a single block of zeros")
                }
                try cursor.expectEnd()
                return nil
            }
            let fields = TarFields(block)
            try fields.check()
            guard fields.isExtension else { return try member(fields, records) }
            // A member has one header of each kind at most; a stream of nothing else must end.
            headers += 1
            let length = try fields.number(124, 12)
            guard length <= 16 << 20, headers <= 8 else {
                throw ArchiveError.malformed(format: "tar", what: "extended header")
            }
            let bytes = try cursor.take(Int(length))
            try cursor.skip(UInt64(ArchiveFormat.tar.padding(after: length)))
            switch fields.type {
            // Those of the archive as a whole: nothing of them counts here.
            case UInt8(ascii: "g"): break
            case UInt8(ascii: "L"): records["path"] = records["path"] ?? Array(bytes.prefix { $0 != 0 })
            case UInt8(ascii: "K"): records["linkpath"] = records["linkpath"] ?? Array(bytes.prefix { $0 != 0 })
            default: records.merge(try Self.records(bytes)) { $1 }
            }
        }
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard position < size, buffer.count > 0 else { return 0 }
        if extents == nil { return try readStored(into: buffer, limit: remaining) }
        while let extent = extents?.first, position >= extent.offset + extent.length {
            extents = extents?.dropFirst()
        }
        let next = extents?.first
        if let next, position >= next.offset {
            return try readStored(into: buffer, limit: next.offset + next.length - position)
        }
        let hole = (next?.offset ?? size) - position
        let count = min(buffer.count, Int(clamping: hole))
        buffer[..<count].initializeMemory(as: UInt8.self, repeating: 0)
        position += UInt64(count)
        return count
    }

    private func readStored(into buffer: UnsafeMutableRawBufferPointer, limit: UInt64) throws -> Int {
        let count = try cursor.read(into: buffer, limit: limit)
        guard UInt64(count) <= remaining else { throw ArchiveError.malformed(format: "tar", what: "sparse file") }
        remaining -= UInt64(count)
        position += UInt64(count)
        return count
    }

    private func member(_ fields: TarFields, _ records: [String: [UInt8]]) throws -> ArchiveMember {
        func decimal(_ key: String) -> Int64? { records[key].flatMap { Int64(String(decoding: $0, as: UTF8.self)) } }
        var path = records["GNU.sparse.name"] ?? records["path"] ?? fields.name
        if path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
        guard let kind = fields.kind else {
            throw ArchiveError.malformed(format: "tar", what: String(decoding: path, as: UTF8.self))
        }
        let mode = UInt32(truncatingIfNeeded: try fields.number(100, 8))
        var member = ArchiveMember(path: path, kind: kind, permissions: mode & 0o7777)
        member.owner = try decimal("uid").map { UInt32(clamping: $0) } ?? UInt32(clamping: fields.number(108, 8))
        member.group = try decimal("gid").map { UInt32(clamping: $0) } ?? UInt32(clamping: fields.number(116, 8))
        member.modified = try decimal("mtime") ?? Int64(clamping: fields.number(136, 12))
        remaining = try decimal("size").map { UInt64(clamping: $0) } ?? fields.number(124, 12)
        padding = ArchiveFormat.tar.padding(after: remaining)
        let target = records["linkpath"] ?? fields.text(157, 100)
        if fields.type == UInt8(ascii: "1") { member.hardLink = target }
        if kind == .symbolicLink { member.linkTarget = target }
        if kind == .characterDevice || kind == .blockDevice {
            member.device = ArchiveMember.Device(
                major: try fields.deviceNumber(329), minor: try fields.deviceNumber(337))
        }
        let prefix = "SCHILY.xattr."
        member.attributes = records.filter { $0.key.hasPrefix(prefix) }.map { key, value in
            ArchiveMember.Attribute(name: Self.attributeName(key.dropFirst(prefix.count)), value: value)
        }.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        (position, size, extents) = (0, remaining, nil)
        if let real = decimal("GNU.sparse.realsize") {
            size = UInt64(clamping: real)
            let runs = try sparseMap()
            member.extents = runs
            extents = runs[...]
        }
        member.size = kind == .regular && member.hardLink == nil ? size : 0
        return member
    }

    /// The map at the beginning of a sparse member's data: its runs in order, within `size`.
    private func sparseMap() throws -> [ArchiveMember.Extent] {
        let malformed = ArchiveError.malformed(format: "tar", what: "sparse map")
        let numbers = try sparseNumbers()
        var runs: [ArchiveMember.Extent] = []
        var end: UInt64 = 0
        for index in stride(from: 1, to: numbers.count - 1, by: 2) where numbers[index + 1] > 0 {
            let run = ArchiveMember.Extent(offset: numbers[index], length: numbers[index + 1])
            // Both are below 2^62, so that no sum overflows.
            guard run.offset >= end, run.offset + run.length <= size else { throw malformed }
            end = run.offset + run.length
            runs.append(run)
        }
        return runs
    }

    /// Decimal lines in whole blocks: how many runs, then offset and length of each; all below 2^62.
    private func sparseNumbers() throws -> [UInt64] {
        let malformed = ArchiveError.malformed(format: "tar", what: "sparse map")
        var numbers: [UInt64] = []
        var line: [UInt8] = []
        var isWhole: Bool { !numbers.isEmpty && UInt64(numbers.count) >= 1 + 2 * numbers[0] }
        while !isWhole {
            guard remaining >= 512, numbers.count < 1 << 20 else { throw malformed }
            remaining -= 512
            for byte in try cursor.take(512) {
                guard byte == 0x0a else {
                    // No such number has more digits; a line must end.
                    guard line.count < 19 else { throw malformed }
                    line.append(byte)
                    continue
                }
                guard let number = UInt64(String(decoding: line, as: UTF8.self)), number < 1 << 62 else {
                    throw malformed
                }
                numbers.append(number)
                line = []
                // The rest of the block is padding.
                if isWhole { break }
            }
        }
        return numbers
    }

    private static func records(_ bytes: [UInt8]) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        var rest = bytes[...]
        while let blank = rest.firstIndex(of: 0x20) {
            guard let length = Int(String(decoding: rest[..<blank], as: UTF8.self)), length > 0,
                length <= rest.count, blank + 1 < rest.startIndex + length
            else { throw ArchiveError.malformed(format: "tar", what: "extended header") }
            let record = rest[(blank + 1)..<(rest.startIndex + length - 1)]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
                throw ArchiveError.malformed(format: "tar", what: "extended header")
            }
            result[String(decoding: record[..<equals], as: UTF8.self)] = Array(record[(equals + 1)...])
            rest = rest.dropFirst(length)
        }
        guard rest.isEmpty else { throw ArchiveError.malformed(format: "tar", what: "extended header") }
        return result
    }

    private static func attributeName(_ keyword: Substring) -> [UInt8] {
        Array(
            keyword.split(separator: "%3D", omittingEmptySubsequences: false).joined(separator: "=")
                .split(separator: "%25", omittingEmptySubsequences: false).joined(separator: "%").utf8)
    }
}

/// Fields of a ustar block.
private struct TarFields {
    private let block: [UInt8]

    init(_ block: [UInt8]) { self.block = block }

    var type: UInt8 { block[156] }

    /// Whether the block says something about the next member: pax `x` and `g`, GNU `L` and `K`.
    var isExtension: Bool { "xgLK".utf8.contains(type) }

    /// With the prefix that POSIX archives split a long name into; GNU archives keep other things there.
    var name: [UInt8] {
        let name = text(0, 100)
        guard block[257..<263].elementsEqual("ustar\u{0}".utf8), block[345] != 0 else { return name }
        return text(345, 155) + [UInt8(ascii: "/")] + name
    }

    var kind: FileStatus.Kind? {
        switch type {
        case UInt8(ascii: "0"), UInt8(ascii: "1"), UInt8(ascii: "7"), 0: .regular
        case UInt8(ascii: "2"): .symbolicLink
        case UInt8(ascii: "3"): .characterDevice
        case UInt8(ascii: "4"): .blockDevice
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "6"): .fifo
        default: nil
        }
    }

    func text(_ offset: Int, _ length: Int) -> [UInt8] { Array(block[offset..<(offset + length)].prefix { $0 != 0 }) }

    /// An octal number, or a wide one in the binary form of GNU tar.
    func number(_ offset: Int, _ length: Int) throws -> UInt64 {
        if block[offset] & 0x80 != 0 {
            let bytes = block[(offset + 1)..<(offset + length)]
            guard block[offset] == 0x80, bytes.dropLast(8).allSatisfy({ $0 == 0 }), bytes.suffix(8).first ?? 0 < 0x80
            else { throw ArchiveError.malformed(format: "tar", what: "a header with a number out of range") }
            return bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let digits = block[offset..<(offset + length)].drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        if digits.isEmpty { return 0 }
        guard let number = UInt64(String(decoding: digits, as: UTF8.self), radix: 8) else {
            throw ArchiveError.malformed(format: "tar", what: "a header with a field that is no number")
        }
        return number
    }

    /// Major or minor number of a device, which has 32 bits at most.
    func deviceNumber(_ offset: Int) throws -> UInt32 {
        guard let device = UInt32(exactly: try number(offset, 8)) else {
            throw ArchiveError.malformed(format: "tar", what: "a header with a number out of range")
        }
        return device
    }

    func check() throws {
        var sum: UInt64 = 8 * 0x20
        for (index, byte) in block.enumerated() where !(148..<156).contains(index) { sum += UInt64(byte) }
        guard try number(148, 8) == sum else {
            throw ArchiveError.malformed(format: "tar", what: "a header whose checksum is wrong")
        }
    }
}
