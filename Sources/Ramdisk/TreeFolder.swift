internal import Archive
internal import CLinux
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A tree whose entries are opened by relative path, never through a symbolic link and never outside.
final class TreeFolder {
    let path: FilePath
    private let descriptor: FileDescriptor

    /// - Parameter path: may itself lead through symbolic links.
    init(_ path: FilePath) throws(FileError) {
        self.path = path
        descriptor = try FileError.wrap("open directory", path) {
            try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        }
    }

    deinit { try? descriptor.close() }

    /// How an entry is opened.
    enum Access {
        /// For its data or names; never blocks on a fifo.
        case read
        /// Only for its metadata.
        case inspect

        var flags: UInt64 {
            switch self {
            case .read: UInt64(O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            case .inspect: CATBOAT_O_PATH | UInt64(O_NOFOLLOW)
            }
        }
    }

    func open(_ entry: [UInt8], _ access: Access) throws(FileError) -> FileDescriptor {
        let resolve = CATBOAT_RESOLVE_BENEATH | CATBOAT_RESOLVE_NO_SYMLINKS
        let raw = withCString(entry) { catboat_openat2(descriptor.rawValue, $0, access.flags, 0, resolve) }
        guard raw >= 0 else { throw FileError("open", full(entry), .latest) }
        return FileDescriptor(rawValue: raw)
    }

    /// Like `open`, for an entry that must be there.
    /// - Throws: `RamdiskError.missing` when it is not, else `FileError`.
    func openExisting(_ entry: [UInt8], _ access: Access) throws -> FileDescriptor {
        do {
            return try open(entry, access)
        } catch {
            if error.errno == .noSuchFileOrDirectory { throw RamdiskError.missing(full(entry)) }
            throw error
        }
    }

    /// Status of the entry itself.
    func status(_ entry: [UInt8]) throws -> FileStatus {
        let opened = try openExisting(entry, .inspect)
        defer { try? opened.close() }
        return try opened.status(of: full(entry))
    }

    /// Extended attributes of an open file.
    func attributes(of opened: FileDescriptor, _ entry: [UInt8]) throws(FileError) -> [ArchiveMember.Attribute] {
        let link = "/proc/self/fd/\(opened.rawValue)"
        // Nearly all files have none: the path for an error is made only for those that do.
        let isBare = catboat_listxattr(link, nil, 0) == 0
        if isBare { return [] }
        let names = try Self.reading("list attributes of", full(entry)) { buffer, size in
            catboat_listxattr(link, buffer?.assumingMemoryBound(to: CChar.self), size)
        }
        if names.isEmpty { return [] }
        var result: [ArchiveMember.Attribute] = []
        for name in names.split(separator: 0).map(Array.init) {
            let value = try Self.reading("read attributes of", full(entry)) { buffer, size in
                withCString(name) { catboat_getxattr(link, $0, buffer, size) }
            }
            result.append(ArchiveMember.Attribute(name: name, value: value))
        }
        return result.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// The path of an entry on the host, for messages.
    func full(_ entry: [UInt8]) -> FilePath { path.joined(FilePath(bytes: entry)) }

    /// Calls that tell the size when given none. File systems without attributes have none.
    private static func reading(
        _ action: String, _ path: FilePath, _ call: (UnsafeMutableRawPointer?, Int) -> Int
    ) throws(FileError) -> [UInt8] {
        while true {
            let size = call(nil, 0)
            if size < 0, Errno.latest == .notSupported { return [] }
            try FileError.check(action, path, size)
            if size == 0 { return [] }
            var value = [UInt8](repeating: 0, count: size)
            let count = value.withUnsafeMutableBytes { call($0.baseAddress, $0.count) }
            // Grown since its size was asked for: ask again.
            if count < 0, Errno.latest == .outOfRange { continue }
            try FileError.check(action, path, count)
            return Array(value[..<count])
        }
    }
}

/// Runs `body` with `bytes` as a C string.
func withCString<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    var terminated = bytes
    terminated.append(0)
    return terminated.withUnsafeBufferPointer { buffer in
        // Never empty: the terminator is there.
        buffer.baseAddress!.withMemoryRebound(to: CChar.self, capacity: buffer.count) { body($0) }
    }
}
