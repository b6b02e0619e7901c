internal import Support
internal import SystemPackage

/// Packages that hold kernels and their modules, found by their names in a folder of packages or a copied medium.
struct KernelPackages {
    /// On the host, in the order of their paths.
    let files: [FilePath]

    /// - Parameter folder: on the host.
    init(in folder: FilePath) throws {
        var files: [FilePath] = []
        if folder.isDirectory {
            try TreeWalk(folder, crossesDevices: true).run { entry in
                if entry.status.kind != .directory, Self.holdsModules(entry.path) {
                    files.append(folder.joined(entry.path))
                }
                return .enter
            }
        }
        self.files = files
    }

    /// Parts of kernel packages without modules.
    private static let others = [
        "devel", "headers", "doc", "docs", "tools", "source", "syms", "macros", "firmware", "abi", "bootwrapper",
        "debuginfo", "rpm", "srpm", "cross",
    ]

    /// `kernel-*.rpm`, and `.deb` packages of a pool's `linux` sources.
    private static func holdsModules(_ path: FilePath) -> Bool {
        let name = path.lastName.printable
        if name.hasPrefix("kernel-"), name.hasSuffix(".rpm"), !name.hasSuffix(".src.rpm") {
            let parts = name.split(separator: "-").dropFirst().prefix { $0.first?.isNumber == false }.map(String.init)
            return !parts.contains { others.contains($0) }
        }
        guard name.hasSuffix(".deb"), ["linux-image-", "linux-modules-"].contains(where: { name.hasPrefix($0) }) else {
            return false
        }
        return path.printable.contains("pool/main/l/linux")
    }
}
