import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Bundles that other programs made, through imgimport itself: rows and files are what the bundle says.
@Suite(.scratchDirectory) struct ForeignBundleTests {
    private static let image = BundleSite.image
    private static let boot = "/install/netboot/debian12/x86_64/compute"
    private static let lists = "/install/custom/netboot/debian"
    private var tree: FilePath { Scratch.directory.joined("tree") }
    private var bundle: FilePath { Scratch.directory.joined("bundle.tgz") }

    private func write(_ files: [String: String], in folder: String) throws {
        for (name, text) in files { try Scratch.write(text, to: "tree/\(folder)\(name)") }
    }

    /// tar as xCAT runs it.
    private func pack(_ words: String = "-czf") throws {
        _ = try Tool("tar", [Word(words), Word(bundle), "-C", Word(tree), "."]).output()
    }

    private func column(_ site: Catboat, _ table: String, _ name: String, of image: String = image) throws -> String {
        String(try site.succeed("table-get", Word(table), Word(image), "-c", Word(name)).stdout.dropLast())
    }

    private func expectFiles(_ files: [String: String], _ location: SourceLocation = #_sourceLocation) throws {
        for (path, text) in files {
            let file = Scratch.directory.joined("to\(path)")
            try #require(file.exists, "\(path)", sourceLocation: location)
            #expect(try file.readText() == text, "\(path)", sourceLocation: location)
        }
    }

    /// What every netboot bundle of these tests brings.
    private static let members = [
        "kernel": "kernel", "initrd-stateless.gz": "initramfs", "rootimg.cpio.gz": "root", "compute.pkglist": "bash\n",
        "compute.exlist": "./tmp\n", "compute.postinstall": "#!/bin/sh\n", "compute.synclist": "/a -> /b\n",
    ]
    private static let placed = [
        "\(boot)/kernel": "kernel", "\(boot)/initrd-stateless.gz": "initramfs", "\(boot)/rootimg.cpio.gz": "root",
        "\(lists)/compute.pkglist": "bash\n", "\(lists)/compute.exlist": "./tmp\n",
        "\(lists)/compute.postinstall": "#!/bin/sh\n", "\(lists)/compute.synclist": "/a -> /b\n",
    ]
    private static let top = """
          <kernel>\(boot)/kernel</kernel>
          <ramdisk>\(boot)/initrd-stateless.gz</ramdisk>
          <rootimg>\(boot)/rootimg.cpio.gz</rootimg>

        """
    private static let linuximage = """
        <exlist>\(lists)/compute.exlist</exlist>
        <pkglist>\(lists)/compute.pkglist</pkglist>
        <postinstall>\(lists)/compute.postinstall</postinstall>
        <rootimgdir>\(boot)</rootimgdir>

        """
    private static let osimage = """
        <imagetype>linux</imagetype>
        <osarch>x86_64</osarch>
        <osname>Linux</osname>
        <osvers>debian12</osvers>
        <profile>compute</profile>
        <provmethod>netboot</provmethod>
        <synclists>\(lists)/compute.synclist</synclists>

        """

    private func expectRows(_ site: Catboat, _ location: SourceLocation = #_sourceLocation) throws {
        for (table, name, value) in [
            ("osimage", "profile", "compute"), ("osimage", "provmethod", "netboot"), ("osimage", "osvers", "debian12"),
            ("osimage", "synclists", "\(Self.lists)/compute.synclist"), ("osimage", "imagetype", "linux"),
            ("linuximage", "pkglist", "\(Self.lists)/compute.pkglist"), ("linuximage", "rootimgdir", Self.boot),
            ("linuximage", "postinstall", "\(Self.lists)/compute.postinstall"),
        ] { #expect(try column(site, table, name) == value, "\(table).\(name)", sourceLocation: location) }
    }

    @Test func `a flat manifest of xCAT 2 7 gives rows of both tables, and its names to -p`() throws {
        try write(Self.members, in: "\(Self.image)/")
        let manifest = """
            <xcatimage>
              <imagename>\(Self.image)</imagename>
            \(Self.top)\(Self.linuximage)\(Self.osimage)
              <postscripts>setup_compute</postscripts>
              <postbootscripts>boot_compute</postbootscripts>
            </xcatimage>
            """
        try write(["manifest.xml": manifest], in: "\(Self.image)/")
        try pack()
        let to = try BundleSite.empty("to")
        try to.succeed("mkdef", "-t", "node", "-o", "n1", "groups=group1")
        let result = try to.succeed("imgimport", Word(bundle), "-p", "group1")
        #expect(result.stdout.hasSuffix("Adding postscripts.\nSuccessfully imported the image \(Self.image).\n"))
        try expectRows(to)
        #expect(try column(to, "osimage", "postscripts") == "setup_compute")
        #expect(
            try to.succeed("tabdump", "postscripts").stdout.contains("\"group1\",\"setup_compute\",\"boot_compute\","))
        try expectFiles(Self.placed)
        #expect(try to.succeed("manifest-read", "--json", Word(bundle)).stdout.contains("\"dialect\":\"flat\""))
    }

    @Test(arguments: [true, false])
    func `the structure that the document shows, manifest, files and extra at the top`(isFlat: Bool) throws {
        try write(Self.members, in: "")
        try write(["extra/site.conf": "conf\n", "extra/install/tools/bin/one": "1\n"], in: "")
        let extras = """
            <extra><dest>/install/postscripts</dest><src>/install/postscripts/site.conf</src></extra>
            <extra><dest>/install/tools</dest><src>/install/tools</src></extra>

            """
        let name = "<imagename>\(Self.image)</imagename>"
        let columns =
            isFlat
            ? name + Self.linuximage + Self.osimage
            : "<linuximage>\(name)\(Self.linuximage)</linuximage><osimage>\(name)\(Self.osimage)</osimage>"
        try write(["manifest.xml": "<xcatimage>\(extras)\(Self.top)\(columns)</xcatimage>\n"], in: "")
        for words in ["-czf", "-cJf", "-cf"] {
            try bundle.removeFile()
            try pack(words)
            let to = try BundleSite.empty("to")
            try to.succeed("imgimport", Word(bundle))
            try expectRows(to)
            try expectFiles(
                Self.placed.merging([
                    "/install/postscripts/site.conf": "conf\n", "/install/tools/bin/one": "1\n",
                ]) { $1 })
            try Scratch.directory.joined("to").removeTree()
        }
        // Names without ./ in front are names too.
        _ = try Tool("sh", ["-c", "cd \"$0\" && tar -czf \"$1\" *", Word(tree), Word(bundle)]).output()
        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(bundle), "-f", "second")
        #expect(
            try column(to, "linuximage", "pkglist", of: "debian12-x86_64-netboot-second").hasSuffix("/second.pkglist"))
        try expectFiles(["/install/netboot/debian12/x86_64/second/kernel": "kernel"])
    }

    @Test func `a bundle of xCAT 2 8 and later with attributes, empty elements and one kit`() throws {
        try write(Self.members, in: "\(Self.image)/")
        try write(["demo-1.0/repos/demo-repo/x.deb": "deb\n"], in: "\(Self.image)/")
        let manifest = """
            <?xml version="1.0"?>
            <!-- by hand -->
            <bundle kernel="\(Self.boot)/kernel">
              <kit><name>demo-1.0</name><kitdir>/install/kits/demo-1.0</kitdir><kitname>demo-1.0</kitname></kit>
              <kitcomp><name>comp</name><kitcompname>comp</kitcompname><kitname>demo-1.0</kitname></kitcomp>
              <kitrepo><kitname>demo-1.0</kitname><kitreponame>demo-repo</kitreponame></kitrepo>
              <linuximage imagename="\(Self.image)"><comments></comments><addkcmdline> </addkcmdline>
              \(Self.linuximage)</linuximage>
              <osimage><imagename> \(Self.image) </imagename><kitcomponents>comp</kitcomponents>\(Self.osimage)</osimage>
              <ramdisk>\(Self.boot)/initrd-stateless.gz</ramdisk>
              <rootimg>\(Self.boot)/rootimg.cpio.gz</rootimg>
              <something><new/></something>
            </bundle>
            """
        try write(["manifest.xml": manifest], in: "\(Self.image)/")
        try pack()
        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(bundle))
        try expectRows(to)
        #expect(try column(to, "linuximage", "comments").isEmpty && column(to, "linuximage", "addkcmdline").isEmpty)
        #expect(try column(to, "kit", "kitdir", of: "demo-1.0") == "/install/kits/demo-1.0")
        #expect(try column(to, "kitcomponent", "kitname", of: "comp") == "demo-1.0")
        try expectFiles(Self.placed.merging(["/install/kits/demo-1.0/repos/demo-repo/x.deb": "deb\n"]) { $1 })
    }

    @Test func `several images of xCAT in one bundle arrive in their order, or none`() throws {
        for (number, profile) in ["one", "two"].enumerated() {
            let image = "debian12-x86_64-netboot-\(profile)"
            let boot = Self.boot.replacing("/compute", with: "/\(profile)")
            try write(
                [
                    "kernel": "kernel \(number)", "initrd-stateless.gz": "i", "rootimg.cpio.gz": "r",
                    "shared.pkglist": "b\n",
                ],
                in: "\(image)/")
            let manifest = """
                <xcatimage>
                  <kernel>\(boot)/kernel</kernel><ramdisk>\(boot)/initrd-stateless.gz</ramdisk>
                  <rootimg>\(boot)/rootimg.cpio.gz</rootimg>
                  <linuximage><imagename>\(image)</imagename><pkglist>\(Self.lists)/shared.pkglist</pkglist></linuximage>
                  <osimage><imagename>\(image)</imagename>
                  \(Self.osimage.replacing("compute</profile>", with: "\(profile)</profile>")
                    .replacing(#/<synclists>.*<\/synclists>/#, with: ""))</osimage>
                </xcatimage>
                """
            try write(["manifest.xml": manifest], in: "\(image)/")
        }
        try pack()
        let to = try BundleSite.empty("to")
        let result = try to.succeed("imgimport", Word(bundle))
        let told = result.stdout.split(separator: "\n").suffix(2)
        #expect(
            Array(told) == ["one", "two"].map { "Successfully imported the image debian12-x86_64-netboot-\($0)." })
        try expectFiles([
            "\(Self.boot.replacing("/compute", with: "/one"))/kernel": "kernel 0",
            "\(Self.boot.replacing("/compute", with: "/two"))/kernel": "kernel 1",
            "\(Self.lists)/shared.pkglist": "b\n",
        ])
        // The second one lacks a file: the first does not come either.
        try tree.joined("debian12-x86_64-netboot-two/kernel").removeFile()
        try pack()
        try Scratch.directory.joined("to").removeTree()
        let other = try BundleSite.empty("to")
        let before = try BundleSite.state("to")
        let refused = try other("imgimport", Word(bundle))
        #expect(refused.status == 1 && refused.stderr.contains("The bundle does not have the file kernel"))
        #expect(try BundleSite.state("to") == before)
        #expect(try other.succeed("tabdump", "osimage").stdout.split(separator: "\n").count == 1)
    }

    @Test func `a column that does not exist is refused by name`() throws {
        try write(Self.members, in: "\(Self.image)/")
        let manifest = """
            <xcatimage>\(Self.top)<linuximage>\(Self.linuximage)</linuximage>
            <osimage><imagename>\(Self.image)</imagename><nosuch>1</nosuch>\(Self.osimage)</osimage></xcatimage>
            """
        try write(["manifest.xml": manifest], in: "\(Self.image)/")
        try pack()
        let to = try BundleSite.empty("to")
        let before = try BundleSite.state("to")
        let refused = try to("imgimport", Word(bundle))
        #expect(refused.status == 1)
        #expect(refused.stderr.contains("manifest is refused: 'nosuch': table osimage has no such column"))
        #expect(try BundleSite.state("to") == before)
    }
}
