import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.scratchDirectory, .enabled(if: getuid() == 0, "needs root for namespaces")) struct PopulateTests {
    @Test func `a first build holds the list, its dependencies and no trace of the build`() throws {
        let site = try ImageSite()
        let result = try site.populate("tiny-hello\ntiny-network\nlinux-image-6.1.0-10-tiny\ndracut\n")
        #expect(result.status == 0, "\(result.stderr)")
        let expected = ["dracut", "libtiny", "linux-image-6.1.0-10-tiny", "tiny-hello", "tiny-network"]
        #expect(try site.packages() == (ImageSite.base + expected).sorted())
        #expect(result.stdout.split(separator: "\n").contains("+ tiny-hello - 1.0"))
        #expect(result.stderr == "")
        // Only the loopback interface was there.
        #expect(try site.text("var/lib/tiny/interfaces") == "lo\n")
        #expect(try site.tree.joined("boot").directoryNames().map(\.printable).filter { $0.hasPrefix("initrd") } == [])
        try site.expectNoLeftovers()
        let grep = try Tool("grep", ["-rlF", "-e", "/run/catboat", "-e", Word(Scratch.directory), Word(site.tree)])
            .capture()
        #expect(grep.text == "")
        let state = try site.folder.joined(".state").readText()
        #expect(state.contains("\"step\" : \"populated\""))
    }

    @Test func `a later run adds and removes what the list changed, and keeps what people changed`() throws {
        let site = try ImageSite()
        try site.populate("tiny-hello\ntiny-conf\n")
        try site.finish()
        try AtomicFile.write("setting = mine\n".utf8, to: site.tree.joined("etc/tiny.conf"))
        try AtomicFile.write("hello\n".utf8, to: site.tree.joined("opt/by-hand"))
        let planned = try site.populate("tiny-conf\ntiny-extra\n", "--plan")
        let expected = "- libtiny 1.0 -\n+ tiny-extra - 1.0\n- tiny-hello 1.0 -\n"
        #expect(planned == Catboat.Result(status: 1, stdout: expected, stderr: ""))
        #expect(try site.packages().contains("tiny-hello"))
        let done = try site.populate("tiny-conf\ntiny-extra\n")
        #expect(done == Catboat.Result(status: 0, stdout: expected, stderr: ""))
        #expect(try site.text("etc/tiny.conf") == "setting = mine\n")
        #expect(try site.text("opt/by-hand") == "hello\n")
        #expect(
            try site.populate("tiny-conf\ntiny-extra\n", "--plan") == Catboat.Result(status: 0, stdout: "", stderr: ""))
        try site.expectNoLeftovers()
    }

    @Test func `a dropped name stays while something needs it, and with --keep-removed`() throws {
        let site = try ImageSite()
        try site.populate("tiny-hello\nlibtiny\ntiny-extra\n")
        #expect(try site.populate("tiny-hello\n", "--keep-removed").stdout == "")
        #expect(try site.packages().contains("tiny-extra"))
        #expect(try site.populate("tiny-hello\n").stdout == "- tiny-extra 1.0 -\n")
        #expect(try site.packages().contains("libtiny"))
        #expect(try site.populate("tar\n").stdout == "- libtiny 1.0 -\n- tiny-hello 1.0 -\n")
    }

    @Test func `packages are updated unless told not to`() throws {
        let site = try ImageSite()
        try site.populate("tiny-hello\n")
        try site.medium.removeTree()
        var newer = try ImageSite("--generation", "2")
        newer.catboat = site.catboat
        // A package that the list names is brought up to date in any case, as xCAT does it; others are not.
        #expect(try newer.populate("tiny-two=1.0\n", "--noupdate", "--keep-removed").stdout == "+ tiny-two - 1.0\n")
        #expect(try newer.populate("tiny-hello\ntiny-two\n").stdout == "~ tiny-hello 1.0 1.1\n~ tiny-two 1.0 2.0\n")
    }

    @Test func `a version that a list names stays, also an older one`() throws {
        let site = try ImageSite("--generation", "2")
        #expect(try site.populate("tiny-hello\n").status == 0)
        #expect(try site.populate("tiny-hello\ntiny-two=1.0\n").stdout == "+ tiny-two - 1.0\n")
        #expect(try site.populate("tiny-hello\ntiny-two=1.0\n").stdout == "")
        #expect(try site.populate("tiny-hello\ntiny-two\n").stdout == "~ tiny-two 1.0 2.0\n")
        #expect(try site.populate("tiny-hello\ntiny-two=1.0\n").stdout == "~ tiny-two 2.0 1.0\n")
    }

    @Test func `unknown packages are named with their lists and nothing changes`() throws {
        let site = try ImageSite()
        let result = try site.populate("tiny-hello\nnosuch # really\n\nnor-this\n")
        let list = Scratch.directory.joined("top.pkglist").printable
        #expect(
            result
                == Catboat.Result(
                    status: 128, stdout: "",
                    stderr:
                        "rootimg-populate: error: unknown packages: 'nosuch nor-this': correct \(list):2, \(list):4, "
                        + "or add a repository that has it to pkgdir or otherpkgdir\n"))
        #expect(!site.folder.exists)
        // Apt would take this for a pattern.
        #expect(try site.populate("tiny-.*\n").stderr.contains("unknown package: 'tiny-.*'"))
    }

    @Test func `packages that cannot be installed together are explained`() throws {
        let site = try ImageSite()
        let result = try site.populate("tiny-unmet\n")
        #expect(result.status == 128)
        #expect(result.stderr.contains("packages cannot be installed together"))
        #expect(result.stderr.contains("tiny-unmet : Depends: tiny-absent (>= 5)"))
        let conflict = try site.populate("tiny-red\ntiny-blue\n")
        #expect(conflict.status == 128)
        #expect(!site.folder.exists)
    }

    @Test func `a failing package script leaves no tree, or one that is marked and repaired`() throws {
        let site = try ImageSite()
        let first = try site.populate("tiny-hello\ntiny-fail\n")
        #expect(first.status == 128)
        #expect(first.stderr.contains("dpkg: error processing package tiny-fail"))
        #expect(!site.tree.exists)
        try site.populate("tiny-hello\n")
        try site.finish()
        #expect(try site.populate("tiny-hello\ntiny-fail\n").status == 128)
        let refused = try site.catboat("rootimg-finish", "--stage", "pack", Word(site.folder))
        #expect(
            refused
                == Catboat.Result(
                    status: 128, stdout: "",
                    stderr:
                        "rootimg-finish: error: root image is not finished: '\(site.tree.printable)': run genimage again\n"
                ))
        let repaired = try site.populate("tiny-hello\ntiny-extra\n")
        #expect(repaired.status == 0, "\(repaired.stderr)")
        #expect(try site.packages().contains("tiny-extra"))
        #expect(try !site.packages().contains("tiny-fail"))
        try site.finish()
        #expect(try site.catboat("rootimg-finish", "--stage", "pack", Word(site.folder)).status == 0)
    }

    @Test func `passes run in order with their variables, removals before and after`() throws {
        let site = try ImageSite()
        let result = try site.populate(
            "#ENV:TINY_SLOW=0#\ntiny-slow\ntiny-red\n",
            others: "-tiny-red\ntiny-blue\n#NEW_INSTALL_LIST#\ntiny-extra\n--tiny-blue\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try site.packages() == (ImageSite.base + ["tiny-extra", "tiny-slow"]).sorted())
    }

    @Test func `otherpkgdir needs no index`() throws {
        let site = try ImageSite()
        let deb = try #require(
            try Tool("find", [Word(site.medium.joined("pool")), "-name", "tiny-extra_*"]).output().lines.first)
        let others = Scratch.directory.joined("others")
        try others.joined("site/tools").createDirectories()
        _ = try Tool("mv", [Word(deb), Word(others.joined("site/tools"))]).output()
        let second = try ImageSite.over(site, "second")
        let result = try second.populate(
            "tiny-hello\n", "--otherpkgdir", Word(others), others: "site/tools/tiny-extra\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try second.text("usr/share/tiny/extra") == "extra\n")
        let missing = try second.populate("tiny-hello\n", "--otherpkgdir", Word(others), others: "nosuch/tiny-extra\n")
        #expect(missing.status == 128)
        #expect(missing.stderr.hasPrefix("rootimg-populate: error: package folder not found: 'nosuch ("))
    }

    @Test func `of otherpkgdir only the folders that lists name count`() throws {
        let site = try ImageSite()
        try TinyMedium.make("newer", "--generation", "2")
        let newer = try #require(
            try Tool("find", [Word(Scratch.directory.joined("newer/pool")), "-name", "tiny-extra_*"]).output().lines
                .first)
        let old = try #require(
            try Tool("find", [Word(site.medium.joined("pool")), "-name", "tiny-extra_*"]).output().lines.first)
        let others = Scratch.directory.joined("others")
        for (folder, file) in [("site", old), ("unused", newer)] {
            try others.joined(folder).createDirectories()
            _ = try Tool("cp", [Word(file), Word(others.joined(folder))]).output()
        }
        let result = try site.populate("tiny-hello\n", "--otherpkgdir", Word(others), others: "site/tiny-extra\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try site.catboat("package-list", Word(site.tree)).stdout.contains("\ntiny-extra\t1.0\t"))
    }

    @Test func `the kernel is the newest by version order, or the chosen one`() throws {
        let site = try ImageSite()
        let result = try site.populate("linux-image-tiny\n", "--kernelver", "6.1.0-9-tiny")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try site.tree.joined("boot").directoryNames().contains("vmlinuz-6.1.0-9-tiny"))
        #expect(try !site.tree.joined("boot").directoryNames().contains("vmlinuz-6.1.0-10-tiny"))
        let missing = try site.populate("linux-image-tiny\n", "--kernelver", "5.0")
        #expect(
            missing.stderr
                == "rootimg-populate: error: Cannot find the linux-image-tiny package with version 5.0: correct kernelver or krpmver, or add a repository that has it\n"
        )
    }

    @Test func `a base tree is copied, with everything it holds`() throws {
        let site = try ImageSite()
        try site.populate("tiny-files\ntiny-caps\n")
        let before = try site.listing(site.tree)
        let second = try ImageSite.over(site, "second")
        let result = try second.populate("tiny-files\ntiny-caps\n", "--base", Word(site.tree))
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try second.listing(second.tree) == before)
        #expect(try site.listing(site.tree) == before)
        #expect(try second.populate("tiny-files\ntiny-caps\ntiny-extra\n").stdout == "+ tiny-extra - 1.0\n")
    }

    @Test func `the same list and medium give the same tree`() throws {
        let site = try ImageSite()
        let second = try ImageSite.over(site, "second")
        for one in [site, second] {
            try one.populate("tiny-hello\ntiny-traces\ntiny-files\nlinux-image-6.1.0-9-tiny\n")
            try one.finish()
        }
        #expect(try site.listing(site.tree) == second.listing(second.tree))
    }

    @Test func `a folder that is a symbolic link, a name with blanks and a newline`() throws {
        let real = Scratch.directory.joined("real")
        try real.createDirectories()
        let link = Scratch.directory.joined("a b\nc")
        try link.createSymbolicLink(to: "real")
        let site = try ImageSite(folder: "a b\nc")
        let result = try site.populate("tiny-hello\ntiny-files\n")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try link.status()?.kind == .symbolicLink)
        #expect(real.joined("rootimg/usr/bin/tiny-hello").exists)
        try site.finish()
        #expect(try site.populate("tiny-files\n").stdout == "- libtiny 1.0 -\n- tiny-hello 1.0 -\n")
    }
}

extension ImageSite {
    /// Another folder for the same medium.
    static func over(_ site: ImageSite, _ name: FilePath) throws -> ImageSite {
        ImageSite(
            medium: site.medium, folder: Scratch.directory.joined(name), catboat: site.catboat, source: site.source)
    }

    init(medium: FilePath, folder: FilePath, catboat: Catboat, source: [Word]) {
        (self.medium, self.folder, self.catboat, self.source) = (medium, folder, catboat, source)
    }
}
