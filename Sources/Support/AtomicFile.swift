internal import CLinux
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A file that appears under its name only when it is whole.
///
/// The bytes go to `.NAME.tmp-` with six more characters in the same directory; `commit` fsyncs, renames and fsyncs the directory.
/// Without `commit` the temporary is removed: on deinit, and when SIGINT, SIGTERM or SIGHUP ends the process.
public struct AtomicFile: ~Copyable {
    /// Open for writing until `commit`.
    public let descriptor: FileDescriptor
    public let target: FilePath
    /// Where the bytes are until `commit`: for programs that want a name to write to.
    public let temporary: FilePath
    private let slot: CInt

    /// - Throws: also for a device, FIFO or socket, and a link to one: what one writes to is not to be replaced by a file.
    public init(replacing target: FilePath, permissions: UInt32 = 0o644) throws(FileError) {
        if let kind = ((try? target.targetStatus()) ?? nil)?.kind, ![.regular, .directory].contains(kind),
            !target.isNullLink
        {
            throw FileError("replace", target, .fileExists)
        }
        // Names such as /dev/stdout lead to files, too.
        if target.absolute.removingLastComponent() == "/dev" { throw FileError("replace", target, .fileExists) }
        let directory = target.removingLastComponent()
        let prefix = (directory.isEmpty ? "." : directory).joined(Self.prefix(target))
        var raw: CInt = -1
        let made = prefix.unique { template in
            raw = catboat_mkostemp(template)
            return raw >= 0
        }
        guard let made else { throw FileError("create", target, .latest) }
        self.target = target
        temporary = made
        descriptor = FileDescriptor(rawValue: raw)
        slot = temporary.withPlatformString { catboat_cleanup_add($0) }
        fchmod(raw, permissions)
    }

    public func write(_ bytes: some Sequence<UInt8>) throws(FileError) {
        try descriptor.writeWhole(bytes, to: target)
    }

    /// Makes the file durable under its name. Nothing can be written afterwards.
    public consuming func commit() throws(FileError) {
        try descriptor.synchronize(target)
        try temporary.rename(to: target)
    }

    deinit {
        catboat_cleanup_remove(slot)
        try? descriptor.close()
        _ = temporary.withPlatformString { unlink($0) }
    }

    /// Writes a whole small file atomically.
    public static func write(
        _ bytes: some Sequence<UInt8>, to target: FilePath, permissions: UInt32 = 0o644
    ) throws(FileError) {
        let file = try AtomicFile(replacing: target, permissions: permissions)
        try file.write(bytes)
        try file.commit()
    }

    /// Removes temporaries that a killed process left for `target`. Call it under the lock that guards `target`.
    public static func sweep(_ target: FilePath) throws(FileError) {
        let directory = target.removingLastComponent()
        let prefix = prefix(target).bytes
        for name in try directory.directoryNames() where name.bytes.starts(with: prefix) {
            try directory.joined(name).removeTree()
        }
    }

    /// What the names of `target`'s temporaries begin with.
    static func prefix(_ target: FilePath) -> FilePath {
        FilePath(bytes: Array(".".utf8) + target.lastName.bytes + Array(".tmp-".utf8))
    }
}
