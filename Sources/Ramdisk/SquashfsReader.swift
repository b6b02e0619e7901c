internal import Archive
internal import Support
internal import SystemPackage

/// Reads a squashfs file as the tar stream that `sqfs2tar` makes of it: all but sockets, which tar cannot hold.
final class SquashfsReader: ArchiveReader {
    private let tar: TarReader

    init(_ file: FilePath, _ descriptor: FileDescriptor) throws {
        let size = try descriptor.status(of: file).size
        guard UInt64(size) >= (try SquashfsTop.usedBytes(descriptor, file)) else {
            throw ArchiveError.truncated(format: "squashfs")
        }
        // By the descriptor: what was looked at is what is read.
        var tool = Tool("sqfs2tar", ["--root-becomes", ".", "/proc/self/fd/3"])
        tool.descriptors[3] = descriptor
        // It holds all inodes, some 250 bytes each; folders that are in each other again and again have no end.
        tool.memoryLimit = 1 << 30
        tar = TarReader(try ProgramSource(tool, format: "squashfs"))
    }

    func next() throws -> ArchiveMember? {
        guard var member = try tar.next() else { return nil }
        member.path = Self.plain(member.path)
        member.hardLink = member.hardLink.map(Self.plain)
        return member
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try tar.read(into: buffer) }

    /// Without the `./` that all but the top have.
    private static func plain(_ path: [UInt8]) -> [UInt8] {
        path.starts(with: "./".utf8) ? Array(path.dropFirst(2)) : path
    }
}
