import Support
import SystemPackage
import TestSupport
import Testing

@Suite(.scratchDirectory, .enabled(if: SampleTree.isRoot)) struct SynclistApplyTests {
    /// `/` of the management node, with an image below it.
    private var root: FilePath { Scratch.directory }
    private var image: FilePath { root.joined("image") }

    init() throws {
        for (name, text) in [
            ("src/one", "one\n"), ("src/two", "two\n"), ("src/.hidden", "h\n"), ("src/dir/in/x", "x\n"),
        ] {
            try Scratch.write(text, to: name)
        }
        _ = try Tool("touch", ["-d", "@1000000000", Word(root.joined("src/one"))]).output()
        _ = try Tool("chown", ["12:34", Word(root.joined("src/one"))]).output()
        try root.joined("src/one").changePermissions(0o640)
        try root.joined("src/link").createSymbolicLink(to: "one")
        try Scratch.write("127.0.0.1 localhost\n", to: "image/etc/hosts")
        try Scratch.write("root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\n", to: "image/etc/passwd")
        try image.joined("srv").createDirectories()
    }

    private func apply(_ text: String, _ words: Word...) throws -> Catboat.Result {
        let list = try Scratch.write(text, to: "s.synclist")
        return try Catboat(root: root).run("synclist-apply", words + [Word(image), Word(list)])
    }

    private func text(_ path: String) throws -> String { try image.joined(path).readText() }

    @Test func `a copy keeps mode, owner and time, and follows links`() throws {
        let result = try apply("/src/one -> /etc/new/name\n/src/link -> /srv\n/src/two -> /opt/\n")
        #expect(
            result
                == .init(
                    status: 0,
                    stdout: "copy\t/src/one\t/etc/new/name\ncopy\t/src/link\t/srv/link\ncopy\t/src/two\t/opt/two\n",
                    stderr: ""))
        for path in ["etc/new/name", "srv/link"] {
            let status = try #require(try image.joined(path).status())
            #expect(status.kind == .regular)
            #expect((status.permissions, status.owner, status.group) == (0o640, 12, 34))
            #expect(status.modified.seconds == 1_000_000_000)
            #expect(try text(path) == "one\n")
        }
        #expect(try text("opt/two") == "two\n")
    }

    @Test func `wildcards and several sources go into a folder`() throws {
        let result = try apply(
            "/src/o* -> /a\n/src/one /src/two -> /b\n/src/dir -> /c\n/src/dir/ -> /d\n/src/* -> /e/\n")
        #expect(result.status == 0, "\(result.stderr)")
        for path in ["a/one", "b/one", "b/two", "c/dir/in/x", "d/in/x", "e/one", "e/dir/in/x"] {
            #expect(image.joined(path).isRegularFile, "\(path)")
        }
        #expect(!image.joined("e/.hidden").exists)
    }

    @Test func `nothing leads out of the image`() throws {
        try root.joined("outside").createDirectories()
        try image.joined("esc").createSymbolicLink(to: root.joined("outside"))
        try image.joined("up").createSymbolicLink(to: FilePath("../../../../../..\(root.joined("outside"))"))
        try image.joined("etc/abs").createSymbolicLink(to: "/srv")
        try image.joined("etc/filelink").createSymbolicLink(to: root.joined("outside/victim"))
        let result = try apply("/src/one -> /etc/abs/\n/src/one -> /etc/filelink\n")
        #expect(result.status == 0)
        #expect(image.joined("srv/one").isRegularFile)
        for target in ["/esc/x", "/up/x"] { _ = try apply("/src/one -> \(target)\n") }
        #expect(try root.joined("outside").directoryNames().isEmpty)
    }

    @Test func `appending starts from the original`() throws {
        let line = "APPEND:\n/src/one -> /etc/hosts\n"
        for _ in 0..<2 {
            #expect(try apply(line).stdout == "append\t/src/one\t/etc/hosts\n")
            #expect(try text("etc/hosts") == "127.0.0.1 localhost\none\n")
        }
        #expect(try text("var/xcat/node/syncfiles/org/etc/hosts") == "127.0.0.1 localhost\n")
        try Scratch.write("1.2.3.4 new\n", to: "image/etc/hosts")
        _ = try apply(line)
        #expect(try text("etc/hosts") == "1.2.3.4 new\none\n")
    }

    @Test func `merging replaces or adds by the first field`() throws {
        try Scratch.write("root:x:0:0:ours:/root:/bin/bash\nsite:x:500:500::/:/bin/sh\n", to: "src/passwd")
        for _ in 0..<2 {
            #expect(try apply("MERGE:\n/src/passwd -> /etc/passwd\n").status == 0)
            #expect(
                try text("etc/passwd")
                    == "root:x:0:0:ours:/root:/bin/bash\ndaemon:x:1:1::/:/bin/false\nsite:x:500:500::/:/bin/sh\n")
        }
        let result = try apply("MERGE:\n/src/passwd -> /etc/hosts\n")
        #expect(result.status == 128)
        #expect(result.stderr.contains("MERGE is for passwd, shadow, group and gshadow of /etc only: '/etc/hosts'"))
    }

    @Test func `scripts and lines for some nodes are told, copies after a clause are done`() throws {
        let result = try apply("/src/one -> (cn01) /x\nEXECUTE:\n/src/one.post\n/src/two -> /two\n")
        let list = root.joined("s.synclist")
        #expect(
            result
                == .init(
                    status: 0, stdout: "copy\t/src/two\t/two\n",
                    stderr: """
                        synclist-apply: notice: left out, it is for nodes cn01 only: \(list):1
                        synclist-apply: notice: left out, scripts run on nodes, not in an image: \(list):3

                        """))
        #expect(try text("two") == "two\n")
    }

    @Test func `every line that cannot be done is named, and nothing is changed`() throws {
        let result = try apply("/src/one -> /done\n/src/no -> /a\n/src/no* -> /b/\nAPPEND:\n/src/one -> /etc/none\n")
        let list = root.joined("s.synclist")
        #expect(
            result
                == .init(
                    status: 128, stdout: "",
                    stderr: """
                        synclist-apply: error: file to synchronise not found: '/src/no': create it, or change \(list):2
                        synclist-apply: error: file to synchronise not found: '/src/no*': create it, or change \(list):3
                        synclist-apply: error: file to change is not in the image: '/etc/none': install what has it, or copy a file there first: \(list):5

                        """))
        #expect(!image.joined("done").exists)
    }

    @Test func `variables come from the command line`() throws {
        #expect(try apply("/src/$NAME -> /${TO}/\n", "--env", "NAME=one", "--env", "TO=v").status == 0)
        #expect(try text("v/one") == "one\n")
    }

    @Test func `a dry run changes nothing`() throws {
        #expect(try apply("/src/one -> /dry\n", "-n").stdout == "copy\t/src/one\t/dry\n")
        #expect(!image.joined("dry").exists)
    }

    @Test func `a device among the sources is named`() throws {
        _ = try Tool("mkfifo", [Word(root.joined("src/dir/pipe"))]).output()
        let result = try apply("/src/dir -> /d\n")
        #expect(result.status == 128)
        #expect(result.stderr.contains("neither a file nor a directory: '\(root)/src/dir/pipe'"))
    }
}
