import Support
import SystemPackage
import TestSupport
import Testing

/// What the options of imgexport and imgimport do, beyond the plain way from here to there.
@Suite(.scratchDirectory) struct BundleOptionTests {
    private static let image = BundleSite.image
    private var bundle: FilePath { Scratch.directory.joined("image.tgz") }

    // MARK: - Rows

    @Test func `columns that the bundle lacks are cleared, or kept with --merge`() throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try BundleSite.empty("to")
        for (option, kept) in [("", ""), ("--merge", "quiet")] {
            try to.succeed("table-set", "linuximage", Word("imagename=\(Self.image)"), "addkcmdline=quiet")
            try to.succeed("table-set", "osimage", Word("imagename=\(Self.image)"), "osvers=old")
            let words: [Word] = option.isEmpty ? [] : [Word(option)]
            let result = try to.run("imgimport", [Word(bundle)] + words)
            #expect(result.status == 0, "\(result)")
            let column = try to.succeed("table-get", "linuximage", Word(Self.image), "-c", "addkcmdline").stdout
            #expect(column == (kept.isEmpty ? "\n" : "\(kept)\n") || (kept.isEmpty && column.isEmpty), "\(option)")
            #expect(try BundleSite.stanza(to).contains("osvers=debian12\n"))
        }
    }

    @Test func `-p appends to a group, a node or a range, and replaces with --replace`() throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("mkdef", "-t", "node", "-o", "node1", "groups=all")
        try from.succeed("table-set", "postscripts", "node=xcatdefaults", "postscripts=", "postbootscripts=")
        try from.succeed("table-set", "postscripts", "node=node1", "postscripts=one,two")
        try from.succeed("imgexport", Word(Self.image), Word(bundle), "-p", "node1")
        let to = try BundleSite.empty("to")
        try to.succeed("mkdef", "-t", "node", "-o", "n1-n3", "groups=group1,all")
        try to.succeed("table-set", "postscripts", "node=xcatdefaults", "postscripts=one", "postbootscripts=boot")
        func row(_ key: String) throws -> String {
            try to.succeed("tabdump", "postscripts").stdout.split(separator: "\n").map(String.init)
                .first { $0.hasPrefix("\"\(key)\",") } ?? ""
        }
        try to.succeed("table-set", "postscripts", "node=n2", "postscripts=mine", "postbootscripts=late")
        try to.succeed("imgimport", Word(bundle), "-p", "n1,n2")
        // `one` comes from xcatdefaults; nothing is taken away.
        #expect(try row("n1").hasPrefix("\"n1\",\"two\",,"))
        #expect(try row("n2").hasPrefix("\"n2\",\"mine,two\",\"late\","))
        #expect(try row("n3").isEmpty)
        try to.succeed("imgimport", Word(bundle), "-p", "group1")
        #expect(try row("group1").hasPrefix("\"group1\",\"two\",,"))
        // Once more: no name twice.
        try to.succeed("imgimport", Word(bundle), "-p", "group1,n2")
        #expect(try row("n2").hasPrefix("\"n2\",\"mine,two\",\"late\","))
        try to.succeed("imgimport", Word(bundle), "-p", "n2", "--replace")
        #expect(try row("n2").hasPrefix("\"n2\",\"two\",,"))
        let unknown = try to("imgimport", Word(bundle), "-p", "n1,nosuch")
        #expect(unknown.status == 1 && unknown.stderr.contains("not in the nodelist table.\n  nosuch"))
        #expect(try to("imgimport", Word(bundle), "-p", "nosuch").stderr.contains("The nodes nosuch are not defined"))
        // A row of its own would hide what a node has from its group.
        try to.succeed("mkdef", "-t", "node", "-o", "n4", "groups=group2,all")
        try to.succeed("table-set", "postscripts", "node=group2", "postscripts=ours", "postbootscripts=later")
        try to.succeed("imgimport", Word(bundle), "-p", "n4")
        #expect(try row("n4").hasPrefix("\"n4\",\"ours,two\",,"))
    }

    @Test func `a destination that is no file stays what it is`() throws {
        let from = try BundleSite.make("from", version: "1")
        let pipe = Scratch.directory.joined("pipe")
        _ = try Tool("mkfifo", [Word(pipe)]).output()
        // A link to a bundle is one to replace.
        try Scratch.write("", to: "dated.tgz")
        let link = Scratch.directory.joined("current.tgz")
        try link.createSymbolicLink(to: "dated.tgz")
        try from.succeed("imgexport", Word(Self.image), Word(link))
        #expect(try link.targetStatus()?.size ?? 0 > 0)
        let refused = try from("imgexport", Word(Self.image), Word(pipe))
        #expect(refused.status == 1 && refused.stderr.contains("is there and no file"))
        #expect(try from("ramdisk-pack", "-o", Word(pipe), Word(Scratch.directory)).status == 128)
        #expect(try pipe.status()?.kind == .fifo)
    }

    @Test func `a bundle on standard input is unpacked as it comes`() throws {
        let from = try BundleSite.make("from", version: "1")
        for compressor in ["gzip", "zstd", "xz"] {
            try from.succeed("imgexport", Word(Self.image), Word(bundle), "--compress", Word(compressor))
            let bytes = try bundle.readBytes(limit: 64 << 20)
            let folder = Scratch.directory.joined("out-\(compressor)")
            let unlimited = try from.run("bundle-unpack", ["-", Word(folder)], input: bytes)
            #expect(unlimited.status == 128 && unlimited.stderr.contains("give --max-size BYTES"))
            let result = try from.run("bundle-unpack", ["--max-size", "1000000", "-", Word(folder)], input: bytes)
            if compressor == "xz" {
                #expect(result.status == 128 && result.stderr.contains("pipe it through xz -dc"), "\(result)")
                #expect(!folder.exists)
            } else {
                #expect(result.status == 0, "\(result)")
                #expect(folder.joined(Self.image).joined("manifest.xml").isRegularFile)
            }
        }
    }

    @Test func `options without a value that means something are told`() throws {
        let catboat = try BundleSite.empty("site")
        for (verb, words, told) in [
            ("imgexport", ["img", "--compress", "lz4"], "lz4"), ("imgimport", ["x", "--max-size", "10G"], "10G"),
            ("imgimport", ["x", "-f", ""], "-f needs"), ("imgimport", ["x", "--replace"], "--replace needs -p"),
        ] as [(String, [Word], String)] {
            let result = try catboat.run(verb, words)
            #expect(result.status == 1 && result.stderr.contains(told), "\(verb) \(words): \(result)")
        }
    }

    @Test func `what a copy's lists include is the copy's own`() throws {
        let from = try BundleSite.make("from", version: "1")
        let lists = Scratch.directory.joined("from/install/custom/netboot/debian")
        // Names in an included file are relative to the list that includes it.
        try lists.joined("base").createDirectories()
        try AtomicFile.write("#INCLUDE:more.pkglist#\n".utf8, to: lists.joined("base/nested.pkglist"))
        let text = try lists.joined("compute.pkglist").readText()
        try AtomicFile.write((text + "#INCLUDE:base/nested.pkglist#\n").utf8, to: lists.joined("compute.pkglist"))
        try from.succeed("imgexport", Word(Self.image), Word(bundle), "--complete")
        try AtomicFile.write("edited\n".utf8, to: lists.joined("more.pkglist"))
        let imported = try from.succeed("imgimport", Word(bundle), "-f", "web")
        #expect(!imported.stderr.contains("not here"), "\(imported)")
        #expect(try lists.joined("more.pkglist").readText() == "edited\n")
        #expect(try lists.joined("web.more.pkglist").readText() == "vim # 1\n")
        #expect(try lists.joined("web.pkglist").readText().contains("#INCLUDE:web.more.pkglist#"))
        #expect(try lists.joined("compute.pkglist").readText().contains("#INCLUDE:more.pkglist#"))
        #expect(try lists.joined("base/web.nested.pkglist").readText() == "#INCLUDE:web.more.pkglist#\n")
        // Without the included file the import says what is missing.
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let warned = try BundleSite.empty("to").succeed("imgimport", Word(bundle))
        #expect(
            warned.stderr.contains(
                "compute.pkglist includes /install/custom/netboot/debian/more.pkglist, which is not here."))
    }

    @Test func `a complete bundle of shipped lists arrives, and what stays behind is told`() throws {
        let from = try BundleSite.make("from", version: "1")
        let shipped = "/opt/xcat/share/xcat/netboot/debian/compute.exlist"
        try from.succeed("chdef", "-t", "osimage", "-o", Word(Self.image), Word("exlist=\(shipped)"))
        try from.succeed(
            "chdef", "-t", "osimage", "-o", Word(Self.image), "postscripts=setup,syslog,not-here")
        let hooks = Scratch.directory.joined("from/install/custom/hooks/osimage/\(Self.image)/pre-genimage.d")
        try hooks.joined("20-mask").createSymbolicLink(to: "/dev/null")
        let exported = try from.succeed("imgexport", Word(Self.image), Word(bundle), "--complete")
        #expect(exported.stderr.contains("pre-genimage.d/20-mask is a link or no file; it is not in the bundle."))
        #expect(exported.stderr.contains("postscript not-here is not in /install/postscripts; "))
        #expect(!exported.stderr.contains("syslog"))
        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(bundle))
        #expect(try BundleSite.stanza(to).contains("exlist=/install/custom/netboot/debian/compute.exlist\n"))
    }

    // MARK: - Kits

    private func addKit(_ name: String, to catboat: Catboat, in site: String) throws {
        let top = "\(site)/install/kits/\(name)-1.0-x86_64"
        try Scratch.write("package\n", to: "\(top)/repos/\(name)-1.0-debian-12/\(name).deb")
        try Scratch.write("#!/bin/sh\n", to: "\(top)/other_files/\(name)-setup", permissions: 0o755)
        for file in ["\(name).env", "\(name).exlist", ".hidden", "folder/inner"] {
            try Scratch.write("x\n", to: "\(top)/other_files/\(file)")
        }
        try Scratch.write("1;\n", to: "\(top)/plugins/\(name).pm")
        try Scratch.directory.joined(top).joined("repos/latest").createSymbolicLink(
            to: FilePath("\(name)-1.0-debian-12"))
        try catboat.succeed(
            "table-set", "kit", Word("kitname=\(name)-1.0-x86_64"), Word("basename=\(name)"), "version=1.0",
            Word("kitdir=/install/kits/\(name)-1.0-x86_64"))
        try catboat.succeed(
            "table-set", "kitrepo", Word("kitreponame=\(name)-1.0-debian-12"), Word("kitname=\(name)-1.0-x86_64"),
            Word("kitrepodir=/install/kits/\(name)-1.0-x86_64/repos/\(name)-1.0-debian-12"))
        try catboat.succeed(
            "table-set", "kitcomponent", Word("kitcompname=\(name)comp-1.0"), Word("basename=\(name)comp"),
            Word("kitname=\(name)-1.0-x86_64"), Word("kitreponame=\(name)-1.0-debian-12"))
    }

    @Test(arguments: [["demo"], ["demo", "other"]])
    func `kits arrive with their rows, scripts and repositories; plugins are not installed`(kits: [String]) throws {
        let from = try BundleSite.make("from", version: "1")
        for kit in kits { try addKit(kit, to: from, in: "from") }
        try from.succeed(
            "chdef", "-t", "osimage", "-o", Word(Self.image), "otherpkgdir=/install/post/otherpkgs/debian12/x86_64",
            Word("kitcomponents=\(kits.map { "\($0)comp-1.0" }.joined(separator: ","))"))
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let manifest = try Tool("tar", ["-xzOf", Word(bundle), Word("./\(Self.image)/manifest.xml")]).output().text
        // xCAT's importer dies of a single one.
        for element in ["kit", "kitrepo", "kitcomp"] {
            #expect(manifest.ranges(of: "<\(element)>").count == 2, "\(element)")
        }
        let to = try BundleSite.empty("to")
        let result = try to.succeed("imgimport", Word(bundle))
        for table in ["kit", "kitrepo", "kitcomponent"] {
            #expect(try to.succeed("tabdump", Word(table)).stdout == from.succeed("tabdump", Word(table)).stdout)
        }
        #expect(try BundleSite.stanza(to) == BundleSite.stanza(from))
        let install = Scratch.directory.joined("to/install")
        for kit in kits {
            let folder = install.joined("kits/\(kit)-1.0-x86_64")
            #expect(folder.joined("plugins/\(kit).pm").exists && folder.joined("other_files/.hidden").exists)
            #expect(try folder.joined("repos/latest/\(kit).deb").readText() == "package\n")
            let link = install.joined("post/otherpkgs/debian12/x86_64/\(kit)-1.0-debian-12")
            #expect(
                try Tool("readlink", [Word(link)]).output().text
                    == "/install/kits/\(kit)-1.0-x86_64/repos/\(kit)-1.0-debian-12\n")
            #expect(result.stderr.contains("  kit /install/kits/\(kit)-1.0-x86_64\n"))
            #expect(result.stderr.contains("  postscript /install/postscripts/\(kit)-setup\n"))
        }
        #expect(
            try install.joined("postscripts").directoryNames().map(\.printable).filter { $0 != ".lock" }
                == kits.map { "\($0)-setup" })
        #expect(try #require(try install.joined("postscripts/demo-setup").status()).permissions == 0o755)

        // Again: all is there already. Changed: what was there stays beside.
        #expect(try !to.succeed("imgimport", Word(bundle)).stdout.contains("Moving old"))
        try Scratch.write("mine\n", to: "to/install/kits/demo-1.0-x86_64/other_files/demo.env")
        let again = try to.succeed("imgimport", Word(bundle))
        #expect(
            again.stdout.contains(
                "  Moving old /install/kits/demo-1.0-x86_64 to /install/kits/demo-1.0-x86_64.ORIG.\n"))
        #expect(try install.joined("kits/demo-1.0-x86_64.ORIG/other_files/demo.env").readText() == "mine\n")
        #expect(try install.joined("kits/demo-1.0-x86_64/other_files/demo.env").readText() == "x\n")
    }

    // MARK: - Trees and hooks

    @Test func `--enable-hooks lets them run`() throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle), "--complete")
        let to = try BundleSite.empty("to")
        let result = try to.succeed("imgimport", Word(bundle), "--enable-hooks")
        #expect(result.stderr.contains("  hook ") && !result.stderr.contains("(disabled"))
        let hook = Scratch.directory.joined("to/install/custom/hooks/osimage/\(Self.image)/pre-genimage.d/10-mine")
        #expect(try #require(try hook.status()).permissions == 0o755)
        #expect(
            try to.succeed("hook", "list", "--osimage", Word(Self.image), "pre-genimage").stdout.contains("10-mine"))
    }

    @Test(arguments: [true, false])
    func `a root image on a file system of its own gets its tree, or nothing`(hasRoom: Bool) throws {
        let from = try BundleSite.make("from", version: "1")
        let noise = try Tool("head", ["-c", "300000", "/dev/urandom"]).output().output
        let boot = Scratch.directory.joined("from/install/netboot/debian12/x86_64/compute")
        try AtomicFile.write(noise, to: boot.joined("rootimg/etc/noise"))
        try from.succeed(
            "ramdisk-pack", "-o", Word(boot.joined("rootimg.cpio.gz")), Word(boot.joined("rootimg")))
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try BundleSite.empty("to")
        let folder = Scratch.directory.joined("to/install/netboot")
        try folder.createDirectories()
        let script = try Scratch.write(
            """
            mount -t tmpfs -o size=\(hasRoom ? "2m" : "500k") tmpfs "$1"
            "$2" --root "$3" imgimport "$4" --tree
            echo status $?
            find "$1" ! -name .lock ! -path "$1" | sort

            """, to: "script")
        var tool = to.tool("help")
        tool.words = [
            "-m", "sh", Word(script), Word(folder), Word(tool.program), Word(Scratch.directory.joined("to")),
            Word(bundle),
        ]
        tool.program = "unshare"
        let result = try tool.capture()
        let inner = "/debian12/x86_64/compute/rootimg/etc/noise"
        #expect(result.lines.contains("status \(hasRoom ? 0 : 1)"), "\(result)")
        #expect(result.lines.contains("\(folder)\(inner)") == hasRoom, "\(result.text)")
        let left = result.lines.filter { $0.hasPrefix("\(folder)/") }
        #expect(
            hasRoom ? !left.contains { $0.contains("/.rootimg") || $0.contains("/.import") } : left.isEmpty, "\(left)")
        #expect(try to("lsdef", "-t", "osimage", Word(Self.image)).status == (hasRoom ? 0 : 1))
    }

    @Test func `a root image that is the same is left alone, another one stays beside the new one`() throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(bundle), "--tree")
        #expect(try !to.succeed("imgimport", Word(bundle), "--tree").stdout.contains("Moving old"))
        let tree = "to/install/netboot/debian12/x86_64/compute/rootimg"
        try Scratch.write("by hand\n", to: "\(tree)/etc/motd")
        let again = try to.succeed("imgimport", Word(bundle), "--tree")
        #expect(again.stdout.contains("/compute/rootimg to /install/netboot/debian12/x86_64/compute/rootimg.ORIG.\n"))
        #expect(try Scratch.directory.joined("\(tree).ORIG/etc/motd").readText() == "by hand\n")
        #expect(try Scratch.directory.joined("\(tree)/etc/motd").readText() == "hello 1\n")
    }

    @Test func `while another command has the lock of the root image nothing is imported`() throws {
        let from = try BundleSite.make("from", version: "new")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try BundleSite.make("to", version: "old")
        let before = try (BundleSite.state("to"), BundleSite.stanza(to))
        // image-lock holds it while the import runs below it, for an image whose lock that is not.
        let inner = to.tool("imgimport", [Word(bundle)])
        let script = try Scratch.write(
            "unset CATBOAT_LOCK_FD\nexec \"$@\"\n", to: "script")
        let held = try to.run(
            "image-lock", [Word(Self.image), "--", "sh", Word(script), Word(inner.program)] + inner.words)
        #expect(held.status == 1, "\(held)")
        #expect(held.stderr.contains("failed to acquire lock"))
        #expect(try BundleSite.state("to") == before.0 && BundleSite.stanza(to) == before.1)
    }
}
