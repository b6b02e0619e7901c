internal import Support

/// Headers of POSIX pax archives (ustar blocks, pax(1) extended headers), with attributes as `SCHILY.xattr.*`
/// and sparse files in GNU format 1.0.
enum TarHeader {
    static let block = 512

    static func encode(_ member: ArchiveMember) throws(ArchiveError) -> [UInt8] {
        guard member.kind != .socket else { throw .cannotHoldSocket(path: member.path, format: "tar") }
        var path = member.path
        if member.kind == .directory { path.append(UInt8(ascii: "/")) }
        var records = PaxRecords()
        let map = sparseMap(of: member)
        if map != nil {
            records.add("GNU.sparse.major", "1".utf8)
            records.add("GNU.sparse.minor", "0".utf8)
            records.add("GNU.sparse.name", path)
            records.add("GNU.sparse.realsize", "\(member.size)".utf8)
            path = sparseName(path)
        } else if path.count > 100 {
            records.add("path", path)
        }
        let target = member.hardLink ?? member.linkTarget
        if target.count > 100 { records.add("linkpath", target) }
        let stored = storedSize(of: member)
        if stored > 0o77_777_777_777 { records.add("size", "\(stored)".utf8) }
        if member.owner > 0o7_777_777 { records.add("uid", "\(member.owner)".utf8) }
        if member.group > 0o7_777_777 { records.add("gid", "\(member.group)".utf8) }
        if member.modified < 0 || member.modified > 0o77_777_777_777 {
            records.add("mtime", "\(member.modified)".utf8)
        }
        for attribute in member.attributes {
            records.add("SCHILY.xattr." + keyword(attribute.name), attribute.value)
        }
        if records.hasNamesNotUTF8 { records.addFirst("hdrcharset", "BINARY".utf8) }
        if let device = member.device, device.major > 0o7_777_777 || device.minor > 0o7_777_777 {
            throw .numberTooLarge(path: member.path, what: "device number", format: "tar")
        }
        var bytes = records.isEmpty ? [] : extendedHeader(records.bytes, for: path)
        bytes += header(
            name: path, type: typeFlag(of: member), target: target, size: stored, permissions: member.permissions,
            owner: member.owner, group: member.group, modified: member.modified, device: member.device)
        if let map { bytes += map }
        return bytes
    }

    /// Bytes of the data area: the map of a sparse file is part of it, though we write it with the header.
    static func storedSize(of member: ArchiveMember) -> UInt64 {
        guard member.kind == .regular, member.hardLink == nil else { return 0 }
        guard let extents = member.extents else { return member.size }
        let data = extents.reduce(0) { $0 + $1.length }
        return data + UInt64(sparseMap(of: member)?.count ?? 0)
    }

    /// `%` and `=` as `%25` and `%3D`, because the first `=` of a record ends its keyword.
    private static func keyword(_ name: [UInt8]) -> String {
        String(decoding: name, as: UTF8.self).split(separator: "%", omittingEmptySubsequences: false)
            .joined(separator: "%25").split(separator: "=", omittingEmptySubsequences: false).joined(separator: "%3D")
    }

    private static func typeFlag(of member: ArchiveMember) -> UInt8 {
        if member.hardLink != nil { return UInt8(ascii: "1") }
        return switch member.kind {
        case .regular, .socket: UInt8(ascii: "0")
        case .symbolicLink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        }
    }

    /// Count, then offset and length of each run, as decimal lines, padded to a block.
    private static func sparseMap(of member: ArchiveMember) -> [UInt8]? {
        guard var extents = member.extents, member.hardLink == nil else { return nil }
        // A hole at the end is told by an empty run there, as GNU tar does.
        let end = extents.last.map { $0.offset + $0.length } ?? 0
        if end < member.size || extents.isEmpty {
            extents.append(ArchiveMember.Extent(offset: member.size, length: 0))
        }
        var map = Array("\(extents.count)\n".utf8)
        for extent in extents { map += "\(extent.offset)\n\(extent.length)\n".utf8 }
        map += [UInt8](repeating: 0, count: (block - map.count % block) % block)
        return map
    }

    /// The name that readers without sparse support see.
    private static func sparseName(_ path: [UInt8]) -> [UInt8] {
        let slash = path.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { path[..<$0] } ?? [UInt8(ascii: ".")]
        let name = slash.map { path[($0 + 1)...] } ?? path[...]
        return Array((folder + Array("/GNUSparseFile.0/".utf8) + name).prefix(100))
    }

    private static func extendedHeader(_ records: [UInt8], for path: [UInt8]) -> [UInt8] {
        let slash = path.dropLast().lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { path[($0 + 1)...] } ?? path[...]
        var bytes = header(
            name: Array((Array("PaxHeaders/".utf8) + name).prefix(100)), type: UInt8(ascii: "x"), target: [],
            size: UInt64(records.count), permissions: 0o644, owner: 0, group: 0, modified: 0, device: nil)
        bytes += records
        bytes += [UInt8](repeating: 0, count: (block - records.count % block) % block)
        return bytes
    }

    private static func header(
        name: [UInt8], type: UInt8, target: [UInt8], size: UInt64, permissions: UInt32, owner: UInt32, group: UInt32,
        modified: Int64, device: ArchiveMember.Device?
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: block)
        func put(_ text: some Sequence<UInt8>, at offset: Int, limit: Int) {
            for (index, byte) in text.prefix(limit).enumerated() { bytes[offset + index] = byte }
        }
        func putOctal(_ number: UInt64, at offset: Int, digits: Int) {
            var rest = number
            for index in (0..<digits).reversed() {
                bytes[offset + index] = UInt8(ascii: "0") + UInt8(rest & 7)
                rest >>= 3
            }
        }
        // Numbers too wide for their field stand in a pax record; the field then holds 0.
        func fitting(_ number: UInt64, _ limit: UInt64) -> UInt64 { number <= limit ? number : 0 }
        put(name, at: 0, limit: 100)
        putOctal(UInt64(permissions), at: 100, digits: 7)
        putOctal(fitting(UInt64(owner), 0o7_777_777), at: 108, digits: 7)
        putOctal(fitting(UInt64(group), 0o7_777_777), at: 116, digits: 7)
        putOctal(fitting(size, 0o77_777_777_777), at: 124, digits: 11)
        putOctal(modified < 0 ? 0 : fitting(UInt64(modified), 0o77_777_777_777), at: 136, digits: 11)
        put(repeatElement(0x20, count: 8), at: 148, limit: 8)
        bytes[156] = type
        put(target, at: 157, limit: 100)
        put(Array("ustar\u{0}00".utf8), at: 257, limit: 8)
        putOctal(UInt64(device?.major ?? 0), at: 329, digits: 7)
        putOctal(UInt64(device?.minor ?? 0), at: 337, digits: 7)
        let sum = bytes.reduce(0) { $0 + UInt64($1) }
        putOctal(sum, at: 148, digits: 6)
        bytes[154] = 0
        bytes[155] = 0x20
        return bytes
    }
}

/// Records of a pax extended header: `<length> <keyword>=<value>\n`.
struct PaxRecords {
    private(set) var bytes: [UInt8] = []
    private(set) var hasNamesNotUTF8 = false

    var isEmpty: Bool { bytes.isEmpty }

    mutating func add(_ keyword: String, _ value: some Collection<UInt8>) {
        bytes += Self.record(keyword, value)
        if keyword == "path" || keyword == "linkpath" || keyword == "GNU.sparse.name",
            String(validating: value, as: UTF8.self) == nil
        {
            hasNamesNotUTF8 = true
        }
    }

    mutating func addFirst(_ keyword: String, _ value: some Collection<UInt8>) {
        bytes = Self.record(keyword, value) + bytes
    }

    private static func record(_ keyword: String, _ value: some Collection<UInt8>) -> [UInt8] {
        let rest = keyword.utf8.count + value.count + 3
        // The length counts its own digits.
        var length = rest + 1
        while "\(length)".count + rest != length { length = "\(length)".count + rest }
        return Array("\(length) \(keyword)=".utf8) + value + [0x0a]
    }
}
