internal import Support
internal import SystemPackage

/// Names of packed root images, and the published set that one belongs to.
enum PackedRoot {
    static let names = [
        "rootimg.cpio.gz", "rootimg.cpio.xz", "rootimg.cpio.zst", "rootimg.tar.gz", "rootimg.tar.xz", "rootimg.tar.zst",
        "rootimg.sfs", "rootimg.gz",
    ]

    /// The folder of the set whose root has this name and is this very file; nil when it belongs to none.
    static func folder(of name: String, in rootimgdir: FilePath) throws -> FilePath? {
        guard let root = try rootimgdir.joined(name).targetStatus() else { return nil }
        let sets = rootimgdir.joined(".packed")
        return try sets.directoryNames().map { sets.joined($0) }.first { folder in
            guard let kept = try folder.joined(name).targetStatus() else { return false }
            return (kept.device, kept.inode) == (root.device, root.inode) && folder.joined("kernel").isRegularFile
                && folder.joined("initrd-stateless.gz").isRegularFile
        }
    }
}
