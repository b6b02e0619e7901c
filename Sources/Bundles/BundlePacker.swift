public import Archive
public import Digests
public import Support
public import SystemPackage

/// Writes a bundle as a stream: files are read once, nothing is copied before.
public struct BundlePacker: Sendable {
    public struct Summary: Sendable, Equatable {
        /// Of the bundle; nil when another program wrote it to a pipe.
        public var digest: Digest?
        /// Bytes.
        public var size: UInt64
    }

    public let compression: Compression
    public let width: Int?
    public let signer: BundleSigner?

    public init(_ compression: Compression, width: Int? = nil, signer: BundleSigner? = nil) {
        (self.compression, self.width, self.signer) = (compression, width, signer)
    }

    /// Packs into a file that appears when it is whole.
    ///
    /// Its mode is 666 as the umask leaves it; 600 when it holds a file that not everybody may read.
    public func pack(_ packs: [BundlePack], to output: FilePath, progress: Progress? = nil) async throws -> Summary {
        let file = try AtomicFile(replacing: output, permissions: 0o600)
        let (summary, isPrivate) = try await write(packs, into: file.descriptor, output, progress)
        try file.temporary.changePermissions((isPrivate ? 0o600 : 0o666) & ~Self.creationMask)
        try file.commit()
        return summary
    }

    /// Packs into an open descriptor, e.g. a pipe; `path` is for errors.
    public func pack(
        _ packs: [BundlePack], into descriptor: FileDescriptor, _ path: FilePath, progress: Progress? = nil
    ) async throws -> Summary {
        try await write(packs, into: descriptor, path, progress).summary
    }

    /// The process's umask. umask(2) would set another one for a moment, and that for all threads.
    private static var creationMask: UInt32 {
        let status = try? FilePath("/proc/self/status").readText()
        let line = status?.split(separator: "\n").first { $0.hasPrefix("Umask:") }
        return line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt32($0, radix: 8) } ?? 0o022
    }

    /// Packs, and says whether something is in it that not everybody may read.
    private func write(
        _ packs: [BundlePack], into descriptor: FileDescriptor, _ path: FilePath, _ progress: Progress?
    ) async throws -> (summary: Summary, isPrivate: Bool) {
        // The index is signed last: a key that cannot be used is told of first.
        try signer?.check()
        if case .xz(let level) = compression { return try filter(packs, level, into: descriptor, path, progress) }
        let compressor = ParallelCompressor(compression, width: width, storesIncompressible: true)
        var source = try BundleSource(packs, signer: signer, blockSize: compressor.blockSize, progress: progress)
        let isPrivate = source.isPrivate
        var digest = DigestStream()
        var size: UInt64 = 0
        try await compressor.compress(&source) { bytes in
            digest.update(bytes)
            size += UInt64(bytes.count)
            try descriptor.writeWhole(bytes, to: path)
        }
        progress?.finish()
        return (Summary(digest: digest.finish(), size: size), isPrivate)
    }

    /// xz compresses in a process of its own.
    private func filter(
        _ packs: [BundlePack], _ level: Int, into descriptor: FileDescriptor, _ path: FilePath, _ progress: Progress?
    ) throws -> (summary: Summary, isPrivate: Bool) {
        var source = try BundleSource(packs, signer: signer, blockSize: 1 << 20, progress: progress)
        let isPrivate = source.isPrivate
        try source.feed(.xz(level: level, threads: width ?? Processors.usable), output: .descriptor(descriptor))
        progress?.finish()
        let status = try descriptor.status(of: path)
        guard status.kind == .regular else { return (Summary(digest: nil, size: 0), isPrivate) }
        _ = try FileError.wrap("read", path) { try descriptor.seek(offset: 0, from: .start) }
        return (Summary(digest: try Digest.ofFile(descriptor, path), size: UInt64(status.size)), isPrivate)
    }
}
