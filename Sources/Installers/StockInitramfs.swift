internal import Archive
internal import KernelModules
internal import Support
internal import SystemPackage

/// The modules in an installer's initramfs, unpacked for depmod.
///
/// An initramfs is several newc archives one after the other: first one that is not compressed, for the processor's microcode, then the
/// compressed one with everything else.
struct StockInitramfs {
    /// `lib/modules` or `usr/lib/modules`, as the members are called.
    private(set) var modulesPath: FilePath = DriverFolder.modulesPath
    /// Every folder that the initramfs has.
    private(set) var folders: Set<FilePath> = []
    /// Versions of kernels with modules.
    private(set) var kernels: Set<String> = []
    private let file: FilePath

    /// - Parameter target: an empty folder; gets `lib/modules/VERSION/…`.
    init(_ file: FilePath, into target: FilePath) throws {
        self.file = file
        let descriptor = try FileError.wrap("open", file) {
            try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        do {
            while let (reader, isLast) = try nextArchive(descriptor) {
                try FolderUnpacker.unpack(reader, into: target) { place($0, $1) }
                // Nothing tells where a compressed archive ends.
                if isLast { break }
            }
        } catch let error as ArchiveError {
            throw InstallerError.damaged(file, reason: error.diagnostic.statement)
        }
    }

    /// The archive at the descriptor's position or after the zeros there; nil at the end.
    private func nextArchive(_ descriptor: FileDescriptor) throws -> (reader: NewcReader, isLast: Bool)? {
        var offset = try FileError.wrap("seek in", file) { try descriptor.seek(offset: 0, from: .current) }
        var head = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = try FileError.wrap("read", file) {
                try head.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: offset, into: $0) }
            }
            if count == 0 { return nil }
            let zeros = head[..<count].prefix { $0 == 0 }.count
            // Again from there: the magic number must not be cut by the end of the block.
            if zeros == 0 { break }
            offset += Int64(zeros)
        }
        _ = try FileError.wrap("seek in", file) { try descriptor.seek(offset: offset, from: .start) }
        if head.starts(with: "070701".utf8) {
            return (NewcReader(FileSource(descriptor, file), endsSource: false), false)
        }
        let plain: any ByteSource
        switch Decompression.method(of: head) {
        case nil: throw InstallerError.unknownCompression(file)
        case .xz: plain = try ProgramSource.xz(descriptor, width: Processors.usable)
        case let method?: plain = try Decompression.reader(method, FileSource(descriptor, file))
        }
        return (NewcReader(plain, endsSource: false), true)
    }

    /// Notes what the initramfs has; only files of modules are unpacked.
    private mutating func place(_ path: FilePath, _ member: ArchiveMember) -> FilePath? {
        if member.kind == .directory { folders.insert(path) }
        guard member.kind == .regular else { return nil }
        for base in [DriverFolder.modulesPath, FilePath("usr").joined(DriverFolder.modulesPath)] {
            var rest = path
            guard rest.removePrefix(base), rest.components.count > 1, let kernel = rest.components.first else {
                continue
            }
            modulesPath = base
            kernels.insert(FilePath(root: nil, [kernel]).printable)
            return DriverFolder.modulesPath.joined(rest)
        }
        return nil
    }
}
