internal import CLinux
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Changes of the file system that more than one room needs. All take absolute or plain paths of the host.
extension FilePath {
    /// Creates the directory and its missing parents with `permissions` as the umask leaves them.
    public func createDirectories(permissions: UInt32 = 0o755) throws(FileError) {
        if isDirectory { return }
        let parent = removingLastComponent()
        if !parent.isEmpty, parent != self { try parent.createDirectories(permissions: permissions) }
        let result = withPlatformString { mkdir($0, permissions) }
        if result != 0, !(Errno.latest == .fileExists && isDirectory) {
            throw FileError("create directory", self, .latest)
        }
    }

    /// Renames over an existing file, then makes the change durable.
    public func rename(to target: FilePath) throws(FileError) {
        let result = withPlatformString { from in target.withPlatformString { Glibc.rename(from, $0) } }
        try FileError.check("rename to \(target.printable)", self, result)
        try target.removingLastComponent().synchronizeDirectory()
    }

    /// Swaps two existing names in one step (`RENAME_EXCHANGE`).
    public func exchange(with other: FilePath) throws(FileError) {
        let result = withPlatformString { first in other.withPlatformString { catboat_rename_exchange(first, $0) } }
        try FileError.check("exchange with \(other.printable)", self, result)
        try other.removingLastComponent().synchronizeDirectory()
    }

    /// Makes entries of this directory durable.
    public func synchronizeDirectory() throws(FileError) {
        let directory: FilePath = isEmpty ? "." : self
        let descriptor = try FileError.wrap("open directory", directory) {
            try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? descriptor.close() }
        try descriptor.synchronize(directory)
    }

    /// Removes one name; it is no error when there is none.
    public func removeFile() throws(FileError) {
        let result = withPlatformString { unlink($0) }
        if result != 0, Errno.latest != .noSuchFileOrDirectory { throw FileError("remove", self, .latest) }
    }

    /// Makes a hard link `link` to this file.
    public func hardLink(as link: FilePath) throws(FileError) {
        let result = withPlatformString { from in link.withPlatformString { Glibc.link(from, $0) } }
        try FileError.check("link as \(link.printable)", self, result)
    }

    /// Makes `self` a symbolic link to `target`.
    public func createSymbolicLink(to target: FilePath) throws(FileError) {
        let result = target.withPlatformString { target in withPlatformString { symlink(target, $0) } }
        try FileError.check("create link", self, result)
    }

    public func changePermissions(_ permissions: UInt32) throws(FileError) {
        try FileError.check("change mode of", self, withPlatformString { chmod($0, permissions) })
    }

    /// Sets owner and group of the file itself, not of what a symbolic link points to.
    public func changeOwner(_ owner: UInt32, _ group: UInt32) throws(FileError) {
        try FileError.check("change owner of", self, withPlatformString { lchown($0, owner, group) })
    }

    /// Names in this directory, sorted by bytes; empty when it does not exist.
    public func directoryNames() throws(FileError) -> [FilePath] {
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(self, .readOnly, options: [.directory, .closeOnExec])
        } catch let error as Errno where error == .noSuchFileOrDirectory {
            return []
        } catch {
            throw FileError("open directory", self, error as? Errno ?? .ioError)
        }
        defer { try? descriptor.close() }
        return try descriptor.names(of: self)
    }

    /// The path without symbolic links, `.` and `..`.
    public func resolved() throws(FileError) -> FilePath {
        guard let pointer = withPlatformString({ realpath($0, nil) }) else { throw FileError("find", self, .latest) }
        defer { free(pointer) }
        return FilePath(platformString: pointer)
    }

    /// Bytes on the file system of a folder that this process may still use.
    public func freeBytes() throws(FileError) -> Int64 {
        var status = statvfs()
        try FileError.check("examine", self, withPlatformString { statvfs($0, &status) })
        let blocks = geteuid() == 0 ? status.f_bfree : status.f_bavail
        return Int64(clamping: UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Made absolute against the working directory; symbolic links stay.
    public var absolute: FilePath {
        if isAbsolute { return self }
        guard let pointer = getcwd(nil, 0) else { return self }
        defer { free(pointer) }
        return FilePath(platformString: pointer).joined(self)
    }

    /// Takes the name away in one step, then deletes what it named as `removeTree` does.
    ///
    /// A process that is killed meanwhile leaves `.NAME.tmp-` and six characters beside it, which `AtomicFile.sweep(self)` removes.
    public func discard() throws(FileError) {
        guard let status = try status() else { return }
        guard status.kind == .directory else { return try removeFile() }
        let aside = try removingLastComponent().joined(AtomicFile.prefix(self)).createUniqueDirectory()
        try rename(to: aside)
        try aside.removeTree()
    }

    /// Deletes a tree without following symbolic links and without crossing into another mount, a bind mount of the same file system
    /// included.
    ///
    /// It is no error when there is nothing. A directory that is a mount point stops it with `.resourceBusy`,
    /// before anything below that directory is touched.
    public func removeTree() throws(FileError) {
        guard let status = try status() else { return }
        guard status.kind == .directory else { return try removeFile() }
        let parent = removingLastComponent()
        let holder: FilePath = parent.isEmpty ? "." : parent
        let descriptor = try FileError.wrap("open directory", holder) {
            try FileDescriptor.open(holder, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? descriptor.close() }
        try descriptor.removeEntry(lastName, device: status.device)
    }
}

extension FileDescriptor {
    /// Opens the directory `name` in this one unless something is mounted there.
    private func openInMount(_ name: FilePath) throws(FileError) -> FileDescriptor {
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let raw = name.withPlatformString { catboat_openat2(rawValue, $0, flags, 0, CATBOAT_RESOLVE_NO_XDEV) }
        if raw >= 0 { return FileDescriptor(rawValue: raw) }
        switch Errno.latest {
        case .improperLink: throw FileError("remove", name, .resourceBusy)
        // A sandbox that knows no openat2: the check of the device is all there is.
        case .noFunction: return try open(at: name, directory: true)
        default: throw FileError("open", name, .latest)
        }
    }

    fileprivate func removeEntry(_ name: FilePath, device: UInt64) throws(FileError) {
        guard let status = try status(at: name) else { return }
        if status.kind != .directory {
            let result = name.withPlatformString { unlinkat(rawValue, $0, 0) }
            if result != 0, Errno.latest != .noSuchFileOrDirectory { throw FileError("remove", name, .latest) }
            return
        }
        guard status.device == device else { throw FileError("remove", name, .resourceBusy) }
        let directory = try openInMount(name)
        defer { try? directory.close() }
        for child in try directory.names(of: name) { try directory.removeEntry(child, device: device) }
        let result = name.withPlatformString { unlinkat(rawValue, $0, AT_REMOVEDIR) }
        if result != 0, Errno.latest != .noSuchFileOrDirectory { throw FileError("remove directory", name, .latest) }
    }
}
