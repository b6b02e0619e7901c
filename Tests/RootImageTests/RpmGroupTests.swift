import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Groups, modules and versions in the lists of RPM distributions.
@Suite(.scratchDirectory, .enabled(if: getuid() == 0, "needs root for namespaces")) struct RpmGroupTests {
    @Test(arguments: RpmLayout.allCases)
    func `a version that a list names stays, also an older one`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let result = try site.populate("rpm\ntiny-two=1.0\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try site.text("usr/share/tiny/two") == "1.0\n")
        #expect(try site.populate("rpm\ntiny-two=1.0\ntiny-extra\n").status == 0)
        #expect(try site.text("usr/share/tiny/two") == "1.0\n")
        if layout == .el {
            let own = try ImageSite(layout, medium: "other", folder: "own")
            #expect(try own.populate("rpm\ntiny-two-1.0\n").status == 0)
            #expect(try own.text("usr/share/tiny/two") == "1.0\n")
        }
        #expect(try site.populate("rpm\ntiny-two\n").status == 0)
        #expect(try site.text("usr/share/tiny/two") == "2.0\n")
    }

    @Test(arguments: RpmLayout.allCases)
    func `of otherpkgdir only the folders that lists name count`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        let others = Scratch.directory.joined("others")
        for (folder, package) in [("site", "tiny-two-1.0-*"), ("unused", "tiny-two-2.0-*")] {
            let file = try #require(
                try Tool("find", [Word(site.medium), "-name", Word(package)]).output().lines.first)
            try others.joined(folder).createDirectories()
            _ = try Tool("cp", [Word(file), Word(others.joined(folder))]).output()
            _ = try Tool("createrepo_c", ["--quiet", Word(others.joined(folder))]).output()
        }
        // The medium has both versions: without it.
        let empty = try ImageSite(layout, medium: "base")
        for file in try Tool("find", [Word(empty.medium), "-name", "tiny-two-*"]).output().lines {
            try FilePath(String(file)).removeFile()
        }
        for folder in try Tool("find", [Word(empty.medium), "-name", "repodata"]).output().lines {
            _ = try Tool("createrepo_c", ["--quiet", Word(FilePath(String(folder)).removingLastComponent())]).output()
        }
        let result = try empty.populate("rpm\n", "--otherpkgdir", Word(others), others: "site/tiny-two\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try empty.text("usr/share/tiny/two") == "1.0\n")
    }

    @Test(arguments: RpmLayout.allCases)
    func `a version may have bounds, which hold at the next build too`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        for _ in 0..<2 {
            let result = try site.populate("rpm\ntiny-two<=1.5\n")
            #expect(result.status == 0, "\(result.stderr)")
            #expect(try site.text("usr/share/tiny/two") == "1.0\n")
        }
        let other = try ImageSite.over(site, "other")
        #expect(try other.populate("rpm\ntiny-two>=1.5\n").status == 0)
        #expect(try other.text("usr/share/tiny/two") == "2.0\n")
    }

    @Test(arguments: RpmLayout.allCases)
    func `nothing asked for is a mistake, and removes nothing`(_ layout: RpmLayout) throws {
        let site = try ImageSite(layout)
        try site.populate("rpm\ntiny-hello\n")
        let before = try site.listing(site.tree)
        let result = try site.catboat.run("rootimg-populate", site.source + [Word(site.folder)], input: [])
        #expect(result.status == 128)
        #expect(result.stderr.hasPrefix("rootimg-populate: error: no packages are asked for: 'standard input': "))
        #expect(try site.listing(site.tree) == before)
    }

    @Test(arguments: RpmLayout.allCases)
    func `a version that nobody has is named as the list has it`(_ layout: RpmLayout) throws {
        let result = try ImageSite(layout).populate("tiny-two=9.9\n")
        #expect(result.stderr.contains("unknown package: 'tiny-two=9.9': correct "), "\(result.stderr)")
    }

    @Test func `a module's profile that does not exist is named with its line`() throws {
        let site = try ImageSite(.el)
        let result = try site.populate("@tiny:1/nope\n")
        #expect(result.stderr.contains("unknown package: '@tiny:1/nope': correct "), "\(result.stderr)")
    }

    @Test func `a group is its members, and goes as a whole`() throws {
        let site = try ImageSite(.el)
        try site.populate("@tiny-group\n")
        var packages = try site.packages()
        #expect(packages.contains("tiny-hello") && packages.contains("tiny-extra") && !packages.contains("tiny-conf"))
        try site.populate("tiny-extra\n")
        packages = try site.packages()
        #expect(packages.contains("tiny-extra") && !packages.contains("tiny-hello") && !packages.contains("libtiny"))
        let removed = try site.populate("@Tiny Tools\n", others: "-tiny-extra\n")
        #expect(removed.status == 0, "\(removed.stderr)")
        packages = try site.packages()
        #expect(packages.contains("tiny-hello") && !packages.contains("tiny-extra"))
    }

    @Test func `a module's stream decides the version`() throws {
        let site = try ImageSite(.el)
        try site.populate("@tiny:2\n")
        #expect(try site.text("usr/share/tiny/stream") == "2\n")
        #expect(try site.populate("@tiny:2\n").stdout == "")
        let other = try ImageSite.over(site, "other")
        try other.populate("tiny-stream\n")
        #expect(try other.text("usr/share/tiny/stream") == "1\n")
        #expect(try other.populate("@tiny:3\n", "--fresh").stderr.contains("unknown package: '@tiny:3'"))
    }

    @Test func `a pattern is what its package needs`() throws {
        let site = try ImageSite(.sles)
        let result = try site.populate("@minimal_base\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try site.packages().contains("patterns-base-minimal_base"))
        try site.populate("tiny-extra\n")
        #expect(try !site.packages().contains("patterns-base-minimal_base"))
    }

    @Test func `dnf installs what is recommended unless told not to`() throws {
        let site = try ImageSite(.el)
        try site.populate("tiny-recommends\n")
        #expect(try site.packages().contains("tiny-extra"))
        let other = try ImageSite.over(site, "other")
        try other.populate("tiny-recommends\n", "--no-recommends")
        #expect(try !other.packages().contains("tiny-extra"))
    }

    @Test func `the database is where the image's own rpm looks for it`() throws {
        let site = try ImageSite(.el)
        try site.populate("rpm\n")
        let macros = site.tree.joined("usr/lib/rpm/macros.d/macros.dbpath")
        try AtomicFile.write("%_dbpath /usr/lib/sysimage/rpm\n".utf8, to: macros)
        let result = try site.populate("rpm\ntiny-extra\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(site.tree.joined("usr/lib/sysimage/rpm/rpmdb.sqlite").exists)
        #expect(!site.tree.joined("var/lib/rpm/rpmdb.sqlite").exists)
        #expect(try site.packages().contains("tiny-extra"))
        #expect(try site.populate("rpm\ntiny-extra\ntiny-conf\n").stdout == "+ tiny-conf - 1.0-1\n")
    }
}

extension ImageSite {
    func expectRefused(_ pkgdir: FilePath, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let result = Result {
            try catboat.run(
                "rootimg-populate",
                Array(source.prefix(4)) + ["--pkgdir", Word(pkgdir), Word(Scratch.directory.joined("refused"))],
                input: expand("tiny-hello\n"))
        }
        #expect((try? result.get().stderr.contains(words)) == true, "\(result)", sourceLocation: sourceLocation)
    }
}
