import Support
import SystemPackage
import TestSupport
import Testing

/// From an install medium to a running node, for the distributions with RPM packages.
protocol RpmBootSuite {}

extension RpmBootSuite {
    var site: BuiltSite {
        get throws { try #require(BuiltSite.current) }
    }

    /// Packs the image and boots a node from it.
    func boot(method: String, compressor: String, root: String, state: String) throws {
        let site = try site
        try site.catboat.succeed("packimage", "-m", Word(method), "-c", Word(compressor), Word(site.osimage))
        let set = try site.catboat.succeed("nodeset", Word(BuiltSite.node), Word("osimage=\(site.osimage)"))
        #expect(set.stdout.hasPrefix("\(BuiltSite.node): netboot \(state)"))
        let node = try VirtualNode(BuiltSite.node, server: site.server, folder: site.folder)
        try NodeReport(node).expectWhole(root: root, packages: site.packageDigest())
        #expect(!node.lines(with: "catboat: root image verified: sha256:").isEmpty)
        #expect(node.lines(with: "catboat: warning").isEmpty)
    }

    /// A second run with nothing new changes no package and no byte of the tree.
    func expectStable() throws {
        let site = try site
        let before = try site.catboat.succeed("rootimg-list", Word(site.rootimg)).stdout
        try site.catboat.succeed("genimage", Word(site.osimage))
        #expect(try site.catboat.succeed("rootimg-list", Word(site.rootimg)).stdout == before)
        #expect(try Aftermath.mounts(below: site.root) == [])
    }

    /// The image's own rpm reads what was installed by this machine's.
    func expectOwnDatabase() throws {
        let site = try site
        let own = try site.catboat.succeed(
            "rootimg-run", Word(site.host(site.rootimgdir)), "--", "rpm", "-qa", "--qf", "%{NAME}\n"
        ).stdout.split(separator: "\n").sorted()
        let listed = try site.catboat.succeed("package-list", Word(site.rootimg)).stdout.split(separator: "\n")
            .map { $0.prefix { $0 != "\t" } }.sorted()
        #expect(own == listed)
        #expect(own.contains("dracut") && own.count > 100)
        // What only the run needed is gone, and no key of the medium became a package.
        #expect(!own.contains("gpg-pubkey"))
        for leftover in [
            "root/.rpmdb", "run/catboat", "boot/loader", "var/cache/dnf/catboat-1", "etc/zypp/repos.d/catboat-1.repo",
        ] {
            #expect(!site.rootimg.joined(leftover).exists, "\(leftover)")
        }
        let initramfs = try site.rootimg.joined("boot").directoryNames().filter { $0.printable.hasPrefix("init") }
        #expect(initramfs == [])
    }
}

@Suite(.builtSite(.el8), .serialized, .timed, .enabled(if: VirtualNode.isPossible)) struct ELBootTests: RpmBootSuite {
    @Test func `the image's own rpm has the packages`() throws { try expectOwnDatabase() }

    @Test func `genimage again changes nothing`() throws { try expectStable() }

    @Test(arguments: [("cpio", "gzip", "tmpfs"), ("squashfs", "gzip", "overlay")])
    func `a node boots the packed image`(method: String, compressor: String, root: String) throws {
        try boot(method: method, compressor: compressor, root: root, state: "rhels8.5.0-x86_64-compute")
    }
}

@Suite(.builtSite(.sle15), .serialized, .timed, .enabled(if: VirtualNode.isPossible))
struct SLESBootTests: RpmBootSuite {
    @Test func `the image's own rpm has the packages`() throws { try expectOwnDatabase() }

    @Test func `genimage again changes nothing`() throws { try expectStable() }

    @Test func `a node boots the packed image`() throws {
        try boot(method: "tar", compressor: "zstd", root: "tmpfs", state: "sle15.3-x86_64-compute")
    }
}
