import Archive
import Support
import Testing

/// Headers with numbers that no honest program writes: an answer or an error, never a trap.
@Suite struct HostileTarTests {
    /// The header of a member with a number in the binary form of GNU tar, and the end mark.
    private func archive(_ member: ArchiveMember, _ number: UInt64, at offset: Int, length: Int = 8) throws -> [UInt8] {
        var bytes = try ArchiveFormat.tar.header(of: member)
        for index in 0..<length {
            let shift = UInt64(8 * (length - 1 - index))
            bytes[offset + index] = index == 0 ? 0x80 : UInt8(truncatingIfNeeded: number >> shift)
        }
        seal(&bytes)
        return bytes + [UInt8](repeating: 0, count: 1024)
    }

    private func seal(_ header: inout [UInt8]) {
        for index in 148..<156 { header[index] = 0x20 }
        let digits = String(header[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
        let text = String(repeating: "0", count: 6 - digits.count) + digits
        header.replaceSubrange(148..<156, with: Array(text.utf8) + [0, 0x20])
    }

    private func device() -> ArchiveMember {
        var member = ArchiveMember(path: Array("sda".utf8), kind: .blockDevice)
        member.device = ArchiveMember.Device(major: 8, minor: 1)
        return member
    }

    @Test func `of a wide mode the low bits count`() throws {
        let member = ArchiveMember(path: Array("a".utf8), kind: .regular)
        let bytes = try archive(member, 1 << 40 | 0o100_755, at: 100)
        #expect(try TarReader(MemorySource(bytes)).next()?.permissions == 0o755)
    }

    @Test(arguments: [329, 337]) func `a device number has 32 bits`(offset: Int) throws {
        let fits = try archive(device(), UInt64(UInt32.max), at: offset)
        let found = try TarReader(MemorySource(fits)).next()?.device
        #expect((offset == 329 ? found?.major : found?.minor) == UInt32.max)
        let wide = try archive(device(), 1 << 32, at: offset)
        #expect(throws: ArchiveError.malformed(format: "tar", what: "a header with a number out of range")) {
            try TarReader(MemorySource(wide)).next()
        }
    }

    @Test(arguments: [(108, 8), (116, 8), (124, 12), (136, 12), (329, 8), (337, 8), (100, 8)])
    func `the largest number of a field does not trap`(offset: Int, length: Int) throws {
        for member in [ArchiveMember(path: Array("a".utf8), kind: .regular), device()] {
            for shift: UInt64 in 1..<64 {
                let bytes = try archive(member, UInt64.max >> shift, at: offset, length: length)
                let reader = TarReader(MemorySource(bytes))
                do {
                    while try reader.next() != nil {}
                } catch {
                    #expect(error is ArchiveError, "\(error)")
                }
            }
        }
    }

    /// A sparse file of 1000 bytes with this map.
    private func sparse(_ map: String) throws -> [UInt8] {
        var member = ArchiveMember(path: Array("s".utf8), kind: .regular)
        member.size = 1000
        member.extents = [ArchiveMember.Extent(offset: 0, length: 300)]
        var bytes = try ArchiveFormat.tar.header(of: member)
        // Its own map is the last block.
        bytes.removeLast(512)
        bytes += map.utf8
        bytes += [UInt8](repeating: 0, count: 512 - map.utf8.count)
        return bytes + [UInt8](repeating: 7, count: 300) + [UInt8](repeating: 0, count: 212 + 1024)
    }

    @Test func `the map of a sparse file is in order and within the file`() throws {
        let reader = TarReader(MemorySource(try sparse("2\n0\n300\n1000\n0\n")))
        let member = try #require(try reader.next())
        #expect(member.extents == [ArchiveMember.Extent(offset: 0, length: 300)] && member.size == 1000)
        let data = try reader.readData(member, limit: 1000)
        #expect(data == [UInt8](repeating: 7, count: 300) + [UInt8](repeating: 0, count: 700))
        for map in [
            "1\n900\n101\n", "2\n100\n50\n0\n50\n", "2\n0\n50\n49\n1\n",
            "1\n4611686018427387903\n4611686018427387903\n", "4611686018427387903\n",
            "1\n99999999999999999999\n1\n", "1\n-1\n1\n", "1\n\n\n",
        ] {
            #expect(throws: ArchiveError.malformed(format: "tar", what: "sparse map"), "\(map)") {
                try TarReader(MemorySource(try sparse(map))).next()
            }
        }
    }

    @Test func `a map whose line does not end is not read to the end`() throws {
        final class Endless: ByteSource {
            private var head: ArraySlice<UInt8>
            private(set) var count = 0

            init(_ head: [UInt8]) { self.head = head[...] }

            func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
                count += buffer.count
                for index in buffer.indices { buffer[index] = head.popFirst() ?? UInt8(ascii: "1") }
                return buffer.count
            }
        }
        var member = ArchiveMember(path: Array("s".utf8), kind: .regular)
        member.size = 1 << 40
        member.extents = [ArchiveMember.Extent(offset: 0, length: 64 << 20)]
        let source = Endless(Array(try ArchiveFormat.tar.header(of: member).dropLast(512)))
        #expect(throws: ArchiveError.malformed(format: "tar", what: "sparse map")) { try TarReader(source).next() }
        #expect(source.count < 1 << 16)
    }
}
