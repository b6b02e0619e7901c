internal import Support
public import SystemPackage

/// Kernel modules of an image: what can be loaded, and what is built in.
public struct ModuleIndex: Sendable, Equatable {
    /// Names with `_` for `-`, without suffix.
    private let loadable: Set<String>
    private let builtIn: Set<String>

    /// Reads `modules.dep` and `modules.builtin` of `kernel` in `tree`.
    ///
    /// - Throws: `InitrdError.noModules` when depmod was not run.
    public init(tree: FilePath, kernel: String) throws {
        let root = RootFolder(tree)
        let folder = try root.host(FilePath("/lib/modules").joined(kernel))
        let index = folder.joined("modules.dep")
        guard index.isRegularFile else { throw InitrdError.noModules(kernel, tree) }
        loadable = Self.names(try index.readText(limit: 64 << 20), endingAt: ":")
        builtIn = Self.names((try? folder.joined("modules.builtin").readText(limit: 64 << 20)) ?? "", endingAt: nil)
    }

    private static func names(_ text: String, endingAt end: Character?) -> Set<String> {
        var names: Set<String> = []
        for line in text.split(separator: "\n") {
            let path = end.map { end in line.prefix { $0 != end } } ?? line
            names.insert(normalised(String(path.split(separator: "/").last ?? "")))
        }
        return names
    }

    /// `mlx4-en.ko.xz` is `mlx4_en`.
    static func normalised(_ name: String) -> String {
        var name = name
        for suffix in [".gz", ".xz", ".zst", ".ko"] where name.hasSuffix(suffix) { name.removeLast(suffix.count) }
        return String(name.map { $0 == "-" ? "_" : $0 })
    }

    public func isLoadable(_ name: String) -> Bool { loadable.contains(Self.normalised(name)) }
    public func isKnown(_ name: String) -> Bool { isLoadable(name) || builtIn.contains(Self.normalised(name)) }
}

/// Which drivers go into an initramfs.
public struct InitrdDrivers: Sendable, Equatable {
    /// To be installed, in order.
    public let names: [String]

    /// Network cards of servers and virtual machines by architecture: xCAT's defaults, and what came after them.
    static func networkDefaults(_ architecture: String) -> [String] {
        let common = [
            "tg3", "bnx2", "bnx2x", "bnxt_en", "e1000e", "igb", "igc", "ixgbe", "i40e", "ice", "mlx4_en", "mlx5_core",
            "be2net", "virtio_net", "virtio_pci",
        ]
        return switch architecture {
        case "x86_64": common + ["e1000", "r8169", "vmxnet3", "hv_netvsc", "xen-netfront"]
        case "ppc64", "ppc64le": common + ["e1000", "ibmveth", "ibmvnic", "ehea"]
        case "s390x": ["qeth_l2", "qeth_l3", "virtio_net", "virtio_ccw", "mlx5_core"]
        case "aarch64": common + ["hns3", "thunder_nicvf", "xgene-enet", "atlantic"]
        default: common
        }
    }

    /// What the root itself needs: the overlay of a squashfs root, NFS, a local disk.
    static let rootDefaults = [
        "af_packet", "overlay", "squashfs", "loop", "nfs", "nfsv3", "nfsv4", "sunrpc", "ext4",
    ]

    /// The defaults that this kernel has, then `wanted`, which it must have.
    ///
    /// - Throws: `InitrdError.unknownDrivers` with all that are missing.
    public init(wanted: [String], architecture: String, index: ModuleIndex) throws {
        // xCAT's name of a driver that was renamed long ago.
        let wanted = wanted.map { $0 == "mlx_en" && !index.isKnown($0) ? "mlx4_en" : $0 }.map(ModuleIndex.normalised)
        let missing = wanted.filter { !index.isKnown($0) }
        guard missing.isEmpty else { throw InitrdError.unknownDrivers(missing) }
        var names: [String] = []
        for name in Self.networkDefaults(architecture) + Self.rootDefaults + wanted where index.isLoadable(name) {
            let name = ModuleIndex.normalised(name)
            if !names.contains(name) { names.append(name) }
        }
        self.names = names
    }

    /// The words of a `netdrivers` attribute or of `genimage -n`: separated by commas or blanks, `.ko` optional.
    public static func words(of attribute: String) -> [String] {
        attribute.split { $0 == "," || $0.isWhitespace }.map(String.init)
    }
}
