import Support
import SystemPackage
import TestSupport
import Testing

/// `catboat clone` and `catboat gc`.
@Suite(.scratchDirectory) struct CloneTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private var netboot: FilePath { Scratch.directory.joined("install/netboot/debian12/x86_64") }
    private let lists = "/install/custom/netboot/debian"

    private func define() throws {
        let batch = """
            set\tosimage\timagename=img\t:\tprofile=compute\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux
            set\tlinuximage\timagename=img\t:\trootimgdir=/install/netboot/debian12/x86_64/compute\tpkglist=\(lists)/compute.pkglist,\(lists)/site.pkglist\texlist=/opt/xcat/share/xcat/netboot/debian/compute.exlist\tpostinstall=\(lists)/compute.postinstall word

            """
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
        for (name, mode) in [
            ("compute.pkglist", UInt32(0o644)), ("site.pkglist", 0o640), ("compute.postinstall", 0o755),
        ] {
            try Scratch.write(name, to: String((lists + "/" + name).dropFirst()), permissions: mode)
        }
        let folder = "install/netboot/debian12/x86_64/compute"
        for name in [
            "rootimg/etc/hostname", "rootimg/bin/tool", "kernel", "initrd-stateless.gz", ".state", "rootimg.cpio.gz",
            ".packed/x/kernel", ".rootimg.tmp-1/half",
        ] {
            try Scratch.write(name, to: "\(folder)/\(name)")
        }
        try netboot.joined("compute/rootimg/bin/tool").hardLink(as: netboot.joined("compute/rootimg/bin/link"))
        try netboot.joined("compute/rootimg/bin/tool").changePermissions(0o4755)
    }

    @Test func `definition, lists and root image of the new one are its own`() throws {
        try define()
        let result = try catboat("clone", "img", "gpu-img", "--profile", "gpu", "addkcmdline=debug")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            result.stdout == """
                file \(lists)/compute.pkglist -> \(lists)/gpu.pkglist
                file \(lists)/site.pkglist -> \(lists)/gpu.site.pkglist
                file \(lists)/compute.postinstall -> \(lists)/gpu.postinstall
                root image /install/netboot/debian12/x86_64/gpu
                gpu-img is defined.

                """)
        let stanza = try catboat("lsdef", "-t", "osimage", "gpu-img", "-z").stdout
        for line in [
            "addkcmdline=debug", "profile=gpu", "rootimgdir=/install/netboot/debian12/x86_64/gpu",
            "pkglist=\(lists)/gpu.pkglist,\(lists)/gpu.site.pkglist", "postinstall=\(lists)/gpu.postinstall word",
            "exlist=/opt/xcat/share/xcat/netboot/debian/compute.exlist", "osvers=debian12",
        ] {
            #expect(stanza.contains("    \(line)\n"), "\(line)")
        }
        let copy = netboot.joined("gpu")
        #expect(
            try copy.directoryNames().map(\.printable).sorted() == [
                ".state", "initrd-stateless.gz", "kernel", "rootimg",
            ])
        func listing(_ name: String) throws -> String {
            try catboat("rootimg-list", Word(netboot.joined(name).joined("rootimg"))).stdout
        }
        #expect(try listing("gpu") == listing("compute"))
        #expect(
            try copy.joined("rootimg/bin/tool").status()?.inode == copy.joined("rootimg/bin/link").status()?.inode)
        #expect(
            try Scratch.directory.joined("\(lists.dropFirst())/gpu.site.pkglist").status()?.permissions == 0o640)
        #expect(try catboat("profile-log", "gpu-img").stdout.contains("\tgpu-img\t"))
        // What changes in the one stays out of the other.
        try Scratch.write("new", to: "install/netboot/debian12/x86_64/gpu/rootimg/bin/tool")
        #expect(try netboot.joined("compute/rootimg/bin/tool").readText() == "rootimg/bin/tool")
    }

    @Test func `hooks of the image, masks among them, and its partition file are copied`() throws {
        try define()
        let hooks = Scratch.directory.joined("install/custom/hooks/osimage")
        try Scratch.write(
            "#!/bin/sh\n", to: "install/custom/hooks/osimage/img/post-populate.d/10-x", permissions: 0o755)
        try hooks.joined("img/post-populate.d/20-mask").createSymbolicLink(to: "/dev/null")
        try Scratch.write("part\n", to: "install/custom/compute.part", permissions: 0o755)
        #expect(
            try catboat("chdef", "-t", "osimage", "-o", "img", "partitionfile=s:/install/custom/compute.part").status
                == 0)
        let result = try catboat("clone", "img", "gpu-img", "--profile", "gpu", "--no-tree")
        #expect(result.status == 0, "\(result.stderr)")
        let copy = hooks.joined("gpu-img/post-populate.d")
        #expect(try copy.joined("10-x").status()?.permissions == 0o755)
        #expect(try copy.joined("20-mask").status()?.kind == .symbolicLink)
        #expect(try copy.joined("20-mask").resolved() == "/dev/null")
        let shown = try catboat("lsdef", "-t", "osimage", "gpu-img", "-i", "partitionfile").stdout
        #expect(shown.contains("partitionfile=s:/install/custom/gpu.part\n"))
    }

    @Test func `without a profile and without a tree the new name counts`() throws {
        try define()
        let result = try catboat("clone", "--no-tree", "img", "test", "pkglist=/install/custom/x")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(result.stderr == "hint: genimage test builds its root image\n")
        let stanza = try catboat("lsdef", "-t", "osimage", "test", "-z").stdout
        #expect(stanza.contains("rootimgdir=/install/netboot/debian12/x86_64/test\n"))
        #expect(stanza.contains("pkglist=/install/custom/x\n"))
        #expect(stanza.contains("postinstall=\(lists)/test.postinstall word\n"))
        #expect(!netboot.joined("test").exists)
    }

    @Test(arguments: [
        (["img", "img"], "clone: error: osimage exists: 'img'"),
        (["none", "new"], "clone: error: "),
        (["img", "new", "colour=red"], "clone: error: "),
        (
            ["img", "new", "rootimgdir=/install/netboot/debian12/x86_64/compute"],
            "clone: error: folder of the new root image exists"
        ),
        (
            ["img", "taken"],
            "clone: error: file of the new osimage exists: '/install/custom/netboot/debian/taken.pkglist'"
        ),
    ]) func `what exists is not touched, and a mistake leaves nothing`(words: [String], message: String) throws {
        try define()
        try Scratch.write("mine", to: String((lists + "/taken.pkglist").dropFirst()))
        let before = try catboat("rootimg-list", Word(Scratch.directory.joined("install"))).stdout
        let result = try catboat.run("clone", words.map { Word($0) })
        #expect(result.status != 0)
        #expect(result.stderr.hasPrefix(message), "\(result.stderr)")
        #expect(try catboat("rootimg-list", Word(Scratch.directory.joined("install"))).stdout == before)
        #expect(try catboat("lsdef", "-t", "osimage", "-s").stdout == "img  (osimage)\n")
    }

    @Test func `when the definition cannot be written nothing stays copied`() throws {
        try define()
        let folder = netboot.joined("compute")
        let list = Scratch.directory.joined("\(lists.dropFirst())/compute.pkglist")
        let copy = Scratch.directory.joined("copy.pkglist")
        let words: [Word] = [
            "--tree", Word(folder), "--to", Word(netboot.joined("new")), "--file", Word(list), "--as", Word(copy), "--",
        ]
        let failed = try catboat.run("image-copy", words + ["sh", "-c", "test -d '\(netboot.joined("new"))'; exit 7"])
        #expect(failed.status == 7)
        #expect(!netboot.joined("new").exists && !copy.exists)
        #expect(try catboat.run("image-copy", words + ["true"]).status == 0)
        #expect(netboot.joined("new/rootimg").isDirectory && copy.isRegularFile)
        #expect(try catboat.run("image-copy", words + ["true"]).status == 128)
        #expect(netboot.joined("new/rootimg").isDirectory && copy.isRegularFile)
    }

    // MARK: - gc

    private func publish(_ text: String) throws -> String {
        for name in ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"] {
            let file = netboot.joined("compute/.stage/\(name)")
            try file.removingLastComponent().createDirectories()
            try AtomicFile.write("\(name) \(text)".utf8, to: file)
        }
        let result = try catboat(
            "image-publish", "--keep", "99", "--stage", Word(netboot.joined("compute/.stage/rootimg.cpio.gz")), "img")
        #expect(result.status == 0, "\(result.stderr)")
        return String(result.stdout.dropLast())
    }

    private func kept() throws -> Set<String> {
        Set(
            try catboat("image-publish", "--list", "img").stdout.split(separator: "\n").map {
                String($0.prefix { $0 != "\t" })
            })
    }

    @Test func `gc removes what policy does not keep, never what a boot file names`() throws {
        try define()
        var sets: [String] = []
        for text in ["1", "2", "3", "4", "5"] {
            sets.append(try publish(text))
            let record = netboot.joined("compute/.packed/\(sets[sets.count - 1].dropFirst(7))/set.json")
            // Published one day after the other, the first ten days ago.
            _ = try Tool("touch", ["-d", Word("\(10 - sets.count) days ago"), Word(record)]).output()
        }
        // A node is pinned to the second set.
        try Scratch.write(
            "#!gpxe\nimgfetch http://x/install/netboot/debian12/x86_64/compute/.packed/\(sets[1].dropFirst(7))/kernel\n",
            to: "tftpboot/xcat/xnba/nodes/n9")
        let dry = try catboat("-c", "sets.keep=2", "gc", "--dry-run")
        #expect(dry.status == 0, "\(dry.stderr)")
        #expect(dry.stdout.split(separator: "\n").count == 3)
        #expect(try kept() == Set(sets))
        let young = try Catboat(root: Scratch.directory).run("-c", ["sets.keep=1", "-c", "sets.keepdays=8", "gc"])
        #expect(young.status == 0, "\(young.stderr)")
        #expect(try kept() == Set(sets.dropFirst()))
        let json = try catboat("-c", "sets.keep=2", "gc", "--json", "img")
        #expect(json.stdout.contains("\"osimage\":\"img\"") && json.stdout.contains(sets[2]))
        #expect(try kept() == [sets[1], sets[4]])
        #expect(try catboat("-c", "sets.keep=1", "gc").stderr == "Nothing to remove.\n")
        let wrong = try catboat("-c", "sets.keep=0", "gc")
        #expect(wrong.status == 128 && wrong.stderr.contains("setting is not understood"))
    }
}
