internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Small changes inside a root image. Every name is resolved inside the image, so no link in it leads to the host's files.
struct ImageTree {
    let tree: FilePath
    private let root: RootFolder

    init(_ tree: FilePath) {
        self.tree = tree
        root = RootFolder(tree)
    }

    func host(_ path: String) throws(FileError) -> FilePath { try root.host(FilePath(path)) }

    /// The entry itself: only its folder is resolved, so that a link can be examined or replaced.
    func entry(_ path: String) throws(FileError) -> FilePath {
        let stored = FilePath(path)
        return try root.host(stored.removingLastComponent()).joined(stored.lastName)
    }

    func exists(_ path: String) -> Bool { (try? host(path))?.exists ?? false }

    func text(_ path: String) throws(FileError) -> String? {
        let file = try host(path)
        return file.isRegularFile ? try file.readText() : nil
    }

    /// Writes a file unless it has this content already, so that times stay.
    func write(_ text: String, to path: String, permissions: UInt32 = 0o644) throws(FileError) {
        let file = try host(path)
        try file.removingLastComponent().createDirectories()
        if file.isRegularFile, try file.readBytes() == Array(text.utf8) { return }
        try AtomicFile.write(text.utf8, to: file, permissions: permissions)
    }

    /// Copies a file of ours into the image.
    func install(_ source: FilePath, as path: String, permissions: UInt32) throws {
        try write(String(decoding: try source.readBytes(), as: UTF8.self), to: path, permissions: permissions)
    }

    func link(_ path: String, to target: String) throws(FileError) {
        let place = try entry(path)
        try place.removingLastComponent().createDirectories()
        if let status = try place.status() {
            guard status.kind == .symbolicLink else { return }
            try place.removeFile()
        }
        try place.createSymbolicLink(to: FilePath(target))
    }

    func remove(_ path: String) throws(FileError) { try entry(path).removeTree() }

    /// What is in a folder, which itself stays. Names of `kept` stay as well.
    func empty(_ path: String, keeping kept: Set<String> = []) throws(FileError) {
        let folder = try host(path)
        guard folder.isDirectory else { return }
        for name in try folder.directoryNames() where !kept.contains(name.printable) {
            try folder.joined(name).removeTree()
        }
    }

    /// Makes a character device if nothing is there.
    func device(_ path: String, _ permissions: UInt32, _ major: UInt32, _ minor: UInt32) throws(FileError) {
        let place = try entry(path)
        guard !place.exists else { return }
        try place.removingLastComponent().createDirectories()
        let number = dev_t(major) << 8 | dev_t(minor)
        try FileError.check(
            "create device", place, place.withPlatformString { mknod($0, S_IFCHR | permissions, number) })
        try place.changePermissions(permissions)
    }
}
