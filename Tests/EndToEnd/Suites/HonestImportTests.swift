import Support
import SystemPackage
import TestSupport
import Testing

/// What honest sites do, and what checks against hostile bundles must not refuse.
@Suite(.scratchDirectory) struct HonestImportTests: ForgesBundles {
    private static let boot = "/install/netboot/debian12/x86_64/compute"

    @Test func `variables with everyday names come along`() throws {
        let to = try BundleSite.empty("to")
        let names = [
            "NODE_NAME", "NODE_ROLE", "JAVA_HOME", "ENV", "RPM_BUILD", "RUBY_VERSION", "GIT_BRANCH", "GIT_COMMIT",
            "ANSIBLE_HOST",
            "PYTHON_VERSION",
        ]
        let value = names.map { "\($0)=x" }.joined(separator: ",")
        try make([("<osimage>", "<osimage><environvar>\(value)</environvar>")])
        let told = try to.succeed("imgimport", Word(bundle)).stderr
        for name in names { #expect(told.contains("  variable \(name)=x\n"), "\(told)") }
    }

    @Test func `the two images of a profile may have lists in the folder that they share`() throws {
        let list = "\(Self.boot)/my.pkglist"
        let edits = [("<pkglist>/install/custom/netboot/debian/compute.pkglist<", "<pkglist>\(list)<")]
        let to = try BundleSite.empty("to")
        try make(edits) { try write("bash\n", "my.pkglist", in: $0) }
        try to.succeed("imgimport", Word(bundle))
        // As xCAT's guide has it.
        let tree = "<rootimgtree>\(Self.boot)/rootimg/rootimgtree.gz</rootimgtree>"
        try make(
            edits + [
                (">\(Self.image)<", ">lite<"), ("<provmethod>netboot<", "<provmethod>statelite<"),
                ("initrd-stateless.gz", "initrd-statelite.gz"),
                ("<rootimg>\(Self.boot)/rootimg.cpio.gz</rootimg>", tree),
            ]
        ) { folder in
            try write("bash\n", "my.pkglist", in: folder)
            try write("initrd", "initrd-statelite.gz", in: folder)
            try write("1", "lite/rootimg/etc/motd", in: Scratch.directory)
            try Catboat().succeed(
                "ramdisk-pack", "-o", Word(folder.joined("rootimgtree.gz")), Word(Scratch.directory.joined("lite")))
        }
        try to.succeed("imgimport", Word(bundle))
        #expect(try Scratch.directory.joined("to\(list)").readText() == "bash\n")
        let boot = Scratch.directory.joined("to\(Self.boot)")
        #expect(try boot.joined("rootimg/etc/motd").readText() == "1" && !boot.joined("rootimgtree.gz").exists)
        // And both in one bundle, which still lies in the folder it was made from.
        _ = try Tool("mv", [Word(folder), Word(self.tree.joined("lite"))]).output()
        let lite = Scratch.directory.joined("lite.tar")
        _ = try Tool("tar", ["-cf", Word(lite), "-C", Word(self.tree), "lite"]).output()
        try make(edits) { try write("bash\n", "my.pkglist", in: $0) }
        _ = try Tool("tar", ["-xf", Word(lite), "-C", Word(self.tree)]).output()
        _ = try Tool("cp", [Word(folder.joined("kernel")), Word(self.tree.joined("lite/kernel"))]).output()
        _ = try Tool("tar", ["-czf", Word(bundle), "-C", Word(self.tree), "."]).output()
        let other = try BundleSite.empty("other")
        for _ in 0..<2 { try other.succeed("imgimport", Word(bundle)) }
        #expect(try other.succeed("lsdef", "-t", "osimage", "lite").status == 0)
    }

    @Test func `an empty folder and a file of one name both arrive`() throws {
        let from = try BundleSite.make("from", version: "1")
        try Scratch.directory.joined("from/install/a/x/sub").createDirectories()
        try Scratch.write("file", to: "from/install/b/x")
        try from.succeed(
            "imgexport", Word(Self.image), Word(bundle), "-e", "/install/a/x:/install/p1", "-e",
            "/install/b/x:/install/p2")
        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(bundle))
        let install = Scratch.directory.joined("to/install")
        #expect(install.joined("p1/sub").isDirectory && !install.joined("p1/x").exists)
        #expect(try install.joined("p2/x").readText() == "file")
    }

    @Test func `private folders stay private, and nodes get to theirs`() throws {
        let from = try BundleSite.make("from", version: "1")
        for name in ["secrets", "custom/private"] {
            try Scratch.write("x", to: "from/install/\(name)/file.txt")
            try Scratch.directory.joined("from/install/\(name)").changePermissions(0o700)
        }
        try from.succeed(
            "imgexport", Word(Self.image), Word(bundle), "-e", "/install/secrets", "-e", "/install/custom/private",
            "-e", "/install/secrets:/install/netboot")
        let site = try BundleSite.empty("to")
        try site.succeed("imgimport", Word(bundle))
        let to = Scratch.directory.joined("to/install")
        for (name, mode) in [("netboot", 0o755), ("secrets", 0o700), ("custom/private", 0o700)] as [(FilePath, UInt32)]
        {
            #expect(try to.joined(name).status()?.permissions == mode, "\(name)")
        }
    }

    @Test func `lists include what is beside their folder`() throws {
        let from = try BundleSite.make("from", version: "1")
        let lists = "install/custom/netboot"
        try Scratch.write("vim\n", to: "from/\(lists)/common.list")
        try Scratch.write("bash\n#INCLUDE:../common.list#\n", to: "from/\(lists)/debian/compute.pkglist")
        let to = try BundleSite.empty("to")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let told = try to.succeed("imgimport", Word(bundle)).stderr
        #expect(told.contains("includes /\(lists)/common.list, which is not here."), "\(told)")
        try from.succeed("imgexport", Word(Self.image), Word(bundle), "--complete")
        try to.succeed("imgimport", Word(bundle))
        #expect(try Scratch.directory.joined("to/\(lists)/common.list").readText() == "vim\n")
    }

    @Test func `a large file goes to two places`() throws {
        let from = try BundleSite.make("from", version: "1")
        let big = try Scratch.write("", to: "from/install/big")
        _ = try Tool("truncate", ["-s", "70M", Word(big)]).output()
        try from.succeed(
            "imgexport", Word(Self.image), Word(bundle), "-e", "/install/big:/install/p1", "-e",
            "/install/big:/install/p2")
        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(bundle), "--max-size", "200000000")
        let copies = try ["p1", "p2"].map { try Scratch.directory.joined("to/install/\($0)/big").status()?.size }
        #expect(copies == [70 << 20, 70 << 20])
    }

    @Test func `lists beside a root image, and images in groups of their own name, come again`() throws {
        let to = try BundleSite.empty("to")
        let list = "\(Self.boot)/rootimg.exlist"
        try make([
            ("<exlist>/install/custom/netboot/debian/compute.exlist<", "<exlist>\(list)<"),
            ("<osimage>", "<osimage><groups>\(Self.image)</groups>"),
        ]) { try write("./usr/share/man*\n", "rootimg.exlist", in: $0) }
        for _ in 0..<2 { try to.succeed("imgimport", Word(bundle)) }
        #expect(try Scratch.directory.joined("to\(list)").readText() == "./usr/share/man*\n")
    }

    @Test func `a site that keeps all lists private exports what they include`() throws {
        let from = try BundleSite.make("from", version: "1")
        let lists = Scratch.directory.joined("from/install/custom/netboot/debian")
        for name in ["compute.pkglist", "more.pkglist"] { try lists.joined(FilePath(name)).changePermissions(0o640) }
        try Scratch.directory.joined("from/install/custom").changePermissions(0o750)
        try from.succeed("imgexport", Word(Self.image), Word(bundle), "--complete")
        try lists.joined("more.pkglist").changePermissions(0o600)
        let refused = try from("imgexport", Word(Self.image), Word(bundle), "--complete")
        #expect(refused.status == 1 && refused.stderr.contains("may not be read by everybody"), "\(refused)")
    }
}
