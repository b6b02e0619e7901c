import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Root images of RPM packages, with the real dnf and zypper.
@Suite(.scratchDirectory, .enabled(if: getuid() == 0, "needs root for namespaces")) struct RpmPopulateTests {
    private func kernel(_ layout: RpmLayout) -> String { layout == .el ? "kernel" : "kernel-default" }

    @Test(arguments: RpmLayout.allCases)
    func `a first build holds the list, its dependencies and no trace of the build`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let result = try site.populate("tiny-hello\ntiny-network\n\(kernel(layout))\ndracut\nrpm\n")
        #expect(result.status == 0 && result.stderr == "", "\(result.stderr)")
        #expect(result.stdout.split(separator: "\n").contains("+ tiny-hello - 1.0-1"))
        let packages = try site.packages()
        #expect(Set(["libtiny", "tiny-hello", "tiny-network", "dracut", "glibc"]).isSubset(of: packages))
        #expect(try site.text("var/lib/tiny/interfaces") == "lo\n")
        #expect(try site.text("var/lib/tiny/scripts") == "tiny-hello post 1\n")
        #expect(try site.tree.joined("boot").directoryNames().map(\.printable).filter { $0.hasPrefix("init") } == [])
        try site.expectNoLeftovers()
        let grep = try Tool("grep", ["-rlaF", "-e", "/run/catboat", "-e", Word(Scratch.directory), Word(site.tree)])
            .capture()
        #expect(grep.text == "")
        // The image's own rpm reads the database.
        let own = try site.catboat("rootimg-run", Word(site.folder), "--", "rpm", "-qa", "--qf", "%{NAME}\n")
        #expect(own.stdout.split(separator: "\n").map(String.init).sorted() == packages, "\(own.stderr)")
    }

    @Test(arguments: RpmLayout.allCases)
    func `a later run adds and removes what the list changed, and keeps what people changed`(_ layout: RpmLayout) throws
    {
        let site = try ImageSite(layout)
        try site.populate("rpm\ntiny-hello\ntiny-conf\n")
        try site.finish()
        try AtomicFile.write("setting = mine\n".utf8, to: site.tree.joined("etc/tiny.conf"))
        let planned = try site.populate("rpm\ntiny-conf\ntiny-extra\n", "--plan")
        let version = "1.0-1"
        let expected = "- libtiny \(version) -\n+ tiny-extra - \(version)\n- tiny-hello \(version) -\n"
        #expect(planned == Catboat.Result(status: 1, stdout: expected, stderr: ""))
        #expect(try site.packages().contains("tiny-hello"))
        #expect(
            try site.populate("rpm\ntiny-conf\ntiny-extra\n") == Catboat.Result(status: 0, stdout: expected, stderr: "")
        )
        #expect(try site.text("etc/tiny.conf") == "setting = mine\n")
        let before = try site.listing(site.tree)
        #expect(try site.populate("rpm\ntiny-conf\ntiny-extra\n") == Catboat.Result(status: 0, stdout: "", stderr: ""))
        #expect(try site.listing(site.tree) == before)
        try site.expectNoLeftovers()
    }

    @Test(arguments: RpmLayout.allCases)
    func `unknown packages are named with their lists and nothing changes`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let result = try site.populate("tiny-hello\nnosuch # really\n\nnor-this\n@no group\n")
        let list = Scratch.directory.joined("top.pkglist").printable
        #expect(
            result
                == Catboat.Result(
                    status: 128, stdout: "",
                    stderr:
                        "rootimg-populate: error: unknown packages: 'nosuch nor-this @no group': correct \(list):2, \(list):4, "
                        + "\(list):5, or add a repository that has it to pkgdir or otherpkgdir\n"))
        #expect(!site.folder.exists)
    }

    @Test(arguments: RpmLayout.allCases)
    func `packages that cannot be installed together are explained`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let list = Scratch.directory.joined("top.pkglist").printable
        let result = try site.populate("tiny-unmet\n")
        #expect(result.status == 128)
        #expect(
            result.stderr.hasPrefix(
                "rootimg-populate: error: packages cannot be installed together: 'tiny-unmet (\(list):1)': "))
        #expect(result.stderr.contains("tiny-absent >= 5"))
        #expect(
            result.stderr.contains("\ntiny-unmet-1.0-1.x86_64 is in \(site.medium.printable)"), "\(result.stderr)")
        #expect(try site.populate("tiny-red\ntiny-blue\n").status == 128)
        #expect(!site.folder.exists)
    }

    @Test(arguments: RpmLayout.allCases)
    func `a package script that fails is told; one that stops its package leaves nothing`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let stopped = try site.populate("tiny-hello\ntiny-stops\n")
        #expect(stopped.status == 128)
        #expect(stopped.stderr.contains("tiny-stops"))
        #expect(!site.tree.exists)
        let failed = try site.populate("tiny-hello\ntiny-fail\n")
        #expect(failed.status == 0, "\(failed.stderr)")
        #expect(failed.stderr.contains("Warning: rootimg-populate: ") && failed.stderr.contains("tiny-fail"))
    }

    @Test(arguments: RpmLayout.allCases)
    func `passes run in order with their variables, removals before and after`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let result = try site.populate(
            "#ENV:TINY_SLOW=0#\ntiny-slow\ntiny-red\n",
            others: "-tiny-red\ntiny-blue\n#NEW_INSTALL_LIST#\ntiny-extra\n--tiny-blue\n")
        #expect(result.status == 0, "\(result.stderr)")
        let packages = try site.packages()
        #expect(packages.contains("tiny-slow") && packages.contains("tiny-extra"))
        #expect(!packages.contains("tiny-red") && !packages.contains("tiny-blue"))
    }

    @Test(arguments: RpmLayout.allCases)
    func `otherpkgdir has repositories below it; a folder without metadata is refused`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let extra = try #require(
            try Tool("find", [Word(site.medium), "-name", "tiny-extra-*"]).output().lines.first)
        let others = Scratch.directory.joined("others")
        let folder = others.joined("site/tools")
        try folder.createDirectories()
        _ = try Tool("cp", [Word(extra), Word(folder)]).output()
        let words: [Word] = ["--otherpkgdir", Word(others)]
        let refused = try site.populate("tiny-hello\n", words[0], words[1], others: "site/tools/tiny-extra\n")
        #expect(
            refused.stderr
                == "rootimg-populate: error: folder has no repository metadata: '\(folder.printable)': run createrepo_c "
                + "\(folder.printable), or copy a medium there with copycds\n")
        _ = try Tool("createrepo_c", ["--quiet", Word(folder)]).output()
        let result = try site.populate("tiny-hello\n", words[0], words[1], others: "site/tools/tiny-extra\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try site.text("usr/share/tiny/extra") == "extra\n")
        let empty = Scratch.directory.joined("empty")
        try empty.createDirectories()
        site.expectRefused(empty, "folder has no packages for x86_64")
    }

    @Test(arguments: RpmLayout.allCases)
    func `the kernel is the newest by version order, or the chosen one`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let (old, words): (String, [Word]) =
            layout == .el
            ? ("4.18.0-80.el8.x86_64", ["--kernelver", "4.18.0-80.el8.x86_64"])
            : ("5.3.18-9-default", ["--kernelver", "5.3.18-9-default", "--krpmver", "5.3.18-150300.9.1"])
        let list = Array(try site.expand("\(kernel(layout))\n"))
        let result = try site.catboat.run("rootimg-populate", site.source + words + [Word(site.folder)], input: list)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            try site.tree.joined("boot").directoryNames().map(\.printable).filter { $0.hasPrefix("vmlinuz") }
                == ["vmlinuz-\(old)"])
        let missing = try site.catboat.run(
            "rootimg-populate", site.source + ["--kernelver", "5.0", "--krpmver", "5.0-1", Word(site.folder)],
            input: list)
        #expect(
            missing.stderr
                == "rootimg-populate: error: Cannot find the \(kernel(layout)) package with version 5.0-1: correct kernelver or krpmver, or add a repository that has it\n"
        )
        guard layout == .sles else { return }
        let lacking = try site.catboat.run(
            "rootimg-populate", site.source + ["--kernelver", "5.0", Word(site.folder)], input: list)
        #expect(lacking.stderr.contains("The -g flag for the rpm version of kernel packages needs to be specified"))
    }

    @Test(arguments: RpmLayout.allCases)
    func `the same list and medium give the same tree`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let second = try ImageSite.over(site, "second")
        for one in [site, second] {
            try one.populate("tiny-hello\ntiny-traces\ntiny-files\nrpm\n\(kernel(layout))\n")
            try one.finish()
        }
        #expect(try site.listing(site.tree) == second.listing(second.tree))
    }

    @Test(arguments: RpmLayout.allCases)
    func `packages are updated unless told not to, and --locked repeats an earlier build`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        try site.populate("tiny-hello\n")
        let list = try Scratch.write(try site.catboat("package-list", Word(site.tree)).stdout, to: "locked")
        let newer = try ImageSite(layout, "--generation", "2", medium: "newer")
        let (old, new) = ("1.0-1", "1.1-1")
        #expect(try newer.populate("tiny-hello\ntiny-extra\n", "--noupdate", "--plan").stdout.contains("+ tiny-extra"))
        #expect(try newer.populate("tiny-hello\n").stdout == "~ tiny-hello \(old) \(new)\n")
        let refused = try newer.populate("tiny-hello\n", "--fresh", "--locked", Word(list))
        #expect(refused.status == 128, "\(refused.stdout)")
        let both = try ImageSite.over(newer, "again")
        var source = both
        source.source += ["--pkgdir", Word(site.medium)]
        let repeated = try source.populate("tiny-hello\n", "--locked", Word(list))
        #expect(repeated.status == 0, "\(repeated.stderr)")
        #expect(try source.catboat("package-list", Word(source.tree)).stdout == list.readText())
    }

    @Test(arguments: RpmLayout.allCases)
    func `signed packages need a key of the medium or of the site`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout, "--sign")
        let good = try site.populate("tiny-hello\ntiny-unsigned\n")
        #expect(good.status == 0, "\(good.stderr)")
        #expect(try !site.packages().contains("gpg-pubkey"))
        let other = try ImageSite.over(site, "other")
        let stranger = try other.populate("tiny-hello\ntiny-stranger\n")
        #expect(stranger.status == 128)
        #expect(
            stranger.stderr.hasPrefix(
                "rootimg-populate: error: package tiny-stranger-1.0-1.x86_64 is signed by a key that is not trusted ("
            ), "\(stranger.stderr)")
        let list = Scratch.directory.joined("top.pkglist").printable
        #expect(stranger.stderr.hasSuffix("\nasked for in \(list):2\n"), "\(stranger.stderr)")
        #expect(!other.folder.exists)
        // Without its key the medium is not trusted, until the site trusts that key.
        for name in try site.medium.directoryNames()
        where name.printable.hasPrefix("RPM-GPG-KEY") || name.printable.hasPrefix("gpg-pubkey") {
            try site.medium.joined(name).removeFile()
        }
        #expect(try other.populate("tiny-hello\n").stderr.contains("is signed by a key that is not trusted ("))
        let key = FilePath("\(site.medium.printable).key.asc")
        let trusted = try other.populate("tiny-hello\n", "--keyring", Word(key))
        #expect(trusted.status == 0, "\(trusted.stderr)")
    }

    @Test(arguments: RpmLayout.allCases)
    func `a package that was changed is refused, and nothing is there`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout, "--sign", "--tamper", "rpm")
        let result = try site.populate("tiny-hello\n")
        #expect(result.status == 128, "\(result.stderr)")
        #expect(result.stderr.contains("tiny-hello"))
        #expect(!site.tree.exists)
    }

    @Test(arguments: RpmLayout.allCases)
    func `a killed run is repaired by the next one`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        try site.populate("tiny-extra\n")
        try site.finish()
        let list = try site.expand("#ENV:TINY_SLOW=60#\ntiny-extra\ntiny-hello\ntiny-slow\n")
        var tool = site.catboat.tool("rootimg-populate", site.source + [Word(site.folder)])
        tool.hasOwnGroup = true
        let input = try Scratch.write(String(decoding: list, as: UTF8.self), to: "records")
        let descriptor = try FileDescriptor.open(input, .readOnly)
        let running = try tool.start(input: .descriptor(descriptor), output: .null, errors: .null)
        // Its script sleeps for a minute: by then its files are there.
        let log = site.folder.joined(".populate.log")
        for _ in 0..<600 {
            if (try? log.readText())?.contains("tiny-slow") == true { break }
            usleep(100_000)
        }
        usleep(500_000)
        running.signal(SIGKILL)
        _ = try running.wait()
        try descriptor.close()
        let repaired = try site.populate("tiny-extra\ntiny-hello\n")
        #expect(repaired.status == 0, "\(repaired.stderr)")
        let packages = try site.packages()
        #expect(packages.contains("tiny-hello") && !packages.contains("tiny-slow"))
        #expect(try site.text("var/lib/tiny/scripts")?.contains("tiny-hello post") == true)
        try site.expectNoLeftovers()
    }
}
