internal import CLinux
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

extension FileDescriptor {
    /// Opens a file, which is created for its owner alone when it is missing, and waits for the exclusive flock(2) on it.
    ///
    /// The lock is given up when the descriptor is closed.
    public static func openLocked(_ path: FilePath) throws(FileError) -> FileDescriptor {
        let descriptor = try FileError.wrap("open", path) {
            try open(
                path, .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: [.ownerReadWrite])
        }
        while catboat_lock_exclusive(descriptor.rawValue, 1) < 0 {
            guard Errno.latest == .interrupted else {
                let error = FileError("lock", path, .latest)
                try? descriptor.close()
                throw error
            }
        }
        return descriptor
    }

    /// Takes the exclusive flock(2) on this file.
    ///
    /// A holder that is just ending gets a second for it: so long a process that is being started may have our descriptors.
    /// - Returns: false when another process keeps it.
    public func takeLock() -> Bool {
        let deadline = ContinuousClock.now + .seconds(1)
        while catboat_lock_exclusive(rawValue, 0) < 0 {
            if ContinuousClock.now >= deadline { return false }
            usleep(20_000)
        }
        return true
    }
}
