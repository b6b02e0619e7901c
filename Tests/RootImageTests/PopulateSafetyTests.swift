import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What happens when a run is killed, the disk is full, or a medium is not to be trusted.
@Suite(.scratchDirectory, .enabled(if: getuid() == 0, "needs root for namespaces")) struct PopulateSafetyTests {
    /// Kills rootimg-populate after `delay` milliseconds; true if it was still at work.
    private func killed(_ site: ImageSite, _ records: FilePath, after delay: UInt32) throws -> Bool {
        let tool = site.catboat.tool(
            "rootimg-populate", site.source + ["--packages-from", Word(records), Word(site.folder)])
        let running = try tool.start(output: .null, errors: .null)
        usleep(delay * 1000)
        running.signal(SIGKILL)
        return try running.wait() == .signaled(SIGKILL)
    }

    /// Waits until no process works on the folder.
    private func expectQuiet(_ site: ImageSite) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let busy = try FilePath("/proc").directoryNames().filter { name in
                guard name.printable.allSatisfy(\.isNumber), CInt(name.printable) != getpid() else { return false }
                let line = (try? FilePath("/proc").joined(name).joined("cmdline").readText()) ?? ""
                let root = (try? FilePath("/proc").joined(name).joined("root").resolved().printable) ?? ""
                return line.contains(site.folder.printable) || root.hasPrefix(site.folder.printable)
            }
            if busy.isEmpty { return }
            try #require(ContinuousClock.now < deadline, "processes are left: \(busy)")
            usleep(50_000)
        }
    }

    @Test func `a first build that is killed leaves nothing behind, the next one succeeds`() throws {
        let site = try ImageSite()
        let records = try Scratch.write(
            String(decoding: site.expand("tiny-hello\ntiny-extra\n"), as: UTF8.self), to: "records")
        for delay in [30, 120, 400, 800, 1300, 2000] as [UInt32] {
            let wasKilled = try killed(site, records, after: delay)
            try expectQuiet(site)
            if wasKilled { #expect(!site.tree.exists) }
            let mounts = try FilePath("/proc/self/mountinfo").readText()
            #expect(!mounts.contains(site.folder.printable))
            if !wasKilled { break }
        }
        #expect(try site.populate("tiny-hello\ntiny-extra\n").status == 0)
        try site.expectNoLeftovers()
        #expect(try site.packages() == (ImageSite.base + ["libtiny", "tiny-extra", "tiny-hello"]).sorted())
    }

    @Test func `a later run that is killed leaves a marked tree, the next one repairs it`() throws {
        let site = try ImageSite()
        try site.populate("tiny-hello\n")
        try site.finish()
        let list = "tiny-conf\ntiny-extra\ntiny-files\ntiny-two\n"
        let records = try Scratch.write(String(decoding: site.expand(list), as: UTF8.self), to: "records")
        for delay in [100, 500, 900, 1300, 1800] as [UInt32] {
            guard try killed(site, records, after: delay) else { break }
            try expectQuiet(site)
            let state = try site.folder.joined(".state").readText()
            #expect(state.contains("complete") || state.contains("populating"))
        }
        let result = try site.populate(list)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            try site.packages() == (ImageSite.base + ["tiny-conf", "tiny-extra", "tiny-files", "tiny-two"]).sorted())
        #expect(try site.tree.joined("var/lib/dpkg/updates").directoryNames() == [])
        try site.expectNoLeftovers()
    }

    @Test func `what apt forgot of a package that it was about to remove is known again`() throws {
        let site = try ImageSite()
        try site.populate("tiny-hello\n")
        #expect(try site.packages().contains("libtiny"))
        // As a kill leaves it between apt's taking the mark away and dpkg's removing the package.
        let state = site.folder.joined(".state")
        let text = try state.readText()
        try AtomicFile.write(text.replacing("\"populated\"", with: "\"populating\"").utf8, to: state)
        let marks = site.tree.joined("var/lib/apt/extended_states")
        try #require(try marks.readText().contains("Package: libtiny\n"))
        try marks.rename(to: marks.removingLastComponent().joined("extended_states.catboat"))
        try AtomicFile.write([], to: marks)
        #expect(try site.populate("tiny-conf\n").status == 0)
        #expect(try site.packages() == (ImageSite.base + ["tiny-conf"]).sorted())
        #expect(!marks.removingLastComponent().joined("extended_states.catboat").exists)
    }

    @Test func `a run that was killed with every package in place is cleaned up after`() throws {
        let site = try ImageSite()
        try site.populate("tiny-hello\n")
        // As a kill between the last package and the end leaves it.
        let state = site.folder.joined(".state")
        let text = try state.readText()
        try #require(text.contains("\"populated\""), "\(text)")
        try AtomicFile.write(text.replacing("\"populated\"", with: "\"populating\"").utf8, to: state)
        try AtomicFile.write(
            "#!/bin/sh\n# catboat: no service starts while packages are installed\nexit 101\n".utf8,
            to: site.tree.joined("usr/sbin/policy-rc.d"), permissions: 0o755)
        let result = try site.populate("tiny-hello\n")
        #expect(result.status == 0 && result.stdout.isEmpty, "\(result)")
        #expect(try state.readText().contains("\"populated\""))
        try site.expectNoLeftovers()
    }

    @Test(arguments: ["4m", "9m"]) func `a full disk is told and leaves no tree`(size: String) throws {
        let disk = Scratch.directory.joined("disk")
        try disk.createDirectories()
        _ = try Tool("mount", ["-t", "tmpfs", "-o", Word("size=\(size)"), "tmpfs", Word(disk)]).output()
        defer { _ = try? Tool("umount", [Word(disk)]).run() }
        let site = try ImageSite(folder: "disk/image")
        let result = try site.populate("tiny-hello\ntiny-files\n")
        #expect(result.status == 128)
        #expect(result.stderr.lowercased().contains("no space left on device"), "\(result.stderr)")
        #expect(!site.tree.exists)
        let mounts = try FilePath("/proc/self/mountinfo").readText()
        #expect(!mounts.contains(site.folder.printable))
        _ = try Tool("mount", ["-o", "remount,size=200m", Word(disk)]).output()
        #expect(try site.populate("tiny-hello\ntiny-files\n").status == 0)
    }

    @Test func `a tree that was changed by hand is not thrown away unasked`() throws {
        let site = try ImageSite()
        try site.populate("tiny-hello\n")
        try site.finish()
        try AtomicFile.write("mine\n".utf8, to: site.tree.joined("etc/mine"))
        try site.tree.joined("usr/bin/tiny-hello").changePermissions(0o700)
        // A run in between does not make the changes its own.
        #expect(try site.populate("tiny-hello\ntiny-extra\n").status == 0)
        try site.finish()
        let refused = try site.populate("tiny-hello\n", "--fresh")
        #expect(
            refused
                == Catboat.Result(
                    status: 128, stdout: "",
                    stderr:
                        "rootimg-populate: error: files were changed by hand\n+ /etc/mine\n~ /usr/bin/tiny-hello\nin the root image: "
                        + "'\(site.tree.printable)': keep them without --fresh, or lose them with --fresh --discard-changes\n"
                ))
        #expect(try site.text("etc/mine") == "mine\n")
        #expect(try site.populate("tiny-hello\n", "--fresh", "--discard-changes").stdout == "- tiny-extra 1.0 -\n")
        #expect(try site.text("etc/mine") == nil)
        try site.finish()
        #expect(try site.populate("tiny-hello\n", "--fresh").status == 0)
        try site.expectNoLeftovers()
    }

    @Test func `a signed medium needs a trusted key, which the error names`() throws {
        let site = try ImageSite("--sign")
        let (key, fingerprint) = try mediumKey()
        let refused = try site.populate("tiny-hello\n")
        #expect(
            refused.stderr
                == "rootimg-populate: error: repository is signed by a key that is not trusted (\(fingerprint)): "
                + "'\(site.medium.printable)/dists/bookworm': check that key and trust it with copycds --key FILE\n")
        #expect(!site.folder.exists)
        let trusted = try site.populate("tiny-hello\n", "--keyring", Word(key))
        #expect(trusted.status == 0, "\(trusted.stderr)")
    }

    @Test func `packages come from a URL whose signature is trusted`() throws {
        var site = try ImageSite("--sign")
        let (key, fingerprint) = try mediumKey()
        let server = try serve(site.medium)
        let url = "http://127.0.0.1:\(server.port)/install/medium bookworm main"
        site.source = ["--osver", "debian12", "--arch", "x86_64", "--pkgdir", Word(url)]
        let refused = try site.populate("tiny-hello\n")
        #expect(refused.status == 128)
        #expect(refused.stderr.contains("repository is signed by a key that is not trusted ("))
        #expect(refused.stderr.contains(fingerprint.suffix(16)))
        #expect(!site.folder.exists)
        let built = try site.populate("tiny-hello\n", "--keyring", Word(key))
        #expect(built.status == 0, "\(built.stderr)")
        #expect(try site.packages() == (ImageSite.base + ["libtiny", "tiny-hello"]).sorted())
        #expect(server.requests.contains { $0.contains("tiny-hello") && $0.contains(".deb") })
        #expect(try site.populate("tiny-hello\n", "--plan", "--keyring", Word(key)).status == 0)
        try site.expectNoLeftovers()
    }

    @Test func `a URL without a signature, without an answer, or with more than one line is refused`() throws {
        var site = try ImageSite()
        let server = try serve(site.medium)
        let place = "http://127.0.0.1:\(server.port)/install"
        for (url, message) in [
            ("\(place)/medium bookworm main", "repository is not signed: '\(place)/medium bookworm"),
            ("\(place)/nosuch bookworm main", "'\(place)/nosuch bookworm"),
            ("http://127.0.0.1:1/medium bookworm main", "http://127.0.0.1:1/medium"),
            ("\(place)/medium bookworm main\ndeb [trusted=yes] \(place)/medium bookworm main", "not a repository"),
            ("\(place)/medium", "not a repository"),
        ] {
            site.source = ["--osver", "debian12", "--arch", "x86_64", "--pkgdir", Word(url)]
            let result = try site.populate("tiny-hello\n")
            #expect(result.status == 128)
            #expect(result.stderr.contains(message), "\(result.stderr)")
            #expect(!site.folder.exists)
        }
    }

    /// The public key of the medium that was signed, and its fingerprint.
    private func mediumKey() throws -> (FilePath, fingerprint: Substring) {
        let home = Scratch.directory.joined("gnupg")
        try home.createDirectories(permissions: 0o700)
        let key = Scratch.directory.joined("medium.key.asc")
        let shown = try Tool("gpg", ["--homedir", Word(home), "--show-keys", "--with-colons", Word(key)]).output().lines
        let line = try #require(shown.first { $0.hasPrefix("fpr:") })
        return (key, try #require(line.split(separator: ":").last))
    }

    private func serve(_ medium: FilePath) throws -> WebServer {
        let install = Scratch.directory.joined("install")
        try install.createDirectories()
        try install.joined("medium").createSymbolicLink(to: medium)
        return try WebServer(root: Scratch.directory, folder: Scratch.directory)
    }

    @Test func `a copy of a medium that was not finished is refused`() throws {
        let site = try ImageSite()
        try site.medium.joined(".catboat-media.json").removeFile()
        let result = try site.populate("tiny-hello\n")
        #expect(
            result.stderr
                == "rootimg-populate: error: copy of the medium is not complete: '\(site.medium.printable)': run copycds again\n"
        )
    }

    @Test(arguments: ["deb", "packages"]) func `a damaged medium is refused`(what: String) throws {
        let site = try ImageSite("--tamper", Word(what))
        let result = try site.populate(
            "tiny-hello\ntiny-files\ntiny-extra\ntiny-conf\ntiny-red\ntiny-two\ntiny-tools\ntiny-recommends\n")
        #expect(result.status == 128)
        #expect(!site.tree.exists)
    }

    @Test func `an unknown distribution, another architecture, no folder`() throws {
        var site = try ImageSite()
        site.source = ["--osver", "plan9", "--arch", "x86_64", "--pkgdir", Word(site.medium)]
        #expect(
            try site.populate("tiny-hello\n").stderr
                == "rootimg-populate: error: cannot build root images of this distribution: 'plan9': use Debian, Ubuntu, Enterprise Linux, Fedora or SUSE media\n"
        )
        site.source = ["--osver", "debian12", "--arch", "aarch64", "--pkgdir", Word(site.medium)]
        #expect(
            try site.populate("tiny-hello\n").stderr.contains(
                "folder has no packages for arm64: '\(site.medium.printable)'"))
        site.source = ["--osver", "debian12", "--arch", "x86_64", "--pkgdir", "/nosuch"]
        #expect(
            try site.populate("tiny-hello\n").stderr
                == "rootimg-populate: error: package folder not found: '/nosuch': run copycds, or correct pkgdir or otherpkgdir\n"
        )
        #expect(!site.folder.exists)
    }
}
