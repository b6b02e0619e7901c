import Support
import SystemPackage
import TestSupport
import Testing

/// From an install medium to a running node, with the commands that people type, for each kind of packed root.
@Suite(.builtSite(.debian12), .serialized, .timed, .enabled(if: VirtualNode.isPossible)) struct BootTests {
    var site: BuiltSite {
        get throws { try #require(BuiltSite.current) }
    }

    private func node(dhcpName: String = "from-dhcp") throws -> VirtualNode {
        let site = try site
        return try VirtualNode(BuiltSite.node, server: site.server, folder: site.folder, dhcpName: dhcpName)
    }

    // The test of the bundles boots the third kind, tar.
    @Test(arguments: [("cpio", "gzip", "tmpfs"), ("squashfs", "zstd", "overlay")])
    func `a node boots the packed image`(method: String, compressor: String, root: String) throws {
        let site = try site
        try site.catboat.succeed("packimage", "-m", Word(method), "-c", Word(compressor), Word(site.osimage))
        let set = try site.catboat.succeed("nodeset", Word(BuiltSite.node), Word("osimage=\(site.osimage)"))
        #expect(set.stdout.hasPrefix("\(BuiltSite.node): netboot debian12"))
        let node = try node()
        try NodeReport(node).expectWhole(root: root, packages: site.packageDigest())
        #expect(!node.lines(with: "catboat: root image verified: sha256:").isEmpty)
        #expect(node.lines(with: "catboat: warning").isEmpty)
    }

    @Test func `the same image gives the same initramfs, of at most 40 MB`() throws {
        let site = try site
        let lines = try (0..<2).map { _ in
            let built = try site.catboat.succeed("initrd-build", Word(site.host(site.rootimgdir))).stdout
            return try #require(built.split(separator: "\n").first { $0.hasPrefix("initrd-stateless.gz\t") })
                .description
        }
        #expect(lines[0] == lines[1])
        #expect(try #require(lines[0].split(separator: "\t").last.flatMap { Int($0) }) <= 40 << 20)
    }

    @Test func `an image that boot-before-publish saw boot is refused once it was changed on the server`() throws {
        let site = try site
        // Before nodes get it, the sample hook boots it from a server and a virtual machine of its own.
        try site.catboat.succeed(
            "chdef", "-t", "osimage", "-o", Word(site.osimage), "environvar=BOOT_SECONDS=1800,BOOT_ACCELERATOR=tcg")
        let packed = try site.withHook("pre-publish/boot-before-publish") {
            try site.catboat.succeed("packimage", "-m", "cpio", "-c", "zstd", Word(site.osimage))
        }
        #expect(packed.stderr.contains("boot-before-publish: \(site.osimage) came up after "), "\(packed.stderr)")
        try site.catboat.succeed("nodeset", Word(BuiltSite.node), Word("osimage=\(site.osimage)"))
        let root = try site.servedRoot()
        let size = try #require(try root.status()).size
        let descriptor = try FileDescriptor.open(root, .readWrite)
        try descriptor.closeAfter {
            // One bit in the last block: everything before it unpacks well.
            var byte: [UInt8] = [0]
            _ = try byte.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: size - 9, into: $0) }
            _ = try descriptor.writeAll(toAbsoluteOffset: size - 9, [byte[0] ^ 1])
        }
        let node = try node()
        try node.wait(for: "catboat: next try in", within: NodeReport.patience)
        let reasons = node.lines(with: "catboat: error: root image refused: checksum does not match: ")
        #expect(reasons.count == 1 && reasons[0].contains("the kernel command line asks for sha256:"))
        #expect(node.lines(with: "switching to it").isEmpty)
    }

    @Test func `a kernel line of xCAT boots, through dhclient, and says that the image is unverified`() throws {
        let site = try site
        // The next publish takes this initramfs, which brings up the network the old way.
        let built = try site.catboat.succeed(
            "initrd-build", "--network", "network-legacy", Word(site.host(site.rootimgdir)))
        #expect(built.stdout.contains("network\tnetwork-legacy\n"))
        try site.catboat.succeed("packimage", Word(site.osimage))
        // As xCAT's nodeset writes it for Ubuntu: no NODE=, no imgsum=, the stable names.
        let base = "http://${next-server}:\(site.server.port)"
        let folder = "\(base)/tftpboot/xcat/osimage/\(site.osimage)"
        let script = """
            #!gpxe
            #netboot debian12-x86_64-compute
            imgfetch -n kernel \(folder)/kernel
            imgload kernel
            imgargs kernel imgurl=\(base)/\(site.rootimgdir)/rootimg.cpio.gz XCAT=${next-server}:3001 XCATHTTPPORT=\(site.server.port) console=tty0 console=ttyS0,115200 quiet systemd.default_timeout_start_sec=900 BOOTIF=01-${netX/mac:hexhyp}
            imgfetch -n initrd \(folder)/initrd-stateless.gz
            imgexec kernel

            """
        let file = site.host("/tftpboot/xcat/xnba/nodes").joined(BuiltSite.node)
        try file.removingLastComponent().createDirectories()
        try AtomicFile.write(script.utf8, to: file)
        let node = try node(dhcpName: "name-from-dhcp")
        try NodeReport(node).expectWhole(root: "tmpfs", host: "name-from-dhcp")
        #expect(node.lines(with: "no imgsum= on the kernel command line: the root image is UNVERIFIED").count == 1)
    }
}
