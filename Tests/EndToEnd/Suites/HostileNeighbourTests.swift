import Support
import SystemPackage
import TestSupport
import Testing

/// Bundles that would change what other images of the site are made of, or that take more than they bring.
@Suite(.scratchDirectory) struct HostileNeighbourTests: ForgesBundles {
    private static let boot = "/install/netboot/debian12/x86_64/compute"
    private let evil = (">\(image)<", ">evil<")

    /// Edits that make the image a statelite one in the folder of the diskless one, with `litefile`.
    private func statelite(_ litefile: String = "\(boot)/litefile.csv") -> [(old: String, new: String)] {
        [
            evil, ("<provmethod>netboot<", "<provmethod>statelite<"),
            ("initrd-stateless.gz", "initrd-statelite.gz"),
            (
                "<rootimg>\(Self.boot)/rootimg.cpio.gz</rootimg>",
                "<rootimgtree>\(Self.boot)/rootimgtree.gz</rootimgtree>"
            ),
            ("<kernel>", "<litefile>\(litefile)</litefile><kernel>"),
        ]
    }

    /// Gives the folder of a bundle the files of a statelite image.
    private func fill(_ folder: FilePath) throws {
        _ = try Tool("mv", [Word(folder.joined("initrd-stateless.gz")), Word(folder.joined("initrd-statelite.gz"))])
            .output()
        try write("evil\n", "lite/rootimg/etc/motd", in: Scratch.directory)
        try Catboat().succeed(
            "ramdisk-pack", "-o", Word(folder.joined("rootimgtree.gz")), Word(Scratch.directory.joined("lite")))
        try Scratch.directory.joined("lite").removeTree()
        try write("\"evil\",\"/etc/x\",\"tmpfs\",,\n", "litefile.csv", in: folder)
    }

    @Test func `the statelite image of a profile leaves what is the diskless one's, and says what they share`() throws {
        let to = try BundleSite.make("to", version: "2")
        func refuse(
            _ edits: [(old: String, new: String)], told: String, change: (FilePath) throws -> Void = { _ in }
        ) throws {
            try make(edits) { folder in
                try fill(folder)
                try change(folder)
            }
            try expectRefused(to, told: told)
        }
        for name in [
            "rootimg.cpio.gz", "initrd-stateless.gz", "initrd.gz", ".state", "rootimg.sfs/x", ".hidden/x",
        ] {
            try refuse(
                statelite() + [extra("/q", to: Self.boot)], told: "what only the site decides: '\(Self.boot)/\(name)'"
            ) { try write("evil", "extra/q/\(name)", in: $0) }
        }
        try refuse(
            statelite() + [
                ("<pkglist>/install/custom/netboot/debian/compute.pkglist<", "<pkglist>\(Self.boot)/rootimg.gz<")
            ],
            told: "what only the site decides: '\(Self.boot)/rootimg.gz'")
        for name in ["initrd-stateless.gz", "rootimg.cpio.gz", ".state"] {
            try refuse(statelite("\(Self.boot)/\(name)"), told: "The bundle ") {
                try write("evil", name, in: $0)
            }
        }
        try refuse(statelite("/install/img/.locked") + [(Self.boot, "/install/img")], told: "The bundle ") {
            try write("evil", ".locked", in: $0)
        }

        try make(statelite()) { try fill($0) }
        let told = try to.succeed("imgimport", Word(bundle)).stderr
        #expect(told.contains("  root image also of osimage \(Self.image)\n"), "\(told)")
        let boot = Scratch.directory.joined("to\(Self.boot)")
        #expect(try boot.joined("rootimg.ORIG/etc/motd").readText() == "hello 2\n")
        #expect(try boot.joined("initrd-stateless.gz").readText() == "initrd-stateless.gz 2")
        // Now there is an image of that name, but of another kind.
        try make([evil])
        try expectRefused(to, told: "The bundle would change the root image of osimage \(Self.image)")
    }

    @Test func `an image without rootimgdir gets one, and never that of another image`() throws {
        let to = try BundleSite.make("to", version: "2")
        let place = "/install/netboot/elsewhere"
        try make([evil, ("<rootimgdir>\(Self.boot)</rootimgdir>", ""), (Self.boot, place)])
        #expect(try to.succeed("imgimport", Word(bundle)).stderr.contains("it becomes \(place), where the kernel goes"))
        let row = try to.succeed("lsdef", "-t", "osimage", "evil", "-i", "rootimgdir").stdout
        #expect(row.contains("rootimgdir=\(place)\n"), "\(row)")
        try make([evil])
        try expectRefused(to, told: "The bundle would change the root image of osimage \(Self.image)")
    }

    @Test func `a path that is a boot file and a list is refused`() throws {
        let to = try BundleSite.empty("to")
        try make([("<exlist>/install/custom/netboot/debian/compute.exlist<", "<exlist>\(Self.boot)/rootimg.cpio.gz<")])
        for words in [[], ["-f", "web"]] as [[Word]] {
            let refused = try to.run("imgimport", [Word(bundle)] + words)
            #expect(
                refused.status == 1 && refused.stderr.contains(" and lists: '\(Self.boot)/rootimg.cpio.gz'"),
                "\(refused)")
        }
    }

    @Test func `what other images are made from is listed`() throws {
        let to = try BundleSite.make("to", version: "2")
        let list = "/install/custom/netboot/debian/compute.pkglist"
        try make([
            (">\(Self.image)<", ">evil<"), (Self.boot, "\(Self.boot)-evil"),
            extra("/m", to: "/install/debian12/x86_64"),
            ("<linuximage>", "<linuximage><pkgdir>/tmp/repo,/install/repo,http://x/y</pkgdir>"),
            ("<osimage>", "<osimage><environvar>A=1\n  nothing else</environvar>"),
        ]) { try write("x", "extra/m/linux", in: $0) }
        let told = try to.succeed("imgimport", Word(bundle), "--dry-run").stderr
        for line in [
            "pkglist of osimage \(Self.image): \(list)", "packages of /tmp/repo", "packages of http://x/y",
            "medium of osimage \(Self.image): /install/debian12/x86_64/linux", "variable A=1\\n  nothing else",
        ] { #expect(told.contains("  \(line)\n"), "\(line): \(told)") }
        #expect(!told.contains("/install/repo\n"))
    }

    @Test func `what is brought once does not fill the disk`() throws {
        let to = try BundleSite.empty("to")
        let noise = String(repeating: "x", count: 400_000)
        try make((0..<6).map { extra("/x", to: "/install/copy\($0)") }) { try write(noise, "extra/x/file", in: $0) }
        try expectRefused(
            to, "--max-size", "1000000", told: "would take more than 1000000 bytes: '/install/copy3/file'")
        try to.succeed("imgimport", Word(bundle))
        #expect(try Scratch.directory.joined("to/install/copy5/file").readText() == noise)
    }

    @Test func `hooks of an import get no variables of what has just come`() throws {
        let to = try BundleSite.empty("to")
        for event in ["pre-imgimport", "post-imgimport"] {
            try Scratch.write(
                "#!/bin/sh\nenv >> \(Scratch.directory)/heard\n", to: "to/install/custom/hooks/\(event)",
                permissions: 0o755)
        }
        try make([("<osimage>", "<osimage><environvar>SITE_COLOUR=red</environvar>")])
        try to.succeed("imgimport", Word(bundle))
        let heard = try Scratch.directory.joined("heard").readText()
        #expect(heard.contains("CATBOAT_EVENT=post-imgimport") && !heard.contains("SITE_COLOUR"), "\(heard)")
    }

    @Test func `the tables are no file of a bundle`() throws {
        let to = try BundleSite.empty("to")
        try make([extra("/x/site.sqlite", to: "/etc/catboat")]) { try write("x", "extra/site.sqlite", in: $0) }
        try expectRefused(to, "--allow-outside", told: "what only the site decides: '/etc/catboat/site.sqlite'")
    }

    @Test func `a list cannot take secrets of this host along`() throws {
        let to = try BundleSite.make("to", version: "2")
        try Scratch.write("secret", to: "to/etc/shadow", permissions: 0o600)
        try Scratch.write("127.0.0.1 localhost\n", to: "to/etc/hosts")
        let edit = "<osimage><synclists>/install/custom/sync</synclists><environvar>E=/etc</environvar>"
        try make([("<osimage>", edit)]) { folder in
            try write("bash\n#INCLUDE:/etc/shadow#\n", "compute.pkglist", in: folder)
            try write("/etc/hosts $E/shadow -> /srv/x\n", "sync", in: folder)
        }
        let told = try to.succeed("imgimport", Word(bundle)).stderr
        #expect(told.contains("compute.pkglist includes /etc/shadow, which not everybody may read here."), "\(told)")
        #expect(
            told.contains("/install/custom/sync gives nodes what not everybody may read here: /etc/shadow\n"), "\(told)"
        )
        let leak = Scratch.directory.joined("leak.tgz")
        let refused = try to("imgexport", Word(Self.image), Word(leak), "--complete")
        #expect(refused.status == 1 && !leak.exists)
        #expect(refused.stderr.contains("'/etc/shadow', which a list includes, may not be read by everybody."))
    }

    @Test func `a root image is not put where another one may be some day`() throws {
        let to = try BundleSite.empty("to")
        for (name, place) in [
            ("kernel", "/install/netboot/debian12/x86_64/future"), ("rootimg/etc/passwd", "/install/img/one"),
            ("rootimg.cpio.zst", "/install/netboot/debian12/x86_64/future"), (".state", "/install/img/one"),
        ] {
            try make([extra("/q", to: place)]) { try write("evil", "extra/q/\(name)", in: $0) }
            try expectRefused(to, told: "what only the site decides: '\(place)/\(name)'")
        }
        for (name, place) in [
            ("rootimg/etc/passwd", "/install/img/k"), ("kernel", "/install/netboot/debian12/x86_64/k"),
        ] {
            try make([kit(place)]) { try write("evil", "k/\(name)", in: $0) }
            try expectRefused(to, told: "what only the site decides: '\(place)/\(name)'")
        }
        // That of an image which nobody has built is told.
        try to.succeed(
            "mkdef", "-t", "osimage", "-o", "fresh", "imagetype=linux", "provmethod=netboot", "osvers=debian12",
            "osarch=x86_64",
            "profile=fresh", Word("rootimgdir=\(Self.boot)"))
        try make()
        let told = try to.succeed("imgimport", Word(bundle), "--dry-run").stderr
        #expect(told.contains("  root image also of osimage fresh\n"), "\(told)")
    }

    @Test func `images of one bundle leave each other's root images alone`() throws {
        let to = try BundleSite.empty("to")
        func make(_ place: String) throws {
            try self.make([extra("/q", to: place)]) { try write("x", "extra/q/data", in: $0) }
            let second = tree.joined("second")
            _ = try Tool("cp", ["-a", Word(folder), Word(second)]).output()
            let text = try second.joined("manifest.xml").readText().replacing(Self.image, with: "second")
                .replacing("<profile>compute<", with: "<profile>second<")
                .replacing(Self.boot, with: "/install/img/second").replacing(
                    extra("/q", to: place).new, with: "<kernel>")
            try AtomicFile.write(text.utf8, to: second.joined("manifest.xml"))
            _ = try Tool("tar", ["-czf", Word(bundle), "-C", Word(tree), "."]).output()
        }
        try make("/install/img/second")
        try expectRefused(
            to, told: "would change the root image of another one, second: '/install/img/second/data'")
        try make("/install/img/third")
        try to.succeed("imgimport", Word(bundle))
    }

    @Test func `a statelite image is no group of images, and rows that go are told`() throws {
        let to = try BundleSite.empty("to")
        try to.succeed("mkdef", "-t", "osimage", "-o", "one", "provmethod=statelite", "groups=evil")
        try to.succeed("table-set", "litefile", "image=evil", "file=/etc/shadow", "options=persistent")
        try make(statelite()) { try fill($0) }
        try expectRefused(to, told: "'evil' is the name of a group of osimages here.")
        try to.succeed("chdef", "-t", "osimage", "-o", "one", "groups=")
        let told = try to.succeed("imgimport", Word(bundle)).stderr
        #expect(told.contains("Rows of litefile of evil that go: /etc/shadow.\n"), "\(told)")
    }

    @Test func `a statelite image is whole after an import over a genimage that was killed`() throws {
        let to = try BundleSite.empty("to")
        try make(statelite()) { try fill($0) }
        try to.succeed("imgimport", Word(bundle))
        let state = Scratch.directory.joined("to\(Self.boot)/.state")
        try AtomicFile.write(
            "{\"step\":\"populating\",\"requested\":[],\"installed\":[],\"version\":1}".utf8, to: state)
        try to.succeed("imgimport", Word(bundle))
        #expect(try to.succeed("status", "evil").stdout.contains("evil: up to date"))
        try AtomicFile.write([UInt8](), to: state)
        try to.succeed("imgimport", Word(bundle))
        #expect(try to.succeed("status", "evil").stdout.contains("evil: up to date"))
    }

    @Test func `lists lead neither into root images nor to what is private`() throws {
        let to = try BundleSite.make("to", version: "2")
        try make { try write("#INCLUDE:\(Self.boot)/rootimg/etc/list#\n", "compute.pkglist", in: $0) }
        try expectRefused(to, told: "includes a file of a root image: '\(Self.boot)/rootimg/etc/list'")
        try Scratch.write("secret", to: "to/install/custom/keys/private", permissions: 0o600)
        try Scratch.write("notes", to: "to/root/notes")
        try Scratch.directory.joined("to/root").changePermissions(0o700)
        for path in ["/install/custom/keys/private", "/root/notes"] {
            try make { try write("bash\n#INCLUDE:\(path)#\n", "compute.pkglist", in: $0) }
            let told = try to.succeed("imgimport", Word(bundle)).stderr
            #expect(told.contains("includes \(path), which not everybody may read here."), "\(told)")
            let refused = try to("imgexport", Word(Self.image), Word(Scratch.directory.joined("leak")), "--complete")
            #expect(refused.status == 1 && refused.stderr.contains("'\(path)', which a list includes"), "\(refused)")
        }
    }

    @Test func `included lists and sources of other images are listed`() throws {
        let to = try BundleSite.make("to", version: "2")
        try Scratch.write("/install/files/passwd -> /etc/passwd\n", to: "to/install/custom/sync")
        try Scratch.write("vim\n", to: "to/install/common/real.list")
        try Scratch.directory.joined("to/install/custom/linked.exlist").createSymbolicLink(to: "../common/real.list")
        try to.succeed(
            "chdef", "-t", "osimage", "-o", Word(Self.image), "synclists=/install/custom/sync",
            "exlist=/install/custom/linked.exlist")
        try make([
            (">\(Self.image)<", ">evil<"), (Self.boot, "\(Self.boot)-evil"), extra("/q", to: "/install"),
        ]) { folder in
            for name in ["custom/netboot/debian/more.pkglist", "files/passwd", "common/real.list"] {
                try write("evil\n", "extra/q/\(name)", in: folder)
            }
        }
        let told = try to.succeed("imgimport", Word(bundle), "--dry-run").stderr
        for line in [
            "pkglist of osimage \(Self.image): /install/custom/netboot/debian/more.pkglist",
            "synclists of osimage \(Self.image): /install/files/passwd",
            "exlist of osimage \(Self.image): /install/common/real.list",
        ] { #expect(told.contains("  \(line)\n"), "\(line): \(told)") }
    }
}
