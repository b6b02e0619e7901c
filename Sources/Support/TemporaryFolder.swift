internal import CLinux
public import SystemPackage

/// A private folder (mode 0700) for files that other programs read, below `TMPDIR` or `/tmp`.
///
/// It goes with this object, and when SIGINT, SIGTERM or SIGHUP ends the process.
public final class TemporaryFolder {
    public let path: FilePath
    private var slots: [CInt] = []

    /// - Parameter name: what the folder's name begins with.
    public init(_ name: String) throws(FileError) {
        let parent = Environment.current["TMPDIR"].map { FilePath(bytes: $0.bytes) } ?? "/tmp"
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
        slots.append(file.withPlatformString { catboat_cleanup_add($0) })
        return file
    }
}
