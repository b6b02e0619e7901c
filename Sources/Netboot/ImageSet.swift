public import Digests
public import Support
public import SystemPackage

/// Kernel, initramfs and packed root of an image that belong together.
public struct ImageSet: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var name: String
        public var digest: Digest
        public var sizeInBytes: Int64

        public init(name: String, digest: Digest, sizeInBytes: Int64) {
            self.name = name
            self.digest = digest
            self.sizeInBytes = sizeInBytes
        }
    }

    public static let kernelName = "kernel"
    public static let initramfsName = "initrd-stateless.gz"
    /// Names of packed roots, best first, as nodeset looks for them.
    public static let rootNames = [
        "rootimg.cpio.gz", "rootimg.cpio.xz", "rootimg.cpio.zst", "rootimg.tar.gz", "rootimg.tar.xz", "rootimg.tar.zst",
        "rootimg.sfs", "rootimg.gz",
    ]

    public var kernel: Member
    public var initramfs: Member
    public var root: Member

    public init(kernel: Member, initramfs: Member, root: Member) {
        self.kernel = kernel
        self.initramfs = initramfs
        self.root = root
    }

    public var members: [Member] { [kernel, initramfs, root] }

    /// SHA-256 of three lines `<name> sha256:<hex>` in the order kernel, initramfs, root.
    public var digest: Digest {
        Digest.of(members.map { "\($0.name) \($0.digest)\n" }.joined().utf8)
    }
}

/// A set as it is kept in `<rootimgdir>/.packed/<hex>/`.
public struct KeptSet: Hashable, Sendable {
    public static let recordName = "set.json"

    public var set: ImageSet
    public var folder: FilePath
    /// When it was last published.
    public var publishedAt: FileTime

    /// Reads the record of `folder`; nil when there is none, because the folder is not a whole set.
    init?(_ folder: FilePath) throws {
        let record = folder.joined(Self.recordName)
        guard let status = try record.status() else { return nil }
        set = try SetRecord.read(record).set
        self.folder = folder
        publishedAt = status.modified
    }

    /// A member that is missing or has another size than recorded; nil when all are as they were.
    func firstDamage() throws(FileError) -> FilePath? {
        for member in set.members {
            let path = folder.joined(member.name)
            guard let status = try path.status(), status.kind == .regular, status.size == member.sizeInBytes else {
                return path
            }
        }
        return nil
    }
}
