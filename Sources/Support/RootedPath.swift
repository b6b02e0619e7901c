internal import CLinux
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A folder that stands for `/`: absolute paths of tables, lists and manifests are resolved beneath it.
///
/// With the root `/` a path means itself. With another root every component, also the targets of symbolic links,
/// stays beneath it (openat2, RESOLVE_IN_ROOT), as if the process were in a chroot.
public struct RootFolder: Sendable, Equatable {
    public let path: FilePath

    public init(_ path: FilePath = "/") { self.path = path }

    public var isHost: Bool { path == "/" }

    /// Where an absolute path of the definitions is on the host, symbolic links on the way resolved beneath the root.
    ///
    /// Components that do not exist yet are appended as they are; `..` in them is refused.
    /// - Throws: `FileError`, e.g. `.tooManySymbolicLinkLevels`.
    public func host(_ stored: FilePath) throws(FileError) -> FilePath {
        if isHost { return stored }
        let root = try FileError.wrap("open root folder", path) {
            try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? root.close() }
        var existing = FilePath("/").joined(stored)
        var missing: [FilePath.Component] = []
        var links = 0
        while true {
            let inner = existing.bytes.drop { $0 == 0x2f }
            let descriptor = FilePath(bytes: inner.isEmpty ? [0x2e] : Array(inner)).withPlatformString {
                catboat_openat2(
                    root.rawValue, $0, CATBOAT_O_PATH, 0, CATBOAT_RESOLVE_IN_ROOT | CATBOAT_RESOLVE_NO_MAGICLINKS)
            }
            if descriptor >= 0 {
                defer { Glibc.close(descriptor) }
                // A link that leads to nothing yet: whoever makes the file makes it where the link leads beneath the root.
                if let name = missing.last, let target = Self.target(of: name, in: FileDescriptor(rawValue: descriptor))
                {
                    links += 1
                    guard links <= 40 else {
                        throw FileError("resolve beneath \(path.printable)", stored, .tooManySymbolicLinkLevels)
                    }
                    missing.removeLast()
                    existing = target.isAbsolute ? target : existing.joined(target)
                    continue
                }
                var result = try FilePath("/proc/self/fd/\(descriptor)").resolved()
                for component in missing.reversed() { result.append(component) }
                return result
            }
            guard Errno.latest == .noSuchFileOrDirectory, let last = existing.components.last else {
                throw FileError("resolve beneath \(path.printable)", stored, .latest)
            }
            guard last.kind == .regular else {
                throw FileError("resolve beneath \(path.printable)", stored, .invalidArgument)
            }
            missing.append(last)
            existing.removeLastComponent()
        }
    }

    /// What a symbolic link in a directory says; nil when the name is no link.
    private static func target(of name: FilePath.Component, in directory: FileDescriptor) -> FilePath? {
        (try? directory.linkTarget(at: FilePath(root: nil, [name]))).map { FilePath(bytes: $0) }
    }

    /// A path of the host as it is stored and printed: without the root prefix.
    public func stored(_ host: FilePath) -> FilePath {
        guard !isHost else { return host }
        var copy = host
        return copy.removePrefix(path) ? FilePath("/").joined(copy) : host
    }
}
