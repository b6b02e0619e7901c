public import Digests
internal import Support
public import SystemPackage

/// The boot file of an image, `<tftpdir>/xcat/osimage/<image>/boot.ipxe`: one iPXE script that names one published set.
///
/// Kernel, initramfs and root image are named by the set's digest, so whoever has read the file gets three that belong
/// together, whatever is published meanwhile.
public struct ImageBootFile: Sendable, Equatable {
    public static let name = "boot.ipxe"

    /// The folder of an image as the web server shows it. `/tftpboot` is literal, as with xCAT, whatever tftpdir is.
    public static func webFolder(of image: String) -> String { "/tftpboot/xcat/osimage/\(image)" }

    /// The folder of an image below tftpdir.
    public static func folder(of image: String, tftpFolder: FilePath) -> FilePath {
        tftpFolder.joined("xcat/osimage").joined(image)
    }

    public var set: ImageSet
    /// The folder of the set as the web server shows it: the path of rootimgdir, then `/.packed/<hex>`.
    public var webPath: String

    public init(set: ImageSet, webPath: String) {
        self.set = set
        self.webPath = webPath
    }

    private static let digestMark = "#set "

    public var text: String {
        typealias Variable = NodeBootFile.Variable
        let loader = "${\(Variable.loaderBase)}\(webPath)"
        // xCAT's kernel lines have a second slash after the port; nodes and probes look for it.
        let root = "${\(Variable.imageBase)}/\(webPath)/\(set.root.name)"
        let lines = [
            "#!gpxe",
            Self.digestMark + set.digest.description,
            "imgfetch -n kernel \(loader)/\(set.kernel.name)",
            "imgload kernel",
            "imgargs kernel imgurl=\(root) imgsum=\(set.root.digest) ${\(Variable.arguments)} BOOTIF=01-${netX/mac:hexhyp}",
            "imgfetch -n initrd \(loader)/\(set.initramfs.name)",
            "imgexec kernel",
        ]
        return lines.map { $0 + "\n" }.joined()
    }

    /// The digest of the set that the boot file in `folder` names; nil without a boot file.
    public static func currentDigest(in folder: FilePath) throws -> Digest? {
        let path = folder.joined(name)
        guard path.exists else { return nil }
        for line in try path.readText(limit: 1 << 20).split(separator: "\n") where line.hasPrefix(digestMark) {
            if let digest = Digest(line.dropFirst(digestMark.count)) { return digest }
        }
        throw NetbootError.damagedBootFile(path)
    }
}
