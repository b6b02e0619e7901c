internal import Support

/// Headers of the portable archive format "new ASCII", cpio(5) magic 070701.
enum NewcHeader {
    static let length = 110
    static let endName = Array("TRAILER!!!".utf8)

    static var endMark: [UInt8] {
        var bytes: [UInt8] = []
        append([0, 0, 0, 0, 1], size: 0, device: nil, name: endName, to: &bytes)
        return bytes
    }

    static func encode(_ member: ArchiveMember) throws(ArchiveError) -> [UInt8] {
        let stored = storedSize(of: member)
        guard stored <= UInt64(UInt32.max) else { throw .tooLarge(path: member.path, format: "cpio (newc)") }
        // Times before 1970 or after 2106 have no form in newc; the nearest that has one is taken.
        let modified = UInt32(clamping: member.modified)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length + member.path.count + 8 + member.linkTarget.count)
        append(
            [member.inode, member.typeBits | member.permissions, member.owner, member.group, member.links],
            modified: modified, size: UInt32(stored), device: member.device, name: member.path, to: &bytes)
        return bytes
    }

    static func storedSize(of member: ArchiveMember) -> UInt64 {
        switch member.kind {
        case .regular: member.size
        case .symbolicLink: UInt64(member.linkTarget.count)
        default: 0
        }
    }

    /// - Parameter first: inode, mode, owner, group, links.
    private static func append(
        _ first: [UInt32], modified: UInt32 = 0, size: UInt32, device: ArchiveMember.Device?, name: [UInt8],
        to bytes: inout [UInt8]
    ) {
        bytes += "070701".utf8
        // The device that holds the file is left 0; the last field is a checksum that this magic does not use.
        let rest = [modified, size, 0, 0, device?.major ?? 0, device?.minor ?? 0, UInt32(name.count + 1), 0]
        for number in first + rest { appendHex(number, to: &bytes) }
        bytes += name
        bytes.append(0)
        while (bytes.count & 3) != 0 { bytes.append(0) }
    }

    private static func appendHex(_ number: UInt32, to bytes: inout [UInt8]) {
        for shift in stride(from: 28, through: 0, by: -4) {
            let digit = UInt8((number >> UInt32(shift)) & 15)
            bytes.append(digit < 10 ? 0x30 + digit : 0x37 + digit)
        }
    }
}
