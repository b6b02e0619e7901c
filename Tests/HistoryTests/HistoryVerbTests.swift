import Support
import SystemPackage
import TestSupport
import Testing

/// `catboat log`, `show`, `diff`, `tag`, `status`, `revert` and `which` on a history of four commits.
@Suite(.scratchDirectory) struct HistoryVerbTests {
    private let site = HistorySite()
    private let first = "sha256:" + String(repeating: "a", count: 64)
    private let second = "sha256:" + String(repeating: "b", count: 64)

    private func set(_ catboat: Catboat, _ words: Word...) throws {
        #expect(try catboat.run("table-set", words).status == 0)
    }

    private func build(_ catboat: Catboat, _ digest: String, packages: String, files: String, kernel: String) throws {
        _ = try site.record([
            "digests": "set\t\(digest)\ntree\t\(digest)\n", "packages": packages, "files": files,
            "build.json": #"{"kernelver":"\#(kernel)"}"# + "\n",
        ])
        let result = try catboat("profile-commit", "img", "--build-record", Word(Scratch.directory.joined("record")))
        #expect(result.status == 0, "\(result.stderr)")
    }

    /// recipe, build, recipe, build
    private func catboat() throws -> Catboat {
        let catboat = Catboat(root: Scratch.directory)
        try set(catboat, "osimage", "imagename=img", "imagetype=linux", "provmethod=netboot", "osvers=debian12")
        try set(
            catboat, "linuximage", "imagename=img", "pkglist=/install/custom/a.pkglist",
            "rootimgdir=/install/netboot/img", "exlist=/opt/site/a.exlist")
        try site.write("bash\n", to: "/install/custom/a.pkglist")
        try site.write("./tmp*\n", to: "/opt/site/a.exlist")
        #expect(try catboat("profile-commit", "img").status == 0)
        try build(
            catboat, first, packages: "bash\t5.2\tamd64\nvim\t9.0\tamd64\n",
            files: "etc/motd\tf\t0644\t0\t0\t10\t\t\tsha256:1\n", kernel: "6.1")
        try site.write("bash\nmc\n", to: "/install/custom/a.pkglist")
        try site.write("./tmp*\n./boot*\n", to: "/opt/site/a.exlist")
        try set(catboat, "linuximage", "imagename=img", "netdrivers=ixgbe")
        #expect(try catboat("profile-commit", "img").status == 0)
        try build(
            catboat, second, packages: "bash\t5.3\tamd64\nmc\t4.8\tamd64\n",
            files: "etc/motd\tf\t0644\t0\t0\t30\t\t\tsha256:2\n", kernel: "6.2")
        return catboat
    }

    @Test func `log shows commits newest first, with tags`() throws {
        let catboat = try catboat()
        #expect(try catboat("tag", "good", "img@{2}").status == 0)
        let lines = try catboat("log", "img").stdout.split(separator: "\n")
        #expect(
            lines.map { String($0.dropFirst("0123456789ab  2026-11-23 04:09  ".count).prefix { $0 != "(" }) } == [
                "build   img: build sha256:bbbbbbbbbbbb  ",
                "recipe  img: define netdrivers; edit a.pkglist, a.exlist  ",
                "build   img: build sha256:aaaaaaaaaaaa  ", "recipe  img: first recipe  ",
            ])
        #expect(lines[2].hasSuffix("  [good]"))
        #expect(try catboat("log", "-n", "1", "--kind", "recipe", "--porcelain=v1").stdout.contains("\trecipe\timg\t"))
        #expect(try catboat("log", "other") == .init(status: 0, stdout: "", stderr: "No commits about 'other'.\n"))
        #expect(try catboat("log", "--json").stdout.hasPrefix(#"{"commits":[{"author":"#))
        let tip = try site.git("rev-parse", "HEAD").prefix(40)
        #expect(try catboat("profile-log", "-n", "1").stdout.hasPrefix("\(tip)\t"))
    }

    @Test func `diff shows the recipe as a patch and the result as lists`() throws {
        let catboat = try catboat()
        let result = try catboat("diff", "img@{2}..img")
        #expect(result.status == 0)
        for part in [
            "+    netdrivers=ixgbe\n", "--- a/a.pkglist\n+++ b/a.pkglist\n@@ -1 +1,2 @@\n bash\n+mc\n", "+./boot*\n",
            "Packages:\n  ~ bash 5.2 -> 5.3\n  + mc 4.8\n  - vim 9.0\n",
            "Tree: 0 added, 0 removed, 1 changed, +20 bytes\n  M etc/motd\n", "  kernelver: 6.1 -> 6.2\n",
            "  set: sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb\n",
        ] {
            #expect(result.stdout.contains(part), "\(part)")
        }
        #expect(try catboat("diff", "img") == .init(status: 0, stdout: "", stderr: "No differences.\n"))
        try site.write("bash\nmc\nlsof\n", to: "/install/custom/a.pkglist")
        #expect(try catboat("diff", "img").stdout.hasSuffix("@@ -1,2 +1,3 @@\n bash\n mc\n+lsof\n"))
        let records = try catboat("diff", "--result", "--porcelain=v1", "img@{2}..img")
        #expect(records.status == 1)
        #expect(
            records.stdout == """
                package\tM\tbash\t5.2\t5.3
                package\tA\tmc\t\t4.8
                package\tD\tvim\t9.0\t
                path\tM\tetc/motd\tf 0644 0 0 10   sha256:1\tf 0644 0 0 30   sha256:2
                digest\tM\tset\t\(first)\t\(second)
                digest\tM\ttree\t\(first)\t\(second)
                build\tM\tkernelver\t6.1\t6.2

                """)
    }

    @Test func `revert brings definition and files back in one commit`() throws {
        let catboat = try catboat()
        let before = try site.git("rev-list", "--count", "HEAD")
        let dry = try catboat("revert", "--dry-run", "img", "img@{3}")
        #expect(dry.status == 0)
        #expect(dry.stdout == "netdrivers: ixgbe -> -\nfile a.pkglist\n")
        #expect(try site.git("rev-list", "--count", "HEAD") == before)
        let result = try catboat("revert", "img", "img@{3}")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(result.stdout.hasSuffix("Its set is no longer kept: run genimage --locked img && packimage img.\n"))
        #expect(result.stderr == "revert: '/opt/site/a.exlist' is outside custom and differs: --outside writes it\n")
        #expect(try site.custom.joined("a.pkglist").readText() == "bash\n")
        #expect(try catboat("lsdef", "-t", "osimage", "img", "-i", "netdrivers").stdout.contains("netdrivers=\n"))
        #expect(try site.git("log", "-1", "--format=%s").hasPrefix("img: revert to "))
        #expect(try site.git("log", "-1", "--format=%b").contains("Catboat-Kind: revert\nCatboat-Reverts-To: "))
        #expect(try site.git("rev-list", "--count", "HEAD") == "5\n")
        #expect(try catboat("revert", "--outside", "img", "img@{4}").status == 0)
        #expect(try Scratch.directory.joined("opt/site/a.exlist").readText() == "./tmp*\n")
        _ = try site.git("fsck", "--strict")
    }

    @Test func `revert keeps what was changed by hand, and takes away hooks that came later`() throws {
        let catboat = try catboat()
        let hook = "/install/custom/hooks/osimage/img/post-populate.d"
        try site.write("#!/bin/sh\n", to: "\(hook)/10-early", permissions: 0o755)
        #expect(try catboat("profile-commit", "img").status == 0)
        #expect(try catboat("tag", "with-early").status == 0)
        try site.write("#!/bin/sh\n", to: "\(hook)/50-later", permissions: 0o755)
        try site.write("nothing committed this yet\n", to: "/install/custom/a.pkglist")
        let result = try catboat("revert", "img", "with-early")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(result.stdout.contains("file hooks/osimage/img/post-populate.d/50-later is gone: it came later\n"))
        let folder = site.custom.joined("hooks/osimage/img/post-populate.d")
        #expect(try folder.directoryNames() == ["10-early"])
        #expect(try site.git("show", "HEAD~1:a.pkglist") == "nothing committed this yet\n")
        #expect(try site.git("show", "HEAD~1:hooks/osimage/img/post-populate.d/50-later") == "#!/bin/sh\n")
    }

    @Test func `a link that masks a hook is kept, cloned by git and brought back, and never written through`() throws {
        let catboat = try catboat()
        let stored = "/install/custom/hooks/osimage/img/post-populate.d/10-site"
        let place = Scratch.directory.joined(stored)
        try place.removingLastComponent().createDirectories()
        try place.createSymbolicLink(to: "/dev/null")
        #expect(try catboat("profile-commit", "img").status == 0)
        #expect(try catboat("tag", "masked").status == 0)
        let entry = try site.git("ls-tree", "HEAD", "hooks/osimage/img/post-populate.d/10-site")
        #expect(entry.hasPrefix("120000 blob "))
        let copy = Scratch.directory.joined("copy")
        _ = try site.git("clone", "--quiet", Word(site.custom), Word(copy))
        #expect(copy.joined("hooks/osimage/img/post-populate.d/10-site").isNullLink)

        try place.removeFile()
        try site.write("#!/bin/sh\n", to: stored, permissions: 0o755)
        let status = try catboat("diff", "masked..", "img")
        #expect(status.stdout.contains("hooks/osimage/img/post-populate.d/10-site"), "\(status)")
        #expect(try catboat("profile-commit", "img").status == 0)
        #expect(try catboat("tag", "script").status == 0)
        #expect(try catboat("revert", "img", "masked").status == 0)
        #expect(place.isNullLink)
        #expect(try catboat("revert", "img", "script").status == 0)
        #expect(try place.status()?.kind == .regular)
        #expect(try FilePath("/dev/null").status()?.kind == .characterDevice)
    }

    @Test func `a value of several lines comes back whole, and a secret one stays out and as it is`() throws {
        let catboat = try catboat()
        let token = "ghp_" + String(repeating: "a1", count: 18)
        func values(_ arguments: String, _ environment: String) throws {
            try set(catboat, "linuximage", "imagename=img", Word("addkcmdline=\(arguments)"))
            try set(catboat, "osimage", "imagename=img", Word("environvar=\(environment)"))
            #expect(try catboat("profile-commit", "img").status == 0)
        }
        try values("first", "PLAIN=1")
        #expect(try catboat("tag", "plain").status == 0)
        try set(catboat, "osimage", "imagename=img", Word("environvar=TOKEN=\(token)"))
        let told = try catboat("profile-commit", "img").stderr
        #expect(told.contains("left out of the history: 'attribute environvar of img': "), "\(told)")
        try values("a\n    pkglist=b\n\tc=d\n", "TOKEN=\(token)")
        #expect(try catboat("tag", "lines").status == 0)
        #expect(try !site.everything().contains(text: token))
        try values("quiet", "TOKEN=\(token)x")
        let result = try catboat("revert", "img", "lines")
        #expect(result.status == 0, "\(result)")
        #expect(
            try catboat("table-get", "linuximage", "img", "-c", "addkcmdline").stdout
                .contains(#"a\n    pkglist=b\n\tc=d\n"#))
        #expect(result.stderr.contains("revert: environvar stays as it is: what it was then is not in the history"))
        #expect(try catboat("table-get", "osimage", "img", "-c", "environvar").stdout.contains("\(token)x"))
        // Nor is it lost to a value that is in the history.
        let plain = try catboat("revert", "--porcelain=v1", "img", "plain")
        #expect(plain.status == 0 && plain.stdout.contains("\nunchanged\tenvironvar\n"), "\(plain)")
        #expect(try catboat("table-get", "osimage", "img", "-c", "environvar").stdout.contains("\(token)x"))
        #expect(try !site.everything().contains(text: token))
    }

    @Test func `while the image is locked nothing is reverted`() throws {
        let catboat = try catboat()
        let folder = Scratch.directory.joined("install/netboot/img")
        try folder.createDirectories()
        let tip = try site.git("rev-parse", "HEAD")
        let before = try catboat("lsdef", "-t", "osimage", "-z", "img").stdout
        // The command runs under the lock, and takes it from elsewhere: what it inherits is hidden.
        let result = try catboat(
            "image-lock", "img", "--", "env", "-u", "CATBOAT_LOCK_FD", Word(catboat.tool("help").program),
            "--root", Word(Scratch.directory), "revert", "img", "img@{3}")
        #expect(result.status != 0 && result.stderr.contains("failed to acquire lock"), "\(result)")
        #expect(try site.git("rev-parse", "HEAD") == tip)
        #expect(try catboat("lsdef", "-t", "osimage", "-z", "img").stdout == before)
    }

    @Test func `a tag is not named like an osimage`() throws {
        let result = try catboat()("tag", "img")
        #expect(result.status != 0 && result.stderr.contains("an osimage has this name: 'img'"))
    }

    @Test func `revert tells programs what it did`() throws {
        let catboat = try catboat()
        let dry = try catboat("revert", "--dry-run", "--json", "--outside", "img", "img@{2}")
        let first = try site.git("rev-parse", "HEAD~2").prefix(40)
        #expect(
            dry.stdout == """
                {"reverts":[{"attributes":[{"name":"netdrivers","new":"","old":"ixgbe"}],"files":[{"name":"/opt/site/a.exlist","status":"restored"},{"name":"a.pkglist","status":"restored"}],"osimage":"img","revision":"\(first)","unchanged":[]}],"version":1}

                """)
        let result = try catboat("revert", "--porcelain=v1", "img", "img@{2}")
        #expect(result.status == 0)
        let made = try site.git("rev-parse", "HEAD").prefix(40)
        #expect(
            result.stdout == """
                attribute\tnetdrivers\tixgbe\t
                file\tdiffers\t/opt/site/a.exlist
                file\trestored\ta.pkglist
                commit\t\(made)
                needs\tgenimage --locked

                """)
    }

    @Test func `show tells programs the commit and its changes`() throws {
        let catboat = try catboat()
        let records = try catboat("show", "--porcelain=v1", "img@{1}").stdout.split(separator: "\n")
        #expect(
            records.first?.hasSuffix(
                "\trecipe\timg\t\(try site.git("log", "-1", "--format=%an", "HEAD~").dropLast())\timg: define netdrivers; edit a.pkglist, a.exlist"
            ) == true)
        #expect(records.dropFirst().first == "attribute\tA\tnetdrivers\t\tixgbe")
        #expect(records.contains { $0.hasPrefix("file\tM\ta.pkglist\tsha256:") })
        let json = try catboat("show", "--json", "img").stdout
        #expect(json.contains(#""changes":[{"level":"package","name":"bash","new":"5.3","old":"5.2","status":"M"},"#))
        #expect(json.contains(#""trailers":{"Catboat-Image":"img","Catboat-Kind":"build","#))
        // The first commit has nothing before it.
        #expect(try catboat("show", "--json", "img@{3}").stdout.contains(#""changes":[],"commit":""#))
    }

    @Test func `which finds builds by digest, and tags are kept apart from commits`() throws {
        let catboat = try catboat()
        let found = try catboat("which", "--porcelain=v1", Word(first))
        #expect(found.status == 0)
        let fields = found.stdout.split(separator: "\t")
        #expect(fields.count == 5 && fields[0] == "img" && fields[1] == first)
        #expect(try catboat("which", "aaaaaaaa").stdout.hasPrefix("osimage img\nset     \(first)\n"))
        #expect(try catboat("which", "cccccccc").status == 1)
        #expect(try catboat("which", "nonode").status == 1)
        #expect(try catboat("tag", "v1").status == 0)
        #expect(try catboat("tag", "v1", "img@{1}").status == 128)
        #expect(try catboat("tag", "-f", "v1", "img@{1}").status == 0)
        #expect(try site.git("rev-parse", "v1") == site.git("rev-parse", "HEAD~"))
        #expect(try catboat("tag").stdout.hasSuffix("  v1\n"))
        #expect(try catboat("tag", "-d", "v1").status == 0)
        #expect(try catboat("tag") == .init(status: 0, stdout: "", stderr: ""))
        for name in ["a..b", "-x", "a b", "x.lock"] {
            #expect(try catboat("profile-tag", "--", Word(name)).status == 128, "\(name)")
        }
    }

    @Test(arguments: [
        ["show", "nothing"], ["diff", "nothing"], ["log", "--from", "img@{99}"], ["show", "abcd1234"],
    ])
    func `a revision that does not exist is a negative answer`(words: [String]) throws {
        let result = try catboat().run(words[0], words.dropFirst().map { Word($0) })
        #expect(result.status == 1)
        #expect(result.stderr.hasPrefix("profile-log: error: no such revision: '"))
        #expect(result.stdout == "")
    }

    @Test func `without a history there is an error with a remedy`() throws {
        let result = try Catboat(root: Scratch.directory)("log")
        #expect(result.status == 128)
        #expect(result.stderr.hasSuffix("genimage or profile-commit begins it\n"))
    }
}
