internal import CLinux
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A file's time, as exact as the file system keeps it.
public struct FileTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Since 1970-01-01 UTC.
    public var seconds: Int64
    /// 0 to 999,999,999, on top of `seconds`.
    public var nanoseconds: Int64

    init(_ time: timespec) {
        (seconds, nanoseconds) = (Int64(time.tv_sec), Int64(time.tv_nsec))
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// `2026-11-23T03:30:43.012345678Z`: RFC 3339, always with nine digits, so that texts compare as the times do.
    public var description: String { UTCTime.text(seconds, nanoseconds: nanoseconds) }
}

/// Metadata of one file as `lstat` or `fstat` gives it.
public struct FileStatus: Hashable, Sendable {
    public enum Kind: Sendable { case regular, directory, symbolicLink, characterDevice, blockDevice, fifo, socket }

    public var kind: Kind
    /// Permission bits with set-id and sticky bits, 0o7777 at most.
    public var permissions: UInt32
    public var owner: UInt32
    public var group: UInt32
    /// Bytes.
    public var size: Int64
    public var linkCount: UInt64
    public var inode: UInt64
    public var device: UInt64
    /// The device that a device node stands for, as `dev_t`.
    public var specialDevice: UInt64
    public var modified: FileTime
    /// When contents or metadata changed last; nobody can set it back.
    public var changed: FileTime
    /// 512-byte blocks in use; less than `size` for a sparse file.
    public var blocks: Int64

    /// The mode word of the file type, as in `st_mode`.
    public var typeBits: UInt32 {
        switch kind {
        case .regular: S_IFREG
        case .directory: S_IFDIR
        case .symbolicLink: S_IFLNK
        case .characterDevice: S_IFCHR
        case .blockDevice: S_IFBLK
        case .fifo: S_IFIFO
        case .socket: S_IFSOCK
        }
    }

    init(_ status: Glibc.stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFCHR: .characterDevice
            case S_IFBLK: .blockDevice
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            default: .regular
            }
        permissions = status.st_mode & 0o7777
        owner = status.st_uid
        group = status.st_gid
        size = Int64(status.st_size)
        linkCount = UInt64(status.st_nlink)
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        specialDevice = UInt64(status.st_rdev)
        modified = FileTime(status.st_mtim)
        changed = FileTime(status.st_ctim)
        blocks = Int64(status.st_blocks)
    }
}

extension FilePath {
    /// Status of the file itself, not of what a symbolic link points to; nil when there is no such file.
    public func status() throws(FileError) -> FileStatus? { try status(following: false) }

    /// Whether this is a link to `/dev/null` and to nothing else: what masks a hook of its name.
    public var isNullLink: Bool {
        var buffer = [CChar](repeating: 0, count: 16)
        let count = withPlatformString { readlink($0, &buffer, buffer.count) }
        return count >= 0 && buffer[..<count].elementsEqual("/dev/null".utf8.map { CChar(bitPattern: $0) })
    }

    /// Status of what the path leads to; nil when there is no such file.
    public func targetStatus() throws(FileError) -> FileStatus? { try status(following: true) }

    private func status(following: Bool) throws(FileError) -> FileStatus? {
        var status = Glibc.stat()
        let result = withPlatformString { fstatat(AT_FDCWD, $0, &status, following ? 0 : AT_SYMLINK_NOFOLLOW) }
        if result == 0 { return FileStatus(status) }
        let errno = Errno.latest
        if errno == .noSuchFileOrDirectory || errno == .notDirectory { return nil }
        throw FileError("examine", self, errno)
    }
}

extension FileDescriptor {
    /// Status of the open file. `path` is for the error.
    public func status(of path: FilePath) throws(FileError) -> FileStatus {
        var status = Glibc.stat()
        try FileError.check("examine", path, fstat(rawValue, &status))
        return FileStatus(status)
    }

    /// Status of `name` in this directory, symbolic links not followed; nil when there is none.
    public func status(at name: FilePath) throws(FileError) -> FileStatus? {
        var status = Glibc.stat()
        let result = name.withPlatformString { fstatat(rawValue, $0, &status, AT_SYMLINK_NOFOLLOW) }
        if result == 0 { return FileStatus(status) }
        guard Errno.latest == .noSuchFileOrDirectory else { throw FileError("examine", name, .latest) }
        return nil
    }

    /// Opens `name` in this directory without following a symbolic link in its last component.
    public func open(at name: FilePath, directory: Bool = false) throws(FileError) -> FileDescriptor {
        let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (directory ? O_DIRECTORY : 0)
        return FileDescriptor(
            rawValue: try FileError.check("open", name, name.withPlatformString { openat(rawValue, $0, flags) }))
    }

    /// Target of the symbolic link `name` in this directory, as bytes.
    public func linkTarget(at name: FilePath) throws(FileError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = name.withPlatformString { name in
            // The buffer is not empty, so it has a base address.
            buffer.withUnsafeMutableBytes {
                readlinkat(rawValue, name, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
        }
        try FileError.check("read link", name, count)
        return Array(buffer[..<count])
    }

    /// Names in this directory without `.` and `..`, sorted by bytes.
    public func names(of path: FilePath) throws(FileError) -> [FilePath] {
        let copy = try FileError.check(
            "open directory", path, openat(rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard let stream = fdopendir(copy) else {
            let error = FileError("read directory", path, .latest)
            Glibc.close(copy)
            throw error
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            Glibc.errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [0x2e], name != [0x2e, 0x2e] { names.append(name) }
        }
        guard Glibc.errno == 0 else { throw FileError("read directory", path, .latest) }
        return names.sorted { $0.lexicographicallyPrecedes($1) }.map { FilePath(bytes: $0) }
    }

    /// Reads to the end. `path` is for the error.
    /// - Throws: `FileError` with `.fileTooLarge` when there are more than `limit` bytes.
    public func readToEnd(limit: Int, of path: FilePath) throws(FileError) -> [UInt8] {
        try FileError.wrap("read", path) {
            var result: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
                if count == 0 { return result }
                guard result.count + count <= limit else { throw Errno.fileTooLarge }
                result += buffer[..<count]
            }
        }
    }

    /// Writes all of `bytes`. `path` is for the error.
    public func writeWhole(_ bytes: some Sequence<UInt8>, to path: FilePath) throws(FileError) {
        _ = try FileError.wrap("write", path) { try writeAll(bytes) }
    }

    /// `fsync`. `path` is for the error.
    public func synchronize(_ path: FilePath) throws(FileError) {
        try FileError.check("synchronize", path, fsync(rawValue))
    }
}

extension FilePath {
    /// The whole of a small file.
    /// - Throws: `FileError`; `.fileTooLarge` above `limit` bytes (16 MiB unless told).
    public func readBytes(limit: Int = 16 << 20) throws(FileError) -> [UInt8] {
        let descriptor = try FileError.wrap("open", self) {
            try FileDescriptor.open(self, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        return try descriptor.readToEnd(limit: limit, of: self)
    }

    /// The whole of a small file as text; bytes that are not UTF-8 become U+FFFD.
    public func readText(limit: Int = 16 << 20) throws(FileError) -> String {
        String(decoding: try readBytes(limit: limit), as: UTF8.self)
    }

    /// Whether anything, even a dangling symbolic link, has this name.
    public var exists: Bool { ((try? status()) ?? nil) != nil }

    /// Whether the path leads to a directory.
    public var isDirectory: Bool { ((try? targetStatus()) ?? nil)?.kind == .directory }

    /// Whether the path leads to a regular file.
    public var isRegularFile: Bool { ((try? targetStatus()) ?? nil)?.kind == .regular }

    /// Whether the path leads to a regular file that this process may execute.
    public var isExecutableFile: Bool { isRegularFile && withPlatformString { access($0, X_OK) } == 0 }
}
