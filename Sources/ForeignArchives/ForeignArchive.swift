internal import CLibarchive
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// An archive in a format that others write, read front to back through libarchive without unpacking it anywhere.
public final class ForeignArchive {
    /// What it may be. Nothing else is tried: every format that libarchive knows is a way in for a hostile file.
    public enum Format: Sendable {
        /// ISO 9660: Rock Ridge names, else Joliet's.
        case image
        /// RPM and Debian packages, tar, cpio and ISO 9660, compressed or not.
        case package
        /// One file, compressed by gzip, xz, lzma, bzip2 or zstd, or not at all; its one member is called `data`.
        case compressed
    }

    private let archive: OpaquePointer
    private let input: any ForeignInput
    private let isStrict: Bool
    private var failure: (any Error)?
    /// Where the data of the current member has come to.
    private var position: Int64 = 0

    /// - Parameter isStrict: whether what libarchive only warns of (a loop of directories, a name that cannot be converted) is an
    ///   error too.
    public init(_ input: any ForeignInput, _ format: Format, isStrict: Bool = false) throws {
        guard let archive = archive_read_new() else { throw ForeignArchiveError.damaged("out of memory") }
        (self.archive, self.input, self.isStrict) = (archive, input, isStrict)
        Self.allow(format, archive)
        archive_read_set_callback_data(archive, Unmanaged.passUnretained(self).toOpaque())
        archive_read_set_read_callback(archive) { _, context, block in
            guard let context, let block else { return -1 }
            return Unmanaged<ForeignArchive>.fromOpaque(context).takeUnretainedValue().feed(block)
        }
        archive_read_set_skip_callback(archive) { _, context, count in
            guard let context else { return 0 }
            return Unmanaged<ForeignArchive>.fromOpaque(context).takeUnretainedValue().input.skip(count)
        }
        try check(archive_read_open1(archive))
    }

    deinit { archive_read_free(archive) }

    private static func allow(_ format: Format, _ archive: OpaquePointer) {
        if format != .compressed { archive_read_support_format_iso9660(archive) }
        guard format != .image else { return }
        // Those that libarchive has a library for; it would start programs for others.
        archive_read_support_filter_gzip(archive)
        archive_read_support_filter_xz(archive)
        archive_read_support_filter_lzma(archive)
        archive_read_support_filter_bzip2(archive)
        archive_read_support_filter_zstd(archive)
        if format == .compressed {
            archive_read_support_format_raw(archive)
            return
        }
        archive_read_support_filter_rpm(archive)
        archive_read_support_format_ar(archive)
        archive_read_support_format_cpio(archive)
        archive_read_support_format_tar(archive)
    }

    private func feed(_ block: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do {
            let bytes = try input.read()
            block.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            failure = error
            return -1
        }
    }

    /// The next member; nil at the end.
    /// - Throws: `ForeignArchiveError`, and what the input throws.
    public func next() throws -> ForeignEntry? {
        position = 0
        var raw: OpaquePointer?
        let status = archive_read_next_header(archive, &raw)
        if status == ARCHIVE_EOF { return nil }
        try check(status)
        guard let raw else { return nil }
        return ForeignEntry(
            name: Self.bytes(archive_entry_pathname(raw) ?? archive_entry_pathname_utf8(raw)), kind: Self.kind(raw),
            permissions: UInt32(archive_entry_perm(raw)) & 0o7777, modified: Int64(archive_entry_mtime(raw)))
    }

    private static func kind(_ raw: OpaquePointer) -> ForeignEntry.Kind {
        if let link = archive_entry_hardlink(raw) { return .hardLink(bytes(link), size: archive_entry_size(raw)) }
        // The type bits are those of stat(2).
        return switch archive_entry_filetype(raw) {
        case 0o040000: .directory
        case 0o100000: .file(archive_entry_size_is_set(raw) != 0 ? archive_entry_size(raw) : nil)
        case 0o120000: .link(FilePath(bytes: bytes(archive_entry_symlink(raw) ?? archive_entry_symlink_utf8(raw))))
        default: .special
        }
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text else { return [] }
        return UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    }

    /// Hands the data of the current member on, block by block.
    public func content(_ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        while true {
            let block = try block()
            if block.isEmpty { return }
            try emit(block)
        }
    }

    /// The next block of the current member's data; empty at its end.
    public func block() throws -> UnsafeRawBufferPointer {
        while true {
            var start: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let status = archive_read_data_block(archive, &start, &count, &offset)
            if status == ARCHIVE_EOF { return UnsafeRawBufferPointer(start: nil, count: 0) }
            try check(status)
            if count == 0 { continue }
            guard offset == position else { throw ForeignArchiveError.holes }
            position += Int64(count)
            return UnsafeRawBufferPointer(start: start, count: count)
        }
    }

    /// The whole data of the current member.
    /// - Throws: `ForeignArchiveError.tooLarge` above `limit` bytes.
    public func data(limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try content { block in
            guard bytes.count + block.count <= limit else { throw ForeignArchiveError.tooLarge(limit: limit) }
            bytes += block
        }
        return bytes
    }

    private func check(_ status: CInt) throws {
        if status == ARCHIVE_OK || (status == ARCHIVE_WARN && !isStrict) { return }
        if let failure { throw failure }
        throw ForeignArchiveError.damaged(
            archive_error_string(archive).map { String(cString: $0) } ?? "it cannot be read")
    }
}
