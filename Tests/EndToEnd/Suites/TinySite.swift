import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// A site below a scratch root with a tiny medium copied in: hand-made packages, real package managers, seconds a build.
struct TinySite {
    static let osimage = "debian12.99.0-x86_64-netboot-compute"

    let root: FilePath
    let catboat: Catboat

    /// Names of the osimage, as stored.
    let rootimgdir: FilePath = "/install/netboot/debian12.99.0/x86_64/compute"
    let packageList: FilePath = "/install/custom/netboot/debian/compute.pkglist"

    /// Makes the site in the test's scratch directory and brings in the medium.
    init(_ packages: [String] = ["linux-image-tiny", "dracut", "dracut-network", "tiny-hello"]) throws {
        root = Scratch.directory.joined("site")
        try root.createDirectories()
        catboat = Catboat(root: root)
        try catboat.succeed("init")
        try catboat.succeed("copycds", Word(try Self.medium()))
        try setPackages(packages)
        try catboat.succeed(
            "chdef", "-t", "osimage", "-o", Word(Self.osimage), Word("pkglist=\(packageList)"), "exlist=")
    }

    /// The host path of a stored one.
    func host(_ stored: FilePath) -> FilePath { root.joined(stored) }

    var rootimg: FilePath { host(rootimgdir).joined("rootimg") }

    func setPackages(_ packages: [String]) throws {
        try host(packageList).removingLastComponent().createDirectories()
        try AtomicFile.write(packages.map { $0 + "\n" }.joined().utf8, to: host(packageList))
    }

    /// Digests of what a node would load now: root, kernel, initramfs; fails when they are not one whole set.
    func served() throws -> [Digest] {
        let file = host("/tftpboot/xcat/osimage").joined(Self.osimage).joined("boot.ipxe")
        guard file.exists else { return [] }
        let text = try file.readText()
        let sum = try #require(text.firstMatch(of: #/imgsum=(sha256:[0-9a-f]{64})/#)?.1)
        let url = try #require(text.firstMatch(of: #/imgurl=\$\{catboat_image\}(\/[^ ]+)/#)?.1)
        let kernel = try #require(text.firstMatch(of: #/imgfetch -n kernel \$\{catboat_loader\}(\/[^ \n]+)/#)?.1)
        let initramfs = try #require(text.firstMatch(of: #/imgfetch -n initrd \$\{catboat_loader\}(\/[^ \n]+)/#)?.1)
        let digests = try [url, kernel, initramfs].map { try Digest.ofFile(host(FilePath(String($0)))) }
        #expect(digests.first?.description == String(sum))
        return digests
    }

    /// The medium, made once for all tests of this process.
    static func medium() throws -> FilePath { try TinyMedium.shared.path }
}

/// A tiny Debian medium as an ISO file.
final class TinyMedium: Sendable {
    static let shared = TinyMedium()
    private let made: Result<FilePath, any Error>

    var path: FilePath { get throws { try made.get() } }

    private init() {
        made = Result {
            let folder = FilePath("/tmp/catboat-tiny-\(Environment.current.text("USER") ?? "root")")
            try folder.createDirectories(permissions: 0o700)
            let iso = folder.joined("tiny.iso")
            try Self.make(iso, [])
            return iso
        }
    }

    /// Makes a medium unless the same script made it before.
    static func make(_ iso: FilePath, _ options: [Word]) throws {
        let scripts = Catboat.projectFolder.joined("Tests/media")
        let stage = iso.removingLastComponent().joined(".\(iso.lastName.printable).new.iso")
        try stage.removeFile()
        _ = try Tool(scripts.joined("mk-tiny-media"), [Word(stage)] + options).output()
        try stage.rename(to: iso)
    }
}
