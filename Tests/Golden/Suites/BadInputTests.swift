import Support
import SystemPackage
import Tables
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Input that cannot be understood gives one clear error and changes nothing.
@Suite(.scratchDirectory) struct BadInputTests {
    private let control: Word = "usercomment=a\u{1}b"

    /// A small site.
    private func site(_ kind: StoreKind) throws -> Catboat {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        let made = try catboat("mkdef", "n1-n3", "groups=all", "arch=x86_64")
        #expect(made.status == 0, "\(made.stderr)")
        return catboat
    }

    @Test(arguments: StoreKind.available)
    func `mistakes are told and change nothing`(kind: StoreKind) throws {
        let catboat = try site(kind)
        let before = try catboat("tabdump", "nodelist").stdout
        let mistakes: [(words: [Word], input: String, status: CInt, told: String)] = [
            (["lsdef", "nosuch"], "", 1, "Error: Could not find an object named 'nosuch' of type 'node'."),
            (["lsdef", "-t", "nosuch"], "", 1, "Type 'nosuch' is not a valid xCAT object type."),
            (["chdef", "n1", "nosuch=1"], "", 1, "'nosuch' is not a valid attribute name"),
            (["chdef", "n1", control], "", 1, "Incorrect 'attr=val' pair - usercomment=a\\x01b."),
            (["mkdef", "n4", "groups=all", control], "", 1, "Incorrect 'attr=val' pair"),
            (["chdef", "-z"], "n1:\n    objtype=node\n    usercomment=a\u{1}b\n", 1, "control character"),
            (["chdef", "-z"], "n1:\n    objtype=node\n    junk\n", 1, "line 3: junk"),
            (["tabdump", "nosuch"], "", 1, "No such table: nosuch"),
            (["tabdump", "-w", "nosuch==1", "site"], "", 1, "No column \"nosuch\" in table \"site\""),
            (["chtab", "node=n1", "nodelist.comments=a\u{7f}b"], "", 1, "control character: 'nodelist.comments'"),
            (["nodech", "n1", "nodelist.comments=a\u{1b}b"], "", 1, "control character: 'nodelist.comments'"),
            (["lsdef", "/n["], "", 1, "Error: "),
            (["lsdef", "-w", "groups=~("], "", 1, "Error: "),
            (["noderange-expand", "/n["], "", 128, "noderange-expand: error: "),
            (["table-set", "nodelist", "node=n1", "comments=a\u{1}b"], "", 128, "control character"),
            (["table-set", "--stdin"], "set\tnodelist\tnode=n1\t:\tnosuch=1\n", 128, "no such column"),
            (["table-set", "--stdin"], "set\tnodelist\tnode=n1\t:\tgroups=x\nfrob\tsite\n", 128, "line 2"),
            (["table-get", "nosuch"], "", 128, "no such table"),
            (["table-get", "site", "-c", "nosuch"], "", 128, "no such column"),
        ]
        for mistake in mistakes {
            let told = mistake.words.map(\.description).joined(separator: " ")
            let verb = mistake.words[0].description
            let result = try catboat.run(verb, Array(mistake.words.dropFirst()), input: Array(mistake.input.utf8))
            #expect(result.status == mistake.status, "\(told): \(result)")
            #expect((result.stdout + result.stderr).contains(mistake.told), "\(told): \(result)")
            #expect(try catboat("tabdump", "nodelist").stdout == before, "\(told)")
        }
    }

    @Test func `a table file with a mistake names file and line`() throws {
        let catboat = try site(.sqlite)
        let before = try catboat("tabdump", "nodelist").stdout
        for (text, told) in [
            ("#node,groups\n\"n1\",\"all\n", "CSV unmatched \" in record on line 0"),
            ("#node,groups\n\"n1\",\"a\u{2}\"\n", "Control character in column 'groups' on line 0"),
            ("#node,groups\n\"n1\",\"a\"\n\"n1\",\"b\"\n", "the key is there twice with line 1"),
        ] {
            let file = try Scratch.write(text, to: "nodelist.csv")
            let result = try catboat("tabrestore", Word(file))
            #expect(result.status != 0 && result.stderr.contains(told), "\(result)")
            #expect(try catboat("tabdump", "nodelist").stdout == before)
        }
    }

    @Test func `a damaged store is told by readers and writers`() throws {
        let catboat = try site(.sqlite)
        let file = Scratch.directory.joined("etc/catboat/site.sqlite")
        var bytes = try file.readBytes()
        for index in bytes.indices where index >= 100 { bytes[index] = 0xff }
        try AtomicFile.write(bytes, to: file)
        for words in [["lsdef", "n1"], ["chdef", "n1", "usercomment=x"]] as [[Word]] {
            let result = try catboat.run(words[0].description, Array(words.dropFirst()))
            #expect(result.status == 1 && result.stderr.contains("not a store, or damaged: '\(file)'"), "\(result)")
        }
        #expect(try file.readBytes() == bytes)
    }

    @Test func `a locked store is told after a while`() throws {
        var catboat = try site(.sqlite)
        catboat.environment["CATBOAT_DB_TIMEOUT"] = "1"
        let file = Scratch.directory.joined("etc/catboat/site.sqlite")
        let descriptor = try FileDescriptor.open(file, .readWrite)
        defer { try? descriptor.close() }
        // Where SQLite's locks are: "File Locking And Concurrency", PENDING_BYTE and what follows.
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0x4000_0000
        lock.l_len = 512
        try #require(fcntl(descriptor.rawValue, F_SETLK, &lock) == 0)
        for words in [["lsdef", "n1"], ["chdef", "n1", "usercomment=x"]] as [[Word]] {
            let result = try catboat.run(words[0].description, Array(words.dropFirst()))
            #expect(
                result.status == 1 && result.stderr.contains("store is locked by another program: '\(file)'"),
                "\(result)")
        }
    }

    @Test func `a server that cannot be reached is told without the password`() throws {
        var catboat = Catboat(root: Scratch.directory)
        catboat.environment["CATBOAT_DB"] = "postgresql://me:secret@/x?host=/nonexistent"
        for words in [["lsdef", "n1"], ["chdef", "n1", "usercomment=x"], ["table-set", "site", "key=a", "value=b"]]
            as [[Word]]
        {
            let result = try catboat.run(words[0].description, Array(words.dropFirst()))
            #expect(result.status == (words[0] == "table-set" ? 128 : 1))
            #expect(result.stderr.contains("cannot open the store: 'postgresql://me:***@/x?host=/nonexistent'"))
            #expect(result.stderr.contains("/nonexistent/.s.PGSQL") && !result.stderr.contains("secret"), "\(result)")
        }
        catboat.environment["CATBOAT_DB"] = "mysql://host/x"
        #expect(try catboat("lsdef").stderr.contains("kind of store is not supported: 'mysql://host/x'"))
    }

    @Test func `a conflict is told as JSON`() throws {
        let catboat = try site(.sqlite)
        let words: [Word] = ["-q", "--json", "--expect", "groups=none", "nodelist", "node=n1", "groups=x"]
        let result = try catboat.run("table-set", words)
        let record =
            #"{"column":"groups","expected":"none","found":"all","reason":"holds","row":"node=n1","table":"nodelist"}"#
        #expect(
            result
                == Catboat.Result(
                    status: 1, stdout: #"{"conflicts":["# + record + "],\"version\":1}\n", stderr: ""))
        let done = try catboat("table-set", "--json", "nodelist", "node=n1", "groups=x")
        #expect(done == Catboat.Result(status: 0, stdout: "{\"conflicts\":[],\"version\":1}\n", stderr: ""))
    }

    @Test func `every template makes a node once what it wants is given`() throws {
        let catboat = Catboat(root: Scratch.directory)
        let listed = try catboat("lsdef", "--template").stdout.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(
            listed.map { String($0) } == [
                "cec-template", "hmc-template", "onieswitch", "ppc64le-openbmc-template", "ppc64le-template",
                "ppc64lekvmguest-template", "switch-template", "x86_64-template", "x86_64kvmguest-template",
            ])
        for (number, name) in listed.enumerated() {
            let text = try catboat("lsdef", "--template", Word(String(name))).stdout
            let wanted = text.split(separator: "\n").compactMap { line -> String? in
                guard line.contains("=MANDATORY:") else { return nil }
                return line.drop { $0 == " " }.prefix { $0 != "=" } + "=x"
            }
            let refused = try catboat("mkdef", "t\(number)", "--template", Word(String(name)))
            #expect(refused.status == (wanted.isEmpty ? 0 : 1) && refused.stderr.contains("must be specified!"))
            let words = ["t\(number)", "--template", Word(String(name))] + wanted.map { Word($0) }
            let made = try catboat.run("mkdef", words)
            #expect(made.status == 0, "\(name): \(made.stderr)")
        }
    }
}
