public import Archive
public import Digests
public import KernelModules
internal import Support
public import SystemPackage

/// Puts kernel and initramfs of an installer before the nodes, with drivers added to the initramfs.
public struct InstallerBoot: Sendable {
    /// What nodes get.
    public struct Published: Sendable {
        public struct File: Sendable, Equatable {
            public var name: FilePath
            public var digest: Digest
        }

        /// The kernel, and the initramfs unless it is one file with the kernel.
        public var files: [File]
        /// What was added; nil when nothing was asked for.
        public var addition: Addition?
    }

    /// What an initramfs got.
    public struct Addition: Sendable, Equatable {
        /// Version of the kernel.
        public var kernel: String
        /// Names of drivers, sorted.
        public var drivers: [String]
        /// Paths below lib/firmware, sorted.
        public var firmware: [FilePath]
        public var choice: DriverChoice.Result
    }

    private let medium: InstallerMedium
    /// `<tftpdir>/xcat/osimage/<image>`
    private let target: FilePath

    /// - Parameter tftpFolder: path on the host.
    /// - Throws: `InstallerError.badName`.
    public init(_ medium: InstallerMedium, image: String, tftpFolder: FilePath) throws {
        guard !image.isEmpty, !image.hasPrefix("."), !image.contains("/"),
            !image.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f })
        else { throw InstallerError.badName(image) }
        self.medium = medium
        target = tftpFolder.joined("xcat/osimage").joined(image)
    }

    /// Kernel and initramfs appear together, whatever was there before; other files in the folder stay.
    ///
    /// - Parameter archive: drivers as kmodule-extract prints them; nil for none.
    public func publish(drivers archive: (any ByteSource)?, _ wish: DriverWish) throws -> Published {
        let parent = target.removingLastComponent()
        try parent.createDirectories()
        let lock = try FileDescriptor.openLocked(parent.joined(".lock"))
        defer { try? lock.close() }
        try AtomicFile.sweep(target)
        let stage = try temporary()
        let work = try temporary()
        defer {
            try? stage.removeTree()
            try? work.removeTree()
        }
        try stage.changePermissions(0o755)
        let kernel = stage.joined(medium.kernelName)
        let initramfs = medium.initramfs.map { _ in stage.joined(medium.initramfsName) }
        if let initramfs, let source = medium.initramfs { try Self.copy(source, to: initramfs) }
        let addition = try archive.map { try add($0, wish, to: initramfs, in: work) }
        try Self.copy(addition?.newKernel ?? medium.kernel, to: kernel)
        try replaceTarget(with: stage)
        let files = [medium.kernelName] + (initramfs == nil ? [] : [medium.initramfsName])
        return Published(
            files: try files.map { .init(name: $0, digest: try Digest.ofFile(target.joined($0))) },
            addition: addition?.told)
    }

    private func temporary() throws -> FilePath {
        try target.removingLastComponent().joined(".\(target.lastName.printable).tmp-").createUniqueDirectory()
    }

    private func add(
        _ archive: any ByteSource, _ wish: DriverWish, to initramfs: FilePath?, in work: FilePath
    ) throws -> DriverAddition {
        guard let initramfs, let stock = medium.initramfs else { throw InstallerError.noInitramfs(medium.kernel) }
        let addition = try DriverAddition(archive, wish, to: stock, in: work)
        let file = try FileError.wrap("open", initramfs) {
            try FileDescriptor.open(initramfs, .readWrite, options: .closeOnExec)
        }
        defer { try? file.close() }
        try addition.append(to: file, initramfs)
        try file.synchronize(initramfs)
        return addition
    }

    private static func copy(_ source: FilePath, to target: FilePath) throws {
        try source.copyContent(to: target)
        try target.changePermissions(0o644)
    }

    private func replaceTarget(with stage: FilePath) throws {
        guard target.isDirectory else { return try stage.rename(to: target) }
        for name in try target.directoryNames() where try stage.joined(name).status() == nil {
            // What other commands keep there.
            guard try target.joined(name).status()?.kind == .regular else { continue }
            try target.joined(name).hardLink(as: stage.joined(name))
        }
        try stage.exchange(with: target)
    }
}
