internal import CLinux
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Writes files into a tree by absolute paths of the image: links are followed as the image would see them,
/// so no path leads out of it (openat2, RESOLVE_IN_ROOT).
final class ImageWriter {
    private let tree: FilePath
    private let root: FileDescriptor

    init(_ tree: FilePath) throws(FileError) {
        // Without links, because places in the tree are found again by their real path.
        let resolved = try tree.resolved()
        self.tree = resolved
        root = try FileError.wrap("open directory", tree) {
            try FileDescriptor.open(resolved, .readOnly, options: [.directory, .closeOnExec])
        }
    }

    deinit { try? root.close() }

    func isDirectory(_ path: [UInt8]) -> Bool {
        let raw = open(path, CATBOAT_O_PATH | UInt64(O_DIRECTORY))
        if raw >= 0 { Glibc.close(raw) }
        return raw >= 0
    }

    /// The content of a file of the image; nil when there is none.
    func read(_ path: [UInt8]) throws(FileError) -> (bytes: [UInt8], status: FileStatus)? {
        let raw = open(path, UInt64(O_RDONLY | O_NONBLOCK))
        if raw < 0, Errno.latest == .noSuchFileOrDirectory { return nil }
        let descriptor = FileDescriptor(rawValue: try FileError.check("open", shown(path), raw))
        defer { try? descriptor.close() }
        let status = try descriptor.status(of: shown(path))
        return (try descriptor.readToEnd(limit: 64 << 20, of: shown(path)), status)
    }

    /// The path without links, for writing in place of what a link leads to; nil when there is no such file.
    func real(_ path: [UInt8]) throws(FileError) -> [UInt8]? {
        let raw = open(path, CATBOAT_O_PATH)
        if raw < 0, Errno.latest == .noSuchFileOrDirectory { return nil }
        try FileError.check("open", shown(path), raw)
        defer { Glibc.close(raw) }
        let place = try FilePath("/proc/self/fd/\(raw)").resolved()
        return Array(place.bytes.dropFirst(tree == "/" ? 0 : tree.bytes.count))
    }

    /// Makes a directory and its missing parents, and gives it a mode and owner unless `status` is nil.
    func makeDirectory(_ path: [UInt8], like status: FileStatus?) throws(FileError) {
        let folder = try openFolder(path)
        defer { try? folder.close() }
        guard let status else { return }
        try FileError.check("change owner of", shown(path), fchown(folder.rawValue, status.owner, status.group))
        try FileError.check("change mode of", shown(path), fchmod(folder.rawValue, status.permissions))
    }

    /// What `write` gives the file: mode and owner, and the time if it is not now.
    struct Metadata {
        var status: FileStatus
        var keepsTime: Bool
    }

    /// Whether the file has the size and time of `status`, which counts as unchanged, as with rsync.
    func isUnchanged(_ path: [UInt8], _ status: FileStatus) throws(FileError) -> Bool {
        let (parent, name) = Self.split(path)
        let raw = open(parent, UInt64(O_RDONLY | O_DIRECTORY))
        guard raw >= 0 else { return false }
        let folder = FileDescriptor(rawValue: raw)
        defer { try? folder.close() }
        guard let found = try folder.status(at: FilePath(bytes: name)) else { return false }
        return found.kind == .regular && found.size == status.size && found.modified == status.modified
            && found.permissions == status.permissions && found.owner == status.owner && found.group == status.group
    }

    /// Puts a file in place of whatever has the name, in one step. `fill` writes its content.
    func write(_ path: [UInt8], _ metadata: Metadata, _ fill: (FileDescriptor) throws -> Void) throws {
        let (parent, name) = Self.split(path)
        let folder = try openFolder(parent)
        defer { try? folder.close() }
        let temporary = FilePath(bytes: Array(".".utf8) + name.prefix(200) + Array(".tmp-\(getpid())".utf8))
        _ = temporary.withPlatformString { unlinkat(folder.rawValue, $0, 0) }
        let raw = temporary.withPlatformString {
            openat(folder.rawValue, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        let file = FileDescriptor(rawValue: try FileError.check("create", shown(path), raw))
        var isNamed = false
        defer {
            try? file.close()
            if !isNamed { _ = temporary.withPlatformString { unlinkat(folder.rawValue, $0, 0) } }
        }
        try fill(file)
        let status = metadata.status
        try FileError.check("change owner of", shown(path), fchown(file.rawValue, status.owner, status.group))
        try FileError.check("change mode of", shown(path), fchmod(file.rawValue, status.permissions))
        if metadata.keepsTime {
            let time = timespec(tv_sec: Int(status.modified.seconds), tv_nsec: Int(status.modified.nanoseconds))
            try FileError.check("change time of", shown(path), futimens(file.rawValue, [time, time]))
        }
        let result = temporary.withPlatformString { from in
            FilePath(bytes: name).withPlatformString { renameat(folder.rawValue, from, folder.rawValue, $0) }
        }
        try FileError.check("write", shown(path), result)
        isNamed = true
    }

    private func openFolder(_ path: [UInt8]) throws(FileError) -> FileDescriptor {
        let raw = open(path, UInt64(O_RDONLY | O_DIRECTORY))
        if raw >= 0 { return FileDescriptor(rawValue: raw) }
        guard Errno.latest == .noSuchFileOrDirectory else { throw FileError("open directory", shown(path), .latest) }
        let (parent, name) = Self.split(path)
        let folder = try openFolder(parent)
        defer { try? folder.close() }
        let made = FilePath(bytes: name).withPlatformString { mkdirat(folder.rawValue, $0, 0o755) }
        try FileError.check("create directory", shown(path), made)
        return try folder.open(at: FilePath(bytes: name), directory: true)
    }

    private func open(_ path: [UInt8], _ flags: UInt64) -> CInt {
        let inner = Array(path.drop { $0 == UInt8(ascii: "/") })
        return withCString(inner.isEmpty ? PackPlan.top : inner) {
            catboat_openat2(root.rawValue, $0, flags, 0, CATBOAT_RESOLVE_IN_ROOT | CATBOAT_RESOLVE_NO_MAGICLINKS)
        }
    }

    private func shown(_ path: [UInt8]) -> FilePath { tree.joined(FilePath(bytes: path)) }

    private static func split(_ path: [UInt8]) -> (parent: [UInt8], name: [UInt8]) {
        let slash = UInt8(ascii: "/")
        let parts = path.split(separator: slash).map { Array($0) }
        let parent = [slash] + Array(parts.dropLast().joined(separator: [slash]))
        return (parent, parts.last ?? PackPlan.top)
    }
}
