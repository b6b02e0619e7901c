import Digests
import History
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.scratchDirectory) struct RecipeCommitTests {
    private let site = HistorySite()

    @Test func `a recipe is one commit that any Git client reads`() throws {
        try site.write("bash\n", to: "/install/custom/netboot/compute.pkglist")
        try site.write("#!/bin/sh\n", to: "/install/custom/netboot/compute.postinstall", permissions: 0o755)
        try site.write("shipped\n", to: "/opt/share/a b.exlist")
        let outcome = try site.keep(
            "img",
            [
                "/install/custom/netboot/compute.pkglist", "/install/custom/netboot/compute.postinstall",
                "/opt/share/a b.exlist", "/install/custom/netboot/none",
            ])
        #expect(outcome.isNew)
        #expect(try site.git("rev-parse", "HEAD") == "\(outcome.commit.id)\n")
        #expect(
            try site.git("ls-tree", "-r", "--format=%(objectmode) %(path)", "HEAD") == """
                100644 netboot/compute.pkglist
                100755 netboot/compute.postinstall
                100644 osimage/img/outside/opt/share/a b.exlist
                100644 osimage/img/recipe
                100644 osimage/img/stanza

                """)
        #expect(try site.git("show", "HEAD:osimage/img/outside/opt/share/a b.exlist") == "shipped\n")
        #expect(
            try site.git("show", "HEAD:osimage/img/recipe") == """
                kept\t644\t\(Digest.of("bash\n".utf8))\tcustom\tnetboot/compute.pkglist
                kept\t755\t\(Digest.of("#!/bin/sh\n".utf8))\tcustom\tnetboot/compute.postinstall
                missing\t-\t-\tcustom\tnetboot/none
                kept\t644\t\(Digest.of("shipped\n".utf8))\toutside\t/opt/share/a b.exlist

                """)
        #expect(
            try site.git("log", "-1", "--format=%B") == """
                img: first recipe

                Catboat-Image: img
                Catboat-Kind: recipe


                """)
        #expect(try site.git("log", "-1", "--format=%cn") == "Catboat\n")
        _ = try site.git("fsck", "--strict", "--no-dangling")
        #expect(try site.git("status", "--porcelain") == "")
        #expect(try site.custom.joined(".git").status()?.permissions == 0o700)
    }

    @Test func `an unchanged recipe makes no commit, and the last one is given`() throws {
        try site.write("bash\n", to: "/install/custom/a")
        let first = try site.keep("img", ["/install/custom/a"])
        let again = try site.keep("img", ["/install/custom/a"])
        #expect(!again.isNew && again.commit.id == first.commit.id)
        try site.keep("other", ["/install/custom/a"])
        let later = try site.keep("img", ["/install/custom/a"])
        #expect(!later.isNew && later.commit.id == first.commit.id)
        #expect(try site.git("rev-list", "--count", "HEAD") == "2\n")
    }

    @Test func `the subject says what changed`() throws {
        try site.write("a\n", to: "/install/custom/a.pkglist")
        try site.write("b\n", to: "/install/custom/b.exlist")
        func subject(_ paths: [String], _ stanza: String) throws -> String {
            try site.keep("img", paths, stanza: stanza).commit.subject
        }
        let both = ["/install/custom/a.pkglist", "/install/custom/b.exlist"]
        #expect(try subject(both, "    pkglist=a\n    osvers=x\n") == "img: first recipe")
        try site.write("a2\n", to: "/install/custom/a.pkglist")
        #expect(try subject(both, "    pkglist=a\n    osvers=x\n") == "img: edit a.pkglist")
        #expect(try subject(both, "    osvers=y\n    profile=p\n") == "img: define osvers, pkglist, profile")
        try Scratch.directory.joined("install/custom/b.exlist").removeFile()
        #expect(try subject(both, "    osvers=z\n    profile=p\n") == "img: define osvers; remove b.exlist")
        #expect(try site.git("ls-files") == "a.pkglist\nosimage/img/recipe\nosimage/img/stanza\n")
        #expect(try site.git("status", "--porcelain") == "")
    }

    @Test(.enabled(if: geteuid() == 0)) func `a hand edit is a commit of its own by the file's owner`() throws {
        let list = try site.write("a\n", to: "/install/custom/a.pkglist")
        try site.keep("img", ["/install/custom/a.pkglist"])
        try site.write("b\n", to: "/install/custom/a.pkglist")
        chown(list.printable, 1, 1)
        try site.keep("img", ["/install/custom/a.pkglist"])
        let lines = try site.git("log", "--format=%ae %s").split(separator: "\n")
        #expect(
            lines.map { "\($0.prefix { $0 != "@" })\($0.drop { $0 != " " })" } == [
                "root img: take up a.pkglist", "daemon img: edit a.pkglist", "root img: first recipe",
            ])
    }

    @Test func `files that two images share are kept for both`() throws {
        try site.write("a\n", to: "/install/custom/shared")
        try site.keep("one", ["/install/custom/shared"])
        try site.keep("two", ["/install/custom/shared"])
        try site.write("b\n", to: "/install/custom/shared")
        let one = try site.keep("one", ["/install/custom/shared"])
        let two = try site.keep("two", ["/install/custom/shared"])
        #expect(one.isNew && two.isNew)
        // An image that stops using the file does not take it away.
        try site.keep("one", [])
        #expect(try site.git("show", "HEAD:shared") == "b\n")
    }

    @Test func `odd names come back byte for byte`() throws {
        let names = ["with blank", "new\nline", "tab\tand\\slash", "q\"uote"]
        for name in names { try site.write("x", to: "/install/custom/\(name)") }
        let raw = FilePath(bytes: Array("/install/custom/".utf8) + [0xff, 0xfe])
        try AtomicFile.write("raw".utf8, to: Scratch.directory.joined(raw))
        let file = try site.reader.read(.init(path: raw, host: Scratch.directory.joined(raw)))
        let others = try site.recipe("img", names.map { "/install/custom/\($0)" }).files
        let recipe = try Recipe(image: "img", stanza: [], files: others + [file])
        _ = try HistoryRepository.openOrCreate(site.custom).keep(recipe)
        let tool = Tool("git", ["-C", Word(site.custom), "ls-tree", "-z", "-r", "--name-only", "HEAD"])
        let listed = try tool.output().output.split(separator: 0).map { Array($0) }
        #expect(listed.contains([0xff, 0xfe]))
        for name in names { #expect(listed.contains(Array(name.utf8))) }
        _ = try site.git("fsck", "--strict")
        #expect(try !HistoryRepository.openOrCreate(site.custom).keep(recipe).isNew)
    }

    @Test func `a file that becomes a folder, and back, is no trouble`() throws {
        try site.write("x", to: "/opt/thing")
        try site.keep("img", ["/opt/thing"])
        try Scratch.directory.joined("opt/thing").removeFile()
        try site.write("y", to: "/opt/thing/inner")
        try site.keep("img", ["/opt/thing/inner"])
        #expect(try site.git("show", "HEAD:osimage/img/outside/opt/thing/inner") == "y")
        try Scratch.directory.joined("opt/thing").removeTree()
        try site.write("z", to: "/opt/thing")
        try site.keep("img", ["/opt/thing"])
        #expect(try site.git("show", "HEAD:osimage/img/outside/opt/thing") == "z")
        _ = try site.git("fsck", "--strict")
    }

    @Test(arguments: ["", ".git", "a/b", "..", "a\nb"]) func `bad image names are refused`(name: String) throws {
        #expect(throws: HistoryError.badImageName(name)) { try Recipe(image: name, stanza: [], files: []) }
    }
}
