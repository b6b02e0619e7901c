internal import CLinux
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// How files and folders get into place: without following a link, and so that a kill leaves the old or the new.
extension BundleInstaller {
    /// A second name for what is there now; what has the name already was made by a run before us.
    static func link(_ path: FilePath, as name: FilePath) throws(FileError) {
        if name.exists { return }
        let result = path.withPlatformString { from in
            name.withPlatformString { linkat(AT_FDCWD, from, AT_FDCWD, $0, 0) }
        }
        try FileError.check("link as \(name.printable)", path, result)
    }

    /// A rename whose durability is the caller's concern.
    static func rename(_ source: FilePath, _ target: FilePath) throws(FileError) {
        let result = source.withPlatformString { from in target.withPlatformString { Glibc.rename(from, $0) } }
        try FileError.check("rename to \(target.printable)", source, result)
    }

    /// The same into a folder that no symbolic link is on the way to.
    static func put(_ source: FilePath, _ target: FilePath) throws {
        let folder = try folder(of: target)
        defer { try? folder.close() }
        let result = source.withPlatformString { from in
            target.lastName.withPlatformString { renameat(AT_FDCWD, from, folder.rawValue, $0) }
        }
        try FileError.check("rename to \(target.printable)", source, result)
    }

    /// The folder that a file goes to. A plan names real paths, so a link on the way was made since, or is a trap.
    static func folder(of target: FilePath) throws -> FileDescriptor {
        let folder = target.removingLastComponent()
        let descriptor = folder.withPlatformString {
            catboat_openat2(
                AT_FDCWD, $0, CATBOAT_O_PATH | UInt64(O_DIRECTORY | O_CLOEXEC), 0, CATBOAT_RESOLVE_NO_SYMLINKS)
        }
        if descriptor < 0, Errno.latest == .tooManySymbolicLinkLevels {
            throw BundleError.conflict("a symbolic link is on the way", path: target)
        }
        return FileDescriptor(rawValue: try FileError.check("open directory", folder, descriptor))
    }

    /// The same for a folder that may have to be made yet.
    static func checkWay(to target: FilePath) throws {
        var path = target
        while try path.removingLastComponent().status() == nil { path = path.removingLastComponent() }
        try folder(of: path).close()
    }

    /// A folder with everything in it, on another file system, durable.
    static func copyTree(_ source: FilePath, to target: FilePath) throws {
        let words: [Word] = ["-dR", "--preserve=mode,ownership,timestamps,links,xattr", "--"]
        _ = try Tool("cp", words + [Word(source), Word(target)]).output()
        let descriptor = try FileError.wrap("open directory", target) {
            try FileDescriptor.open(target, .readOnly, options: [.directory, .closeOnExec, .noFollow])
        }
        defer { try? descriptor.close() }
        try FileError.check("synchronize", target, catboat_syncfs(descriptor.rawValue))
    }

    static func copy(_ source: FilePath, to target: FilePath, _ status: FileStatus) throws {
        if status.kind == .symbolicLink {
            let text = try FileDescriptor(rawValue: AT_FDCWD).linkTarget(at: source)
            return try target.createSymbolicLink(to: FilePath(bytes: text))
        }
        let input = try FileError.wrap("open", source) {
            try FileDescriptor.open(source, .readOnly, options: [.closeOnExec, .noFollow])
        }
        defer { try? input.close() }
        let output = try FileError.wrap("create", target) {
            try FileDescriptor.open(
                target, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite)
        }
        defer { try? output.close() }
        fchmod(output.rawValue, status.permissions)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try FileError.wrap("read", source) { try input.read(into: buffer) }
            if count == 0 { break }
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            _ = try FileError.wrap("write", target) { try output.writeAll(part) }
        }
        try output.synchronize(target)
    }
}
