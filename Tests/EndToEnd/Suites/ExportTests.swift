import Support
import SystemPackage
import TestSupport
import Testing

/// What imgexport takes as it is meant, refuses before it packs, and tells.
@Suite(.scratchDirectory) struct ExportTests {
    private static let image = BundleSite.image
    private var bundle: FilePath { Scratch.directory.joined("image.tgz") }
    private var install: FilePath { Scratch.directory.joined("site/install") }

    private func site() throws -> Catboat { try BundleSite.make("site", version: "1") }

    private func index() throws -> String {
        try Tool("tar", ["-xzOf", Word(bundle), Word("./\(Self.image)/.catboat/bundle.json")]).output().text
    }

    /// The export fails with these words, and nothing is packed.
    private func expectRefusal(
        _ site: Catboat, _ words: Word..., telling text: String, location: SourceLocation = #_sourceLocation
    ) throws {
        let result = try site.run("imgexport", [Word(Self.image), Word(bundle)] + words)
        #expect(result.status == 1 && result.stderr.contains(text), "\(result)", sourceLocation: location)
        #expect(!result.stdout.contains("Compressing"), sourceLocation: location)
        #expect(!bundle.exists, sourceLocation: location)
    }

    // MARK: - Extra files

    @Test func `paths of extra files and of the bundle are plain, however they are typed`() throws {
        let from = try site()
        try Scratch.write("mine\n", to: "site/install/postscripts/my1")
        try Scratch.write("inner\n", to: "site/install/site/data/inner")
        let result = try BundleSite.run(
            from, in: install.joined("postscripts"), "imgexport", Word(Self.image), "../up.tgz", "-e", "./my1", "-e",
            "../site/./data/.:/install/site/x/../other")
        #expect(result.status == 0, "\(result)")
        #expect(result.stdout.hasPrefix("Exporting \(Self.image) to \(install)...\n"), "\(result.stdout)")
        let manifest = try Tool(
            "tar", ["-xzOf", Word(install.joined("up.tgz")), Word("./\(Self.image)/manifest.xml")]
        ).output().text
        for element in [
            "<src>/install/postscripts/my1</src>", "<dest>/install/postscripts</dest>",
            "<src>/install/site/data</src>", "<dest>/install/site/other</dest>",
        ] { #expect(manifest.contains(element), "\(element): \(manifest)") }
        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(install.joined("up.tgz")))
        #expect(try Scratch.directory.joined("to/install/postscripts/my1").readText() == "mine\n")
        #expect(try Scratch.directory.joined("to/install/site/other/inner").readText() == "inner\n")
    }

    @Test func `what a bundle cannot hold of a folder is named before anything is packed`() throws {
        let from = try site()
        try Scratch.write("x\n", to: "site/install/site/data/file")
        let folder = install.joined("site/data")
        try folder.joined("out").createSymbolicLink(to: "../elsewhere")
        try expectRefusal(
            from, "-e", "/install/site/data",
            telling: "The link '/install/site/data/out' leads out of its folder: '../elsewhere'")
        try folder.joined("out").removeFile()
        try folder.joined("file").changePermissions(0o4755)
        for extra: Word in ["/install/site/data", "/install/site/data/file"] {
            try expectRefusal(
                from, "-e", extra, telling: "'/install/site/data/file' has set-user-ID or set-group-ID")
        }
        try folder.joined("file").changePermissions(0o644)
        _ = try Tool("mkfifo", [Word(folder.joined("pipe"))]).output()
        try expectRefusal(from, "-e", "/install/site/data", telling: "'/install/site/data/pipe' is a device, pipe")
    }

    @Test func `folders arrive with their modes, empty ones too; what does not arrive as it was is told`() throws {
        let from = try site()
        try Scratch.write("x\n", to: "site/install/site/data/sub/file")
        let folder = install.joined("site/data")
        for name in ["empty/inner", "mounted"] { try folder.joined(name).createDirectories() }
        let modes: [(name: FilePath, mode: UInt32)] = [
            ("sub", 0o700), ("empty/inner", 0o2775), ("empty", 0o711), ("", 0o750),
        ]
        for (name, mode) in modes { try folder.joined(name).changePermissions(mode) }
        _ = try Tool("mount", ["-t", "tmpfs", "tmpfs", Word(folder.joined("mounted"))]).output()
        defer { _ = try? Tool("umount", [Word(folder.joined("mounted"))]).run() }
        let told = try from.succeed("imgexport", Word(Self.image), Word(bundle), "-e", "/install/site/data").stderr
        for line in [
            "Warning: /install/site/data/mounted is on another file system; the bundle has it as an empty folder.\n",
            "Warning: An import lets only their owner change folders: "
                + "the mode of /install/site/data/empty/inner is 2775\n",
        ] { #expect(told.contains(line), "\(line)\(told)") }
        let to = try BundleSite.empty("to")
        let plan = try to.succeed("imgimport", Word(bundle), "--dry-run", "--json").stdout
        for name in ["", "/empty", "/empty/inner", "/mounted", "/sub"] {
            #expect(plan.contains("\"/install/site/data\(name)\""), "\(plan)")
        }
        try to.succeed("imgimport", Word(bundle))
        let arrived = Scratch.directory.joined("to/install/site/data")
        for (name, mode) in modes {
            #expect(try arrived.joined(name).status()?.permissions == mode & 0o755, "\(name)")
        }
        #expect(arrived.joined("mounted").isDirectory)
        // What is there is left as it is.
        try arrived.joined("empty").changePermissions(0o775)
        try arrived.joined("empty/inner").removeTree()
        #expect(
            try to.succeed("imgimport", Word(bundle), "--dry-run", "--json").stdout
                .contains("\"folders\":[\"/install/site/data/empty/inner\"]"))
        try to.succeed("imgimport", Word(bundle))
        #expect(try arrived.joined("empty").status()?.permissions == 0o775)
        #expect(arrived.joined("empty/inner").isDirectory)
        // A file in the way is not.
        try arrived.joined("mounted").removeTree()
        try AtomicFile.write("mine".utf8, to: arrived.joined("mounted"))
        let refused = try to("imgimport", Word(bundle))
        #expect(
            refused.status == 1
                && refused.stderr.contains("Something other than a folder is in the way: '/install/site/data/mounted'"),
            "\(refused)")
        #expect(try arrived.joined("mounted").readText() == "mine")
    }

    @Test func `kits whose folders have one name are refused`() throws {
        let from = try site()
        for kit in ["one", "two"] {
            try Scratch.write("x\n", to: "site/install/kits/\(kit)/kit/file")
            try from.succeed(
                "table-set", "kit", Word("kitname=\(kit)"), Word("basename=\(kit)"),
                Word("kitdir=/install/kits/\(kit)/kit"))
            try from.succeed(
                "table-set", "kitcomponent", Word("kitcompname=\(kit)comp"), Word("basename=\(kit)comp"),
                Word("kitname=\(kit)"))
        }
        try from.succeed("chdef", "-t", "osimage", "-o", Word(Self.image), "kitcomponents=onecomp,twocomp")
        try expectRefusal(from, telling: "The folders of the kits 'one' and 'two' have one name: 'kit'")
    }

    // MARK: - Packing

    @Test func `the tree of a statelite image leaves nothing beside the bundle`() throws {
        let from = try site()
        try from.succeed("chdef", "-t", "osimage", "-o", Word(Self.image), "provmethod=statelite")
        try expectRefusal(
            from,
            telling: "Couldn't find ramdisk (initrd-statelite.gz) for  \(Self.image)\nhint: genimage does not make "
                + "that of statelite nodes: put the one that xCAT made into /install/netboot/debian12/x86_64/compute\n")
        try Scratch.write("initrd\n", to: "site/install/netboot/debian12/x86_64/compute/initrd-statelite.gz")
        let folder = Scratch.directory.joined("out")
        // That of another export, which may still run.
        try Scratch.write("theirs", to: "out/.image.tgz.tmp-abcdef")
        try from.succeed("imgexport", Word(Self.image), Word(folder.joined("image.tgz")))
        #expect(try folder.directoryNames().map(\.printable) == [".image.tgz.tmp-abcdef", "image.tgz"])
        #expect(try folder.joined(".image.tgz.tmp-abcdef").readText() == "theirs")
        let listed = try Tool("tar", ["-tzf", Word(folder.joined("image.tgz"))]).output().lines
        #expect(listed.contains("./\(Self.image)/rootimgtree.gz"))
    }

    @Test func `only a full disk is told to be one`() throws {
        let from = try site()
        let other = try from("imgexport", Word(Self.image), Word(bundle), "--sign", "/no/such/key")
        #expect(other.status == 1 && other.stderr.contains("Error: Failed to write the bundle.\n"), "\(other)")
        #expect(!other.stderr.contains("Maybe") && !bundle.exists)

        let noise = try Tool("head", ["-c", "300000", "/dev/urandom"]).output().output
        try AtomicFile.write(noise, to: install.joined("netboot/debian12/x86_64/compute/kernel"))
        let disk = Scratch.directory.joined("disk")
        try disk.createDirectories()
        _ = try Tool("mount", ["-t", "tmpfs", "-o", "size=96k", "tmpfs", Word(disk)]).output()
        defer { _ = try? Tool("umount", [Word(disk)]).run() }
        let full = try from("imgexport", Word(Self.image), Word(disk.joined("image.tgz")))
        #expect(full.status == 1, "\(full)")
        #expect(
            full.stderr.contains("Error: Failed to compress archive!  (Maybe there was no space left?)\n"),
            "\(full.stderr)")
        #expect(try disk.directoryNames().isEmpty)
    }

    @Test func `a file from before 1970 goes into a squashfs`() throws {
        let catboat = Catboat()
        let file = try Scratch.write("old\n", to: "tree/etc/old")
        _ = try Tool("touch", ["-d", "1960-01-01", Word(file)]).output()
        let packed = Scratch.directory.joined("rootimg.sfs")
        try catboat.succeed(
            "ramdisk-pack", "-m", "squashfs", "-o", Word(packed), Word(Scratch.directory.joined("tree")))
        #expect(packed.isRegularFile)
    }

    // MARK: - The history

    /// Records what is in the image's folder as built of the recipe as it is now.
    private func record(_ site: Catboat) throws {
        try site.succeed("profile-commit", Word(Self.image))
        try site.succeed("image-publish", Word(Self.image))
        let folder = Scratch.directory.joined("record")
        try Scratch.write("{\"builds\":[{\"kernel\":\"6.1\"}],\"version\":1}", to: "record/build.json")
        try Scratch.write("f\tx\n", to: "record/files")
        try site.succeed("image-publish", "--dry-run", "--record", Word(folder), Word(Self.image))
        try site.succeed("profile-commit", "--build-record", Word(folder), Word(Self.image))
    }

    @Test func `a recipe that was changed since the build is told, and the bundle says so`() throws {
        let from = try site()
        try record(from)
        let same = try from.succeed("imgexport", Word(Self.image), Word(bundle))
        #expect(!same.stderr.contains("were changed since"), "\(same.stderr)")
        #expect(try !index().contains("recipe_changed"))
        let list = install.joined("custom/netboot/debian/compute.pkglist")
        try AtomicFile.write((try list.readText() + "emacs\n").utf8, to: list)
        let changed = try from.succeed("imgexport", Word(Self.image), Word(bundle))
        #expect(
            changed.stderr.contains(
                "Warning: The lists or attributes of \(Self.image) were changed since its root image was built; "
                    + "the bundle has the changed ones: run genimage and packimage first"), "\(changed.stderr)")
        #expect(try index().contains("\"recipe_changed\":true"))
    }

    @Test func `an image that is not published is found in the history by its files`() throws {
        let from = try site()
        try record(from)
        try install.joined("netboot/debian12/x86_64/compute/.packed").removeTree()
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let listed = try Tool("tar", ["-tzf", Word(bundle)]).output().lines
        #expect(listed.contains("./\(Self.image)/.catboat/record/build.json"), "\(listed)")
    }
}
