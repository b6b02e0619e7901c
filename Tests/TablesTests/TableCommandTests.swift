import Support
import SystemPackage
import TestSupport
import Testing

/// Commands on tables that no recording covers, as processes on both stores.
@Suite(.scratchDirectory) struct TableCommandTests {
    /// A site of two settings, and what tabdump prints of it.
    private func site(_ kind: StoreKind) throws -> (Catboat, text: String) {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        try catboat("table-set", "site", "key=domain", "value=cluster.test")
        try catboat("table-set", "site", "key=master", "value=10.0.0.1")
        let text = try catboat("tabdump", "site").stdout
        #expect(text == "#key,value,comments,disable\n\"domain\",\"cluster.test\",,\n\"master\",\"10.0.0.1\",,\n")
        return (catboat, text)
    }

    /// `catboat` with an editor that runs `script`; `$1` is the file.
    private func editing(_ catboat: Catboat, _ script: String) throws -> Catboat {
        let editor = try Scratch.write("#!/bin/sh\n\(script)\n", to: "bin/my editor")
        try editor.changePermissions(0o755)
        let words = try Scratch.write("#!/bin/sh\nexec \"\(editor.printable)\" \"$2\"\n", to: "bin/edit")
        try words.changePermissions(0o755)
        var copy = catboat
        copy.environment["VISUAL"] = Word("\(words.printable) --wait")
        copy.environment["EDITOR"] = "false"
        copy.environment["TMPDIR"] = Word(Scratch.directory)
        return copy
    }

    private func leftovers() throws -> [FilePath] {
        try Scratch.directory.directoryNames().filter { $0.printable.hasPrefix("catboat-edit") }
    }

    @Test(arguments: StoreKind.available)
    func `tabedit sets what the editor leaves`(kind: StoreKind) throws {
        let (catboat, _) = try site(kind)
        let changed = try editing(catboat, "sed -i -e s/cluster.test/other.test/ -e /master/d \"$1\"")(
            "tabedit", "site")
        #expect(changed.status == 0, "\(changed.stderr)")
        #expect(try catboat("tabdump", "site").stdout == "#key,value,comments,disable\n\"domain\",\"other.test\",,\n")
        let unchanged = try editing(catboat, "stat -c %a \"$1\" \"${1%/*}\" > \(Scratch.directory)/modes")(
            "tabedit", "site")
        #expect(unchanged.stdout == "No file modifications detected, not restoring.\n")
        #expect(try Scratch.directory.joined("modes").readText() == "600\n700\n")
        #expect(try leftovers() == [])
    }

    @Test(arguments: StoreKind.available)
    func `text that does not parse changes nothing`(kind: StoreKind) throws {
        let (catboat, text) = try site(kind)
        for (script, message) in [
            ("echo '\"open' >> \"$1\"", "unmatched"), ("sed -i 1s/value/nosuch/ \"$1\"", "nosuch"),
            ("echo '\"domain\",\"twice\",,' >> \"$1\"", "domain"), ("printf '' > \"$1\"", "Error: "),
            ("exit 3", "editor"),
        ] {
            let result = try editing(catboat, script)("tabedit", "site")
            #expect(result.status != 0, "\(script)")
            #expect(result.stderr.contains(message), "\(result.stderr)")
            #expect(try catboat("tabdump", "site").stdout == text)
        }
        #expect(try leftovers() == [])
    }

    @Test func `on a terminal the text can be mended`() throws {
        let (catboat, _) = try site(.sqlite)
        let edited = try editing(
            catboat,
            "if grep -q open \"$1\"; then sed -i -e /open/d -e s/cluster.test/mended/ \"$1\"; else echo '\"open' >> \"$1\"; fi"
        )
        let tabedit = edited.tool("tabedit", ["site"])
        let line: [String] = ([Word(tabedit.program)] + tabedit.words).map {
            String(decoding: $0.shellQuoted, as: UTF8.self)
        }
        let tool = Tool(
            "script", ["-qec", Word(line.joined(separator: " ")), "/dev/null"], environment: tabedit.environment)
        let captured = try tool.capture(input: Array("\n".utf8))
        #expect(captured.ending.isSuccess, "\(captured.text)")
        #expect(captured.text.contains("hit enter to edit"))
        #expect(try catboat("tabdump", "site").stdout.contains("\"mended\""))
        #expect(try leftovers() == [])
    }

    @Test func `a row that changed meanwhile is not overwritten`() throws {
        let (catboat, _) = try site(.sqlite)
        let other = catboat.tool("table-set", ["site", "key=domain", "value=newer"])
        let line: [String] = ([Word(other.program)] + other.words).map {
            String(decoding: $0.shellQuoted, as: UTF8.self)
        }
        let script = "\(line.joined(separator: " ")); sed -i s/cluster.test/older/ \"$1\""
        let result = try editing(catboat, script)("tabedit", "site")
        #expect(result.status != 0)
        #expect(try catboat("table-get", "site", "domain", "-c", "value").stdout == "newer\n")
    }

    @Test(arguments: StoreKind.available)
    func `tabprune removes what is told`(kind: StoreKind) throws {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        let old = (1...6).map { "insert\tauditlog\taudittime=01-0\($0)-2020 10:00:00\tcommand=old\($0)\n" }.joined()
        let new = (1...4).map { "insert\tauditlog\taudittime=2099-01-0\($0) 10:00:00\tcommand=new\($0)\n" }.joined()
        try #require(try catboat("table-set", "--stdin", input: old + new).status == 0)
        func commands() throws -> [Substring] {
            try catboat("table-get", "auditlog", "-c", "command").stdout.split(separator: "\n")
        }
        #expect(try catboat("tabprune", "auditlog").status == 1)
        #expect(try catboat("tabprune", "site", "-a").status == 1)
        #expect(try catboat("tabprune", "auditlog", "-a", "-n", "1").status == 1)
        #expect(try commands().count == 10)
        #expect(try catboat("tabprune", "auditlog", "-n", "1").stdout == "tabprune of auditlog complete.\n")
        #expect(try commands() == ["new1", "new2", "new3", "new4", "old2", "old3", "old4", "old5", "old6"])
        #expect(try catboat("tabprune", "auditlog", "-V", "-i", "4").stdout.contains("\"old3\""))
        #expect(try commands().count == 7)
        #expect(try catboat("tabprune", "auditlog", "-p", "15").status == 0)
        #expect(try commands() == ["new1", "new2", "new3", "new4", "old5", "old6"])
        #expect(try catboat("tabprune", "auditlog", "-d", "30").status == 0)
        #expect(try commands() == ["new1", "new2", "new3", "new4"])
        #expect(try catboat("tabprune", "auditlog", "-a").status == 0)
        #expect(try catboat("tabprune", "auditlog", "-a").stdout == "Nothing to prune from auditlog.\n")
    }

    @Test func `nodegrpch changes the group's row and its members`() throws {
        let catboat = Catboat(root: Scratch.directory)
        try catboat("mkdef", "n1-n2", "groups=all,rack")
        let result = try catboat("nodegrpch", "rack", "noderes.netboot=xnba")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try catboat("tabdump", "noderes").stdout.contains("\"rack\",,\"xnba\""))
        #expect(try catboat("lsdef", "n1", "-i", "netboot").stdout.contains("netboot=xnba"))
    }
}
