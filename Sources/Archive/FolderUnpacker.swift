internal import Support
public import SystemPackage

/// Unpacks files from newc into an empty folder, for programs that hand files to each other through a pipe.
///
/// Symbolic links are made as well, but last, so that no file goes through one. Modes and owners are those of any new file. Of several
/// members of one name the last stays.
public struct FolderUnpacker {
    private let folder: FilePath
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private var links: [FilePath: FilePath] = [:]
    /// Names that still wait for the data of their file, by inode: it comes with the last of them.
    private var waiting: [UInt32: [FilePath]] = [:]

    /// - Parameters:
    ///   - folder: exists, is empty, and nobody else writes in it.
    ///   - place: where a member goes, relative to `folder`; nil leaves it out. It gets paths without `.` and `..`.
    public static func unpack(
        _ reader: NewcReader, into folder: FilePath,
        place: (FilePath, ArchiveMember) throws -> FilePath? = { path, _ in path }
    ) throws {
        var unpacker = FolderUnpacker(folder: folder)
        defer { unpacker.buffer.deallocate() }
        while let member = try reader.next() {
            guard let path = try place(try Self.path(of: member), member) else { continue }
            try unpacker.make(folder.joined(path), member, reader)
        }
        try unpacker.makeLinks()
    }

    private init(folder: FilePath) { self.folder = folder }

    private static func path(of member: ArchiveMember) throws(ArchiveError) -> FilePath {
        let parts = member.path.split(separator: 0x2f, omittingEmptySubsequences: true).filter { $0 != [0x2e] }
        guard member.path.first != 0x2f, !member.path.contains(0), !parts.contains([0x2e, 0x2e]),
            !parts.isEmpty || member.kind == .directory
        else { throw ArchiveError.malformed(format: "cpio", what: member.printable) }
        return FilePath(bytes: parts.joined(separator: [0x2f]))
    }

    private mutating func make(_ path: FilePath, _ member: ArchiveMember, _ reader: NewcReader) throws {
        if member.kind == .directory { return try path.createDirectories() }
        try path.removingLastComponent().createDirectories()
        links[path] = nil
        switch member.kind {
        case .symbolicLink: links[path] = FilePath(bytes: member.linkTarget.filter { $0 != 0 })
        case .regular:
            try write(member, reader, to: path)
            guard member.links > 1 else { return }
            if member.size == 0 {
                waiting[member.inode, default: []].append(path)
            } else {
                for name in waiting.removeValue(forKey: member.inode) ?? [] where name != path {
                    try name.removeFile()
                    try path.hardLink(as: name)
                }
            }
        default: throw ArchiveError.malformed(format: "cpio", what: "no file, folder or link: \(member.printable)")
        }
    }

    private func write(_ member: ArchiveMember, _ reader: NewcReader, to path: FilePath) throws {
        try path.removeFile()
        let file = try FileError.wrap("create", path) {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        }
        defer { try? file.close() }
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { return }
            _ = try FileError.wrap("write", path) {
                try file.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// All folders are there: a link in a folder's place is refused, and none leads to another.
    private func makeLinks() throws {
        for (path, target) in links {
            try path.removeFile()
            try path.createSymbolicLink(to: target)
        }
    }
}
