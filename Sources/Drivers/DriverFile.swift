internal import KernelModules
internal import Support
public import SystemPackage

/// A file of a package, driver disk or folder that belongs to a kernel.
public struct DriverFile: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A module, for the kernel of this version and with this path below `lib/modules/VERSION`, as far as its path tells.
        case module(kernel: String?, path: FilePath)
        /// Its path below `lib/firmware`.
        case firmware(FilePath)
        /// A symbolic link below `lib/firmware`.
        case firmwareLink(FilePath, target: FilePath)
        /// A kernel of this version.
        case kernel(String)
        /// `modules.builtin` and others that come with the modules of a kernel and are not made by depmod.
        case index(kernel: String, name: FilePath)
    }

    /// In the innermost archive, or below the folder.
    public var path: FilePath
    public var kind: Kind

    /// nil for a file that is none of these.
    init?(_ path: FilePath) {
        let parts = path.components.map { FilePath(root: nil, [$0]) }
        func after(_ first: FilePath, _ second: FilePath) -> [FilePath]? {
            guard let at = parts.indices.dropLast().first(where: { parts[$0] == first && parts[$0 + 1] == second })
            else { return nil }
            return Array(parts[(at + 2)...])
        }
        func joined(_ parts: some Sequence<FilePath>) -> FilePath { parts.reduce(FilePath("")) { $0.joined($1) } }
        self.path = path
        let inModules = after("lib", "modules") ?? []
        if ModuleName.isModule(path) {
            kind = Self.module(parts, inModules.count > 1 ? inModules : nil, joined)
        } else if let rest = after("lib", "firmware"), !rest.isEmpty {
            kind = .firmware(joined(rest))
        } else if inModules.count == 2, inModules[1] == "vmlinuz" {
            kind = .kernel(inModules[0].printable)
        } else if inModules.count == 2,
            ["modules.builtin", "modules.builtin.modinfo", "modules.order"].contains(inModules[1])
        {
            kind = .index(kernel: inModules[0].printable, name: inModules[1])
        } else if parts.dropLast().last == "boot", let version = Self.kernelVersion(parts.last?.printable ?? "") {
            kind = .kernel(version)
        } else {
            return nil
        }
    }

    private static func module(
        _ parts: [FilePath], _ inModules: [FilePath]?, _ joined: (ArraySlice<FilePath>) -> FilePath
    ) -> Kind {
        if let inModules { return .module(kernel: inModules[0].printable, path: joined(inModules.dropFirst())) }
        let place = FilePath("updates").joined(parts.last ?? "")
        // Old driver disks have VERSION/ARCH/NAME.ko.
        let version = parts.dropLast().lazy.map(\.printable).first { $0.prefixMatch(of: /[0-9]+\.[0-9]+/) != nil }
        return .module(kernel: version, path: place)
    }

    private static func kernelVersion(_ name: String) -> String? {
        for prefix in ["vmlinuz-", "vmlinux-", "image-", "Image-"] where name.hasPrefix(prefix) {
            let version = name.dropFirst(prefix.count)
            return version.isEmpty || version.hasSuffix(".gz") || version.contains("rescue") ? nil : String(version)
        }
        return nil
    }
}

/// Hands the bytes of a file on, block by block.
public typealias DriverContent = (_ emit: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
