internal import CLibarchive
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// An ISO 9660 image, or a drive with one: Rock Ridge names, else Joliet's; read through libarchive without mounting.
final class ISOImage: MediumSource {
    let path: FilePath
    private let descriptor: FileDescriptor
    /// Bytes of the file or device.
    private let size: Int64

    /// No compressed file system inside: files cannot hold more than the image, but may share extents.
    var byteLimit: Int64? { size * 4 }

    init(_ path: FilePath) throws {
        let descriptor = try FileError.wrap("open", path) {
            try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        }
        do {
            let size = try FileError.wrap("examine", path) { try descriptor.seek(offset: 0, from: .end) }
            let volume = try VolumeDescriptor(descriptor, path)
            // Writers pad with up to 150 sectors, which some downloads lack.
            guard volume.size <= size + 150 * 2048 else {
                throw MediumError.truncated(path, bytes: size, expected: volume.size)
            }
            (self.path, self.descriptor, self.size) = (path, descriptor, size)
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    deinit { try? descriptor.close() }

    func visit(_ body: (MediumEntry, MediumContent) throws -> Void) throws {
        let reader = try ArchiveReader(descriptor, size: size, path)
        while let entry = try reader.next() {
            guard let entry = try self.entry(entry) else { continue }
            try body(entry) { emit in try reader.content(emit) }
        }
    }

    /// nil for the top itself.
    private func entry(_ raw: OpaquePointer) throws(MediumError) -> MediumEntry? {
        let name = Self.bytes(archive_entry_pathname(raw) ?? archive_entry_pathname_utf8(raw))
        guard let path = MediumEntry.safePath(name), !name.isEmpty else {
            throw .unsafeName(self.path, name: FilePath(bytes: name.prefix { $0 != 0 }))
        }
        if path.isEmpty { return nil }
        return MediumEntry(
            path: path, kind: try kind(raw, path), isExecutable: archive_entry_perm(raw) & 0o111 != 0,
            modified: Int64(archive_entry_mtime(raw)))
    }

    private func kind(_ raw: OpaquePointer, _ path: FilePath) throws(MediumError) -> MediumEntry.Kind {
        if let link = archive_entry_hardlink(raw) {
            guard let first = MediumEntry.safePath(Self.bytes(link)), !first.isEmpty else {
                throw .unsafeName(self.path, name: path)
            }
            return .hardLink(first)
        }
        // The type bits are those of stat(2).
        switch archive_entry_filetype(raw) {
        case 0o040000: return .directory
        case 0o100000:
            guard archive_entry_size(raw) >= 0 else { throw .tooLarge(self.path) }
            return .file(archive_entry_size(raw))
        case 0o120000:
            return .link(FilePath(bytes: Self.bytes(archive_entry_symlink(raw) ?? archive_entry_symlink_utf8(raw))))
        default: throw .specialFile(self.path, name: path)
        }
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text else { return [] }
        return UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    }
}

/// The primary volume descriptor of ISO 9660 (ECMA-119 §8.4): sector 16 and following.
private struct VolumeDescriptor {
    /// Bytes that the image must have.
    let size: Int64

    init(_ descriptor: FileDescriptor, _ path: FilePath) throws {
        var sector = [UInt8](repeating: 0, count: 2048)
        for number in 16..<48 {
            let count = try FileError.wrap("read", path) {
                try sector.withUnsafeMutableBytes {
                    try descriptor.read(fromAbsoluteOffset: Int64(number) * 2048, into: $0)
                }
            }
            let mark = String(decoding: sector[1..<6], as: UTF8.self)
            if count == 2048, mark == "BEA01", number == 16 { throw MediumError.onlyUDF(path) }
            guard count == 2048, mark == "CD001", sector[0] != 255 else { break }
            guard sector[0] == 1 else { continue }
            func value(_ offset: Int, _ bytes: Int) -> Int64 {
                (0..<bytes).reduce(0) { $0 | Int64(sector[offset + $1]) << (8 * Int64($1)) }
            }
            size = value(80, 4) * value(128, 2)
            return
        }
        throw MediumError.notAnImage(path)
    }
}

/// libarchive's reader over a descriptor.
private final class ArchiveReader {
    private let archive: OpaquePointer
    private let input: ArchiveInput
    private let path: FilePath

    init(_ descriptor: FileDescriptor, size: Int64, _ path: FilePath) throws(MediumError) {
        self.path = path
        input = ArchiveInput(descriptor, size: size)
        guard let archive = archive_read_new() else { throw .damaged(path, reason: "out of memory") }
        self.archive = archive
        archive_read_support_format_iso9660(archive)
        archive_read_set_callback_data(archive, Unmanaged.passUnretained(input).toOpaque())
        archive_read_set_read_callback(archive) { _, context, block in
            guard let context, let block else { return -1 }
            return Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue().read(block)
        }
        archive_read_set_skip_callback(archive) { _, context, count in
            guard let context else { return 0 }
            return Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue().skip(count)
        }
        try check(archive_read_open1(archive))
    }

    deinit { archive_read_free(archive) }

    /// The next header; valid until the next call.
    func next() throws -> OpaquePointer? {
        var entry: OpaquePointer?
        let status = archive_read_next_header(archive, &entry)
        if status == ARCHIVE_EOF { return nil }
        try check(status)
        return entry
    }

    func content(_ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        var position: Int64 = 0
        while true {
            var block: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let status = archive_read_data_block(archive, &block, &count, &offset)
            if status == ARCHIVE_EOF { return }
            try check(status)
            guard offset == position else { throw MediumError.damaged(path, reason: "a file with holes") }
            position += Int64(count)
            try emit(UnsafeRawBufferPointer(start: block, count: count))
        }
    }

    /// A warning (a loop of directories, a name that cannot be converted) is a damaged image too.
    private func check(_ status: CInt) throws(MediumError) {
        guard status != ARCHIVE_OK else { return }
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "it cannot be read"
        throw .damaged(path, reason: input.failure.map { "\(FileError("read", path, $0))" } ?? reason)
    }
}

/// What libarchive reads: blocks of a descriptor, with skipping, which libarchive does not do on drives by itself.
private final class ArchiveInput {
    private let descriptor: FileDescriptor
    private let size: Int64
    private var position: Int64 = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    private(set) var failure: Errno?

    init(_ descriptor: FileDescriptor, size: Int64) {
        self.descriptor = descriptor
        self.size = size
    }

    deinit { buffer.deallocate() }

    func read(_ block: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do {
            let count = try descriptor.read(fromAbsoluteOffset: position, into: buffer)
            position += Int64(count)
            block.pointee = UnsafeRawPointer(buffer.baseAddress)
            return count
        } catch {
            failure = error as? Errno ?? .ioError
            return -1
        }
    }

    func skip(_ count: Int64) -> Int64 {
        // Skipping past the end would hide that the image is too short.
        let step = max(0, min(count, size - position))
        position += step
        return step
    }
}
