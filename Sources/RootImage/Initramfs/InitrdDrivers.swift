public import KernelModules

/// Which drivers go into an initramfs.
public struct InitrdDrivers: Sendable, Equatable {
    /// To be installed, in order.
    public let names: [String]

    /// What the root itself needs: the overlay of a squashfs root, NFS, a local disk.
    static let rootDefaults = [
        "af_packet", "overlay", "squashfs", "loop", "nfs", "nfsv3", "nfsv4", "sunrpc", "ext4",
    ]

    /// The defaults that this kernel has, then `wanted`, which it must have.
    ///
    /// - Throws: `InitrdError.unknownDrivers` with all that are missing.
    public init(wanted: [String], architecture: String, index: ModuleIndex) throws {
        let wanted = wanted.map {
            index.isKnown($0) ? $0 : DefaultDrivers.successor(of: ModuleName.normalised($0)) ?? $0
        }
        .map(ModuleName.normalised)
        let missing = wanted.filter { !index.isKnown($0) }
        guard missing.isEmpty else { throw InitrdError.unknownDrivers(missing) }
        var names: [String] = []
        for name in DefaultDrivers.network(architecture) + Self.rootDefaults + wanted where index.isLoadable(name) {
            let name = ModuleName.normalised(name)
            if !names.contains(name) { names.append(name) }
        }
        self.names = names
    }

    /// The words of a `netdrivers` attribute or of `genimage -n`: separated by commas or blanks, `.ko` optional.
    public static func words(of attribute: String) -> [String] {
        attribute.split { $0 == "," || $0.isWhitespace }.map(String.init)
    }
}
