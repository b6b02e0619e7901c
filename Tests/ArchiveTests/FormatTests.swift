import Archive
import Support
import SystemPackage
import Testing

/// Bytes in memory as a source that gives a few at a time.
final class MemorySource: ByteSource {
    private var bytes: ArraySlice<UInt8>
    private let step: Int

    init(_ bytes: [UInt8], step: Int = 1000) {
        self.bytes = bytes[...]
        self.step = step
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = bytes.prefix(min(step, buffer.count))
        buffer.copyBytes(from: part)
        bytes = bytes.dropFirst(part.count)
        return part.count
    }
}

@Suite struct FormatTests {
    private func archive(_ format: ArchiveFormat, _ members: [(ArchiveMember, [UInt8])]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for (member, data) in members {
            bytes += try format.header(of: member)
            bytes += data
            bytes += [UInt8](repeating: 0, count: format.padding(after: UInt64(data.count)))
        }
        return bytes + format.trailer(after: UInt64(bytes.count))
    }

    private func file(_ path: String, _ data: [UInt8]) -> (ArchiveMember, [UInt8]) {
        var member = ArchiveMember(path: Array(path.utf8), kind: .regular, permissions: 0o4755)
        (member.owner, member.group, member.modified) = (70000, 3_000_000, 1_000_000_000)
        (member.inode, member.size) = (7, UInt64(data.count))
        return (member, data)
    }

    private func read(_ reader: any ArchiveReader) throws -> [(ArchiveMember, [UInt8])] {
        var result: [(ArchiveMember, [UInt8])] = []
        while let member = try reader.next() { result.append((member, try reader.readData(member, limit: 1 << 20))) }
        return result
    }

    @Test func `newc gives back what was written`() throws {
        var node = ArchiveMember(path: Array("dev/sda".utf8), kind: .blockDevice)
        node.device = .init(major: 8, minor: 300)
        let members = [file("a", [1, 2, 3]), file("e", []), (node, [])]
        let found = try read(NewcReader(MemorySource(archive(.newc, members), step: 7)))
        #expect(found.map(\.0) == members.map(\.0))
        #expect(found.map(\.1) == members.map(\.1))
    }

    @Test func `tar gives back long names, attributes and wide numbers`() throws {
        var (member, data) = file(String(repeating: "long/", count: 40) + "name", [9])
        member.inode = 0
        member.owner = 4_000_000_000
        member.attributes = [
            .init(name: Array("security.capability".utf8), value: [0, 1, 0x0a, 0xff]),
            .init(name: Array("user.a=b%c".utf8), value: Array("=\n".utf8)),
        ]
        let found = try read(TarReader(MemorySource(archive(.tar, [(member, data)]))))
        #expect(found.map(\.0) == [member])
        #expect(found.map(\.1) == [data])
    }

    @Test func `tar gives back the holes of a sparse file`() throws {
        var member = ArchiveMember(path: Array("s".utf8), kind: .regular)
        member.size = 100_000
        member.extents = [.init(offset: 5000, length: 3), .init(offset: 99_000, length: 2)]
        let found = try read(TarReader(MemorySource(archive(.tar, [(member, [1, 2, 3, 4, 5])]), step: 100)))
        var data = [UInt8](repeating: 0, count: 100_000)
        data.replaceSubrange(5000..<5003, with: [1, 2, 3])
        data.replaceSubrange(99_000..<99_002, with: [4, 5])
        #expect(found.map(\.0) == [member])
        #expect(found.map(\.1) == [data])
    }

    @Test func `newc refuses 4 GiB by name, tar does not`() throws {
        var member = ArchiveMember(path: Array("big".utf8), kind: .regular)
        member.size = 1 << 32
        #expect(throws: ArchiveError.tooLarge(path: Array("big".utf8), format: "cpio (newc)")) {
            try ArchiveFormat.newc.header(of: member)
        }
        #expect(try ArchiveFormat.tar.header(of: member).count == 512)
        member.size = (1 << 32) - 1
        #expect(try ArchiveFormat.newc.header(of: member).count == 116)
    }

    @Test func `tar refuses a socket by name`() {
        #expect(throws: ArchiveError.cannotHoldSocket(path: Array("s".utf8), format: "tar")) {
            try ArchiveFormat.tar.header(of: ArchiveMember(path: Array("s".utf8), kind: .socket))
        }
    }

    @Test(arguments: [ArchiveFormat.newc, .tar]) func `a cut archive is never whole`(format: ArchiveFormat) throws {
        let whole = try archive(format, [file("a", [UInt8](repeating: 7, count: 600)), file("b", [1])])
        for length in stride(from: 0, to: whole.count - 600, by: 37) {
            let source = MemorySource(Array(whole[..<length]))
            #expect(throws: ArchiveError.self) {
                _ = try read(format == .newc ? NewcReader(source) : TarReader(source))
            }
        }
    }

    @Test(arguments: [ArchiveFormat.newc, .tar]) func `bytes after the end are refused`(format: ArchiveFormat) throws {
        let source = MemorySource(try archive(format, [file("a", [1])]) + [1])
        #expect(
            throws: ArchiveError.malformed(format: format == .newc ? "cpio" : "tar", what: "bytes after the end mark")
        ) {
            _ = try read(format == .newc ? NewcReader(source) : TarReader(source))
        }
    }
}
