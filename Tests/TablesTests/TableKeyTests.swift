import Support
import SystemPackage
import TestSupport
import Testing

/// Rows have keys, tables have names, and files that miss either change nothing.
@Suite(.scratchDirectory) struct TableKeyTests {
    private func site(_ kind: StoreKind = .sqlite) throws -> Catboat {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        let made = try catboat("mkdef", "n1-n2", "groups=all", "os=rocky9")
        try #require(made.status == 0, "\(made)")
        return catboat
    }

    private func refused(_ result: Catboat.Result, _ status: CInt, _ told: String) {
        #expect(result.status == status && (result.stdout + result.stderr).contains(told), "\(result)")
    }

    @Test(arguments: StoreKind.available)
    func `a file without its keys changes nothing`(kind: StoreKind) throws {
        let catboat = try site(kind)
        let before = try catboat("tabdump", "nodelist").stdout
        for (text, told) in [
            ("#groups,status\n\"all\",\"x\"\n", "lacks the key column 'node' of the table 'nodelist'"),
            ("#groups,status\n", "lacks the key column 'node'"),
            ("#node,groups\n\"n1\",\"all\"\n,x\n", "No value in key column 'node' on line 1: ,x"),
            ("#node,groups\n\"\",\"x\"\n", "No value in key column 'node' on line 0: \"\",\"x\""),
            ("#node,groups,node\n\"n1\",\"x\",\"n1\"\n", "names column 'node' twice"),
        ] {
            let file = try Scratch.write(text, to: "dump/nodelist.csv")
            for words: [Word] in [
                ["tabrestore", Word(file)], ["restorexCATdb", "-p", Word(file.removingLastComponent())],
                ["import-xcat", Word(file.removingLastComponent())],
            ] {
                let result = try catboat.run(words[0].description, Array(words.dropFirst()))
                #expect(result.status != 0 && result.stderr.contains(told), "\(words): \(result)")
                #expect(try catboat("tabdump", "nodelist").stdout == before, "\(words)")
            }
        }
    }

    @Test(arguments: StoreKind.available)
    func `no row is made without its key`(kind: StoreKind) throws {
        let catboat = try site(kind)
        refused(try catboat("table-set", "site", "key=", "value=x"), 128, "row has no key: 'site.key'")
        let changed = try catboat("chtab", "osname=Linux", "osimage.profile=x")
        #expect(
            changed
                == Catboat.Result(
                    status: 1, stdout: "",
                    stderr: "table-set: error: row has no key: 'osimage.imagename': give imagename=VALUE\n"))
        refused(try catboat("chtab", "node=n1", "nodelist.node="), 1, "row has no key: 'nodelist.node'")
        refused(try catboat("chtab", "site.value=x"), 1, "row has no key")
        #expect(try catboat("nodels").stdout == "n1\nn2\n")
        // A password without a user, and a file of every image.
        #expect(try catboat("chtab", "key=cisco", "passwd.password=x").status == 0)
        #expect(try catboat("chtab", "file=/etc/x", "litefile.options=ro").status == 0)
        let dump: Word = "\(Scratch.directory)/dump"
        #expect(try catboat("dumpxCATdb", "-p", dump).status == 0)
        let back = try catboat("restorexCATdb", "-p", dump)
        #expect(back.status == 0, "\(back)")
        #expect(try catboat("tabdump", "litefile").stdout.contains(",\"/etc/x\",\"ro\""))
    }

    @Test(arguments: StoreKind.available)
    func `keys and groups are one line, and text shows what it is`(kind: StoreKind) throws {
        let catboat = try site(kind)
        let before = try catboat("tabdump", "nodelist").stdout
        for words: [Word] in [
            ["nodeadd", "ok1", "groups=x\ny"], ["chtab", "key=a\nb", "site.value=x"],
            ["chtab", "node=n1", "nodelist.comments=a\u{85}b"], ["chtab", "node=n1", "nodelist.comments=a\u{202e}b"],
            ["chtab", "node=n1", "nodelist.comments=a\u{2067}b"],
        ] {
            let result = try catboat.run(words[0].description, Array(words.dropFirst()))
            refused(result, 1, "value has a control character")
        }
        #expect(try catboat("tabdump", "nodelist").stdout == before)
        let text = "café\u{a0}\u{2026}\u{200f}\n\tטקסט"
        #expect(try catboat("chtab", "node=n1", Word("nodelist.comments=\(text)")).status == 0)
        #expect(try catboat("gettab", "node=n1", "nodelist.comments").stdout == text + "\n")
    }

    @Test func `files of what is kept for others are restored one by one`() throws {
        let catboat = try site()
        try Scratch.write("#key,value,tier\n\"a\",\"1\",\"gold\"\n\"b\",\"2\",\n", to: "dump/site.csv")
        try Scratch.write("#node,speed\n\"n1\",\"fast\"\n", to: "dump/racing.csv")
        #expect(try catboat("restorexCATdb", "-p", "\(Scratch.directory)/dump").status == 0)
        let again = Scratch.directory.joined("again")
        #expect(try catboat("dumpxCATdb", "-p", Word(again)).status == 0)
        func text(_ name: String) throws -> String { try again.joined(FilePath(name)).readText() }
        let (site, racing) = (try text("site.csv"), try text("racing.csv"))
        #expect(site.contains("gold") && racing.contains("fast"))
        try catboat("chtab", "key=a", "site.value=9")
        for name in ["site.csv", "racing.csv"] {
            let result = try catboat("tabrestore", Word(again.joined(FilePath(name))))
            #expect(result == Catboat.Result(status: 0, stdout: "", stderr: ""))
        }
        #expect(try catboat("dumpxCATdb", "-p", Word(again)).status == 0)
        #expect(try text("site.csv") == site && text("racing.csv") == racing)
        refused(try catboat("tabrestore", "-a", Word(again.joined("racing.csv"))), 1, "cannot be added")
        let file = try Scratch.write("#node,speed\n", to: "racing.csv")
        #expect(try catboat("tabrestore", Word(file)).status == 0)
        refused(try catboat("tabdump", "racing"), 1, "No such table")
        refused(try catboat("tabrestore", Word(file)), 4, "Unable to open racing")
    }

    @Test func `the store's own tables are none for people`() throws {
        let catboat = try site()
        refused(
            try catboat("chtab", "tablename=../x", "catboat_kept.value=y"), 1, "Table catboat_kept does not exist.")
        refused(try catboat("table-set", "catboat_kept", "tablename=x", "value=y"), 128, "no such table")
        refused(try catboat("tabdump", "catboat_kept"), 1, "No such table")
        refused(try catboat("tabedit", "catboat_kept"), 1, "No such table")
        let line = "insert\tcatboat_kept\ttablename=../x\tvalue=a\n"
        #expect(try catboat("table-set", "--stdin", input: line).status == 0)
        refused(try catboat("dumpxCATdb", "-p", "\(Scratch.directory)/dump"), 1, "is no file name: '../x'")
    }

    @Test func `what does nothing says so`() throws {
        let catboat = try site()
        try Scratch.directory.joined("empty").createDirectories()
        refused(
            try catboat("restorexCATdb", "-p", "\(Scratch.directory)/empty"), 1,
            "no tables in the folder: '\(Scratch.directory)/empty'")
        refused(try catboat("chtab", "-d", "node=n2", "nodetype", "nosuch"), 1, "Table nosuch does not exist.")
        #expect(try !catboat("tabdump", "nodetype").stdout.contains("n2"))
        for option in ["-n", "-p", "-i", "-d"] as [Word] {
            refused(try catboat("tabprune", "auditlog", option, "-1"), 1, "must not be negative")
        }
        refused(try catboat("tabprune", "auditlog", "-p", "101"), 1, "must not be over 100")
        refused(try catboat("noderm", ""), 1, "No node in ''")
        refused(try catboat("lsdef", "-t", ""), 1, "names no object type")
    }

    @Test func `a file that is no store of ours is left alone`() throws {
        let catboat = Catboat(root: Scratch.directory)
        let empty = try Scratch.write("", to: "empty.sqlite")
        for words in [["tabdump", "site"], ["chtab", "key=a", "site.value=b"]] as [[Word]] {
            let result = try catboat.storing(in: empty.printable).run(
                words[0].description, Array(words.dropFirst()))
            refused(result, 1, "store is an empty file: '\(empty)'")
        }
        #expect(try empty.readBytes() == [])
        guard Tool.isInstalled("sqlite3") else { return }
        let foreign = Scratch.directory.joined("foreign.sqlite")
        _ = try Tool("sqlite3", [Word(foreign), "CREATE TABLE mine (a); PRAGMA user_version = 2"]).output()
        let bytes = try foreign.readBytes()
        for words in [["tabdump", "site"], ["chtab", "key=a", "site.value=b"]] as [[Word]] {
            let result = try catboat.storing(in: foreign.printable).run(
                words[0].description, Array(words.dropFirst()))
            refused(result, 1, "SQLite file belongs to another program: '\(foreign)'")
        }
        #expect(try foreign.readBytes() == bytes)
    }

    @Test func `arguments are UTF-8`() throws {
        let catboat = try site()
        let bad = Word(bytes: Array("usercomment=caf".utf8) + [0xe9])
        for verb in ["chdef", "table-set"] {
            let result = try catboat.run(verb, verb == "chdef" ? ["n1", bad] : ["nodelist", "node=n1", bad])
            refused(result, 128, "catboat: error: argument is not UTF-8: ")
        }
        #expect(try catboat("lsdef", "n1", "-i", "usercomment", "-c").stdout == "n1: usercomment=\n")
    }
}
