internal import CLinux
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The folder that a medium is written into. No name of the medium can lead out of it: every path is resolved by the
/// kernel beneath the folder and never through a symbolic link.
final class CopyFolder {
    let path: FilePath
    let descriptor: FileDescriptor
    /// The folder that was written to last; entries of a medium come folder by folder.
    private var recent: (path: FilePath, descriptor: FileDescriptor)?
    /// Called once, before the first name changes.
    var beforeFirstChange: (() throws -> Void)?

    init(_ path: FilePath) throws(FileError) {
        self.path = path
        descriptor = try FileError.wrap("open directory", path) {
            try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        }
    }

    deinit {
        try? recent?.descriptor.close()
        try? descriptor.close()
    }

    /// Takes the lock on this folder, which is held until the process ends.
    func lock() throws {
        guard descriptor.takeLock() else { throw CopyError.busy(path) }
    }

    /// The directory at `relative`, made with its parents if need be; valid until the next call.
    func directory(_ relative: FilePath) throws(FileError) -> FileDescriptor {
        if relative.isEmpty { return descriptor }
        if let recent, recent.path == relative { return recent.descriptor }
        let opened = try openDirectory(relative)
        try? recent?.descriptor.close()
        recent = (relative, opened)
        return opened
    }

    private func openDirectory(_ relative: FilePath) throws(FileError) -> FileDescriptor {
        if let found = try open(relative, O_RDONLY | O_DIRECTORY) { return found }
        let parent = relative.removingLastComponent()
        let holder = parent.isEmpty ? descriptor : try openDirectory(parent)
        defer { if !parent.isEmpty { try? holder.close() } }
        let name = relative.lastName
        if name.withPlatformString({ mkdirat(holder.rawValue, $0, 0o755) }) != 0 {
            // A file or link of an earlier copy gives way to a folder of this medium.
            guard Errno.latest == .fileExists else {
                throw FileError("create directory", path.joined(relative), .latest)
            }
            _ = name.withPlatformString { unlinkat(holder.rawValue, $0, 0) }
            try FileError.check(
                "create directory", path.joined(relative),
                name.withPlatformString { mkdirat(holder.rawValue, $0, 0o755) })
        }
        guard let made = try open(relative, O_RDONLY | O_DIRECTORY) else {
            throw FileError("open directory", path.joined(relative), .noSuchFileOrDirectory)
        }
        // Whatever the umask: nodes read it over HTTP.
        _ = fchmod(made.rawValue, 0o755)
        return made
    }

    /// Opens beneath this folder; nil when it is not there, or is something else.
    func open(_ relative: FilePath, _ flags: CInt) throws(FileError) -> FileDescriptor? {
        let raw = relative.withPlatformString {
            catboat_openat2(
                descriptor.rawValue, $0, UInt64(flags | O_CLOEXEC), 0,
                CATBOAT_RESOLVE_BENEATH | CATBOAT_RESOLVE_NO_SYMLINKS | CATBOAT_RESOLVE_NO_MAGICLINKS)
        }
        if raw >= 0 { return FileDescriptor(rawValue: raw) }
        switch Errno.latest {
        case .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels: return nil
        case let errno: throw FileError("open", path.joined(relative), errno)
        }
    }

    /// A regular file of exactly this size, open for reading; nil otherwise.
    func file(_ relative: FilePath, size: Int64) throws(FileError) -> FileDescriptor? {
        // O_NONBLOCK: something else than a file of this name must not make us wait.
        guard let found = try open(relative, O_RDONLY | O_NONBLOCK) else { return nil }
        if let status = try? found.status(of: relative), status.kind == .regular, status.size == size { return found }
        try? found.close()
        return nil
    }

    /// A new file that `place` puts under its name.
    func createTemporary() throws(FileError) -> FileDescriptor {
        let name = CopyMarker.temporaryName
        _ = name.withPlatformString { unlinkat(descriptor.rawValue, $0, 0) }
        let raw = name.withPlatformString {
            openat(descriptor.rawValue, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        }
        return FileDescriptor(rawValue: try FileError.check("create", path.joined(name), raw))
    }

    /// Gives the temporary file, open as `file`, its name and mode.
    func place(_ file: FileDescriptor, as entry: MediumEntry) throws {
        var times = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: Int(entry.modified), tv_nsec: 0)]
        times[0] = times[1]
        futimens(file.rawValue, times)
        try FileError.check(
            "change mode of", path.joined(entry.path), fchmod(file.rawValue, entry.isExecutable ? 0o755 : 0o644))
        try rename(CopyMarker.temporaryName, to: entry.path)
    }

    private func rename(_ temporary: FilePath, to target: FilePath) throws {
        try willChange()
        let holder = try directory(target.removingLastComponent())
        let result = temporary.withPlatformString { from in
            target.lastName.withPlatformString { renameat(descriptor.rawValue, from, holder.rawValue, $0) }
        }
        guard result != 0 else { return }
        if Errno.latest == .isDirectory { throw CopyError.folderInTheWay(path.joined(target)) }
        throw FileError("rename to", path.joined(target), .latest)
    }

    private func willChange() throws {
        guard let action = beforeFirstChange else { return }
        beforeFirstChange = nil
        try action()
    }

    func createLink(_ entry: MediumEntry, to target: FilePath) throws {
        let holder = try directory(entry.path.removingLastComponent())
        let name = entry.path.lastName
        if try holder.status(at: name)?.kind == .symbolicLink, try holder.linkTarget(at: name) == target.bytes {
            return
        }
        let temporary = CopyMarker.temporaryName
        _ = temporary.withPlatformString { unlinkat(descriptor.rawValue, $0, 0) }
        let result = target.withPlatformString { target in
            temporary.withPlatformString { symlinkat(target, descriptor.rawValue, $0) }
        }
        try FileError.check("create link", path.joined(entry.path), result)
        try rename(temporary, to: entry.path)
    }

    func createHardLink(_ entry: MediumEntry, to first: FilePath) throws {
        guard let identity = try status(first) else {
            throw FileError("link to \(first.printable)", path.joined(entry.path), .noSuchFileOrDirectory)
        }
        if try status(entry.path)?.inode == identity.inode { return }
        let from = try directory(first.removingLastComponent())
        let temporary = CopyMarker.temporaryName
        _ = temporary.withPlatformString { unlinkat(descriptor.rawValue, $0, 0) }
        let result = first.lastName.withPlatformString { name in
            temporary.withPlatformString { linkat(from.rawValue, name, descriptor.rawValue, $0, 0) }
        }
        try FileError.check("link to \(first.printable)", path.joined(entry.path), result)
        try rename(temporary, to: entry.path)
    }

    func remove(_ relative: FilePath) throws(FileError) {
        let parent = relative.removingLastComponent()
        guard let holder = parent.isEmpty ? descriptor : try open(parent, O_RDONLY | O_DIRECTORY) else { return }
        defer { if !parent.isEmpty { try? holder.close() } }
        let result = relative.lastName.withPlatformString { unlinkat(holder.rawValue, $0, 0) }
        if result != 0, Errno.latest != .noSuchFileOrDirectory { throw FileError("remove", relative, .latest) }
    }

    private func status(_ relative: FilePath) throws(FileError) -> FileStatus? {
        try directory(relative.removingLastComponent()).status(at: relative.lastName)
    }

    /// Waits until everything written so far is on the disk: one call instead of an fsync a file.
    func synchronize() throws(FileError) {
        try FileError.check("synchronize", path, catboat_syncfs(descriptor.rawValue))
    }
}

extension CopyFolder {
    /// Another name for the file or link `name` of the directory `parent`, unless `relative` is there already.
    func linkFile(_ name: FilePath, in parent: FileDescriptor, as relative: FilePath) throws(FileError) {
        let holder = try directory(relative.removingLastComponent())
        let result = name.withPlatformString { from in
            relative.lastName.withPlatformString { linkat(parent.rawValue, from, holder.rawValue, $0, 0) }
        }
        if result != 0, Errno.latest != .fileExists { throw FileError("link", path.joined(relative), .latest) }
    }
}
