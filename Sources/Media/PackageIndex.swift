internal import CLibarchive
internal import RpmMetadata
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The packages of an RPM repository with their SHA-256 sums: its `primary.xml`, compressed or not.
///
/// Ten thousand packages unpack to more than a hundred megabytes: it is read in blocks, one package at a time.
struct PackageIndex {
    /// Paths as the index has them, from the repository's top, and the digits.
    let sums: [(path: FilePath, hex: Substring)]

    /// Packed bytes that are read at most.
    static let sizeLimit: Int64 = 256 << 20

    /// Whether a file of a medium is called as such indexes are.
    static func isIndex(_ path: FilePath) -> Bool {
        let parts = path.components.suffix(2).map(\.string)
        guard parts.count == 2, parts[0] == "repodata" else { return false }
        return parts[1].hasPrefix("primary.xml") || parts[1].contains("-primary.xml")
    }

    /// - Parameter packed: the whole file.
    /// - Returns: nil when it cannot be read: comparing it with its own checksum will tell.
    init?(packed: [UInt8]) {
        guard let archive = archive_read_new() else { return nil }
        defer { archive_read_free(archive) }
        archive_read_support_format_raw(archive)
        archive_read_support_filter_all(archive)
        var sums: [(path: FilePath, hex: Substring)] = []
        do {
            try packed.withUnsafeBytes { bytes in
                var entry: OpaquePointer?
                try Self.check(archive_read_open_memory(archive, bytes.baseAddress, bytes.count), archive)
                try Self.check(archive_read_next_header(archive, &entry), archive)
                try PrimaryPackage.visit { buffer in
                    let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
                    if count < 0 { try Self.check(ARCHIVE_FATAL, archive) }
                    return count
                } _: { package in
                    // What lies on another disc is not ours to check.
                    guard package.algorithm == "sha256", package.base.isEmpty else { return }
                    sums.append((FilePath(package.location), package.checksum[...]))
                }
            }
        } catch { return nil }
        self.sums = sums
    }

    private static func check(_ status: CInt, _ archive: OpaquePointer) throws(FileError) {
        guard status == ARCHIVE_OK else { throw FileError("unpack", "primary.xml", .ioError) }
    }
}
