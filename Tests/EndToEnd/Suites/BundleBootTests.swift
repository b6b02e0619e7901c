import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// The lines of the document about bundles, to their end: a copy at another site, changed, built again and booted.
extension BootTests {
    @Test func `an image is exported, imported under another profile elsewhere, changed, built and booted`() throws {
        let site = try site
        let from = site.catboat
        try from.succeed("packimage", "-m", "tar", "-c", "zstd", Word(site.osimage))
        try defineMyimage(at: site)
        let here = site.folder.joined("bundles")
        try here.createDirectories()
        let exported = try BundleSite.run(
            from, in: here, "imgexport", "myimage", "-p", "node1", "-e", "/install/postscripts/myscript1", "-e",
            "/install/postscripts/myscript2")
        try #require(exported.status == 0, "\(exported)")
        #expect(exported.stdout.hasSuffix("Done!\n"))

        let second = try secondSite(site)
        let to = second.catboat
        func imported(_ words: Word...) throws {
            let result = try to.run("imgimport", [Word(here.joined("myimage.tgz"))] + words)
            try #require(result.status == 0, "\(result)")
        }
        try imported("-p", "group1")
        let packed = try Digest.ofFile(site.host(site.rootimgdir).joined("rootimg.tar.zst"))
        #expect(try Digest.ofFile(second.root.joined(site.rootimgdir).joined("rootimg.tar.zst")) == packed)
        let rows = try to.succeed("tabdump", "postscripts").stdout
        #expect(rows.contains("\"group1\",\"myscript1,myscript2\","))
        for script in ["myscript1", "myscript2"] {
            #expect(second.root.joined("install/postscripts/\(script)").isRegularFile)
        }

        try imported("-p", "group1", "-f", "compute2")
        let defined = try #require(try stanzas(to).first { $0.value["profile"] == "compute2" })
        let copy = defined.key
        let rootimgdir = FilePath(try #require(defined.value["rootimgdir"]))
        #expect(copy.hasSuffix("-x86_64-netboot-compute2") && rootimgdir.lastName == "compute2")
        #expect(try Digest.ofFile(second.root.joined(rootimgdir).joined("rootimg.tar.zst")) == packed)
        #expect(try to.succeed("tabdump", "postscripts").stdout == rows)
        try to.succeed(
            "mkdef", "-t", "node", "-o", Word(BuiltSite.node), "groups=group1,all", "netboot=xnba", "arch=x86_64",
            "ip=10.0.2.15", "mac=52:54:00:00:00:01", "serialport=0", "serialspeed=115200")
        func boot(profile: String) throws -> NodeReport {
            try to.succeed("nodeset", Word(BuiltSite.node), Word("osimage=\(copy)"))
            let report = try NodeReport(try VirtualNode(BuiltSite.node, server: second.server, folder: here))
            report.expectWhole(root: "tmpfs", profile: profile)
            return report
        }
        // As it came: the root image knows the profile that it was built for.
        _ = try boot(profile: "compute")
        // The names go on from here as the document has them; with the tree, the image is updated and not built anew.
        try imported("-p", "group1", "-f", "compute2", "--tree")
        let tree = second.root.joined(rootimgdir).joined("rootimg")
        #expect(try tree.joined("etc/changed-by-hand").readText() == "by hand\n")

        try change(copy, pkglist: try #require(defined.value["pkglist"]), at: second.root, to)
        try to.succeed("genimage", Word(copy))
        #expect(tree.joined("usr/bin/file").exists)
        try to.succeed("packimage", Word(copy))
        #expect(try Digest.ofFile(second.root.joined(site.rootimgdir).joined("rootimg.tar.zst")) == packed)
        #expect(try boot(profile: "compute2")["site"] == "package sync")
    }

    /// An image called as in the document, with the root image of the site, and a node with scripts.
    private func defineMyimage(at site: BuiltSite) throws {
        let stanza = try site.catboat.succeed("lsdef", "-t", "osimage", "-z", Word(site.osimage)).stdout
        let made = try site.catboat(
            "mkdef", "-z", input: stanza.replacing("\n\(site.osimage):\n", with: "\nmyimage:\n"))
        try #require(made.status == 0, "\(made)")
        try site.host("/install/postscripts").createDirectories()
        for script in ["myscript1", "myscript2"] {
            try AtomicFile.write(
                "#!/bin/sh\n".utf8, to: site.host("/install/postscripts").joined(script), permissions: 0o755)
        }
        try site.catboat.succeed("mkdef", "-t", "node", "-o", "node1", "groups=all")
        try site.catboat.succeed("table-set", "postscripts", "node=node1", "postscripts=myscript1,myscript2")
    }

    private func secondSite(_ site: BuiltSite) throws -> (root: FilePath, catboat: Catboat, server: WebServer) {
        let root = site.folder.joined("second")
        let folder = site.folder.joined("second-server")
        for path in [root, folder] { try path.createDirectories() }
        let catboat = Catboat(root: root)
        try catboat.succeed("init", "--master", "10.0.2.2")
        let server = try WebServer(root: root, folder: folder)
        try catboat.succeed("table-set", "site", "key=httpport", Word("value=\(server.port)"))
        try catboat.succeed("copycds", Word(try TestMedia.debian12.image()))
        try catboat.succeed("mkdef", "-t", "node", "-o", "node1", "groups=group1,all")
        return (root, catboat, server)
    }

    /// Attributes of all osimages, by name.
    private func stanzas(_ catboat: Catboat) throws -> [String: [String: String]] {
        var result: [String: [String: String]] = [:]
        var name = ""
        for line in try catboat.succeed("lsdef", "-t", "osimage", "-z").stdout.split(separator: "\n") {
            let parts = line.drop { $0 == " " }.split(separator: "=", maxSplits: 1).map(String.init)
            if line.first != " ", line.hasSuffix(":") {
                name = String(line.dropLast())
            } else if parts.count == 2 {
                result[name, default: [:]][parts[0]] = parts[1]
            }
        }
        return result
    }

    /// What the document lets people edit: the lists of the copy, and columns.
    private func change(_ copy: String, pkglist: String, at root: FilePath, _ catboat: Catboat) throws {
        let lists: FilePath = "/install/custom/netboot/debian"
        func write(_ text: String, _ path: FilePath) throws {
            let file = root.joined(path)
            try file.removingLastComponent().createDirectories()
            try AtomicFile.write(text.utf8, to: file)
        }
        try write(try root.joined(FilePath(pkglist)).readText() + "file\n", FilePath(pkglist))
        let others: FilePath = "/install/post/otherpkgs/compute2"
        let package = root.joined("package")
        try write(
            "Package: site-tool\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n",
            "/package/DEBIAN/control")
        try write("package\n", "/package/etc/site.d/package")
        try root.joined(others).joined("tools").createDirectories()
        _ = try Tool(
            "dpkg-deb",
            ["--root-owner-group", "-b", Word(package), Word(root.joined(others).joined("tools/site-tool_1_all.deb"))]
        ).output()
        try write("tools/site-tool\n", lists.joined("compute2.otherpkgs.pkglist"))
        try write("sync\n", "/install/site/sync")
        try write("/install/site/sync -> /etc/site.d/sync\n", lists.joined("compute2.synclist"))
        try catboat.succeed(
            "chdef", "-t", "osimage", "-o", Word(copy), Word("otherpkgdir=\(others)"),
            Word("otherpkglist=\(lists)/compute2.otherpkgs.pkglist"), Word("synclists=\(lists)/compute2.synclist"),
            "addkcmdline=catboat.copy=1 systemd.default_timeout_start_sec=900")
    }
}
