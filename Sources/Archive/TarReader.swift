internal import Support

/// Reads pax archives as `ArchiveFormat.tar` writes them: ustar blocks, extended headers, sparse files in GNU format 1.0.
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
            guard fields.type == UInt8(ascii: "x") else { return try member(fields, records) }
            let length = try fields.number(124, 12)
            guard length <= 16 << 20 else { throw ArchiveError.malformed(format: "tar", what: "extended header") }
            let bytes = try cursor.take(Int(length))
            try cursor.skip(UInt64(ArchiveFormat.tar.padding(after: length)))
            records = try Self.records(bytes)
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
        var path = records["GNU.sparse.name"] ?? records["path"] ?? fields.text(0, 100)
        if path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
        guard let kind = fields.kind else {
            throw ArchiveError.malformed(format: "tar", what: String(decoding: path, as: UTF8.self))
        }
        var member = ArchiveMember(path: path, kind: kind, permissions: UInt32(try fields.number(100, 8)) & 0o7777)
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
                major: UInt32(try fields.number(329, 8)), minor: UInt32(try fields.number(337, 8)))
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

    /// The map at the beginning of a sparse member's data: decimal lines in whole blocks.
    private func sparseMap() throws -> [ArchiveMember.Extent] {
        var numbers: [UInt64] = []
        var line: [UInt8] = []
        while numbers.isEmpty || UInt64(numbers.count) < 1 + 2 * numbers[0] {
            guard remaining >= 512, numbers.count < 1 << 20 else {
                throw ArchiveError.malformed(format: "tar", what: "sparse map")
            }
            remaining -= 512
            for byte in try cursor.take(512) {
                guard byte == 0x0a else {
                    line.append(byte)
                    continue
                }
                if numbers.isEmpty || UInt64(numbers.count) < 1 + 2 * numbers[0] {
                    guard let number = UInt64(String(decoding: line, as: UTF8.self)), number < 1 << 62 else {
                        throw ArchiveError.malformed(format: "tar", what: "sparse map")
                    }
                    numbers.append(number)
                }
                line = []
            }
        }
        var runs: [ArchiveMember.Extent] = []
        for index in stride(from: 1, to: numbers.count - 1, by: 2) where numbers[index + 1] > 0 {
            runs.append(ArchiveMember.Extent(offset: numbers[index], length: numbers[index + 1]))
        }
        return runs
    }

    private static func records(_ bytes: [UInt8]) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        var rest = bytes[...]
        while let blank = rest.firstIndex(of: 0x20) {
            guard let length = Int(String(decoding: rest[..<blank], as: UTF8.self)), length > 0,
                rest.startIndex + length <= rest.endIndex, blank + 1 < rest.startIndex + length
            else { throw ArchiveError.malformed(format: "tar", what: "extended header") }
            let record = rest[(blank + 1)..<(rest.startIndex + length - 1)]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
                throw ArchiveError.malformed(format: "tar", what: "extended header")
            }
            result[String(decoding: record[..<equals], as: UTF8.self)] = Array(record[(equals + 1)...])
            rest = rest.dropFirst(length)
        }
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

    var kind: FileStatus.Kind? {
        switch type {
        case UInt8(ascii: "0"), UInt8(ascii: "1"), 0: .regular
        case UInt8(ascii: "2"): .symbolicLink
        case UInt8(ascii: "3"): .characterDevice
        case UInt8(ascii: "4"): .blockDevice
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "6"): .fifo
        default: nil
        }
    }

    func text(_ offset: Int, _ length: Int) -> [UInt8] { Array(block[offset..<(offset + length)].prefix { $0 != 0 }) }

    /// An octal number.
    func number(_ offset: Int, _ length: Int) throws -> UInt64 {
        let digits = block[offset..<(offset + length)].drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        if digits.isEmpty { return 0 }
        guard let number = UInt64(String(decoding: digits, as: UTF8.self), radix: 8) else {
            throw ArchiveError.malformed(format: "tar", what: "a header with a field that is no number")
        }
        return number
    }

    func check() throws {
        var sum: UInt64 = 8 * 0x20
        for (index, byte) in block.enumerated() where !(148..<156).contains(index) { sum += UInt64(byte) }
        guard try number(148, 8) == sum else {
            throw ArchiveError.malformed(format: "tar", what: "a header whose checksum is wrong")
        }
    }
}
