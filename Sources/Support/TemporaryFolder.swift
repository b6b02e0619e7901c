internal import CLinux
public import SystemPackage

/// A private folder (mode 0700) for files that other programs read or write.
///
/// It goes with this object, and when SIGINT, SIGTERM or SIGHUP ends the process.
public final class TemporaryFolder {
    public let path: FilePath
    private var slots: [CInt] = []

    /// - Parameters:
    ///   - name: what the folder's name begins with.
    ///   - parent: where it is made; in `TMPDIR` or `/tmp` unless given.
    public init(_ name: String, in parent: FilePath? = nil) throws(FileError) {
        let parent = parent ?? Environment.current["TMPDIR"].map { FilePath(bytes: $0.bytes) } ?? "/tmp"
        path = try parent.joined("\(name)-").createUniqueDirectory()
        slots.append(path.withPlatformString { catboat_cleanup_add($0) })
    }

    deinit {
        for slot in slots { catboat_cleanup_remove(slot) }
        try? path.removeTree()
    }

    /// Writes a file that only the owner reads, and gives its path.
    public func write(_ bytes: some Sequence<UInt8>, _ name: String) throws(FileError) -> FilePath {
        let file = path.joined(name)
        try AtomicFile.write(bytes, to: file, permissions: 0o600)
        return reserve(name)
    }

    /// The path of a file that somebody writes, and that goes with the folder.
    public func reserve(_ name: String) -> FilePath {
        let file = path.joined(name)
        slots.append(file.withPlatformString { catboat_cleanup_add($0) })
        return file
    }
}
