import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// The scripts of catboat-plumbing(7), run as they stand there on a site with a tiny medium.
@Suite(.scratchDirectory) struct PlumbingGuideTests {
    private static let image = "debian12.99.0-x86_64-netboot-compute"

    /// A site whose folders are in the scratch directory, without a root prefix: scripts use the paths that they read.
    private struct Site {
        let catboat: Catboat
        let folder = Scratch.directory.joined("install/netboot/debian12.99.0/x86_64/compute")

        private let execPath: FilePath

        init() throws {
            var catboat = Catboat()
            execPath = try Catboat.namedExecPath()
            catboat.environment["CATBOAT_DB"] = Word(Scratch.directory.joined("site.sqlite"))
            catboat.environment["CATBOAT_EXEC_PATH"] = Word(execPath)
            self.catboat = catboat
            let scratch = Scratch.directory.printable
            try catboat.succeed(
                "init", "--installdir", Word("\(scratch)/install"), "--tftpdir", Word("\(scratch)/tftpboot"))
            try catboat.succeed("copycds", Word(try TinySite.medium()))
            try setPackages(["linux-image-tiny", "dracut", "dracut-network", "tiny-hello"])
            try catboat.succeed(
                "chdef", "-t", "osimage", "-o", Word(PlumbingGuideTests.image), Word("pkglist=", Self.list), "exlist=")
        }

        static var list: FilePath { Scratch.directory.joined("install/custom/compute.pkglist") }

        func setPackages(_ names: [String]) throws {
            try Self.list.removingLastComponent().createDirectories()
            try AtomicFile.write(names.map { $0 + "\n" }.joined().utf8, to: Self.list)
        }

        /// Runs a script of the page.
        func run(_ script: String, _ words: Word..., variables: [String: String] = [:]) throws -> Catboat.Result {
            let text = try ManualPage("man7/catboat-plumbing.7").script(script)
            let file = try Scratch.write(text, to: "scripts/\(script)", permissions: 0o755)
            var tool = catboat.tool("help")
            tool.program = file
            tool.words = words
            tool.environment["PATH"] = Word(Catboat.searchPath(execPath))
            for (name, value) in variables { tool.environment[name] = Word(value) }
            let captured = try tool.capture()
            guard case .exited(let status) = captured.ending else { throw ToolError.cannotStart(file, .ioError) }
            return .init(
                status: status, stdout: captured.text, stderr: String(decoding: captured.errors, as: UTF8.self))
        }

        var packed: Digest { get throws { try Digest.ofFile(folder.joined("rootimg.cpio.gz")) } }
    }

    @Test func `plumbing alone gives the same packed image as the porcelain`() throws {
        let site = try Site()
        try site.catboat.succeed("genimage", Word(Self.image))
        try site.catboat.succeed("packimage", Word(Self.image))
        let packed = try site.packed
        try site.folder.joined("rootimg").removeTree()
        try site.folder.joined("rootimg.cpio.gz").removeFile()
        let result = try site.run("build-by-hand", Word(Self.image))
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try site.packed == packed)
    }

    @Test func `the nightly build waits for the plan's approval`() throws {
        let site = try Site()
        try site.catboat.succeed("genimage", Word(Self.image))
        try site.catboat.succeed("packimage", Word(Self.image))
        let plans = Scratch.directory.joined("plans")
        func night() throws -> Catboat.Result {
            try site.run("nightly-build", Word(Self.image), variables: ["PLANS": plans.printable])
        }
        let quiet = try night()
        #expect(quiet.status == 0 && quiet.stdout == "\(Self.image): nothing to do\n", "\(quiet)")
        try site.setPackages(["linux-image-tiny", "dracut", "dracut-network", "tiny-hello", "tiny-red"])
        let before = try site.packed
        let waiting = try night()
        #expect(waiting.status == 3, "\(waiting.stderr)")
        #expect(try plans.joined("\(Self.image).plan").readText().contains("+ tiny-red"))
        #expect(try site.packed == before)
        try plans.joined("\(Self.image).plan").rename(to: plans.joined("\(Self.image).approved"))
        // Something else than what was approved is not built.
        try site.setPackages(["linux-image-tiny", "dracut", "dracut-network", "tiny-hello", "tiny-blue"])
        #expect(try night().status == 3)
        #expect(try site.packed == before)
        try plans.joined("\(Self.image).plan").rename(to: plans.joined("\(Self.image).approved"))
        let built = try night()
        #expect(built.status == 0, "\(built.stderr)")
        #expect(try site.packed != before)
        #expect(try night().stdout.hasSuffix("nothing to do\n"))

        // An audit of these two builds: what came, and that nothing in it runs as root for everybody.
        let audit = try site.run("audit-build", Word(Self.image))
        #expect(audit.status == 0, "\(audit.stderr)")
        #expect(audit.stdout.contains("\n  + tiny-blue  1.0\n"), "\(audit.stdout)")
        try site.folder.joined("rootimg/usr/bin/tar").changePermissions(0o4755)
        try site.catboat.succeed("packimage", Word(Self.image))
        let alarm = try site.run("audit-build", Word(Self.image))
        #expect(alarm.status == 1)
        #expect(alarm.stdout.contains("\n  NEW SETUID /usr/bin/tar\n"), "\(alarm.stdout)")
    }

    @Test func `five variants come from one base`() throws {
        let site = try Site()
        try site.catboat.succeed("genimage", Word(Self.image))
        let extra = ["tiny-red", "tiny-blue", "tiny-conf", "tiny-traces", "tiny-two"]
        let lists = try extra.map { name in
            try Scratch.write("\(name)\n", to: "install/custom/variants/\(name.dropFirst(5)).pkglist")
        }
        let result = try site.run(
            "derive-variants", Word(Self.image), Word(lists[0]), Word(lists[1]), Word(lists[2]), Word(lists[3]),
            Word(lists[4]))
        try #require(result.status == 0, "\(result.stderr)")
        for name in extra {
            let variant = String(name.dropFirst(5))
            let folder = site.folder.removingLastComponent().joined(variant)
            #expect(folder.joined("rootimg.cpio.gz").isRegularFile)
            let packages = try site.catboat.succeed("package-list", Word(folder.joined("rootimg"))).stdout
            #expect(packages.contains("\n\(name)\t") && packages.contains("tiny-hello\t"))
            #expect(
                try site.catboat.succeed("lsdef", "-t", "osimage", Word("\(Self.image)-\(variant)"), "-i", "profile")
                    .stdout.contains("profile=\(variant)"))
        }
    }

    @Test func `a locked build has the packages of the last one, or is not done`() throws {
        let site = try Site()
        try site.catboat.succeed("genimage", Word(Self.image))
        let none = try site.catboat.run("genimage", ["--locked", Word(Self.image)])
        #expect(none.status == 1)
        #expect(none.stderr.contains("osimage has no build to repeat"))
        try site.catboat.succeed("packimage", Word(Self.image))
        let packages = try site.catboat.succeed("package-list", Word(site.folder.joined("rootimg"))).stdout
        try site.catboat.succeed("genimage", "--locked", "--fresh", "--discard-changes", Word(Self.image))
        #expect(try site.catboat.succeed("package-list", Word(site.folder.joined("rootimg"))).stdout == packages)
        // A list that asks for more than the build had.
        try site.setPackages(["linux-image-tiny", "dracut", "dracut-network", "tiny-hello", "tiny-red"])
        let more = try site.catboat.run("genimage", ["--locked", Word(Self.image)])
        #expect(more.status == 1)
        #expect(more.stderr.contains("tiny-red: not there then, 1.0 now"), "\(more.stderr)")
        #expect(try site.catboat.succeed("package-list", Word(site.folder.joined("rootimg"))).stdout == packages)
    }

    @Test func `after a revert the locked build is the one that was gone back to`() throws {
        // Files that only their owner can read are not kept.
        try Scratch.directory.changePermissions(0o755)
        let site = try Site()
        try site.catboat.succeed("genimage", Word(Self.image))
        try site.catboat.succeed("packimage", Word(Self.image))
        let packages = try site.catboat.succeed("package-list", Word(site.folder.joined("rootimg"))).stdout
        try site.setPackages(["linux-image-tiny", "dracut", "dracut-network", "tiny-hello", "tiny-red"])
        try site.catboat.succeed("genimage", Word(Self.image))
        try site.catboat.succeed("packimage", Word(Self.image))
        let packed = try site.packed
        // The first set is gone: going back means building it again.
        try site.catboat.succeed("image-publish", "--prune", "--keep", "1", Word(Self.image))
        let reverted = try site.catboat.succeed("revert", Word(Self.image), Word("\(Self.image)@{2}"))
        let advice = "run genimage --locked \(Self.image) && packimage \(Self.image)."
        #expect(reverted.stdout.contains("Its set is no longer kept: \(advice)"), "\(reverted.stdout)")
        #expect(try site.packed == packed)
        try site.catboat.succeed("genimage", "--locked", Word(Self.image))
        #expect(try site.catboat.succeed("package-list", Word(site.folder.joined("rootimg"))).stdout == packages)
    }

    @Test func `of two versions the locked one is installed, also over a newer one`() throws {
        let site = try Site()
        try site.setPackages(["linux-image-tiny", "dracut", "dracut-network", "tiny-hello", "tiny-two"])
        try site.catboat.succeed("genimage", Word(Self.image))
        let now = try site.catboat.succeed("package-list", Word(site.folder.joined("rootimg"))).stdout
        #expect(now.contains("tiny-two\t2.0\t"))
        let lock = try Scratch.write(now.replacing("tiny-two\t2.0\t", with: "tiny-two\t1.0\t"), to: "lock")
        let pkgdir = Scratch.directory.joined("install/debian12.99.0/x86_64")
        let records = try site.catboat.succeed("pkglist-expand", Word(Site.list)).stdout
        let words: [Word] = [
            "--osver", "debian12.99.0", "--arch", "x86_64", "--pkgdir", Word(pkgdir), "--locked", Word(lock),
            Word(site.folder),
        ]
        let down = try site.catboat.run("rootimg-populate", words, input: Array(records.utf8))
        #expect(down.status == 0, "\(down.stderr)")
        #expect(
            try site.catboat.succeed("package-list", Word(site.folder.joined("rootimg"))).stdout
                .contains("tiny-two\t1.0\t"))
        let fresh = try site.catboat.run(
            "rootimg-populate", ["--fresh", "--discard-changes"] + words, input: Array(records.utf8))
        #expect(fresh.status == 0, "\(fresh.stderr)")
        let packages = try site.catboat.succeed("package-list", Word(site.folder.joined("rootimg"))).stdout
        #expect(packages.contains("tiny-two\t1.0\t"))
        #expect(!site.folder.joined("rootimg/etc/apt/preferences.d/catboat-locked").exists)
    }
}
