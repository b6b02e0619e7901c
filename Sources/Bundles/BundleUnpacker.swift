internal import Digests
internal import Support
public import SystemPackage
internal import CLinux

#if canImport(Glibc)
    internal import Glibc
#endif

/// Unpacks a bundle into a new folder of its own, and verifies it there. Nothing is left of one that is refused.
public struct BundleUnpacker: Sendable {
    public let limits: BundleLimits
    public let verifier: SignatureVerifier

    public init(limits: BundleLimits, verifier: SignatureVerifier) {
        (self.limits, self.verifier) = (limits, verifier)
    }

    /// - Parameter folder: must not exist; its parent must.
    /// - Returns: the images, at least one.
    public func unpack(_ bundle: FilePath, into folder: FilePath) throws -> [BundleContent] {
        let made = folder.withPlatformString { mkdir($0, 0o700) }
        if made != 0, Errno.latest == .fileExists { throw BundleError.occupied(folder) }
        try FileError.check("create directory", folder, made)
        do {
            let sink = FolderSink(folder)
            let reader = try BundleReader(bundle, limits: limits)
            try reader.run(sink)
            let contents = try BundleContents.find(
                reader.members, reader.folders, verifier: verifier,
                text: { try folder.joined(FilePath(bytes: $0)).readBytes(limit: BundleIndex.sizeLimit) })
            // Links come last, so that nothing was ever written through one.
            try sink.makeLinks()
            try sink.setModes(contents)
            try sink.synchronize()
            return contents
        } catch {
            try? folder.removeTree()
            throw error
        }
    }

    /// Reads a bundle without unpacking it.
    /// - Returns: the images, and their manifests, indexes and signatures by the members' names.
    public func inspect(
        _ bundle: FilePath
    ) throws -> (contents: [BundleContent], manifests: [[UInt8]: [UInt8]]) {
        let sink = MemorySink()
        let reader = try BundleReader(bundle, limits: limits)
        try reader.run(sink)
        let contents = try BundleContents.find(reader.members, reader.folders, verifier: verifier) {
            sink.texts[$0] ?? []
        }
        return (contents, sink.texts)
    }
}

/// Writes members below a folder that only we have.
private final class FolderSink: BundleSink {
    private let top: FilePath
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    private var links: [(path: FilePath, target: [UInt8])] = []

    init(_ top: FilePath) { self.top = top }

    deinit { buffer.deallocate() }

    func folder(_ name: [UInt8]) throws {
        let path = top.joined(FilePath(bytes: name))
        try FileError.check("create directory", path, path.withPlatformString { mkdir($0, 0o755) })
    }

    func file(_ member: UnpackedMember, _ read: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> Digest {
        let path = top.joined(FilePath(bytes: member.name))
        try checkSpace(member)
        let descriptor = try create(path, member.permissions)
        defer { try? descriptor.close() }
        var digest = DigestStream()
        while true {
            let count = try read(buffer)
            if count == 0 { return digest.finish() }
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digest.update(part)
            _ = try FileError.wrap("write", path) { try descriptor.writeAll(part) }
        }
    }

    /// A file that cannot fit is refused before it fills the file system.
    private func checkSpace(_ member: UnpackedMember) throws {
        guard member.size > 64 << 20 else { return }
        let available = UInt64(try top.freeBytes())
        guard member.size <= available else { throw BundleError.noSpace(member: member.name, available: available) }
    }

    private func create(_ path: FilePath, _ permissions: UInt32) throws -> FileDescriptor {
        let descriptor = try FileError.wrap("create", path) {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: .ownerReadWrite)
        }
        // Nobody but the owner may change what arrives.
        fchmod(descriptor.rawValue, permissions & 0o755)
        return descriptor
    }

    func link(_ member: UnpackedMember, to target: [UInt8]) throws {
        links.append((top.joined(FilePath(bytes: member.name)), target))
    }

    func copy(_ member: UnpackedMember, of original: [UInt8]) throws {
        let source = top.joined(FilePath(bytes: original))
        let reader = try FileError.wrap("open", source) {
            try FileDescriptor.open(source, .readOnly, options: [.closeOnExec, .noFollow])
        }
        defer { try? reader.close() }
        _ = try file(member) { buffer in try FileError.wrap("read", source) { try reader.read(into: buffer) } }
    }

    func makeLinks() throws {
        for link in links { try link.path.createSymbolicLink(to: FilePath(bytes: link.target)) }
    }

    /// Last of all, those that hold others after them: one may not be entered any more.
    func setModes(_ contents: [BundleContent]) throws {
        for content in contents {
            let image = top.joined(FilePath(bytes: content.folder))
            for folder in content.folders.reversed() where folder.permissions & 0o755 != 0o755 {
                try image.joined(FilePath(bytes: folder.name)).changePermissions(folder.permissions & 0o755)
            }
        }
    }

    func synchronize() throws {
        let descriptor = try FileError.wrap("open directory", top) {
            try FileDescriptor.open(top, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? descriptor.close() }
        try FileError.check("synchronize", top, catboat_syncfs(descriptor.rawValue))
    }
}

/// Keeps manifests, indexes and signatures of images, and digests the rest.
private final class MemorySink: BundleSink {
    private(set) var texts: [[UInt8]: [UInt8]] = [:]
    /// Bytes of all texts.
    private var kept = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)

    deinit { buffer.deallocate() }

    func folder(_ name: [UInt8]) {}

    func file(_ member: UnpackedMember, _ read: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> Digest {
        // Kept texts come from a folder of each image, so their number is bounded by their size.
        let keeps =
            MemberName.describesImage(member.name) && member.size <= UInt64(BundleIndex.sizeLimit - kept)
        var digest = DigestStream()
        var text: [UInt8] = []
        while true {
            let count = try read(buffer)
            if count == 0 { break }
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digest.update(part)
            if keeps { text += part }
        }
        if keeps {
            texts[member.name] = text
            kept += text.count
        }
        return digest.finish()
    }

    func link(_ member: UnpackedMember, to target: [UInt8]) {}
    /// What is kept is never a copy: `BundleError.Refusal.hardLinked`.
    func copy(_ member: UnpackedMember, of original: [UInt8]) {}
}
