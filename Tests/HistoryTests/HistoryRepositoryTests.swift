import History
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.scratchDirectory) struct HistoryRepositoryTests {
    private let site = HistorySite()
    private let digest = "sha256:" + String(repeating: "a", count: 64)

    @Test func `in a repository of the site's own only one reference is written`() throws {
        try site.write("mine\n", to: "/install/custom/README")
        try site.write("staged\n", to: "/install/custom/staged")
        _ = try site.git("init", "-q", "-b", "work")
        _ = try site.git("add", "README")
        _ = try site.git("commit", "-q", "-m", "ours")
        _ = try site.git("add", "staged")
        try site.write("bash\n", to: "/install/custom/a.pkglist")
        func state() throws -> [String] {
            [
                try site.git("status", "--porcelain=v2", "--branch"), try site.git("branch", "-a"),
                try site.git("log", "--format=%H", "work"), try site.git("config", "--list", "--local"),
                try site.git("reflog"),
            ]
        }
        let index = try site.custom.joined(".git/index").readBytes()
        let before = try state()
        let outcome = try site.keep("img", ["/install/custom/a.pkglist"])
        try site.write("vim\n", to: "/install/custom/a.pkglist")
        try site.keep("img", ["/install/custom/a.pkglist"])
        #expect(try site.git("for-each-ref", "--format=%(refname)") == "refs/catboat/history\nrefs/heads/work\n")
        #expect(try site.git("rev-parse", "refs/catboat/history~") == "\(outcome.commit.id)\n")
        #expect(try site.custom.joined(".git/index").readBytes() == index)
        #expect(try state() == before)
        #expect(
            try site.git("ls-tree", "-r", "--name-only", "refs/catboat/history").contains("a.pkglist\nosimage/img/"))
        _ = try site.git("fsck", "--strict")
    }

    @Test func `a build record follows with trailers, and an unchanged one makes no commit`() throws {
        let recipe = try site.keep("img", [])
        let history = try HistoryRepository.openOrCreate(site.custom)
        let files = [
            "build.json": "{}\n", "packages": "bash 5.2\n", "files": "bin\n",
            "digests": "set\t\(digest)\ntree\t\(digest)\n",
        ]
        let built = try history.keep(try site.record(files), of: "img")
        #expect(built.isNew)
        #expect(
            try site.git("log", "-1", "--format=%B") == """
                img: build sha256:aaaaaaaaaaaa

                Catboat-Image: img
                Catboat-Kind: build
                Catboat-Recipe: \(recipe.commit.id)
                Catboat-Tree: \(digest)
                Catboat-Set: \(digest)


                """)
        #expect(try site.git("show", "HEAD:osimage/img/packages") == "bash 5.2\n")
        let again = try history.keep(try site.record(files), of: "img")
        #expect(!again.isNew && again.commit.id == built.commit.id)
        // A result is not part of the recipe.
        let same = try site.keep("img", [])
        #expect(!same.isNew && same.commit.id == recipe.commit.id)
        #expect(try site.git("status", "--porcelain") == "")
    }

    @Test func `a record with other files or without digests is refused`() throws {
        #expect(throws: HistoryError.self) { try site.record(["digests": "set\t\(digest)\n", "secrets": ""]) }
        #expect(throws: HistoryError.self) { try site.record(["packages": ""]) }
        #expect(throws: HistoryError.self) { try site.record(["digests": "set md5:1\n"]) }
    }

    @Test func `many writers at once lose nothing`() async throws {
        let custom = site.custom
        let folder = Scratch.directory
        for number in 0..<12 { try site.write("\(number)\n", to: "/install/custom/list\(number)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let path = FilePath("/install/custom/list\(number)")
                    let reader = RecipeReader(custom: "/install/custom", roots: [folder])
                    let file = try reader.read(.init(path: path, host: folder.joined(path)))
                    let recipe = try Recipe(image: "img\(number)", stanza: [], files: [file])
                    _ = try HistoryRepository.openOrCreate(custom).keep(recipe)
                }
            }
            try await group.waitForAll()
        }
        #expect(try site.git("rev-list", "--count", "HEAD") == "12\n")
        #expect(try site.git("ls-files").split(separator: "\n").count == 36)
        #expect(try site.git("status", "--porcelain") == "")
        _ = try site.git("fsck", "--strict")
    }

    @Test func `a commit of the site's own on our branch is kept`() throws {
        try site.write("a\n", to: "/install/custom/a")
        try site.keep("img", ["/install/custom/a"])
        try site.write("note\n", to: "/install/custom/notes")
        _ = try site.git("add", "notes")
        _ = try site.git("commit", "-q", "-m", "by hand")
        try site.write("b\n", to: "/install/custom/a")
        try site.keep("img", ["/install/custom/a"])
        #expect(try site.git("log", "--format=%s") == "img: edit a\nby hand\nimg: first recipe\n")
        #expect(try site.git("show", "HEAD:notes") == "note\n")
        #expect(try site.git("status", "--porcelain") == "")
    }

    @Test func `what a killed writer left behind is cleared away`() throws {
        try site.write("a\n", to: "/install/custom/a")
        try site.keep("img", ["/install/custom/a"])
        let folder = site.custom.joined(".git")
        try AtomicFile.write("busy\n".utf8, to: folder.joined("catboat.lock"))
        for name in ["index.lock", "refs/heads/main.lock"] {
            try AtomicFile.write("".utf8, to: folder.joined(name))
        }
        try site.write("b\n", to: "/install/custom/a")
        let outcome = try site.keep("img", ["/install/custom/a"])
        #expect(outcome.isNew)
        #expect(try site.git("status", "--porcelain") == "")
        #expect(!folder.joined("index.lock").exists)
        #expect(try folder.joined("catboat.lock").readBytes().isEmpty)
    }

    @Test func `a lock of a Git client that runs is respected`() throws {
        try site.write("a\n", to: "/install/custom/a")
        try site.keep("img", ["/install/custom/a"])
        try AtomicFile.write("".utf8, to: site.custom.joined(".git/index.lock"))
        try site.write("b\n", to: "/install/custom/a")
        // Committed, with the index left to its holder.
        #expect(try site.keep("img", ["/install/custom/a"]).isNew)
        #expect(site.custom.joined(".git/index.lock").exists)
        try site.custom.joined(".git/index.lock").removeFile()
        #expect(try site.git("show", "HEAD:a") == "b\n")
    }

    @Test func `a clone holds everything`() throws {
        try site.write("a\n", to: "/install/custom/a")
        try site.keep("img", ["/install/custom/a"])
        let clone = Scratch.directory.joined("clone")
        _ = try site.git("clone", "-q", Word(site.custom), Word(clone), at: Scratch.directory)
        #expect(try clone.joined("osimage/img/stanza").readText() == "pkglist=a\n")
    }

    @Test func `many commits become a pack, and nothing is lost`() throws {
        for number in 0..<90 {
            try site.write("\(number)\n" + String(repeating: "the same line\n", count: 20), to: "/install/custom/a")
            try site.keep("img", ["/install/custom/a"])
        }
        let counts = try site.git("count-objects", "-v")
        #expect(!counts.contains("packs: 0\n") && counts.contains("packs: "), "\(counts)")
        let objects = site.custom.joined(".git/objects")
        let loose = try objects.directoryNames().filter { $0.bytes.count == 2 }
            .reduce(0) { try $0 + objects.joined($1).directoryNames().count }
        #expect(loose <= 256 + 8)
        _ = try site.git("fsck", "--strict")
        #expect(try site.git("rev-list", "--count", "HEAD") == "90\n")
        #expect(try site.git("show", "HEAD~80:a").hasPrefix("9\n"))
        #expect(try site.git("status", "--porcelain") == "")
        _ = try site.git("gc", "-q")
        #expect(try !site.keep("img", ["/install/custom/a"]).isNew)
    }
}
