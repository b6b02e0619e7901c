internal import Definitions
internal import Digests
public import Support
public import SystemPackage

/// Reads the files that an image refers to, and leaves out what must not enter the history.
///
/// Left out: what others cannot read, what looks like a secret (`SecretScreen`), folders and devices. Of files over 1 MiB,
/// of sources of synclists and of driver updates only the digest is kept.
public struct RecipeReader: Sendable {
    /// One file to read.
    public struct Reference: Sendable, Hashable {
        /// Absolute, as stored.
        public var path: FilePath
        /// Where it is on the host.
        public var host: FilePath
        /// Why only its digest may be kept, e.g. `source of a synclist`; nil when it may be kept.
        public var digestOnly: String?
        /// Whether a link to /dev/null means something: that of a hook's name does.
        public var mayMask: Bool

        public init(path: FilePath, host: FilePath, digestOnly: String? = nil, mayMask: Bool = false) {
            (self.path, self.host, self.digestOnly, self.mayMask) = (path, host, digestOnly, mayMask)
        }
    }

    /// 1 MiB.
    public static let sizeLimit = 1 << 20

    private let custom: FilePath
    private let roots: [FilePath]

    /// - Parameters:
    ///   - custom: `<installdir>/custom` as stored.
    ///   - roots: folders above which does not count who can enter: that of the host, that of our own data.
    public init(custom: FilePath, roots: [FilePath]) { (self.custom, self.roots) = (custom, roots) }

    /// A file that the image refers to, or the link to /dev/null in the place of a hook.
    public func read(_ reference: Reference) throws(FileError) -> Recipe.File {
        var file = Recipe.File(path: reference.path, customPath: customPath(reference.path), content: .missing)
        guard reference.path.isPlain else {
            file.content = .skipped(reason: "its path leads through '..' or a repository")
            return file
        }
        if reference.mayMask, let link = try reference.host.status(), reference.host.isNullLink {
            (file.content, file.owner) = (.mask, link.owner)
            return file
        }
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(reference.host, .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch let error as Errno where error == .noSuchFileOrDirectory || error == .notDirectory {
            return file
        } catch {
            throw FileError("open", reference.host, error as? Errno ?? .ioError)
        }
        defer { try? descriptor.close() }
        let status = try descriptor.status(of: reference.host)
        file.owner = status.owner
        file.content = try content(reference, descriptor, status)
        return file
    }

    private func content(
        _ reference: Reference, _ descriptor: FileDescriptor, _ status: FileStatus
    ) throws(FileError) -> Recipe.Content {
        guard status.kind == .regular else { return .skipped(reason: "not a file") }
        guard status.permissions & 0o004 != 0, try isReachable(reference.host) else {
            return .skipped(reason: "not readable by others")
        }
        if let reason = reference.digestOnly {
            return .digestOnly(try Digest.ofFile(descriptor, reference.host), reason: reason)
        }
        if status.size > Self.sizeLimit {
            return .digestOnly(try Digest.ofFile(descriptor, reference.host), reason: "over 1 MiB")
        }
        // A file that grows while we read it is over the limit then.
        let bytes = try descriptor.readToEnd(limit: 16 * Self.sizeLimit, of: reference.host)
        if bytes.count > Self.sizeLimit { return .digestOnly(Digest.of(bytes), reason: "over 1 MiB") }
        if let finding = SecretScreen.finding(in: bytes, name: reference.path.lastName.bytes) {
            return .skipped(reason: finding)
        }
        return .kept(bytes, isExecutable: status.permissions & 0o111 != 0)
    }

    /// Whether others can enter every folder on the way, beneath the roots.
    private func isReachable(_ path: FilePath) throws(FileError) -> Bool {
        var folder = path.absolute.removingLastComponent()
        while !roots.contains(folder), folder != "/", !folder.isEmpty {
            if let status = try folder.targetStatus(), status.permissions & 0o001 == 0 { return false }
            folder = folder.removingLastComponent()
        }
        return true
    }

    /// Relative to custom; nil for a path outside.
    private func customPath(_ path: FilePath) -> FilePath? {
        var copy = path
        return copy.removePrefix(custom) && !copy.isEmpty ? copy : nil
    }
}

extension FilePath {
    /// Whether Git can hold a file of this path: no `.`, `..` or `.git` in it.
    fileprivate var isPlain: Bool {
        isAbsolute
            && components.allSatisfy { component in
                component.kind == .regular && FilePath(root: nil, [component]).printable.lowercased() != ".git"
            }
    }
}
