import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// A site below a scratch root with a tiny medium copied in: hand-made packages, real package managers, seconds a build.
struct TinySite {
    static let osimage = TinyFamily.debian.osimage

    let root: FilePath
    let catboat: Catboat
    let family: TinyFamily

    var osimage: String { family.osimage }
    /// Names of the osimage, as stored.
    var rootimgdir: FilePath { FilePath("/install/netboot/\(family.osver)/x86_64/compute") }
    var packageList: FilePath { FilePath("/install/custom/netboot/\(family.platform)/compute.pkglist") }

    /// Makes the site in the test's scratch directory and brings in the medium.
    init(_ packages: [String]? = nil, family: TinyFamily = .debian) throws {
        self.family = family
        root = Scratch.directory.joined("site")
        try root.createDirectories()
        catboat = Catboat(root: root)
        try catboat.succeed("init")
        try catboat.succeed("copycds", Word(try family.medium()))
        try setPackages(packages ?? family.packages)
        try catboat.succeed(
            "chdef", "-t", "osimage", "-o", Word(osimage), Word("pkglist=\(packageList)"), "exlist=", "postinstall=")
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
        let file = host("/tftpboot/xcat/osimage").joined(osimage).joined("boot.ipxe")
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
    static func medium() throws -> FilePath { try TinyFamily.debian.medium() }
}

/// The families of distributions, each with a tiny medium.
enum TinyFamily: String, CaseIterable, Sendable {
    case debian, el, sles

    var osver: String {
        switch self {
        case .debian: "debian12.99.0"
        case .el: "rhels8.5.0"
        case .sles: "sle15.3"
        }
    }

    var osimage: String { "\(osver)-x86_64-netboot-compute" }

    /// Of `custom/netboot`.
    var platform: String {
        switch self {
        case .debian: "debian"
        case .el: "rh"
        case .sles: "sle"
        }
    }

    /// What an image needs, and something to see.
    var packages: [String] {
        switch self {
        case .debian: ["linux-image-tiny", "dracut", "dracut-network", "tiny-hello"]
        case .el: ["kernel", "dracut", "dracut-network", "rpm", "tar", "tiny-hello"]
        case .sles: ["kernel-default", "dracut", "rpm", "tar", "tiny-hello"]
        }
    }

    func medium() throws -> FilePath {
        switch self {
        case .debian: try TinyMedium.debian.path
        case .el: try TinyMedium.el.path
        case .sles: try TinyMedium.sles.path
        }
    }
}

/// A tiny medium as an ISO file.
final class TinyMedium: Sendable {
    static let debian = TinyMedium("tiny.iso", "mk-tiny-media", [])
    static let el = TinyMedium("tiny-el.iso", "mk-tiny-rpm-media", ["--layout", "el"])
    static let sles = TinyMedium("tiny-sles.iso", "mk-tiny-rpm-media", ["--layout", "sles"])
    private let made: Result<FilePath, any Error>

    var path: FilePath { get throws { try made.get() } }

    private init(_ name: FilePath, _ script: FilePath, _ options: [Word]) {
        made = Result {
            let folder = FilePath("/tmp/catboat-tiny-\(Environment.current.text("USER") ?? "root")")
            try folder.createDirectories(permissions: 0o700)
            let iso = folder.joined(name)
            try Self.make(iso, options, script: script)
            return iso
        }
    }

    /// Makes a medium unless the same script made it before.
    static func make(_ iso: FilePath, _ options: [Word], script: FilePath = "mk-tiny-media") throws {
        let scripts = Catboat.projectFolder.joined("Tests/media")
        let stage = iso.removingLastComponent().joined(".\(iso.lastName.printable).new.iso")
        try stage.removeFile()
        _ = try Tool(scripts.joined(script), [Word(stage)] + options).output()
        try stage.rename(to: iso)
    }
}
