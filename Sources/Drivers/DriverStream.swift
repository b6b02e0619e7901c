internal import Archive
internal import KernelModules
internal import Support
public import SystemPackage

/// Drivers as one newc archive: `lib/modules/VERSION/…`, `lib/firmware/…` and, when asked for, `boot/vmlinuz-VERSION`.
///
/// What reads it is `KernelModules.DriverFolder`.
public struct DriverStream {
    private var writer: NewcWriter
    private let architecture: String?
    private let takesKernels: Bool

    /// - Parameters:
    ///   - architecture: modules for another one are left out.
    ///   - takesKernels: whether kernels are written too.
    public init(to output: FileDescriptor, architecture: String?, takesKernels: Bool) {
        writer = NewcWriter(to: output, "standard output")
        (self.architecture, self.takesKernels) = (architecture, takesKernels)
    }

    /// What a module is for when nothing tells which kernel.
    public static let unknownKernel = "unknown"

    /// Writes what a package, driver disk or folder has.
    /// - Returns: how many modules, and words for people about those that are not what they seem.
    public mutating func add(_ source: FilePath) throws -> (modules: Int, notes: [String]) {
        var count = 0
        var notes: [String] = []
        try DriverSource(source).visit { file, size, content in
            switch file.kind {
            case .module(let kernel, let path):
                let bytes = try ModuleReader.bytes(file.path, in: source, content)
                let facts = ModuleReader.facts(bytes, named: file.path)
                if facts == nil {
                    notes.append("not a module that can be read, taken as it is: '\(file.path.printable)'")
                }
                if let made = facts?.header.architecture, let architecture, made != architecture { return }
                count += 1
                try writer.add(Self.folder(kernel ?? facts?.kernel).joined(path), .regular, bytes)
            case .firmware(let path):
                try write(size, content, as: DriverFolder.firmwarePath.joined(path), in: source)
            case .firmwareLink(let path, let target):
                try writer.add(DriverFolder.firmwarePath.joined(path), .symbolicLink, target.bytes)
            case .kernel(let version):
                guard takesKernels else { return }
                try write(size, content, as: DriverFolder.kernelPath(version), in: source)
            case .index(let kernel, let name):
                guard takesKernels else { return }
                try write(size, content, as: Self.folder(kernel).joined(name), in: source)
            }
        }
        return (count, notes)
    }

    /// Ends the archive.
    public mutating func finish() throws { try writer.finish() }

    /// The folder of a kernel's modules; the version is one name.
    private static func folder(_ kernel: String?) -> FilePath {
        guard let kernel, !kernel.isEmpty, !kernel.contains("/"), ![".", ".."].contains(kernel) else {
            return DriverFolder.modulesPath.joined(unknownKernel)
        }
        return DriverFolder.modulesPath.joined(kernel)
    }

    private mutating func write(
        _ size: Int64?, _ content: DriverContent, as path: FilePath, in source: FilePath
    ) throws {
        guard let size, size >= 0 else {
            return try writer.add(path, .regular, try ModuleReader.bytes(path, in: source, content))
        }
        do {
            try writer.begin(path, size: UInt64(size))
            try content { try writer.write($0) }
            try writer.end()
        } catch let error as ArchiveError {
            throw DriverError.damaged(source, reason: "\(path.printable): \(error.diagnostic.subject ?? "")")
        }
    }
}
