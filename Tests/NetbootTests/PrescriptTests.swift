import Support
import SystemPackage
import TestSupport
import Testing

/// xCAT's prescripts, run by nodeset.
@Suite(.scratchDirectory) struct PrescriptTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private var nodes: FilePath { Scratch.directory.joined("tftpboot/xcat/xnba/nodes") }
    private var told: FilePath { Scratch.directory.joined("told") }

    /// Three nodes with an image; `rows` are those of the table prescripts.
    private func define(_ rows: String...) throws {
        var batch = """
            set\tosimage\timagename=img\t:\timagetype=linux\tprovmethod=netboot\tosvers=debian12\tosarch=x86_64\tprofile=compute
            set\tlinuximage\timagename=img\t:\trootimgdir=/install/netboot/img

            """
        for number in 1...3 {
            batch += "set\tnodelist\tnode=n\(number)\t:\tgroups=all\n"
            batch += "set\thosts\tnode=n\(number)\t:\tip=10.0.2.1\(number)\n"
            batch += "set\tmac\tnode=n\(number)\t:\tmac=52:54:00:00:00:0\(number)\n"
        }
        for row in rows { batch += "set\tprescripts\t\(row)\n" }
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
        for name in ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"] {
            try Scratch.write(name, to: "install/netboot/img/\(name)")
        }
    }

    private func script(_ name: String, _ body: String = "", permissions: UInt32 = 0o755) throws {
        try Scratch.write(
            "#!/bin/sh\necho \"\(name) $NODES $ACTION $*\" >>'\(told.printable)'\n\(body)\n",
            to: "install/prescripts/\(name)", permissions: permissions)
    }

    private func state(_ node: String) throws -> String { try catboat("nodeset", Word(node), "stat").stdout }

    @Test func `scripts run once for nodes with the same list, before and after, defaults first`() throws {
        try define(
            "node=xcatdefaults\t:\tbegin=first", "node=all\t:\tbegin=common\tend=last with words",
            "node=n3\t:\tbegin=own")
        for name in ["first", "common", "own"] { try script(name) }
        try script("last", "test -e '\(nodes.joined("n3").printable)' || exit 1")
        let result = try catboat("nodeset", "n1-n3", "osimage=img")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            try told.readText() == """
                first n1,n2 osimage=img\u{20}
                common n1,n2 osimage=img\u{20}
                first n3 osimage=img\u{20}
                own n3 osimage=img\u{20}
                last n1,n2,n3 osimage=img with words

                """)
        #expect(result.stdout.contains(": Running begin script common for nodes n1,n2.\n"))
        #expect(result.stdout.contains(": Running end script last with words for nodes n1,n2,n3.\n"))
    }

    @Test(arguments: [
        ("osimage:a|boot:b|c", "osimage=img", "a c"), ("netboot:a|install:b", "osimage=img", "a"),
        ("osimage:a,c|boot:b", "boot", "b"), ("netboot:a|osimage:a", "osimage=img", "a"),
        ("standby:a", "osimage=img", ""), ("offline:b", "offline", "b"),
    ]) func `pieces are chosen by the state or the image's provmethod`(
        value: String, state: String, expected: String
    ) throws {
        try define("node=all\t:\tbegin=\(value)")
        for name in ["a", "b", "c"] { try script(name) }
        #expect(try catboat("nodeset", "n1", Word(state)).status == 0)
        let ran = told.exists ? try told.readText().split(separator: "\n").map { $0.prefix { $0 != " " } } : []
        #expect(ran.joined(separator: " ") == expected)
    }

    @Test func `a failure stops the nodes of the script and no others`() throws {
        try define("node=n1\t:\tbegin=bad,never", "node=n2\t:\tbegin=good")
        try script("bad", "echo no power; exit 1")
        try script("never")
        try script("good")
        let result = try catboat("nodeset", "n1-n3", "osimage=img")
        #expect(result.status == 1)
        #expect(result.stdout.hasSuffix("n2: netboot debian12-x86_64-compute\nn3: netboot debian12-x86_64-compute\n"))
        #expect(
            result.stderr.contains(
                "prescript-run: error: prescript exited with status 1 for n1: '/install/prescripts/bad': no power\n"))
        #expect(result.stderr.contains("n1: Error: prescript 'bad' failed, see above; the node was not changed\n"))
        #expect(try !told.readText().contains("never"))
        #expect(!nodes.joined("n1").exists && nodes.joined("n2").exists)
        #expect(try state("n1") == "n1: offline\n")
    }

    @Test func `policy may let a failure only warn`() throws {
        try define("node=n1\t:\tbegin=bad,later")
        try script("bad", "exit 1")
        try script("later")
        try Scratch.write("[prescripts]\nfailure = warn\n", to: "etc/catboat/config")
        let result = try catboat("nodeset", "n1", "osimage=img")
        #expect(result.status == 0)
        #expect(result.stderr.contains("Warning: prescript 'bad' failed for nodes n1\n"))
        #expect(try told.readText().contains("later n1"))
        try Scratch.write("[prescripts]\nfailure = maybe\n", to: "etc/catboat/config")
        let wrong = try catboat("nodeset", "n1", "osimage=img")
        #expect(
            wrong.stderr == "Error: setting is not understood: 'prescripts.failure=maybe'\nhint: write stop or warn\n")
    }

    @Test func `MAX_INSTANCE runs a script for each node, so many at once`() throws {
        try define("node=all\t:\tbegin=each")
        // Each run waits until another one is there: with fewer than two at once it would fail.
        try script(
            "each",
            """
            #xCAT setting: MAX_INSTANCE=2
            mkdir '\(Scratch.directory.printable)/run-'$NODES
            case $NODES in n3) exit 0;; esac
            for i in $(seq 600); do
                [ "$(ls -d '\(Scratch.directory.printable)'/run-* | wc -l)" -ge 2 ] && exit 0
                sleep 0.1
            done
            exit 1
            """)
        let result = try catboat("nodeset", "n1-n3", "osimage=img")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            try told.readText().split(separator: "\n").sorted() == [
                "each n1 osimage=img ", "each n2 osimage=img ", "each n3 osimage=img ",
            ])
    }

    @Test func `of many instances only the failing node is left out`() throws {
        try define("node=all\t:\tbegin=each")
        try script("each", "# xCAT\n#xCAT setting:MAX_INSTANCE=3\n[ $NODES != n2 ]")
        let result = try catboat("nodeset", "n1-n3", "osimage=img")
        #expect(result.status == 1)
        #expect(nodes.joined("n1").exists && !nodes.joined("n2").exists && nodes.joined("n3").exists)
    }

    @Test func `a failing end script is told and what was set stands`() throws {
        try define("node=n1\t:\tend=bad")
        try script("bad", "exit 7")
        let result = try catboat("nodeset", "n1", "osimage=img")
        #expect(result.status == 1)
        #expect(result.stderr.contains("n1: Error: prescript 'bad' failed, see above; what was set stands\n"))
        #expect(try state("n1") == "n1: netboot debian12-x86_64-compute\n")
    }

    @Test func `scripts that are missing, lead out or could be changed by others stop their nodes`() throws {
        try define("node=n1\t:\tbegin=missing", "node=n2\t:\tbegin=../../etc/evil", "node=n3\t:\tbegin=open")
        try script("open", permissions: 0o777)
        try Scratch.directory.joined("install/prescripts/open").changePermissions(0o777)
        let result = try catboat("nodeset", "n1-n3", "osimage=img")
        #expect(result.status == 1)
        #expect(try !nodes.exists || nodes.directoryNames() == [])
        #expect(result.stderr.contains("not trusted"))
        #expect(!told.exists)
    }

    @Test func `--no-hooks leaves out hooks, not prescripts`() throws {
        try define("node=n1\t:\tbegin=good")
        try script("good")
        try Scratch.write("#!/bin/sh\nexit 1\n", to: "install/custom/hooks/pre-nodeset", permissions: 0o755)
        #expect(try catboat("nodeset", "n1", "osimage=img").status == 1)
        #expect(try catboat("nodeset", "--no-hooks", "n1", "osimage=img").status == 0)
        #expect(try told.readText() == "good n1 osimage=img \ngood n1 osimage=img \n")
    }

    @Test(arguments: [
        (["--action", "boot", "--nodes", "n1"], 129, "prescript-run: error: give the script after --\n"),
        (
            ["--action", "boot", "--nodes", "n1", "--timeout", "soon", "--", "/bin/true"], 129,
            "prescript-run: error: --timeout needs seconds, 15m, 2h, or 0 for no limit\n"
        ),
        (
            ["--action", "boot", "--nodes", "n1", "--", "/nonexistent"], 128,
            "prescript-run: error: prescript is not an executable file: '/nonexistent': create it, or run chmod +x\n"
        ),
        (["--action", "boot", "--nodes", "n1", "--", "/bin/true"], 0, ""),
    ]) func `the plumbing's contract`(words: [String], status: CInt, stderr: String) throws {
        let result = try Catboat().run("prescript-run", words.map { Word($0) })
        #expect(result.status == status)
        #expect(result.stdout == "")
        #expect(stderr.isEmpty ? result.stderr.isEmpty : result.stderr.hasPrefix(stderr), "\(result.stderr)")
    }
}
