public import Archive
internal import Digests
public import KernelModules
public import Sandbox
public import Support
public import SystemPackage

/// Puts drivers and firmware into a root image: over those of the same name, then depmod.
public struct DriverApplier {
    public struct Applied: Sendable, Equatable {
        public var choice: DriverChoice.Result
        /// Sorted by name.
        public var modules: [Module] = []
        /// Paths of the image, sorted.
        public var firmware: [FilePath] = []

        public struct Module: Sendable, Equatable {
            /// With `_` for `-`, without suffix.
            public var name: String
            /// In the image.
            public var path: FilePath
            /// Whether it took the place of another file of this name.
            public var replaced: Bool
        }
    }

    private let folder: ImageFolder
    private let root: RootFolder
    private let execPath: FilePath
    /// The kernel's version.
    public let kernel: String

    /// - Parameter wanted: the kernel's version; the newest in the image when nil.
    public init(_ folder: ImageFolder, wanted: String?, execPath: FilePath) throws {
        guard folder.tree.isDirectory else { throw ImageStateError.noTree(folder.tree) }
        self.folder = folder
        self.execPath = execPath
        root = RootFolder(folder.tree)
        kernel = try KernelChoice(tree: folder.tree, wanted: wanted).version
    }

    private var modulesPath: FilePath { FilePath("/lib/modules").joined(kernel) }

    /// Drivers that the image's initramfs gets without being asked.
    public var defaultDrivers: [String] {
        get throws { DefaultDrivers.network(try ImagePrograms.architecture(of: folder.tree)) }
    }

    /// - Parameters:
    ///   - archive: what kmodule-extract prints.
    ///   - choice: which drivers of it; its firmware is copied whole.
    public func apply(
        _ archive: any ByteSource, _ choice: DriverChoice, holding lock: borrowing ImageLock
    ) throws -> Applied {
        try folder.sweep()
        let stage = try folder.makeTemporary(ImageFolder.driverStage)
        defer { try? stage.removeTree() }
        try FolderUnpacker.unpack(NewcReader(archive), into: stage)
        let source = try DriverFolder(stage)
        return try apply(choice.choose(from: source, kernel: kernel), from: source, lock)
    }

    /// May be repeated after it was cut short anywhere: depmod runs in any case.
    private func apply(
        _ choice: DriverChoice.Result, from source: DriverFolder, _ lock: borrowing ImageLock
    ) throws -> Applied {
        let place = try root.host(modulesPath)
        guard place.isDirectory else { throw InitrdError.noModules(kernel, folder.tree) }
        guard try ImagePrograms(folder.tree).has("depmod") else { throw DriverApplierError.noDepmod(folder.tree) }
        let present = try ModuleFolder(place)
        var applied = Applied(choice: choice)
        for module in choice.taken {
            let path = modulesPath.joined(present.place(of: module))
            try put(module.file, as: path)
            for other in present.superseded(by: module) { try place.joined(other).removeFile() }
            applied.modules.append(
                .init(name: module.name, path: path, replaced: present.names.contains(module.name)))
        }
        for path in source.firmware {
            let target = FilePath("/lib/firmware").joined(path)
            try put(source.folder.joined(DriverFolder.firmwarePath).joined(path), as: target)
            applied.firmware.append(target)
        }
        try runDepmod(lock)
        return applied
    }

    /// Copies a file or link to a path of the image, unless it is there already.
    private func put(_ source: FilePath, as path: FilePath) throws {
        let target = try root.host(path.removingLastComponent()).joined(path.lastName)
        try target.removingLastComponent().createDirectories()
        if try source.status()?.kind == .symbolicLink { return try putLink(source, target) }
        let permissions: UInt32 = 0o644
        if let status = try target.status(), status.kind == .regular, status.permissions == permissions,
            try Digest.ofFile(target) == Digest.ofFile(source)
        {
            return
        }
        if try target.status()?.kind == .directory { throw FileError("replace", target, .isDirectory) }
        let file = try AtomicFile(replacing: target, permissions: permissions)
        let reader = try FileError.wrap("open", source) {
            try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        }
        defer { try? reader.close() }
        try file.write(try reader.readToEnd(limit: .max, of: source))
        try file.commit()
    }

    private func putLink(_ source: FilePath, _ target: FilePath) throws {
        let words = try source.linkTarget()
        if try target.status()?.kind == .symbolicLink, try target.linkTarget() == words { return }
        try target.removeFile()
        try target.createSymbolicLink(to: words)
    }

    private func runDepmod(_ lock: borrowing ImageLock) throws {
        let sandbox = ImageSandbox(folder.tree, view: .inside, execPath: execPath)
        let command: [Word] = ["depmod", Word(kernel)]
        let result = try sandbox.capture(command, holding: lock)
        guard result.ending.isSuccess else {
            throw ToolError.failed(
                Tool("depmod", [Word(kernel)]), result.ending, lastLines: ToolError.lastLines(of: result.errors))
        }
    }
}

extension FilePath {
    /// What a symbolic link says.
    fileprivate func linkTarget() throws -> FilePath {
        let parent = removingLastComponent()
        let folder = try FileError.wrap("open directory", parent) {
            try FileDescriptor.open(parent, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? folder.close() }
        return FilePath(bytes: try folder.linkTarget(at: lastName))
    }
}

/// Why drivers cannot be put into an image.
public enum DriverApplierError: Diagnosable, Equatable {
    case noDepmod(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .noDepmod(let tree):
            Diagnostic(
                "depmod is not in the image", subject: tree.printable,
                remedy: "add kmod to the package list, and run genimage")
        }
    }
}
