public import Archive
public import Digests
public import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

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
    public func pack(_ packs: [BundlePack], to output: FilePath, progress: Progress? = nil) async throws -> Summary {
        let file = try AtomicFile(replacing: output)
        let summary = try await pack(packs, into: file.descriptor, output, progress: progress)
        try file.commit()
        return summary
    }

    /// Packs into an open descriptor, e.g. a pipe; `path` is for errors.
    public func pack(
        _ packs: [BundlePack], into descriptor: FileDescriptor, _ path: FilePath, progress: Progress? = nil
    ) async throws -> Summary {
        if case .xz(let level) = compression { return try filter(packs, level, into: descriptor, path, progress) }
        let compressor = ParallelCompressor(compression, width: width, storesIncompressible: true)
        var source = try BundleSource(packs, signer: signer, blockSize: compressor.blockSize, progress: progress)
        var digest = DigestStream()
        var size: UInt64 = 0
        try await compressor.compress(&source) { bytes in
            digest.update(bytes)
            size += UInt64(bytes.count)
            try descriptor.writeWhole(bytes, to: path)
        }
        progress?.finish()
        return Summary(digest: digest.finish(), size: size)
    }

    /// xz compresses in a process of its own.
    private func filter(
        _ packs: [BundlePack], _ level: Int, into descriptor: FileDescriptor, _ path: FilePath, _ progress: Progress?
    ) throws -> Summary {
        var source = try BundleSource(packs, signer: signer, blockSize: 1 << 20, progress: progress)
        let threads = width ?? Processors.usable
        let xz = Tool(
            "xz",
            [
                "--compress", "--stdout",
                // Blocks of a fixed size, so that the bytes do not depend on the number of threads.
                "--block-size=25165824", Word("--threads=\(threads == 1 ? "+" : "")\(threads)"), Word("-\(level)"),
            ])
        let pipe = try FileDescriptor.pipe()
        let running: RunningTool
        do {
            running = try xz.start(input: .descriptor(pipe.readEnd), output: .descriptor(descriptor))
        } catch {
            try? pipe.readEnd.close()
            try? pipe.writeEnd.close()
            throw error
        }
        try? pipe.readEnd.close()
        // A program that stops reading is judged by its exit status, not by our broken pipe.
        let previous = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, previous) }
        do {
            while let block = try source.next() { _ = try pipe.writeEnd.writeAll(block) }
            try pipe.writeEnd.close()
        } catch let error as Errno where error == .brokenPipe {
            try? pipe.writeEnd.close()
        } catch {
            // Ended by a signal: a half stream must not look like a whole one.
            running.signal(SIGKILL)
            try? pipe.writeEnd.close()
            _ = try? running.wait()
            throw error
        }
        progress?.finish()
        let ending = try running.wait()
        guard ending.isSuccess else { throw ToolError.failed(xz, ending, lastLines: "see what it says above") }
        let status = try descriptor.status(of: path)
        guard status.kind == .regular else { return Summary(digest: nil, size: 0) }
        _ = try FileError.wrap("read", path) { try descriptor.seek(offset: 0, from: .start) }
        return Summary(digest: try Digest.ofFile(descriptor, path), size: UInt64(status.size))
    }
}
