import Support
import SystemPackage
import TestSupport
import Testing

@Suite(.scratchDirectory) struct HostileSquashfsTests {
    private let catboat = Catboat()

    private func little<Number: FixedWidthInteger>(_ numbers: Number...) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    }

    /// A squashfs 4.0 of some kilobytes (fs/squashfs/squashfs_fs.h): each of `depth` folders holds the next one twice, so that
    /// there are 2^depth paths.
    private func folded(depth: Int) -> [UInt8] {
        var inodes: [UInt8] = []
        var listings: [UInt8] = []
        for level in 0..<depth {
            let start = listings.count
            if level + 1 < depth {
                listings += little(UInt32(1), 0, UInt32(level + 2))
                for name in "ab".utf8 { listings += little(UInt16(32 * (level + 1)), 0, 1, 0) + [name] }
            }
            let parent = level == 0 ? depth + 1 : level
            inodes += little(UInt16(1), 0o755, 0, 0) + little(UInt32(0), UInt32(level + 1), 0, 3)
            inodes += little(UInt16(listings.count - start + 3), UInt16(start)) + little(UInt32(parent))
        }
        func metadata(_ bytes: [UInt8]) -> [UInt8] { little(UInt16(0x8000 | bytes.count)) + bytes }
        var body: [UInt8] = []
        func append(_ bytes: [UInt8]) -> UInt64 {
            defer { body += bytes }
            return UInt64(96 + body.count)
        }
        let inodeTable = append(metadata(inodes))
        let directoryTable = append(metadata(listings))
        let idBlock = append(metadata(little(UInt32(0))))
        let idTable = append(little(idBlock))
        let used = UInt64(96 + body.count)
        let head =
            Array("hsqs".utf8) + little(UInt32(depth), 0, 131_072, 0) + little(UInt16(1), 17, 0x211, 1, 4, 0)
            + little(0, used, idTable, .max, inodeTable, directoryTable, .max, UInt64.max)
        return head + body + [UInt8](repeating: 0, count: 4096)
    }

    private func run(depth: Int) throws -> Catboat.Result {
        let file = Scratch.directory.joined("r.sfs")
        try AtomicFile.write(folded(depth: depth), to: file)
        return try catboat("ramdisk-unpack", Word(file), Word(Scratch.directory.joined("new")))
    }

    @Test func `folders without end take no memory without end`() throws {
        #expect(try run(depth: 1) == .init(status: 0, stdout: "1\n", stderr: ""))
        try Scratch.directory.joined("new").removeTree()
        let refused = try run(depth: 60)
        #expect(refused.status == 128 && refused.stderr.contains("out of memory"), "\(refused)")
        #expect(!Scratch.directory.joined("new").exists)
    }
}
