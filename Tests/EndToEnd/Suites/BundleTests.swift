import Digests
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Bundles between sites: what is exported arrives, once and completely, whatever happens meanwhile.
@Suite(.scratchDirectory) struct BundleTests {
    private static let image = BundleSite.image

    private func site(_ name: String, version: String) throws -> Catboat {
        try BundleSite.make(name, version: version)
    }

    private func emptySite(_ name: String) throws -> Catboat { try BundleSite.empty(name) }

    private func stanza(_ catboat: Catboat, _ image: String = image) throws -> String {
        try BundleSite.stanza(catboat, image)
    }

    @Test func `what is exported completely arrives as it was, hooks without the right to run`() throws {
        let from = try site("from", version: "1")
        let bundle = Scratch.directory.joined("image.tgz")
        try from.succeed("imgexport", Word(Self.image), Word(bundle), "--complete")
        let to = try emptySite("to")
        let result = try to.succeed("imgimport", Word(bundle))
        #expect(result.stdout.hasSuffix("Successfully imported the image \(Self.image).\n"))
        #expect(
            result.stderr.contains("hook /install/custom/hooks/osimage/\(Self.image)/pre-genimage.d/10-mine (disabled"))
        #expect(result.stderr.contains("postinstall /install/custom/netboot/debian/compute.postinstall"))
        #expect(try stanza(to) == stanza(from))
        for file in [
            "netboot/debian12/x86_64/compute/kernel", "netboot/debian12/x86_64/compute/rootimg.cpio.gz",
            "custom/netboot/debian/more.pkglist", "postscripts/setup",
        ] {
            #expect(
                try Digest.ofFile(Scratch.directory.joined("to/install/\(file)"))
                    == Digest.ofFile(Scratch.directory.joined("from/install/\(file)")), "\(file)")
        }
        let hook = Scratch.directory.joined(
            "to/install/custom/hooks/osimage/\(Self.image)/pre-genimage.d/10-mine")
        #expect(try #require(try hook.status()).permissions == 0o644)
        // Once more over itself: nothing is moved away, nothing is different.
        let again = try to.succeed("imgimport", Word(bundle))
        #expect(!again.stdout.contains("Moving old"))
        #expect(try stanza(to) == stanza(from))
        #expect(try Scratch.directory.joined("to/install/.catboat/import").directoryNames().isEmpty)
        #expect(try Scratch.directory.joined("to/install/.catboat/journal").directoryNames().isEmpty)
    }

    @Test func `a copy under another profile is independent, with its tree on request`() throws {
        let catboat = try site("site", version: "1")
        let bundle = Scratch.directory.joined("image.tgz")
        try catboat.succeed("imgexport", Word(Self.image), Word(bundle))
        let before = try stanza(catboat)
        try catboat.succeed("imgimport", Word(bundle), "-f", "compute2", "--tree")
        #expect(try stanza(catboat) == before)
        let copy = try stanza(catboat, "debian12-x86_64-netboot-compute2")
        for text in [
            "profile=compute2", "rootimgdir=/install/netboot/debian12/x86_64/compute2",
            "pkglist=/install/custom/netboot/debian/compute2.pkglist",
        ] { #expect(copy.contains(text)) }
        let boot = Scratch.directory.joined("site/install/netboot/debian12/x86_64")
        #expect(
            try Digest.ofFile(boot.joined("compute/rootimg.cpio.gz"))
                == Digest.ofFile(boot.joined("compute2/rootimg.cpio.gz")))
        #expect(try boot.joined("compute2/rootimg/etc/motd").readText() == "hello 1\n")
        try catboat.succeed("imgimport", Word(bundle), "-f", "x", "--name", "mine")
        #expect(try stanza(catboat, "mine").contains("profile=x"))
    }

    @Test func `postscripts go to a group's row, without doubles`() throws {
        let catboat = try site("site", version: "1")
        try catboat.succeed("mkdef", "-t", "node", "-o", "node1,node2", "groups=group1,all")
        try catboat.succeed("table-set", "postscripts", "node=xcatdefaults", "postscripts=syslog")
        try catboat.succeed("table-set", "postscripts", "node=node1", "postscripts=one,two", "postbootscripts=late")
        try catboat.succeed("table-set", "postscripts", "node=group1", "postscripts=two")
        let bundle = Scratch.directory.joined("image.tgz")
        try Scratch.write("#!/bin/sh\n", to: "site/install/postscripts/myscript1", permissions: 0o755)
        try catboat.succeed(
            "imgexport", Word(Self.image), Word(bundle), "-p", "node1", "-e", "/install/postscripts/myscript1")
        try Scratch.directory.joined("site/install/postscripts/myscript1").removeFile()
        let result = try catboat.succeed("imgimport", Word(bundle), "-p", "group1", "-f", "compute2")
        #expect(result.stdout.contains("Adding postscripts.\n"))
        let rows = try catboat.succeed("tabdump", "postscripts").stdout
        #expect(rows.contains("\"group1\",\"two,one\",\"late\""))
        #expect(rows.contains("\"node1\",\"one,two\",\"late\""))
        #expect(Scratch.directory.joined("site/install/postscripts/myscript1").exists)
    }

    @Test func `a plan changes nothing`() throws {
        let from = try site("from", version: "1")
        let bundle = Scratch.directory.joined("image.tgz")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try site("to", version: "2")
        let before = try (stanza(to), state("to"))
        let plan = try to.succeed("imgimport", Word(bundle), "--dry-run")
        #expect(plan.stdout.contains("  Moving old /install/netboot/debian12/x86_64/compute/kernel to "))
        #expect(plan.stdout.contains("set\tosimage\timagename=\(Self.image)\t:"))
        let json = try to.succeed("imgimport", Word(bundle), "--dry-run", "--json")
        #expect(json.stdout.contains("\"action\":\"replace\"") && json.stdout.contains("\"action\":\"same\""))
        #expect(try stanza(to) == before.0 && state("to") == before.1)
    }

    @Test func `files of the site are safe from bundles`() throws {
        let from = try site("from", version: "1")
        let bundle = Scratch.directory.joined("image.tgz")
        try Scratch.write("x", to: "from/install/extra.conf")
        for (folder, isAllowedOutside) in [
            ("/etc", true), ("/install/custom/keys", false), ("/install/../etc", true),
            ("/install/custom/.git", false),
        ] {
            try from.succeed(
                "imgexport", Word(Self.image), Word(bundle), "-e", Word("/install/extra.conf:\(folder)"))
            let to = try emptySite("to")
            let before = try state("to")
            let refused = try to("imgimport", Word(bundle))
            #expect(refused.status == 1, "\(folder)")
            #expect(refused.stderr.hasPrefix("Error: The bundle "), "\(folder): \(refused.stderr)")
            #expect(try state("to") == before, "\(folder)")
            #expect(
                try to("imgimport", Word(bundle), "--allow-outside").status == (isAllowedOutside ? 0 : 1), "\(folder)")
            try Scratch.directory.joined("to").removeTree()
        }
    }

    @Test func `several images in one bundle arrive together or not at all`() throws {
        let from = try site("from", version: "1")
        let tree = Scratch.directory.joined("tree")
        try tree.createDirectories()
        for profile in ["one", "two"] {
            let bundle = Scratch.directory.joined("\(profile).tgz")
            try from.succeed("imgexport", Word(Self.image), Word(bundle))
            try from.succeed("imgimport", Word(bundle), "-f", Word(profile))
            try from.succeed("imgexport", Word("debian12-x86_64-netboot-\(profile)"), Word(bundle))
            _ = try Tool("tar", ["-xzf", Word(bundle), "-C", Word(tree)]).output()
        }
        let both = Scratch.directory.joined("both.tar.zst")
        _ = try Tool("tar", ["--zstd", "-cf", Word(both), "-C", Word(tree), "."]).output()
        let to = try emptySite("to")
        try to.succeed("imgimport", Word(both))
        #expect(try to.succeed("lsdef", "-t", "osimage", "-s").stdout.split(separator: "\n").count == 2)
        // One of them is damaged: neither comes.
        try AtomicFile.write("x".utf8, to: tree.joined("debian12-x86_64-netboot-two/kernel"))
        _ = try Tool("tar", ["--zstd", "-cf", Word(both), "-C", Word(tree), "."]).output()
        let other = try emptySite("other")
        #expect(try other("imgimport", Word(both)).status == 1)
        #expect(
            try other.succeed("lsdef", "-t", "osimage", "-s").stdout
                == "Could not find any object definitions to display.\n")
    }

    // MARK: - What may go wrong

    private func state(_ site: String) throws -> [String: Digest] { try BundleSite.state(site) }

    @Test func `an import that is killed at twenty points is old or new, never a mixture`() throws {
        let from = try site("from", version: "new")
        let bundle = Scratch.directory.joined("new.tgz")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try site("to", version: "old")
        let old = Scratch.directory.joined("old.tgz")
        try to.succeed("imgexport", Word(Self.image), Word(old))
        let whole = try ContinuousClock().measure { _ = try to.succeed("imgimport", Word(bundle)) }
        let watched =
            ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"].map { "netboot/debian12/x86_64/compute/\($0)" }
            + ["compute.pkglist", "compute.postinstall"].map { "custom/netboot/debian/\($0)" }
        func seen() throws -> [String] {
            let files = try state("to")
            return try watched.map { files[$0]?.description ?? "-" } + [stanza(to)]
        }
        let new = try seen()
        try to.succeed("imgimport", Word(old))
        let former = try seen()
        #expect(zip(new, former).allSatisfy { $0 != $1 })
        var endings: Set<Bool> = []
        for point in 0..<20 {
            let running = try to.tool("imgimport", [Word(bundle)]).start(output: .null, errors: .null)
            usleep(UInt32(whole * (Double(point) + 0.5) / 20 / .microseconds(1)))
            running.signal(SIGKILL)
            _ = try running.wait()
            // Steps that outlive it end by themselves; then whoever comes next tidies up.
            #expect(Aftermath.settle(Scratch.directory.joined("to")) == [])
            // Whoever locks the root image next, or the next import, ends what was begun.
            if point.isMultiple(of: 2) { try to.succeed("image-lock", Word(Self.image), "--", "true") }
            let locked = try seen()
            try to.succeed("imgimport", Word(old), "--dry-run")
            let found = try seen()
            #expect(!point.isMultiple(of: 2) || locked == found, "point \(point)")
            #expect(found == new || found == former, "point \(point)")
            endings.insert(found == new)
            #expect(try Scratch.directory.joined("to/install/.catboat/journal").directoryNames().isEmpty)
            #expect(!Scratch.directory.joined("to/install/netboot/debian12/x86_64/compute/.import").exists)
            try to.succeed("imgimport", Word(old))
            #expect(try seen() == former)
        }
        #expect(endings.contains(false))
    }

    @Test(arguments: ["image-lock", "bundle-install"])
    func `killed with its rows set it is published and recorded by whoever finds it`(verb: Word) throws {
        let from = try site("from", version: "new")
        let bundle = Scratch.directory.joined("new.tgz")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try site("to", version: "old")
        let old = try to.succeed("image-publish", Word(Self.image)).stdout
        try to.succeed("profile-commit", Word(Self.image))
        let journals = Scratch.directory.joined("to/install/.catboat/journal")
        var tool = to.tool("imgimport", [Word(bundle)])
        tool.hasOwnGroup = true
        let running = try tool.start(output: .null, errors: .null)
        var journal: FilePath?
        while journal == nil, try running.poll() == nil {
            journal = try journals.directoryNames().map { journals.joined($0) }.first {
                $0.joined("placed.json").exists
            }
        }
        running.signalGroup(SIGKILL)
        _ = try running.wait()
        #expect(Aftermath.settle(Scratch.directory.joined("to")) == [])
        let found = try #require(journal)
        try #require(found.exists, "it came to its end before it was killed")
        let told = try to("doctor", "--quiet").stdout
        #expect(told.contains("warning: imports: an import of \(Self.image) stands, but was not published"), "\(told)")
        if verb == "image-lock" {
            try to.succeed("image-lock", Word(Self.image), "--", "true")
        } else {
            try to.succeed("bundle-install", "--recover", Word(found))
        }
        #expect(try journals.directoryNames().isEmpty)
        let published = try to.succeed("image-publish", "--current", Word(Self.image)).stdout
        #expect(published != old)
        #expect(try published == to.succeed("image-publish", "--dry-run", Word(Self.image)).stdout)
        #expect(try to.succeed("status", Word(Self.image)).stdout.hasPrefix("\(Self.image): up to date (built "))
        let build = try to.succeed(
            "profile-log", "--json", "-n", "1", "--digest", Word(published.dropLast()), Word(Self.image))
        #expect(build.stdout.contains("\"Catboat-Imported\":\"new.tgz, commit "), "\(build.stdout)")
    }

    @Test func `a root image's lock ends an import that was cut short`() throws {
        let catboat = try site("site", version: "1")
        let boot = Scratch.directory.joined("site/install/netboot/debian12/x86_64/compute")
        let journal = Scratch.directory.joined("site/install/.catboat/journal/one")
        try journal.createDirectories(permissions: 0o700)
        let told = try catboat("doctor", "--quiet").stdout
        #expect(told.contains("warning: imports: an import was cut short before it began\n    "), "\(told)")
        // It was killed before it wrote its plan: nothing was done.
        try AtomicFile.write(journal.bytes, to: boot.joined(".import"))
        try catboat.succeed("image-lock", Word(Self.image), "--", "true")
        #expect(!journal.exists && !boot.joined(".import").exists)
        #expect(try catboat("doctor").stdout.contains("ok: imports: none was cut short\n"))
    }

    @Test(arguments: ["size=96k", "ro"])
    func `a full or read-only disk leaves everything as it was`(option: String) throws {
        let from = try site("from", version: "1")
        let noise = try Tool("head", ["-c", "300000", "/dev/urandom"]).output().output
        try AtomicFile.write(
            noise, to: Scratch.directory.joined("from/install/netboot/debian12/x86_64/compute/kernel"))
        let bundle = Scratch.directory.joined("image.tgz")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        let to = try emptySite("to")
        let install = Scratch.directory.joined("to/install")
        let script = Scratch.directory.joined("script")
        let mount =
            option == "ro"
            ? "mount --bind \"$1\" \"$1\"; mount -o remount,ro,bind \"$1\""
            : "mount -t tmpfs -o \(option) tmpfs \"$1\""
        try AtomicFile.write(
            "\(mount)\n\"$2\" --root \"$3\" imgimport \"$4\"; echo status $?; find \"$1\" -type f | sort\n".utf8,
            to: script)
        var tool = to.tool("help")
        let program = tool.program
        tool.program = "unshare"
        tool.words = [
            "-m", "sh", Word(script), Word(install), Word(program), Word(Scratch.directory.joined("to")), Word(bundle),
        ]
        let result = try tool.capture()
        #expect(result.text.contains("status 1\n"), "\(result.text)")
        #expect(!result.text.contains("Successfully") && !result.text.contains("kernel\n\(install)"))
        let left = result.lines.filter { $0.hasPrefix(install.printable) && !$0.hasSuffix("/.lock") }
        #expect(option == "ro" || left == [], "\(left)")
        #expect(try to("lsdef", "-t", "osimage", Word(Self.image)).status != 0)
    }

    @Test func `replaying the trace of an export and an import gives the same`() throws {
        let from = try site("from", version: "1")
        let bundle = Scratch.directory.joined("image.tgz")
        func traced(_ verb: String, _ catboat: Catboat, _ words: Word...) throws -> String {
            let file = Scratch.directory.joined("\(verb).trace")
            var catboat = catboat
            catboat.environment["CATBOAT_TRACE"] = Word(file)
            let result = try catboat.run(verb, words)
            try #require(result.status == 0, "\(result)")
            return try file.readText()
        }
        func replay(_ trace: String, _ catboat: Catboat) throws {
            let script = BundleSite.script(trace)
            var shell = catboat.tool("help")
            (shell.program, shell.words) = ("sh", [])
            shell.environment["PATH"] = Word("\(Catboat.execPath):\(shell.environment.text("PATH") ?? "")")
            let captured = try shell.capture(input: Array(script.utf8))
            try #require(
                captured.ending == .exited(0), "\(String(decoding: captured.errors, as: UTF8.self))\n\(script)")
        }
        let exporting = try traced("imgexport", from, Word(Self.image), Word(bundle))
        let digest = try Digest.ofFile(bundle)
        try bundle.removeFile()
        try replay(exporting, from)
        #expect(try Digest.ofFile(bundle) == digest)
        let to = try emptySite("to")
        let importing = try traced("imgimport", to, Word(bundle))
        let state = try (state("to"), stanza(to))
        try to.succeed("rmdef", "-t", "osimage", "-o", Word(Self.image))
        for folder in ["netboot/debian12", "custom/netboot"] {
            try Scratch.directory.joined("to/install/\(folder)").removeTree()
        }
        try replay(importing, to)
        #expect(try self.state("to") == state.0 && stanza(to) == state.1)
    }

    @Test func `a built image has the same packed root at another site`() throws {
        let site = try TinySite()
        try site.catboat.succeed("genimage", Word(TinySite.osimage))
        try site.catboat.succeed("packimage", Word(TinySite.osimage))
        let bundle = Scratch.directory.joined("image.tgz")
        try site.catboat.succeed("imgexport", Word(TinySite.osimage), Word(bundle))
        #expect(
            try site.catboat.succeed("manifest-read", "--json", Word(bundle)).stdout.contains("\"profile_commit\":\""))
        let to = try emptySite("to")
        try to.succeed("imgimport", Word(bundle), "-f", "compute2")
        let copy = Scratch.directory.joined("to/install/netboot/debian12.99.0/x86_64/compute2")
        for file in ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"] {
            #expect(
                try Digest.ofFile(copy.joined(file))
                    == Digest.ofFile(site.host(site.rootimgdir).joined(file)), "\(file)")
        }
        // Nodes get just that root image.
        try to.succeed("table-set", "site", "key=master", "value=10.0.2.2")
        try to.succeed(
            "mkdef", "-t", "node", "-o", "n1", "groups=all", "netboot=xnba", "arch=x86_64", "ip=10.0.2.15",
            "mac=52:54:00:00:00:01")
        try to.succeed("nodeset", "n1", "osimage=debian12.99.0-x86_64-netboot-compute2")
        let boot = Scratch.directory.joined(
            "to/tftpboot/xcat/osimage/debian12.99.0-x86_64-netboot-compute2/boot.ipxe")
        let digest = try Digest.ofFile(copy.joined("rootimg.cpio.gz"))
        #expect(try boot.readText().contains(" imgsum=\(digest) "))
        // The history of the importing site has its recipe.
        let log = try to.succeed("log", "debian12.99.0-x86_64-netboot-compute2")
        #expect(!log.stdout.isEmpty)
        // Over itself at the first site: no difference.
        try site.catboat.succeed("imgimport", Word(bundle))
        let status = try site.catboat("status", Word(TinySite.osimage))
        #expect(!status.stdout.contains("changed"), "\(status)")
    }
}
