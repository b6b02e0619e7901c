internal import Archive
internal import Digests
internal import Support
internal import SystemPackage

/// Reads the members of a bundle as the bytes of a tar archive, block by block, and notes the digest of each.
struct BundleSource: BlockSource {
    private let packs: [BundlePack]
    private let members: [PackedMember]
    private let signer: BundleSigner?
    private let blockSize: Int
    private let progress: Progress?

    private var position = 0
    private var written: UInt64 = 0
    private var isEnded = false
    private var indexed: [BundleIndex.Member] = []
    private var folders: [BundleIndex.Folder] = []
    private var pending: [UInt8] = []
    private var pendingStart = 0
    private var open: OpenFile?

    /// A file whose data is being read.
    private struct OpenFile {
        let descriptor: FileDescriptor
        let path: FilePath
        let member: PackedMember
        let status: FileStatus
        var remaining: UInt64
        var digest = DigestStream()
    }

    init(_ packs: [BundlePack], signer: BundleSigner?, blockSize: Int, progress: Progress?) throws {
        self.packs = packs
        self.signer = signer
        self.blockSize = blockSize
        self.progress = progress
        members = try PackedMember.list(packs)
        var top = ArchiveMember(path: Array(".".utf8), kind: .directory, permissions: 0o700)
        top.modified = members.first?.modified ?? 0
        pending = try ArchiveFormat.tar.header(of: top)
    }

    /// Bytes of all files that are read.
    var dataSize: UInt64 {
        members.reduce(0) { sum, member in
            if case .file(_, let status) = member.content { sum + UInt64(status.size) } else { sum }
        }
    }

    /// Whether it holds something that not everybody on the host may read.
    var isPrivate: Bool { members.contains(where: \.isPrivate) }

    mutating func next() throws -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: blockSize)
        let filled = try block.withUnsafeMutableBytes { try fill($0) }
        if filled == 0 { return nil }
        written += UInt64(filled)
        if filled < blockSize { block.removeLast(blockSize - filled) }
        return block
    }

    private mutating func fill(_ block: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < block.count {
            let space = UnsafeMutableRawBufferPointer(rebasing: block[filled...])
            if pendingStart < pending.count {
                let count = min(space.count, pending.count - pendingStart)
                pending.withUnsafeBytes {
                    space.copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: $0[pendingStart..<(pendingStart + count)]))
                }
                pendingStart += count
                filled += count
            } else if open != nil {
                filled += try readData(into: space)
            } else if position < members.count {
                try begin(members[position])
                position += 1
            } else if !isEnded {
                isEnded = true
                set(ArchiveFormat.tar.trailer(after: written + UInt64(filled)))
            } else {
                break
            }
        }
        return filled
    }

    private mutating func set(_ bytes: [UInt8]) {
        pending = bytes
        pendingStart = 0
    }

    private func path(of member: PackedMember, _ name: [UInt8]) -> [UInt8] {
        Array("./\(packs[member.pack].folder)".utf8) + (name.isEmpty ? [] : [0x2f] + name)
    }

    private mutating func begin(_ member: PackedMember) throws {
        var header = ArchiveMember(
            path: path(of: member, member.name), kind: .regular, permissions: member.permissions)
        header.modified = member.modified
        switch member.content {
        case .folder:
            header.kind = .directory
            if !member.name.isEmpty, !BundleIndex.isOwn(member.name) {
                folders.append(BundleIndex.Folder(name: member.name, permissions: member.permissions))
            }
            set(try ArchiveFormat.tar.header(of: header))
        case .link(let target):
            header.kind = .symbolicLink
            header.linkTarget = target
            note(member, Digest.of(target), UInt64(target.count), isLink: true)
            set(try ArchiveFormat.tar.header(of: header))
        case .bytes(let bytes):
            note(member, Digest.of(bytes), UInt64(bytes.count))
            set(try encoded(header, bytes))
        case .index: set(try index(member))
        case .file(let path, let status): try begin(member, path, status, header)
        }
    }

    private mutating func begin(
        _ member: PackedMember, _ path: FilePath, _ status: FileStatus, _ header: ArchiveMember
    ) throws {
        let descriptor = try FileError.wrap("open", path) {
            try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        }
        guard let now = try? descriptor.status(of: path), Self.isSame(now, status) else {
            try? descriptor.close()
            throw BundleError.changed(path)
        }
        var header = header
        header.size = UInt64(status.size)
        do {
            set(try ArchiveFormat.tar.header(of: header))
        } catch {
            try? descriptor.close()
            throw error
        }
        open = OpenFile(
            descriptor: descriptor, path: path, member: member, status: status, remaining: UInt64(status.size))
    }

    private static func isSame(_ left: FileStatus, _ right: FileStatus) -> Bool {
        (left.device, left.inode, left.size) == (right.device, right.inode, right.size)
            && left.modified == right.modified
    }

    private mutating func readData(into space: UnsafeMutableRawBufferPointer) throws -> Int {
        guard var file = open else { return 0 }
        guard file.remaining > 0 else {
            let status = try file.descriptor.status(of: file.path)
            try? file.descriptor.close()
            open = nil
            guard Self.isSame(status, file.status) else { throw BundleError.changed(file.path) }
            let size = UInt64(file.status.size)
            note(file.member, file.digest.finish(), size)
            set([UInt8](repeating: 0, count: ArchiveFormat.tar.padding(after: size)))
            return 0
        }
        let part = UnsafeMutableRawBufferPointer(
            rebasing: space[..<min(space.count, Int(clamping: file.remaining))])
        let got = try FileError.wrap("read", file.path) { try file.descriptor.read(into: part) }
        guard got > 0 else { throw BundleError.changed(file.path) }
        file.digest.update(UnsafeRawBufferPointer(rebasing: part[..<got]))
        file.remaining -= UInt64(got)
        open = file
        progress?.advance(UInt64(got))
        return got
    }

    private mutating func note(_ member: PackedMember, _ digest: Digest, _ size: UInt64, isLink: Bool = false) {
        indexed.append(
            BundleIndex.Member(
                name: member.name, digest: digest, size: size, permissions: member.permissions, isLink: isLink))
    }

    /// The index of an image, whose members are all written, and its signature.
    private mutating func index(_ member: PackedMember) throws -> [UInt8] {
        var index = packs[member.pack].index
        index.members = indexed.sorted { $0.name.bytes.lexicographicallyPrecedes($1.name.bytes) }
        index.folders = folders.sorted { $0.name.bytes.lexicographicallyPrecedes($1.name.bytes) }
        (indexed, folders) = ([], [])
        let json = index.json
        var header = ArchiveMember(path: [], kind: .regular, permissions: 0o644)
        header.modified = member.modified
        var bytes: [UInt8] = []
        if !index.members.contains(where: { $0.name.bytes.starts(with: "\(BundleIndex.folder)/".utf8) }) {
            header.path = path(of: member, Array(BundleIndex.folder.utf8))
            var folder = header
            folder.kind = .directory
            folder.permissions = 0o755
            bytes += try ArchiveFormat.tar.header(of: folder)
        }
        header.path = path(of: member, Array(BundleIndex.name.utf8))
        bytes += try encoded(header, json)
        if let signer {
            header.path = path(of: member, Array(BundleIndex.signatureName.utf8))
            bytes += try encoded(header, try signer.sign(json))
        }
        return bytes
    }

    private func encoded(_ header: ArchiveMember, _ bytes: [UInt8]) throws -> [UInt8] {
        var header = header
        header.size = UInt64(bytes.count)
        return try ArchiveFormat.tar.header(of: header) + bytes
            + [UInt8](repeating: 0, count: ArchiveFormat.tar.padding(after: header.size))
    }
}
