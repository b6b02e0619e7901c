internal import CLinux
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A copy of a tree with everything it holds: owners, modes, times, device nodes, hard links, extended attributes, holes.
/// Where the file system can share blocks (reflink), no data is copied.
struct TreeCopy {
    private struct FileIdentity: Hashable { let device: UInt64, inode: UInt64 }

    private let source: FilePath
    private let target: FilePath
    /// Paths, relative to the top, that are not copied.
    private let leftOut: Set<FilePath>

    init(_ source: FilePath, to target: FilePath, leavingOut leftOut: Set<FilePath> = []) {
        (self.source, self.target, self.leftOut) = (source, target, leftOut)
    }

    /// `target` is an empty folder.
    func run() throws {
        var links: [FileIdentity: FilePath] = [:]
        var folders: [(FilePath, FileStatus)] = []
        let top = try FileError.wrap("open directory", source) {
            try FileDescriptor.open(source, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? top.close() }
        folders.append((target, try top.status(of: source)))
        try TreeWalk(source).run { entry in
            if leftOut.contains(entry.path) { return .skip }
            let place = target.joined(entry.path)
            let identity = FileIdentity(device: entry.status.device, inode: entry.status.inode)
            if entry.status.kind != .directory, entry.status.linkCount > 1 {
                if let first = links[identity] {
                    try first.hardLink(as: place)
                    return .skip
                }
                links[identity] = place
            }
            try copy(entry, to: place)
            if entry.status.kind == .directory { folders.append((place, entry.status)) }
            return .enter
        }
        // Contents change a folder's times, so these come last, the deepest first.
        for (place, status) in folders.reversed() { try setAttributes(place, status) }
    }

    private func copy(_ entry: TreeWalk.Entry, to place: FilePath) throws {
        let status = entry.status
        switch status.kind {
        case .directory: try FileError.check("create directory", place, place.withPlatformString { mkdir($0, 0o700) })
        case .symbolicLink:
            try place.createSymbolicLink(to: FilePath(bytes: try entry.parent.linkTarget(at: entry.name)))
        case .regular: try copyContents(entry, to: place)
        default:
            let mode = status.typeBits | status.permissions
            try FileError.check(
                "create", place, place.withPlatformString { mknod($0, mode, dev_t(status.specialDevice)) })
        }
        let origin = FilePath("/proc/self/fd/\(entry.parent.rawValue)").joined(entry.name)
        if status.kind != .directory { try setAttributes(place, status) }
        for name in try ExtendedAttributes.names(of: origin) where name != "security.selinux" {
            try ExtendedAttributes.set(name, try ExtendedAttributes.value(name, of: origin), of: place)
        }
    }

    private func copyContents(_ entry: TreeWalk.Entry, to place: FilePath) throws {
        let from = try entry.parent.open(at: entry.name)
        defer { try? from.close() }
        let to = try FileError.wrap("create", place) {
            try FileDescriptor.open(
                place, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite])
        }
        defer { try? to.close() }
        if entry.status.size == 0 || catboat_reflink(to.rawValue, from.rawValue) == 0 { return }
        var offset: Int64 = 0
        while offset < entry.status.size {
            let start = catboat_seek_data(from.rawValue, offset)
            if start < 0 { break }
            let end = try FileError.check("read", entry.path, catboat_seek_hole(from.rawValue, start))
            var (input, output) = (start, start)
            while input < end {
                let count = catboat_copy_range(from.rawValue, &input, to.rawValue, &output, Int(end - input))
                try FileError.check("write", place, count)
                if count == 0 { throw FileError("copy", entry.path, .ioError) }
            }
            offset = end
        }
        try FileError.check("write", place, ftruncate(to.rawValue, off_t(entry.status.size)))
    }

    private func setAttributes(_ place: FilePath, _ status: FileStatus) throws {
        // The owner first: changing it clears set-id bits and capabilities.
        try FileError.check(
            "change owner of", place, place.withPlatformString { lchown($0, status.owner, status.group) })
        if status.kind != .symbolicLink { try place.changePermissions(status.permissions) }
        let time = timespec(tv_sec: Int(status.modified.seconds), tv_nsec: Int(status.modified.nanoseconds))
        let times = [time, time]
        try FileError.check(
            "change times of", place, place.withPlatformString { utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) })
    }
}
