import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Bundles whose files are sound one by one, and mean harm together: nothing of them takes effect.
@Suite(.scratchDirectory) struct HostileImportTests: ForgesBundles {
    private static let boot = "/install/netboot/debian12/x86_64/compute"

    @Test(arguments: [
        "/install/custom", "/install/netboot", "/install/netboot/debian12", "/install/postscripts", "/tftpboot/xcat",
        "/install/custom/hooks/osimage/\(image)/pre-genimage.d", "/install/custom/hooks/osimage",
    ])
    func `a kit takes nothing of the site out of its place`(target: String) throws {
        let to = try BundleSite.make("to", version: "2")
        try make([kit(target)]) { folder in
            let name = FilePath(target).lastName.printable
            try write("#!/bin/sh\n", "\(name)/hooks/pre-genimage.d/10-evil", in: folder, executable: true)
        }
        try expectRefused(to, told: "The bundle would change what only the site decides: '\(target)'")
    }

    @Test func `a kit replaces only the folder of a kit`() throws {
        let to = try BundleSite.empty("to")
        try Scratch.write("ours", to: "to/install/data/k/file")
        try make([kit("/install/data/k")]) { try write("theirs", "k/file", in: $0) }
        try expectRefused(to, told: "The bundle would replace a folder that is not one of its kit here")
        try to.succeed("table-set", "kit", "kitname=k", "kitdir=/install/data/k")
        try to.succeed("imgimport", Word(bundle))
        #expect(try Scratch.directory.joined("to/install/data/k.ORIG/file").readText() == "ours")
    }

    @Test func `kits of one name and files within kits are refused`() throws {
        let to = try BundleSite.empty("to")
        let second = "<kit><kitname>l</kitname><kitdir>/install/kits/B/v1</kitdir></kit><kernel>"
        try make([kit("/install/kits/A/v1"), ("<kernel>", second)]) { try write("1", "v1/file", in: $0) }
        try expectRefused(to, told: "Two kits of the bundle have a folder called v1.")
        let extra = "<extra><dest>/install/kits/A/v1</dest><src>/x/more</src></extra><kernel>"
        try make([kit("/install/kits/A/v1"), ("<kernel>", extra)]) { folder in
            try write("1", "v1/file", in: folder)
            try write("2", "extra/more", in: folder)
        }
        try expectRefused(to, told: "The bundle brings a file for the folder of a kit or root image")
        // The very file of the kit needs to be there only once.
        let same = "<extra><dest>/install/kits/A/v1</dest><src>/x/file</src></extra><kernel>"
        try make([kit("/install/kits/A/v1"), ("<kernel>", same)]) { folder in
            try write("1", "v1/file", in: folder)
            try write("1", "extra/file", in: folder)
        }
        try to.succeed("imgimport", Word(bundle))
        #expect(try Scratch.directory.joined("to/install/kits/A/v1/file").readText() == "1")
    }

    @Test func `the repository of a kit replaces no file`() throws {
        let to = try BundleSite.make("to", version: "2")
        let components = "<osimage><kitcomponents>c</kitcomponents>"
        func make(_ folder: String) throws {
            let edits = [kit("/install/kits/k", repository: "kernel"), ("<osimage>", components)]
            let place = ("<linuximage>", "<linuximage><otherpkgdir>\(folder)</otherpkgdir>")
            try self.make(edits + [place]) { try write("x", "k/repos/kernel/file", in: $0) }
        }
        try make(Self.boot)
        try expectRefused(to, "-f", "other", told: "what only the site decides: '\(Self.boot)/kernel'")
        let file = try Scratch.write("ours", to: "to/install/other/kernel")
        try make("/install/other")
        let result = try to.succeed("imgimport", Word(bundle), "-f", "other")
        #expect(result.stderr.contains("/install/other/kernel is no link; it stays"), "\(result)")
        #expect(try file.readText() == "ours")
    }

    @Test(arguments: [".import", ".state", ".lock", ".packed", ".catboat", ".initrd.json"])
    func `names that Catboat believes do not come from bundles`(name: String) throws {
        let to = try BundleSite.empty("to")
        try make([("<kernel>", "<extra><dest>/install/netboot/x</dest><src>/x/\(name)</src></extra><kernel>")]) {
            try write("/install/x/j", "extra/\(name)", in: $0)
        }
        try expectRefused(to, told: "what only the site decides: '/install/netboot/x/\(name)'")
        try make([kit("/install/netboot/x")]) { try write("1", "x/deep/\(name)", in: $0) }
        try expectRefused(to, told: "what only the site decides: '/install/netboot/x/deep/\(name)'")
    }

    @Test func `a journal that no import wrote is not followed`() throws {
        let site = try BundleSite.make("to", version: "1")
        let boot = Scratch.directory.joined("to\(Self.boot)")
        let victim = try Scratch.write("precious", to: "victim/file")
        for place in [
            "to/install/x/j", "to/install/x/.catboat/journal/j", "to\(Self.boot)/rootimg/.catboat/journal/j",
        ] {
            let folder = Scratch.directory.joined(place)
            let plan =
                "{\"batch\":\"\",\"folders\":[],\"id\":\"j\",\"images\":[],\"placements\":[],\"proof\":\"\",\"stage\":"
                + "\"\(victim.removingLastComponent().printable)\",\"trees\":[]}"
            try write(
                "{\"made\":[],\"plan\":\(plan),\"saved\":[],\"staged\":[],\"stagedTrees\":[],\"version\":1}",
                "plan.json", in: folder)
            if place.contains("rootimg") {
                for path in [folder, folder.removingLastComponent()] { try path.changePermissions(0o700) }
            }
            try AtomicFile.write(folder.bytes, to: boot.joined(".import"))
            let refused = try site("image-lock", Word(Self.image), "--", "true")
            #expect(refused.status != 0 && refused.stderr.contains("names no import of this site"), "\(refused)")
            #expect(victim.exists)
        }
    }

    @Test func `hooks do not come as links, and links do not leave their folders`() throws {
        let to = try BundleSite.empty("to")
        let hooks = "install/custom/hooks/osimage/\(Self.image)/post-imgimport.d"
        let extra = "<extra><dest>/install</dest><src>/a</src></extra><kernel>"
        try make([("<kernel>", extra)]) { folder in
            try write("#!/bin/sh\n", "extra/a/evil", in: folder, executable: true)
            try folder.joined("extra/a/\(hooks.dropFirst(8))").createDirectories()
            try folder.joined("extra/a/\(hooks.dropFirst(8))/10-x").createSymbolicLink(to: "../../../../../evil")
        }
        try expectRefused(to, told: "The bundle brings a hook that is a link")
        for target in ["./././././../../etc/passwd", "b/../../x", "../x"] {
            try make([("<kernel>", extra)]) { folder in
                try folder.joined("extra/a/b").createDirectories()
                try folder.joined("extra/a/link").createSymbolicLink(to: FilePath(target))
            }
            try expectRefused(to, told: "Error: ")
        }
    }

    @Test func `what could not be booted or addressed is refused or put right`() throws {
        let to = try BundleSite.empty("to")
        try make([("\(Self.boot)/kernel<", "\(Self.boot)/other/kernel<")])
        try expectRefused(to, told: "kernel, ramdisk and root image into different folders")
        try make([("rootimg.cpio.gz", "rootimg.tar.bz2")])
        try expectRefused(to, told: "has a name that is none")
        for name in ["a,b", "a=b", "~x", "ALL", "a#b", "a[1-2]"] {
            try make([(">\(Self.image)<", ">\(name)<")])
            try expectRefused(to, told: "cannot be the name of an image")
        }
        // As xCAT's guide shows it.
        try make([
            ("initrd-stateless.gz", "initrd-diskless.gz"), ("\(Self.boot)/kernel<", "\(Self.boot)/vmlinuz-5<"),
            ("<osimage>", "<osimage><disable>1</disable>"),
        ]) { folder in
            _ = try Tool("mv", [Word(folder.joined("initrd-stateless.gz")), Word(folder.joined("initrd-diskless.gz"))])
                .output()
            _ = try Tool("mv", [Word(folder.joined("kernel")), Word(folder.joined("vmlinuz-5"))]).output()
        }
        let dashed = Scratch.directory.joined("-old.tgz")
        _ = try Tool("cp", [Word(bundle), Word(dashed)]).output()
        let result = try to.succeed("imgimport", Word(dashed), "-f", "web")
        #expect(result.stderr.contains("becomes /install/netboot/debian12/x86_64/compute/initrd-stateless.gz"))
        let boot = Scratch.directory.joined("to/install/netboot/debian12/x86_64/web")
        #expect(try boot.joined("initrd-stateless.gz").readText() == "initrd-stateless.gz 1")
        #expect(try boot.joined("kernel").readText() == "kernel 1")
        #expect(try to("lsdef", "-t", "osimage", "debian12-x86_64-netboot-web").status == 0)
    }

    @Test func `two places of one file both get it, and permissions come back`() throws {
        let to = try BundleSite.empty("to")
        let list = "/install/custom/netboot/debian/compute.exlist"
        try make([("<exlist>\(list)<", "<exlist>\(list),/install/lists/compute.exlist<")])
        try to.succeed("imgimport", Word(bundle))
        let files = [list, "/install/lists/compute.exlist"].map { Scratch.directory.joined("to\($0)") }
        #expect(try files[0].readText() == files[1].readText())
        let script = Scratch.directory.joined("to/install/custom/netboot/debian/compute.postinstall")
        try script.changePermissions(0o600)
        try to.succeed("imgimport", Word(bundle))
        #expect(try script.status()?.permissions == 0o755)
        #expect(!script.removingLastComponent().joined("compute.postinstall.ORIG").exists)
    }

    @Test func `hooks that arrived disabled are enabled when that is asked for`() throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle), "--complete")
        let to = try BundleSite.empty("to")
        let place = "/install/custom/hooks/osimage/\(Self.image)/pre-genimage.d/10-mine"
        let hook = Scratch.directory.joined("to\(place)")
        #expect(try to.succeed("imgimport", Word(bundle)).stderr.contains("hook \(place) (disabled"))
        #expect(try hook.status()?.permissions == 0o644)
        let enabled = try to.succeed("imgimport", Word(bundle), "--enable-hooks").stderr
        #expect(enabled.contains("hook \(place)\n"))
        #expect(try hook.status()?.permissions == 0o755)
        // What the site enabled stays so, and is told so.
        #expect(try to.succeed("imgimport", Word(bundle)).stderr.contains("hook \(place)\n"))
        #expect(try hook.status()?.permissions == 0o755)
    }

    @Test func `a copy keeps the partition file that the bundle does not bring`() throws {
        let from = try BundleSite.make("from", version: "1")
        try Scratch.write("#!/bin/sh\n", to: "from/install/custom/compute.part", permissions: 0o755)
        try from.succeed(
            "chdef", "-t", "osimage", "-o", Word(Self.image), "partitionfile=s:/install/custom/compute.part")
        for (words, told) in [([], "s:/install/custom/compute.part"), (["--complete"], "s:/install/custom/web.part")]
            as [([Word], String)]
        {
            try #require(try from.run("imgexport", [Word(Self.image), Word(bundle)] + words).status == 0)
            let to = try BundleSite.empty("to")
            let result = try to.succeed("imgimport", Word(bundle), "-f", "web")
            let row = try to.succeed("lsdef", "-t", "osimage", "debian12-x86_64-netboot-web", "-i", "partitionfile")
            #expect(row.stdout.contains("partitionfile=\(told)\n"), "\(row)")
            #expect(result.stderr.contains("  partitionfile \(told.dropFirst(2))\n") == !words.isEmpty, "\(result)")
            try Scratch.directory.joined("to").removeTree()
        }
    }

    @Test(arguments: [
        "/install/custom/hooks/osimage/\(image)/post-imgimport.d", "/install/postscripts", "/install/prescripts",
        "/tftpboot",
    ])
    func `the repository of a kit becomes no code`(folder: String) throws {
        let to = try BundleSite.empty("to")
        try make([
            kit("/install/kits/k", repository: "10-x"), ("<osimage>", "<osimage><kitcomponents>c</kitcomponents>"),
            ("<linuximage>", "<linuximage><otherpkgdir>\(folder)</otherpkgdir>"),
        ]) { try write("#!/bin/sh\n", "k/repos/10-x/file", in: $0, executable: true) }
        try expectRefused(to, told: "A repository of the bundle would become a")
        try make([
            kit("/install/kits/k", repository: "10-x"), ("<osimage>", "<osimage><kitcomponents>c</kitcomponents>"),
            ("<linuximage>", "<linuximage><otherpkgdir>/install/other</otherpkgdir>"),
        ]) { try write("#!/bin/sh\n", "k/repos/10-x", in: $0, executable: true) }
        try expectRefused(to, told: "is not in the folder of its kit")
    }

    @Test func `variables do not make the site's scripts run what a bundle brings`() throws {
        let to = try BundleSite.empty("to")
        for name in [
            "BASH_ENV", "B ASH_ENV", "LD_PRELOAD", "PATH", "PYTHONPYCACHEPREFIX", "APT_CONFIG", "TAR_OPTIONS",
            "DRACUT_INSTALL", "ANSIBLE_CALLBACK_PLUGINS", "RUBYOPT",
        ] {
            try make([("<osimage>", "<osimage><environvar>A=1,\(name)=/install/x</environvar>")])
            try expectRefused(to, told: "environvar of the bundle sets \(name.filter { $0 != " " }), ")
        }
        for end in ["\n", "\r", "\u{2028}", "\u{b}"] {
            try make { folder in
                let list = folder.joined("compute.pkglist")
                try AtomicFile.write("bash\(end)  #ENV:A=1 LD_PRELOAD=/install/x#\(end)".utf8, to: list)
            }
            try expectRefused(to, told: "compute.pkglist of the bundle sets LD_PRELOAD, ")
        }
        // A list of a kit is one that others may include.
        try make([kit("/install/kits/k")]) { try write("#ENV:LD_PRELOAD=/install/x#\n", "k/some/list", in: $0) }
        try expectRefused(to, told: "/install/kits/k/some/list of the bundle sets LD_PRELOAD, ")
        try make([("<osimage>", "<osimage><environvar>A=1,MYPATH=x</environvar>")])
        let told = try to.succeed("imgimport", Word(bundle)).stderr
        #expect(told.contains("  variable A=1\n  variable MYPATH=x\n"), "\(told)")
        #expect(try !to.succeed("imgimport", Word(bundle)).stderr.contains("variable"))
    }

    @Test func `whatever will run is listed, however it is named`() throws {
        let to = try BundleSite.make("to", version: "2")
        let script = "/install/custom/netboot/debian/compute.postinstall"
        // The script of an image that is here, brought as the list of another one.
        try make([
            ("<exlist>/install/custom/netboot/debian/compute.exlist<", "<exlist>\(script)<"),
            ("<postinstall>\(script)<", "<postinstall>/install/custom/other<"),
            (Self.boot, "\(Self.boot)-evil"), (">\(Self.image)<", ">evil<"),
        ]) { try write("#!/bin/sh\n", "other", in: $0) }
        let listed = try to.succeed("imgimport", Word(bundle), "--dry-run").stderr
        #expect(listed.contains("  postinstall \(script)\n"), "\(listed)")
        #expect(listed.contains("  postinstall /install/custom/other\n"), "\(listed)")
        // Packages have scripts; what begins as a script may be one.
        try make([("<kernel>", "<extra><dest>/install/lists</dest><src>/x</src></extra><kernel>")]) { folder in
            for name in ["repodata/repomd.xml", "a.rpm"] { try write("x", "extra/x/\(name)", in: folder) }
            try write("#!/bin/sh\n", "extra/x/script", in: folder)
        }
        let packages = try to.succeed("imgimport", Word(bundle), "--dry-run").stderr
        for line in ["package /install/lists/a.rpm", "package /install/lists/repodata/repomd.xml"] {
            #expect(packages.contains("  \(line)\n"), "\(packages)")
        }
        #expect(packages.contains("  executable /install/lists/script\n"), "\(packages)")
        // A list that is the script, too, and one that is here already.
        try make([("<exlist>/install/custom/netboot/debian/compute.exlist<", "<exlist>\(script)<")])
        #expect(try to.succeed("imgimport", Word(bundle), "--dry-run").stderr.contains("  postinstall \(script)\n"))
    }

    @Test func `an image without boot files of its own takes those of no other`() throws {
        let to = try BundleSite.make("to", version: "2")
        try make([
            ("<provmethod>netboot<", "<provmethod>install<"), (">\(Self.image)<", ">evil<"),
            ("<linuximage>", "<linuximage><template>/install/custom/evil.tmpl</template>"),
        ]) { try write("x", "evil.tmpl", in: $0) }
        try to.succeed("imgimport", Word(bundle))
        #expect(try Scratch.directory.joined("to\(Self.boot)/kernel").readText() == "kernel 2")
        // A statelite image of another profile shares no folder.
        try make([("<profile>compute<", "<profile>evil<"), (">\(Self.image)<", ">evil2<")])
        try expectRefused(to, told: "The bundle would change the root image of osimage \(Self.image)")
        for folder in ["/install/netboot/debian12/x86_64", "/install/custom/netboot/evil", "/install/kits"] {
            let edits = [(Self.boot, folder), (">\(Self.image)<", ">evil3<")]
            try make(edits)
            let result = try to("imgimport", Word(bundle), "--dry-run")
            #expect((result.status == 0) == (folder == "/install/kits"), "\(folder): \(result)")
        }
    }

    @Test func `what is kept stays kept, and links to folders stay`() throws {
        let to = try BundleSite.empty("to")
        try Scratch.write("ours", to: "to/install/lists/a")
        let extra = "<extra><dest>/install/lists</dest><src>/x</src></extra><kernel>"
        try make([("<kernel>", extra)]) { folder in
            for name in ["a", "a.ORIG"] { try write("theirs \(name)", "extra/x/\(name)", in: folder) }
        }
        #expect(try to.succeed("imgimport", Word(bundle)).stdout.contains("Moving old /install/lists/a to "))
        let kept = try BundleSite.state("to").keys.filter { $0.hasPrefix("lists/") }.sorted()
        #expect(kept == ["lists/a", "lists/a.ORIG", "lists/a.ORIG.1"])
        #expect(try Scratch.directory.joined("to/install/lists/a.ORIG.1").readText() == "ours")
        // Where the site keeps folders elsewhere nothing takes the link's place.
        let custom = Scratch.directory.joined("to/install/custom")
        let away = Scratch.directory.joined("to/install/elsewhere")
        _ = try Tool("mv", [Word(custom), Word(away)]).output()
        try custom.createSymbolicLink(to: "elsewhere")
        try make([("<kernel>", extra.replacing("/install/lists", with: "/install"))]) { folder in
            try write("x", "extra/x/evil/config", in: folder)
            try folder.joined("extra/x/custom").createSymbolicLink(to: "evil")
        }
        try expectRefused(to, told: "what only the site decides: '/install/custom'")
        #expect(try custom.resolved() == away)
    }

    @Test func `a folder with a link to a folder comes again, and names of ours are not exported`() throws {
        let from = try BundleSite.make("from", version: "1")
        try Scratch.write("1", to: "from/install/data/v1/file")
        try Scratch.directory.joined("from/install/data/current").createSymbolicLink(to: "v1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle), "-e", "/install/data")
        let to = try BundleSite.empty("to")
        for site in [to, to, from] { try site.succeed("imgimport", Word(bundle)) }
        #expect(try Scratch.directory.joined("to/install/data/current/file").readText() == "1")
        try Scratch.write("", to: "from/install/data/.import")
        let refused = try from("imgexport", Word(Self.image), Word(bundle), "-e", "/install/data")
        #expect(refused.status == 1 && refused.stderr.contains("a name that Catboat keeps to itself"), "\(refused)")
    }

    @Test func `images of one bundle may share a kit`() throws {
        let from = try BundleSite.make("from", version: "1")
        try Scratch.write("1", to: "from/install/kits/k/file")
        try from.succeed("table-set", "kit", "kitname=k", "kitdir=/install/kits/k/")
        try from.succeed("table-set", "kitcomponent", "kitcompname=c", "kitname=k")
        try from.succeed("table-set", "osimage", Word("imagename=\(Self.image)"), "kitcomponents=c")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        try tree.createDirectories()
        _ = try Tool("tar", ["-xzf", Word(bundle), "-C", Word(tree)]).output()
        try folder.joined(".catboat").removeTree()
        let second = tree.joined("second")
        _ = try Tool("cp", ["-a", Word(folder), Word(second)]).output()
        let text = try second.joined("manifest.xml").readText().replacing(Self.image, with: "second")
            .replacing(Self.boot, with: "/install/netboot/debian12/x86_64/second")
        try AtomicFile.write(text.utf8, to: second.joined("manifest.xml"))
        _ = try Tool("tar", ["-czf", Word(bundle), "-C", Word(tree), "."]).output()
        let to = try BundleSite.empty("to")
        for _ in 0..<2 { try to.succeed("imgimport", Word(bundle)) }
        try Scratch.write("ours", to: "to/install/kits/k/file")
        try to.succeed("imgimport", Word(bundle))
        #expect(try Scratch.directory.joined("to/install/kits/k.ORIG/file").readText() == "ours")
        try to.succeed("table-set", "kitcomponent", "kitcompname=c", "kitname=k", "postbootscripts=ours")
        let changed = try to.succeed("imgimport", Word(bundle)).stderr
        #expect(changed.contains("The kitcomponent c is there already; columns changed: postbootscripts."))
        try to.succeed("table-set", "kitcomponent", "kitcompname=c", "kitname=other")
        try expectRefused(to, told: "The bundle would change the kitcomponent c of the kit other.")
    }
}
