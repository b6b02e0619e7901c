import Archive
import Ramdisk
import Support
import SystemPackage
import TestSupport
import Testing

/// Names with a NUL, which the system takes for their end: `..\0x` would be the folder above.
@Suite(.scratchDirectory) struct HostilePathTests {
    /// Long, so that it stands in an extended header, where a NUL is a byte like others.
    private static let path = Array("..\u{0}".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 120)

    private func file(_ name: [UInt8], _ text: String = "") -> (ArchiveMember, [UInt8]) {
        var member = ArchiveMember(path: name, kind: .regular)
        member.size = UInt64(text.utf8.count)
        return (member, Array(text.utf8))
    }

    private func expectRefusal(_ member: ArchiveMember, _ data: [UInt8], of path: [UInt8]) throws {
        var bytes = try ArchiveFormat.tar.header(of: member) + data
        bytes += [UInt8](repeating: 0, count: ArchiveFormat.tar.padding(after: UInt64(data.count)) + 1024)
        let packed = Scratch.directory.joined("rootimg.tar.gz")
        try AtomicFile.write(try Tool("gzip", ["-c"]).output(input: bytes).output, to: packed)
        let top = Scratch.directory.joined("new")
        #expect(throws: RamdiskError.badPath(path)) { try RamdiskUnpacker.unpack(packed, into: top) }
        #expect(!top.exists)
    }

    @Test func `a member is refused`() throws {
        let (member, data) = file(Self.path, "x")
        try expectRefusal(member, data, of: Self.path)
        try expectRefusal(ArchiveMember(path: Self.path, kind: .directory), [], of: Self.path)
    }

    @Test func `the target of a hard link is refused`() throws {
        var (member, _) = file(Array("a".utf8))
        member.hardLink = Self.path
        try expectRefusal(member, [], of: Self.path)
    }

    @Test func `a path of the attributes is refused`() throws {
        let (member, data) = file(Array(".catboat/attributes".utf8), "# file: ..\\000x\nuser.note=0seA==\n")
        try expectRefusal(member, data, of: Array("..\u{0}x".utf8))
        let names = try Tool("getfattr", ["--absolute-names", Word(Scratch.directory)]).output().text
        #expect(!names.contains("user.note"))
    }
}
