internal import Archive
public import KernelModules
internal import Support
internal import SystemPackage
internal import Versions

/// Which drivers of the sources an installer's initramfs gets.
public struct DriverWish: Sendable, Equatable {
    public var choice: DriverChoice
    /// Only drivers that the initramfs has, in newer versions.
    public var updatesOnly: Bool

    public init(_ choice: DriverChoice, updatesOnly: Bool = false) {
        (self.choice, self.updatesOnly) = (choice, updatesOnly)
    }
}

/// Drivers laid out as an installer's initramfs will have them, with the indexes that depmod makes.
///
/// With a new kernel among the sources it gets, of that kernel, the modules that it had of the old one.
struct DriverAddition {
    /// A kernel among the sources, which takes the place of the installer's own.
    let newKernel: FilePath?
    let told: InstallerBoot.Addition
    private let stock: StockInitramfs
    private let source: DriverFolder
    /// A folder with `lib/modules/VERSION` that is to be appended.
    private let top: FilePath

    /// - Parameters:
    ///   - initramfs: the installer's own.
    ///   - work: an empty folder, needed until `append` was called.
    init(_ archive: any ByteSource, _ wish: DriverWish, to initramfs: FilePath, in work: FilePath) throws {
        let depmod = try Depmod(work)
        let given = try depmod.makeTop("source")
        try FolderUnpacker.unpack(NewcReader(archive), into: given)
        source = try DriverFolder(given)
        let old = try depmod.makeTop("stock")
        stock = try StockInitramfs(initramfs, into: old)
        guard let oldVersion = stock.kernels.max(by: VersionOrder.precedes) else {
            throw InstallerError.noModules(initramfs)
        }
        let newVersion = Self.newestKernel(of: source)
        newKernel = newVersion.flatMap { [source] in source.kernels[$0] }
        let version = newVersion ?? oldVersion
        let oldNames = try ModuleFolder(old.joined(DriverFolder.modulesPath).joined(oldVersion)).names

        var choice = wish.choice.choose(from: source, kernel: version)
        if wish.updatesOnly { choice.taken.removeAll { !oldNames.contains($0.name) } }
        if newKernel != nil {
            // Not the whole kernel: that is more than an initramfs should be, and nobody misses it.
            let own = Set(source.modules.filter { $0.path.starts(with: "kernel") }.map(\.name))
            let asked = wish.choice.named
            choice.taken.removeAll { $0.path.starts(with: "kernel") && !asked.contains($0.name) }
            choice.notAsked.removeAll { own.contains($0) }
            choice.forOtherKernels.removeAll { own.contains($0.name) }
        }
        // Where all modules of this kernel are, for depmod to see.
        let whole = newVersion == nil ? old : given
        let folder = whole.joined(DriverFolder.modulesPath).joined(version)
        let added = try Self.put(choice.taken, into: ModuleFolder(folder))
        try depmod.run(whole, version)

        top = try depmod.makeTop("new")
        let target = top.joined(DriverFolder.modulesPath).joined(version)
        if newVersion == nil {
            for path in added + (try Self.indexes(in: folder)) { try Self.link(folder, path, into: target) }
        } else {
            let wanted = oldNames.union(choice.taken.map(\.name)).union(wish.choice.named)
            let files = try ModuleIndex(folder: folder)?.files(of: wanted) ?? []
            for path in files.sorted().map({ FilePath($0) }) + (source.indexes[version] ?? []) {
                try Self.link(folder, path, into: target)
            }
            try depmod.run(top, version)
        }
        told = InstallerBoot.Addition(
            kernel: version, drivers: choice.taken.map(\.name), firmware: source.firmware, choice: choice)
    }

    /// Of the kernels for everyday use, if there are any.
    private static func newestKernel(of source: DriverFolder) -> String? {
        let plain = source.kernels.keys.filter { !$0.contains("debug") }
        return (plain.isEmpty ? Array(source.kernels.keys) : plain).max(by: VersionOrder.precedes)
    }

    /// - Returns: where the drivers are now, below the folder.
    private static func put(_ modules: [DriverFolder.Module], into folder: ModuleFolder) throws -> [FilePath] {
        try modules.map { module in
            let place = folder.place(of: module)
            let target = folder.path.joined(place)
            if module.file != target {
                try target.removingLastComponent().createDirectories()
                try target.removeFile()
                try module.file.hardLink(as: target)
            }
            for other in folder.superseded(by: module) where folder.path.joined(other) != module.file {
                try folder.path.joined(other).removeFile()
            }
            return place
        }
    }

    private static func indexes(in folder: FilePath) throws -> [FilePath] {
        try folder.directoryNames().filter { $0.printable.hasPrefix("modules.") }
    }

    private static func link(_ folder: FilePath, _ path: FilePath, into target: FilePath) throws {
        let place = target.joined(path)
        try place.removingLastComponent().createDirectories()
        try folder.joined(path).hardLink(as: place)
    }

    /// Appends everything to an initramfs.
    func append(to file: FileDescriptor, _ path: FilePath) throws {
        var archive = try AppendedArchive(to: file, path, present: stock.folders)
        try archive.add(top.joined(DriverFolder.modulesPath), as: stock.modulesPath)
        if !source.firmware.isEmpty {
            let firmware = stock.modulesPath.removingLastComponent().joined("firmware")
            try archive.add(source.folder.joined(DriverFolder.firmwarePath), as: firmware)
        }
        try archive.finish()
    }
}

/// depmod of this machine, for modules below folders of ours.
private struct Depmod {
    private let work: FilePath
    private let configuration: FilePath

    init(_ work: FilePath) throws {
        self.work = work
        configuration = work.joined("depmod.conf")
        // That of the machine may prefer other folders.
        try AtomicFile.write("search updates extra built-in weak-updates\n".utf8, to: configuration)
    }

    /// An empty folder for `lib/modules`; some builds of depmod look in `usr/lib`.
    func makeTop(_ name: String) throws -> FilePath {
        let top = work.joined(name)
        try top.joined("lib").createDirectories()
        try top.joined("usr").createDirectories()
        try top.joined("usr/lib").createSymbolicLink(to: "../lib")
        return top
    }

    func run(_ top: FilePath, _ version: String) throws {
        _ = try Tool("depmod", ["-b", Word(top), "-C", Word(configuration), Word(version)]).output()
    }
}
