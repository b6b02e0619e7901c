internal import Archive
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Where a sparse file holds data (lseek(2), SEEK_DATA and SEEK_HOLE).
///
/// Blocks of zeros that are stored, as preallocation leaves them, count as holes, so that the same content gives the
/// same map.
struct SparseMap {
    // <unistd.h> shows them to GNU sources only.
    private static let seekData: CInt = 3
    private static let seekHole: CInt = 4
    private static let blockSize = 4096

    private let descriptor: FileDescriptor
    private let size: off_t
    private let path: FilePath
    private var runs: [ArchiveMember.Extent] = []

    /// nil for a file without holes, or on a file system that does not tell.
    static func runs(
        of descriptor: FileDescriptor, _ status: FileStatus, _ path: FilePath
    ) throws(FileError) -> [ArchiveMember.Extent]? {
        guard status.size > 0, status.blocks * 512 < status.size else { return nil }
        var map = SparseMap(descriptor: descriptor, size: off_t(status.size), path: path)
        let isKnown = try map.find()
        try FileError.check("read", path, lseek(descriptor.rawValue, 0, SEEK_SET))
        let isWhole = map.runs == [ArchiveMember.Extent(offset: 0, length: UInt64(status.size))]
        return isKnown && !isWhole ? map.runs : nil
    }

    private init(descriptor: FileDescriptor, size: off_t, path: FilePath) {
        (self.descriptor, self.size, self.path) = (descriptor, size, path)
    }

    private mutating func find() throws(FileError) -> Bool {
        var position: off_t = 0
        while position < size {
            let start = lseek(descriptor.rawValue, position, Self.seekData)
            if start < 0 {
                // No data up to the end.
                if Errno.latest == .noSuchAddressOrDevice { return true }
                if Errno.latest == .invalidArgument || Errno.latest == .notSupported { return false }
                throw FileError("read", path, .latest)
            }
            position = try FileError.check("read", path, lseek(descriptor.rawValue, start, Self.seekHole))
            try addData(from: start, to: min(position, size))
        }
        return true
    }

    private mutating func addData(from start: off_t, to end: off_t) throws(FileError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var offset = start
        while offset < end {
            let wanted = min(buffer.count, Int(end - offset))
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            let got = try FileError.wrap("read", path) {
                try descriptor.read(fromAbsoluteOffset: Int64(offset), into: part)
            }
            // Shorter than it was: what reads the data will see that too.
            if got == 0 { return }
            var index = 0
            while index < got {
                let length = min(Self.blockSize - Int(offset + off_t(index)) % Self.blockSize, got - index)
                let isZero = buffer[index..<(index + length)].allSatisfy { $0 == 0 }
                if !isZero { add(UInt64(offset) + UInt64(index), UInt64(length)) }
                index += length
            }
            offset += off_t(got)
        }
    }

    private mutating func add(_ offset: UInt64, _ length: UInt64) {
        if let last = runs.last, last.offset + last.length == offset {
            runs[runs.count - 1].length += length
        } else {
            runs.append(ArchiveMember.Extent(offset: offset, length: length))
        }
    }
}
