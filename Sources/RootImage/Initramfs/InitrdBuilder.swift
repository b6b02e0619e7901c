public import Digests
public import Sandbox
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Builds the initramfs of an image: runs the image's dracut in the sandbox, with our module, and puts the result and the
/// kernel into rootimgdir. Nothing in the image changes.
public struct InitrdBuilder: Sendable {
    public let rootimgFolder: FilePath
    /// Installed data: `dracut/` of it holds our module.
    public let dataFolder: FilePath
    /// Where `catboat-launch` and `catboat-setattr` are.
    public let execPath: FilePath

    public static let initramfsName: FilePath = "initrd-stateless.gz"
    public static let kernelName: FilePath = "kernel"
    public static let recordName: FilePath = ".initrd.json"
    public static let logName: FilePath = ".initrd.log"

    /// Modules of dracut that an initramfs of ours may hold; what is not in the image is not missed.
    static let modules = [
        "base", "bash", "dash", "dbus", "dbus-broker", "dbus-daemon", "dracut-systemd", "network", "network-legacy",
        "network-manager", "network-wicked", "systemd", "systemd-initrd", "systemd-journald", "systemd-modules-load",
        "systemd-networkd", "systemd-sysctl", "systemd-sysusers", "systemd-tmpfiles", "systemd-udevd", "udev-rules",
    ]

    public init(rootimgFolder: FilePath, dataFolder: FilePath, execPath: FilePath) {
        self.rootimgFolder = rootimgFolder
        self.dataFolder = dataFolder
        self.execPath = execPath
    }

    /// Kernel words that are built in; the node's own kernel line comes after them and wins.
    public struct BuiltInWords: Sendable, Equatable {
        public var rootlimit: String?
        public var nic: String?

        /// - Throws: `InitrdError.badLimit`, `.badInterface`.
        public init(rootlimit: String? = nil, nic: String? = nil) throws(InitrdError) {
            if let rootlimit, !Self.isLimit(rootlimit) { throw .badLimit(rootlimit) }
            if let nic,
                !(1...15).contains(nic.utf8.count)
                    || nic.utf8.contains(where: { $0 <= 0x20 || $0 == 0x2f || $0 >= 0x7f })
            {
                throw .badInterface(nic)
            }
            self.rootlimit = rootlimit
            self.nic = nic
        }

        private static func isLimit(_ text: String) -> Bool {
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            return !digits.isEmpty && digits.first != "0"
                && ["", "k", "m", "g", "t", "K", "M", "G", "T", "%"].contains(text.dropFirst(digits.count))
        }

        var text: String {
            (rootlimit.map { "rootlimit=\($0)\n" } ?? "") + (nic.map { "netdev=\($0)\n" } ?? "")
        }
    }

    /// What was built.
    public struct Built: Sendable, Equatable {
        public var kernelDigest: Digest
        public var initramfsDigest: Digest
        public var sizeInBytes: Int64
    }

    /// - Parameter always: whether to run dracut when it would make again what is there.
    public func build(
        _ plan: InitrdPlan, words: BuiltInWords, always: Bool = true, holding lock: borrowing ImageLock
    ) throws -> Built {
        for name in [Self.initramfsName, Self.kernelName, Self.recordName, Self.logName, "initrd"] {
            try AtomicFile.sweep(rootimgFolder.joined(name))
        }
        let stage = rootimgFolder.joined(".initrd.tmp-\(getpid())")
        try stage.removeTree()
        try stage.createDirectories()
        defer { try? stage.removeTree() }
        try fill(stage, plan, words)
        var environment = ImageSandbox.cleanEnvironment
        environment["CATBOAT_DRIVERS"] = Word(plan.drivers.joined(separator: " "))
        if environment["SOURCE_DATE_EPOCH"] == nil { environment["SOURCE_DATE_EPOCH"] = "0" }
        let tree = rootimgFolder.joined("rootimg")
        let inputs = try InitrdInputs.digest(plan, tree: tree, stage: stage, epoch: environment["SOURCE_DATE_EPOCH"])
        if !always, let built = try present(from: inputs) { return built }

        let kernel = try AtomicFile(replacing: rootimgFolder.joined(Self.kernelName))
        let initramfs = try AtomicFile(replacing: rootimgFolder.joined(Self.initramfsName))
        let kernelDigest = try Self.copy(plan.kernel.file, to: kernel.descriptor)
        try run(plan, stage, environment, output: initramfs.descriptor, lock)
        try FileError.wrap("read", initramfs.target) { _ = try initramfs.descriptor.seek(offset: 0, from: .start) }
        let digest = try Digest.ofFile(initramfs.descriptor, initramfs.target)
        let size = try initramfs.descriptor.status(of: initramfs.target).size
        let record = Record(
            compression: plan.compression.rawValue, digest: digest.description, drivers: plan.drivers,
            inputs: inputs.description, kernel: plan.kernel.version, kernelDigest: kernelDigest.description,
            network: plan.network.rawValue, tools: plan.tools)
        try AtomicFile.write(
            JSONText.document("initramfs", [record]), to: rootimgFolder.joined(Self.recordName))
        try kernel.commit()
        try initramfs.commit()
        return Built(kernelDigest: kernelDigest, initramfsDigest: digest, sizeInBytes: size)
    }

    /// What was built from these inputs, if it is still as it was built.
    private func present(from inputs: Digest) throws -> Built? {
        let (kernel, initramfs) = (rootimgFolder.joined(Self.kernelName), rootimgFolder.joined(Self.initramfsName))
        guard let record = Record.read(in: rootimgFolder), record.inputs == inputs.description,
            kernel.isRegularFile, initramfs.isRegularFile
        else { return nil }
        let digests = try (Digest.ofFile(kernel), Digest.ofFile(initramfs))
        guard record.kernelDigest == digests.0.description, record.digest == digests.1.description else { return nil }
        return Built(
            kernelDigest: digests.0, initramfsDigest: digests.1, sizeInBytes: try initramfs.status()?.size ?? 0)
    }

    /// The folder that the image sees as `/run/catboat/dracut`.
    private func fill(_ stage: FilePath, _ plan: InitrdPlan, _ words: BuiltInWords) throws {
        let shared = dataFolder.joined("dracut")
        guard shared.joined("build-initramfs").isRegularFile else { throw InitrdError.noSharedFiles(shared) }
        try TreeWalk(shared).run { entry in
            let target = stage.joined(entry.path)
            if entry.status.kind == .directory {
                try target.createDirectories()
            } else {
                try AtomicFile.write(
                    shared.joined(entry.path).readBytes(), to: target, permissions: entry.status.permissions | 0o444)
            }
            return .enter
        }
        try AtomicFile.write((Self.modules.joined(separator: "\n") + "\n").utf8, to: stage.joined("modules"))
        let module = stage.joined("98catboat")
        let helper = execPath.joined("catboat-setattr")
        // Of another architecture it cannot run there; then setfattr of the image does the work.
        if ImagePrograms.elfArchitecture(of: helper) == plan.architecture {
            try AtomicFile.write(helper.readBytes(), to: module.joined("catboat-setattr"), permissions: 0o755)
        }
        if !words.text.isEmpty { try AtomicFile.write(words.text.utf8, to: module.joined("image.conf")) }
    }

    private func run(
        _ plan: InitrdPlan, _ stage: FilePath, _ environment: Environment, output: FileDescriptor,
        _ lock: borrowing ImageLock
    ) throws {
        let logFile = rootimgFolder.joined(Self.logName)
        let log = try AtomicFile(replacing: logFile)
        var sandbox = ImageSandbox(
            rootimgFolder.joined("rootimg"), view: .inside, execPath: execPath, environment: environment)
        sandbox.folders = ["dracut": stage]
        let ending = try sandbox.run(
            [
                "/bin/sh", "/run/catboat/dracut/build-initramfs",
                Word(plan.kernel.version), Word(plan.network.rawValue), plan.compression.command,
            ], holding: lock, output: .descriptor(output), errors: .descriptor(log.descriptor))
        try log.commit()
        let words = try logFile.readBytes(limit: 64 << 20)
        guard ending.isSuccess else {
            throw InitrdError.dracutFailed(ending, lastLines: ToolError.lastLines(of: words), log: logFile)
        }
        let faults = String(decoding: words, as: UTF8.self).split(separator: "\n").filter {
            $0.hasPrefix("dracut-install: ERROR") || $0.hasPrefix("dracut: FAILED")
        }
        guard faults.isEmpty else { throw InitrdError.incomplete(faults.prefix(5).map(String.init), log: logFile) }
    }

    private static func copy(_ source: FilePath, to target: FileDescriptor) throws -> Digest {
        let reader = try FileError.wrap("open", source) {
            try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        }
        defer { try? reader.close() }
        let bytes = try reader.readToEnd(limit: 512 << 20, of: source)
        try target.writeWhole(bytes, to: source)
        return Digest.of(bytes)
    }

    /// What `image-publish` compares with the packed root: `Netboot.InitramfsAbilities` reads it.
    private struct Record: Codable {
        var compression: String
        var digest: String
        var drivers: [String]
        /// Of `InitrdInputs`; absent in records of earlier versions, as is the next.
        var inputs: String?
        var kernel: String
        var kernelDigest: String?
        var network: String
        var tools: [String]

        private struct Document: Decodable {
            var initramfs: [Record]
        }

        /// nil when there is none that can be read.
        static func read(in folder: FilePath) -> Self? {
            guard let bytes = try? folder.joined(InitrdBuilder.recordName).readBytes(limit: 1 << 20) else { return nil }
            return try? JSONText.decode(Document.self, bytes).initramfs.first
        }
    }
}
