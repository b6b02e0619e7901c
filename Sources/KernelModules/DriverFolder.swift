internal import Support
public import SystemPackage

/// Drivers that were unpacked from what kmodule-extract prints: `lib/modules/VERSION/…`, `lib/firmware/…` and `boot/vmlinuz-VERSION`.
public struct DriverFolder: Sendable {
    public struct Module: Sendable, Hashable {
        /// With `_` for `-`, without suffix.
        public var name: String
        /// The kernel that it is made for.
        public var kernel: String
        /// Below `lib/modules/VERSION`.
        public var path: FilePath
        /// The file itself.
        public var file: FilePath
    }

    /// Sorted by path.
    public private(set) var modules: [Module] = []
    /// Paths below `lib/firmware`, sorted; links are among them.
    public private(set) var firmware: [FilePath] = []
    /// Files of kernels by version.
    public private(set) var kernels: [String: FilePath] = [:]
    /// Other files that came with the modules of a kernel, e.g. `modules.builtin`, by version.
    public private(set) var indexes: [String: [FilePath]] = [:]
    public let folder: FilePath

    /// Where the modules of all kernels are, relative to the top.
    public static let modulesPath: FilePath = "lib/modules"
    public static let firmwarePath: FilePath = "lib/firmware"
    static let kernelPrefix = "vmlinuz-"

    /// What a member that holds the kernel of this version is called.
    public static func kernelPath(_ version: String) -> FilePath { FilePath("boot/\(kernelPrefix)\(version)") }

    public init(_ folder: FilePath) throws {
        self.folder = folder
        try TreeWalk(folder).run { entry in
            if [.regular, .symbolicLink].contains(entry.status.kind) {
                add(entry.path, isLink: entry.status.kind == .symbolicLink)
            }
            return .enter
        }
    }

    private mutating func add(_ path: FilePath, isLink: Bool) {
        var rest = path
        if rest.removePrefix(Self.firmwarePath) {
            firmware.append(rest)
        } else if isLink {
            // Only firmware has links.
            return
        } else if rest.removePrefix(Self.modulesPath), rest.components.count > 1 {
            let kernel = FilePath(root: nil, rest.components.prefix(1)).printable
            let inner = FilePath(root: nil, rest.components.dropFirst())
            if ModuleName.isModule(inner) {
                modules.append(
                    Module(
                        name: ModuleName.normalised(inner.lastName.printable), kernel: kernel, path: inner,
                        file: folder.joined(path)))
            } else {
                indexes[kernel, default: []].append(inner)
            }
        } else if path.components.count == 2, path.starts(with: "boot"),
            path.lastName.printable.hasPrefix(Self.kernelPrefix)
        {
            kernels[String(path.lastName.printable.dropFirst(Self.kernelPrefix.count))] = folder.joined(path)
        }
    }
}
