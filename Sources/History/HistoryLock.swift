internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Held by whoever writes the history: flock on `catboat.lock` in the repository.
///
/// While changes are made the file says so. A process that finds that word there took over from one that was killed,
/// and clears away the lock files of Git which that one left behind.
struct HistoryLock: ~Copyable {
    private let descriptor: FileDescriptor
    private let path: FilePath
    /// The holder before us did not finish.
    let tookOver: Bool

    private static let busy = Array("busy\n".utf8)

    /// Waits for the lock.
    /// - Parameters:
    ///   - folder: of the repository.
    ///   - isOwn: whether stale lock files of Git in it may be ours.
    init(_ folder: FilePath, isOwn: Bool) throws(FileError) {
        let path = folder.joined("catboat.lock")
        let descriptor = try FileDescriptor.openLocked(path)
        let left = (try? descriptor.readToEnd(limit: 64, of: path)) ?? []
        if left == Self.busy, isOwn {
            do {
                try Self.clearAway(folder)
            } catch {
                try? descriptor.close()
                throw error
            }
        }
        tookOver = left == Self.busy
        self.path = path
        self.descriptor = descriptor
    }

    /// Marks that changes are being made.
    func begin() throws(FileError) {
        try FileError.check("write", path, pwrite(descriptor.rawValue, Self.busy, Self.busy.count, 0))
    }

    /// Marks that they are complete.
    func finish() throws(FileError) {
        try FileError.check("write", path, ftruncate(descriptor.rawValue, 0))
    }

    deinit { try? descriptor.close() }

    /// Removes lock files and half-written objects. Only we write here, apart from people with a Git client: theirs are
    /// kept while some process has them open.
    private static func clearAway(_ folder: FilePath) throws(FileError) {
        for name in ["index.lock", "HEAD.lock", "config.lock", "packed-refs.lock", "refs/heads/main.lock"] {
            let path = folder.joined(name)
            if path.exists, !OpenFiles.contains(path) { try path.removeFile() }
        }
        let objects = folder.joined("objects")
        for name in try objects.directoryNames() where objects.joined(name).isDirectory {
            for file in try objects.joined(name).directoryNames()
            where file.bytes.starts(with: "tmp_".utf8) || file.bytes.starts(with: "pack_git2_".utf8) {
                try objects.joined(name).joined(file).removeFile()
            }
        }
    }
}

/// Files that processes of this machine have open.
private enum OpenFiles {
    static func contains(_ path: FilePath) -> Bool {
        guard let wanted = try? path.status(), let processes = try? FilePath("/proc").directoryNames() else {
            return false
        }
        for process in processes where process.bytes.allSatisfy({ (0x30...0x39).contains($0) }) {
            let folder = FilePath("/proc").joined(process).joined("fd")
            for name in (try? folder.directoryNames()) ?? [] {
                guard let status = try? folder.joined(name).targetStatus() else { continue }
                if status.inode == wanted.inode, status.device == wanted.device { return true }
            }
        }
        return false
    }
}
