import Support
import SystemPackage
import TestSupport
import Testing

/// What the commands on nodes and table rows refuse, and what they warn of.
@Suite(.scratchDirectory) struct NodeCommandTests {
    private func site() throws -> Catboat {
        let catboat = Catboat(root: Scratch.directory)
        try catboat("mkdef", "n1-n3", "groups=all", "os=rocky9")
        try catboat("mkdef", "-t", "group", "dyn", "-d", "-w", "os==rocky9")
        let made = try catboat("mkdef", "-t", "group", "none")
        try #require(made.status == 0, "\(made)")
        return catboat
    }

    @Test func `mistakes are told and change nothing`() throws {
        let catboat = try site()
        func dump() throws -> [String] {
            try ["nodelist", "nodetype", "nodehm"].map { try catboat("tabdump", Word($0)).stdout }
        }
        let before = try dump()
        let mistakes: [(words: [Word], told: String)] = [
            (["nodech", "", "nodetype.os=x"], "Error: No node in '', check the noderange syntax.\n"),
            (["nodech", "none", "nodetype.os=x"], "Error: No node in 'none', check the noderange syntax.\n"),
            (["nodech", "n1@n2", "nodetype.os=x"], "Error: No node in 'n1@n2', check the noderange syntax.\n"),
            (["nodech", "-d", "none", "nodetype"], "Error: No node in 'none', check the noderange syntax.\n"),
            (["nodeadd", "", "groups=all"], "Error: No node in '', check the noderange syntax.\n"),
            (
                ["nodeadd", "n9", "groups=", "nodehm.mgt=x"],
                "Error: nodes come into being by their groups: 'n9'\nhint: give groups=GROUP,...\n"
            ),
            (
                ["nodeadd", "n9", "groups^=all"],
                "Error: nodes come into being by their groups: 'n9'\nhint: give groups=GROUP,...\n"
            ),
            (
                ["nodegrpch", "dyn", "nodetype.os=x"],
                "Error: Can not assign attributes to dynamic node group 'dyn'.\n"
                    + "hint: attributes are inherited from static groups only\n"
            ),
            (["nodels", "n1", "mgt=~["], "Error: bad regular expression: '['\nhint: '[' without ']'\n"),
            (
                ["tabch", "node=n1", "nodetype.os"],
                "Error: nodetype.os not a valid table.column description\n"
                    + "hint: see tabdump -d for tables and columns\n"
            ),
        ]
        for (words, told) in mistakes {
            let result = try catboat.run(words[0].description, Array(words.dropFirst()))
            #expect(result == Catboat.Result(status: 1, stdout: "", stderr: told), "\(words)")
            #expect(try dump() == before, "\(words)")
        }
    }

    @Test func `a row of nobody is made with a warning`() throws {
        let catboat = try site()
        let told = "Warning: There is neither a node nor a group 'n99' yet.\n"
        #expect(try catboat("chtab", "node=n99", "nodehm.mgt=ipmi").stderr == told)
        for name in ["n1", "all", "none", "xcatdefaults"] {
            #expect(try catboat("chtab", Word("node=\(name)"), "nodehm.comments=x").stderr == "")
        }
        #expect(try catboat("chtab", "node=n98", "nodelist.groups=all").stderr == "")
    }

    @Test(arguments: ["chtab", "tabch"])
    func `the version may be asked for as xCAT's users do`(verb: String) throws {
        let catboat = Catboat(root: Scratch.directory)
        for option in ["-v", "--version", "-version"] as [Word] {
            let result = try catboat(verb, option)
            #expect(result == Catboat.Result(status: 0, stdout: "\(verb) Version 0.1.0\n", stderr: ""))
        }
    }

    @Test(arguments: StoreKind.available)
    func `rows that are there are named with their lines`(kind: StoreKind) throws {
        let catboat = try Catboat(root: Scratch.directory).using(kind)
        try catboat("chdef", "-t", "site", "a=1", "b=2")
        let before = try catboat("tabdump", "site").stdout
        let file = try Scratch.write("#key,value\n\"c\",\"3\"\n\"a\",\"4\"\n\"b\",\"5\"\n", to: "site.csv")
        let result = try catboat("tabrestore", "-a", Word(file))
        #expect(
            result
                == Catboat.Result(
                    status: 4, stdout: "",
                    stderr: "Error: DB error the row exists already with line 1: \"a\",\"4\"\n"
                        + "hint: change it with tabedit or chtab instead\n"
                        + "Error: DB error the row exists already with line 2: \"b\",\"5\"\n"
                        + "hint: change it with tabedit or chtab instead\n"))
        #expect(try catboat("tabdump", "site").stdout == before)
    }

    @Test(arguments: ["tabrestore", "restorexCATdb", "import-xcat"])
    func `a table file that is not UTF-8 is refused`(verb: String) throws {
        let catboat = Catboat(root: Scratch.directory)
        let file = Scratch.directory.joined("dump/site.csv")
        try file.removingLastComponent().createDirectories()
        try AtomicFile.write(Array("#key,value\n\"a\",\"caf".utf8) + [0xe9, 0x22, 0x0a], to: file)
        let words: [Word] =
            verb == "tabrestore"
            ? [Word(file)]
            : verb == "import-xcat" ? ["\(file.removingLastComponent())"] : ["-p", "\(file.removingLastComponent())"]
        let result = try catboat.run(verb, words)
        #expect(result.status != 0)
        #expect(result.stderr.contains("text is not UTF-8: 'site.csv, line 2'"), "\(result.stderr)")
        #expect(try catboat("tabdump", "site").stdout == "#key,value,comments,disable\n")
    }
}
