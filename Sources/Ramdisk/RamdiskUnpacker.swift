internal import Archive
internal import CLinux
internal import FoundationEssentials
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Unpacks what RamdiskPacker or xCAT packed into a tree: owners, modes, times, device nodes, links, extended attributes.
///
/// Names are resolved beneath the tree's top, never through a symbolic link, so that no archive writes elsewhere.
public struct RamdiskUnpacker {
    private let file: FilePath
    private let top: FilePath
    private let holder: FileDescriptor
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    /// Directories get their times last.
    private var folders: [(path: [UInt8], member: ArchiveMember)] = []
    private struct Inode: Hashable {
        var number: UInt32
        var kind: FileStatus.Kind
    }

    /// First names of newc files with several.
    private var linked: [Inode: [UInt8]] = [:]
    private var dump: [UInt8] = []
    /// squashfs does not tell holes from zeros.
    private let zerosAreHoles: Bool
    /// Bytes and entries that may still come; a hole counts as what it stands for.
    private var left: UInt64
    private let limit: UInt64?

    /// - Parameters:
    ///   - file: a packed root image, whatever its method and compressor.
    ///   - top: made by this; must not exist.
    ///   - limit: bytes that its files may hold together, each entry counting 512 more; nil for any number.
    /// - Throws: `RamdiskError.tooLarge` beyond that.
    /// - Returns: how many entries were made.
    @discardableResult
    public static func unpack(_ file: FilePath, into top: FilePath, limit: UInt64? = nil) throws -> Int {
        let packed = try PackedFile(file)
        try FileError.check("create directory", top, top.withPlatformString { mkdir($0, 0o700) })
        do {
            var unpacker = try RamdiskUnpacker(file, top, limit, zerosAreHoles: packed.kind == .squashfs)
            defer { unpacker.close() }
            return try unpacker.run(packed.reader)
        } catch {
            try? top.removeTree()
            throw error
        }
    }

    private init(_ file: FilePath, _ top: FilePath, _ limit: UInt64?, zerosAreHoles: Bool) throws {
        (self.file, self.top) = (file, top)
        self.zerosAreHoles = zerosAreHoles
        (self.limit, left) = (limit, limit ?? .max)
        holder = try FileError.wrap("open directory", top) {
            try FileDescriptor.open(top, .readOnly, options: [.directory, .closeOnExec])
        }
    }

    private func close() {
        try? holder.close()
        buffer.deallocate()
    }

    private mutating func run(_ reader: any ArchiveReader) throws -> Int {
        var count = 0
        while let member = try reader.next() {
            let path = try Self.normal(member.path)
            if let limit {
                let (need, isTooMuch) = UInt64(clamping: member.size).addingReportingOverflow(512)
                guard !isTooMuch, need <= left else { throw RamdiskError.tooLarge(path, limit: limit) }
                left -= need
            }
            if path == AttributeDump.path {
                dump = try reader.readData(member, limit: 64 << 20)
            } else if path == AttributeDump.folder {
                continue
            } else {
                try make(path, member, reader)
                count += 1
            }
        }
        if !dump.isEmpty { try restoreAttributes() }
        for folder in folders.reversed() { try finishFolder(folder.path, folder.member) }
        return count
    }

    /// Without `./` and slashes at the end; empty for the top.
    /// - Throws: `RamdiskError.badPath` for one that is absolute, has `..` or a NUL, at which the system cuts a name.
    private static func normal(_ path: [UInt8]) throws -> [UInt8] {
        let parts = path.split(separator: 0x2f).filter { $0 != [0x2e] }
        guard path.first != 0x2f, !parts.contains([0x2e, 0x2e]), !path.contains(0) else {
            throw RamdiskError.badPath(path)
        }
        return Array(parts.joined(separator: [0x2f]))
    }

    /// The folder that holds `path`, and the name there.
    private func parent(of path: [UInt8]) throws -> (folder: FileDescriptor, name: FilePath) {
        let slash = path.lastIndex(of: 0x2f)
        let folder = slash.map { Array(path[..<$0]) } ?? [0x2e]
        let name = FilePath(bytes: slash.map { Array(path[($0 + 1)...]) } ?? path)
        let descriptor = FilePath(bytes: folder).withPlatformString {
            catboat_openat2(
                holder.rawValue, $0, CATBOAT_O_PATH | UInt64(O_DIRECTORY | O_CLOEXEC), 0,
                CATBOAT_RESOLVE_BENEATH | CATBOAT_RESOLVE_NO_SYMLINKS)
        }
        try FileError.check("open directory", top.joined(FilePath(bytes: folder)), descriptor)
        return (FileDescriptor(rawValue: descriptor), name)
    }

    private mutating func make(_ path: [UInt8], _ member: ArchiveMember, _ reader: any ArchiveReader) throws {
        if path.isEmpty {
            folders.append((path, member))
            return
        }
        let full = top.joined(FilePath(bytes: path))
        let (folder, name) = try parent(of: path)
        defer { try? folder.close() }
        let directory = folder.rawValue
        switch member.kind {
        case _ where member.hardLink != nil:
            return try link(path, to: Self.normal(member.hardLink ?? []))
        case .directory:
            try FileError.check("create directory", full, name.withPlatformString { mkdirat(directory, $0, 0o700) })
            folders.append((path, member))
            return
        case .regular:
            if member.links > 1, let first = linked[Inode(number: member.inode, kind: member.kind)] {
                return try addName(path, first, member, reader)
            }
            if member.links > 1 { linked[Inode(number: member.inode, kind: member.kind)] = path }
            return try write(path, full, folder, name, member, reader)
        case .symbolicLink:
            if member.links > 1, let first = linked[Inode(number: member.inode, kind: member.kind)] {
                return try link(path, to: first)
            }
            if member.links > 1 { linked[Inode(number: member.inode, kind: member.kind)] = path }
            let target = FilePath(bytes: member.linkTarget)
            let made = target.withPlatformString { target in
                name.withPlatformString { symlinkat(target, directory, $0) }
            }
            try FileError.check("create link", full, made)
        case .characterDevice, .blockDevice, .fifo, .socket:
            let device = catboat_makedev(member.device?.major ?? 0, member.device?.minor ?? 0)
            let mode = member.typeBits | 0o600
            try FileError.check(
                "create device node", full, name.withPlatformString { mknodat(directory, $0, mode, dev_t(device)) })
        }
        try setStatus(full, folder, name, member)
    }

    private func write(
        _ path: [UInt8], _ full: FilePath, _ folder: FileDescriptor, _ name: FilePath, _ member: ArchiveMember,
        _ reader: any ArchiveReader
    ) throws {
        let raw = name.withPlatformString {
            openat(folder.rawValue, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        let descriptor = FileDescriptor(rawValue: try FileError.check("create", full, raw))
        defer { try? descriptor.close() }
        try copy(member, reader, to: descriptor, full)
        try setStatus(full, folder, name, member)
    }

    private func copy(
        _ member: ArchiveMember, _ reader: any ArchiveReader, to descriptor: FileDescriptor, _ full: FilePath
    ) throws {
        var isSparse = false
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { break }
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            // A hole stays one.
            if zerosAreHoles || member.extents != nil, part.allSatisfy({ $0 == 0 }) {
                isSparse = true
                _ = try FileError.wrap("write", full) { try descriptor.seek(offset: Int64(count), from: .current) }
                continue
            }
            _ = try FileError.wrap("write", full) { try descriptor.writeAll(part) }
        }
        if isSparse { try FileError.check("write", full, ftruncate(descriptor.rawValue, off_t(member.size))) }
    }

    /// Another name of a newc file, whose data comes with the last of them.
    private func addName(
        _ path: [UInt8], _ first: [UInt8], _ member: ArchiveMember, _ reader: any ArchiveReader
    ) throws {
        try link(path, to: first)
        guard member.size > 0 else { return }
        let full = top.joined(FilePath(bytes: path))
        let (folder, name) = try parent(of: path)
        defer { try? folder.close() }
        let raw = name.withPlatformString { openat(folder.rawValue, $0, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC) }
        let descriptor = FileDescriptor(rawValue: try FileError.check("open", full, raw))
        defer { try? descriptor.close() }
        try copy(member, reader, to: descriptor, full)
        try setStatus(full, folder, name, member)
    }

    private func link(_ path: [UInt8], to first: [UInt8]) throws {
        let (oldFolder, oldName) = try parent(of: first)
        defer { try? oldFolder.close() }
        let (folder, name) = try parent(of: path)
        defer { try? folder.close() }
        let result = oldName.withPlatformString { old in
            name.withPlatformString { linkat(oldFolder.rawValue, old, folder.rawValue, $0, 0) }
        }
        try FileError.check("link", top.joined(FilePath(bytes: path)), result)
    }

    /// Owner, attributes, mode, time. Owner first: changing it takes set-id bits and capabilities away.
    private func setStatus(
        _ full: FilePath, _ folder: FileDescriptor, _ name: FilePath, _ member: ArchiveMember
    ) throws {
        let owned = name.withPlatformString {
            fchownat(folder.rawValue, $0, member.owner, member.group, AT_SYMLINK_NOFOLLOW)
        }
        try FileError.check("change owner of", full, owned)
        try setAttributes(member.attributes, folder, name, full)
        try name.withPlatformString { name in
            if member.kind != .symbolicLink {
                try FileError.check("change mode of", full, fchmodat(folder.rawValue, name, member.permissions, 0))
            }
            let time = timespec(tv_sec: Int(member.modified), tv_nsec: 0)
            let result = utimensat(folder.rawValue, name, [time, time], AT_SYMLINK_NOFOLLOW)
            try FileError.check("set time of", full, result)
        }
    }

    private func finishFolder(_ path: [UInt8], _ member: ArchiveMember) throws {
        let full = path.isEmpty ? top : top.joined(FilePath(bytes: path))
        let (folder, name) = path.isEmpty ? (try FileDescriptor.open(top, .readOnly), ".") : try parent(of: path)
        defer { try? folder.close() }
        try setStatus(full, folder, name, member)
    }

    private func setAttributes(
        _ attributes: [ArchiveMember.Attribute], _ folder: FileDescriptor, _ name: FilePath, _ full: FilePath
    ) throws {
        // By the folder's descriptor, so that no link leads elsewhere.
        let place = FilePath("/proc/self/fd/\(folder.rawValue)").joined(name)
        for attribute in attributes {
            let text = attribute.name.map { CChar(bitPattern: $0) } + [0]
            let result = attribute.value.withUnsafeBytes { bytes in
                place.withPlatformString { catboat_lsetxattr($0, text, bytes.baseAddress, bytes.count) }
            }
            try FileError.check("set attribute of", full, result)
        }
    }

    // MARK: - The member .catboat/attributes

    private func restoreAttributes() throws {
        var path: [UInt8]?
        for line in dump.split(separator: 0x0a) {
            if line.starts(with: "# file: ".utf8) {
                path = try Self.normal(Self.plain(line.dropFirst(8)))
                continue
            }
            let mark = Array("=0s".utf8)
            guard let path, let equals = line.firstIndex(of: UInt8(ascii: "=")), line[equals...].starts(with: mark),
                let value = Data(base64Encoded: Data(line[(equals + 3)...]))
            else { throw ArchiveError.malformed(format: "archive", what: "attributes") }
            let attribute = ArchiveMember.Attribute(name: Self.plain(line[..<equals]), value: Array(value))
            let full = path.isEmpty ? top : top.joined(FilePath(bytes: path))
            let folder = path.isEmpty ? holder : try parent(of: path).folder
            defer { if !path.isEmpty { try? folder.close() } }
            try setAttributes([attribute], folder, path.isEmpty ? "." : full.lastName, full)
        }
    }

    /// `\ooo` as the byte it stands for.
    private static func plain(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.first {
            let digits = rest.dropFirst().prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(value)
                rest = rest.dropFirst(4)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
