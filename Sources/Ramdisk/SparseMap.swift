internal import Archive
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Where a sparse file holds data (lseek(2), SEEK_DATA and SEEK_HOLE).
enum SparseMap {
    // <unistd.h> shows them to GNU sources only.
    private static let seekData: CInt = 3
    private static let seekHole: CInt = 4

    /// nil for a file without holes, or on a file system that does not tell.
    static func runs(
        of descriptor: FileDescriptor, _ status: FileStatus, _ path: FilePath
    ) throws(FileError) -> [ArchiveMember.Extent]? {
        guard status.size > 0, status.blocks * 512 < status.size else { return nil }
        var runs: [ArchiveMember.Extent] = []
        var position: off_t = 0
        while position < status.size {
            let start = lseek(descriptor.rawValue, position, seekData)
            if start < 0 {
                // No data up to the end.
                if Errno.latest == .noSuchAddressOrDevice { break }
                if Errno.latest == .invalidArgument || Errno.latest == .notSupported { return nil }
                throw FileError("read", path, .latest)
            }
            let end = try FileError.check("read", path, lseek(descriptor.rawValue, start, seekHole))
            runs.append(
                ArchiveMember.Extent(offset: UInt64(start), length: UInt64(min(end, off_t(status.size)) - start)))
            position = end
        }
        if runs.count == 1, runs[0].offset == 0, runs[0].length == UInt64(status.size) {
            try FileError.check("read", path, lseek(descriptor.rawValue, 0, SEEK_SET))
            return nil
        }
        return runs
    }
}
