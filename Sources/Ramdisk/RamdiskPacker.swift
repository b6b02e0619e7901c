public import Archive
public import Digests
public import Support
public import SystemPackage

/// Packs a tree into the file that a node loads.
public struct RamdiskPacker: Sendable {
    /// The archive method, by the names of `packimage -m`.
    public enum Method: String, Sendable, CaseIterable {
        case cpio, tar, squashfs

        var format: ArchiveFormat { self == .cpio ? .newc : .tar }

        /// What file names end with, e.g. `cpio.gz`.
        public func suffix(_ compression: Compression) -> String {
            self == .squashfs ? "sfs" : "\(rawValue).\(compression.suffix)"
        }
    }

    /// What was packed.
    public struct Summary: Sendable, Equatable {
        /// Of the packed file; nil when it was written to a pipe by another program.
        public var digest: Digest?
        public var entries: Int
        /// Bytes of the packed file.
        public var size: UInt64
    }

    public let method: Method
    public let compression: Compression
    public let width: Int?
    /// Later times are set back to this, in seconds since 1970; nil keeps all.
    public let epoch: Int64?

    public init(_ method: Method, _ compression: Compression, width: Int? = nil, epoch: Int64? = nil) {
        self.method = method
        self.compression = compression
        self.width = width
        self.epoch = epoch
    }

    /// Packs into a file that appears when it is whole.
    public func pack(_ plan: PackPlan, to output: FilePath, progress: Progress? = nil) async throws -> Summary {
        let file = try AtomicFile(replacing: output)
        let summary =
            method == .squashfs
            ? try packFilesystem(plan, into: file.temporary, file.descriptor, progress)
            : try await pack(plan, into: file.descriptor, output, progress: progress)
        try file.commit()
        return summary
    }

    /// Packs into an open descriptor, e.g. a pipe; `path` is for errors. Not for squashfs.
    public func pack(
        _ plan: PackPlan, into descriptor: FileDescriptor, _ path: FilePath, progress: Progress? = nil
    ) async throws -> Summary {
        if case .xz(let level) = compression { return try filter(plan, level, into: descriptor, path, progress) }
        let compressor = ParallelCompressor(compression, width: width)
        var source = try source(plan, blockSize: compressor.blockSize, progress)
        var digest = DigestStream()
        var size: UInt64 = 0
        try await compressor.compress(&source) { bytes in
            digest.update(bytes)
            size += UInt64(bytes.count)
            try descriptor.writeWhole(bytes, to: path)
        }
        progress?.finish()
        return Summary(digest: digest.finish(), entries: plan.count, size: size)
    }

    private func source(_ plan: PackPlan, blockSize: Int, _ progress: Progress?) throws -> PackSource {
        let attributes: PackSource.Attributes =
            switch method {
            case .cpio: .member
            case .tar: .headers
            case .squashfs: .headersWithoutLists
            }
        return try PackSource(
            plan, format: method.format, attributes: attributes, epoch: epoch, blockSize: blockSize, progress: progress)
    }

    /// xz compresses in a process of its own, with as many threads as we would have.
    private func filter(
        _ plan: PackPlan, _ level: Int, into descriptor: FileDescriptor, _ path: FilePath, _ progress: Progress?
    ) throws -> Summary {
        let xz = Tool.xz(level: level, threads: threads)
        try feed(plan, to: xz, output: .descriptor(descriptor), progress)
        return try examine(descriptor, path, plan)
    }

    /// squashfs comes from our tar stream through sqfstar, which writes to a name.
    private func packFilesystem(
        _ plan: PackPlan, into path: FilePath, _ descriptor: FileDescriptor, _ progress: Progress?
    ) throws -> Summary {
        let name =
            switch compression {
            case .gzip: "gzip"
            case .zstd: "zstd"
            case .xz: "xz"
            }
        // The level stays sqfstar's own: version 4.5.1, that of Debian 12, fails on -Xcompression-level.
        var words: [Word] = [
            "-quiet", "-no-progress",
            // The file is there already, as our temporary; what sqfstar cannot hold must not be left out.
            "-force", "-exit-on-error",
            // Some hundred KiB that let us set the time of the top.
            "-noI", "-processors", Word("\(threads)"), "-comp", Word(name),
        ]
        // The time in the superblock: that of the run unless told.
        words += ["-mkfs-time", Word("\(epoch ?? 0)")]
        var topTime: UInt32 = 0
        if let top = plan.entries.first, top.path == PackPlan.top {
            let member = plan.member(0, .tar, epoch: epoch)
            words += ["-root-mode", Word(String(member.permissions, radix: 8)), "-root-uid", Word("\(member.owner)")]
            words += ["-root-gid", Word("\(member.group)")]
            topTime = UInt32(clamping: member.modified)
        }
        var sqfstar = Tool("sqfstar", words + [Word(path)])
        // It would set every time to this, where we set back only later ones.
        sqfstar.environment["SOURCE_DATE_EPOCH"] = nil
        try feed(plan, to: sqfstar, output: .null, progress)
        try SquashfsTop(descriptor, path).setTime(topTime)
        return try examine(descriptor, path, plan)
    }

    private var threads: Int { max(1, width ?? Processors.usable) }

    private func feed(_ plan: PackPlan, to tool: Tool, output: Tool.Stream, _ progress: Progress?) throws {
        var source = try source(plan, blockSize: 1 << 20, progress)
        try source.feed(tool, output: output)
        progress?.finish()
    }

    /// Digest and size of what a program wrote; none for a pipe.
    private func examine(_ descriptor: FileDescriptor, _ path: FilePath, _ plan: PackPlan) throws -> Summary {
        let status = try descriptor.status(of: path)
        guard status.kind == .regular else { return Summary(digest: nil, entries: plan.count, size: 0) }
        _ = try FileError.wrap("read", path) { try descriptor.seek(offset: 0, from: .start) }
        return Summary(
            digest: try Digest.ofFile(descriptor, path), entries: plan.count, size: UInt64(status.size))
    }
}
