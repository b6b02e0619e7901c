internal import Support
public import SystemPackage
internal import Sandbox

#if canImport(Glibc)
    internal import Glibc
#endif

/// Copies of a root image and of files that appear together: made beside their places, then put there, or taken away again.
public struct ImageCopies {
    private var staged: [(temporary: FilePath, target: FilePath)] = []
    private var placed: [FilePath] = []

    public init() {}

    /// Copies what genimage made: the tree, kernel and initramfs, and what it noted; not what was packed.
    ///
    /// The old image's lock is held while its tree is read.
    /// - Throws: `ImageStateError.noTree`; `FileError` when `target` exists.
    public mutating func add(tree source: FilePath, to target: FilePath) throws {
        let folder = try ImageFolder(source)
        guard folder.tree.isDirectory else { throw ImageStateError.noTree(folder.tree) }
        try refuse(target)
        let lock = try ImageLock(folder.path)
        defer { withExtendedLifetime(lock.descriptor) {} }
        try target.removingLastComponent().createDirectories()
        let temporary = try Self.temporary(beside: target)
        staged.append((temporary, target))
        try temporary.createDirectories()
        let leftOut = try folder.path.directoryNames().filter { Self.isLeftOut($0) }
        try TreeCopy(folder.path, to: temporary, leavingOut: Set(leftOut)).run()
    }

    /// Packed files, sets, the lock, and what an interrupted command left.
    private static func isLeftOut(_ name: FilePath) -> Bool {
        let text = name.printable
        return [".packed", ".stage", ImageLock.fileName].contains(text) || text.hasPrefix("rootimg.")
            || (text.hasPrefix(".") && text.contains(".tmp-"))
    }

    /// Copies a file with its mode and owner; a link to /dev/null, which masks a hook, as such.
    public mutating func add(file source: FilePath, as target: FilePath) throws {
        try refuse(target)
        if source.isNullLink {
            try target.removingLastComponent().createDirectories()
            let temporary = try Self.temporary(beside: target)
            staged.append((temporary, target))
            return try temporary.createSymbolicLink(to: "/dev/null")
        }
        guard let status = try source.targetStatus(), status.kind == .regular else {
            throw FileError("copy", source, .noSuchFileOrDirectory)
        }
        try target.removingLastComponent().createDirectories()
        let temporary = try Self.temporary(beside: target)
        staged.append((temporary, target))
        try AtomicFile.write(try source.readBytes(limit: 256 << 20), to: temporary, permissions: status.permissions)
        try temporary.changeOwner(status.owner, status.group)
    }

    private func refuse(_ target: FilePath) throws {
        guard try target.status() == nil else { throw FileError("create", target, .fileExists) }
    }

    private static func temporary(beside target: FilePath) throws -> FilePath {
        try AtomicFile.sweep(target)
        return target.removingLastComponent().joined(".\(target.lastName.printable).tmp-\(getpid())")
    }

    /// Puts the copies in their places.
    public mutating func place() throws {
        for (temporary, target) in staged {
            try refuse(target)
            try temporary.rename(to: target)
            placed.append(target)
            try target.removingLastComponent().synchronizeDirectory()
        }
    }

    /// Takes away all that was copied.
    public func remove() {
        for path in staged.map(\.temporary) + placed.reversed() {
            try? path.isDirectory ? path.removeTree() : path.removeFile()
        }
    }
}
