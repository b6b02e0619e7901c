import Support
import SystemPackage
import TestSupport
import Testing

/// What `lsdef -z` writes, `mkdef -z` and `chdef -z` read back to the byte.
@Suite(.scratchDirectory) struct StanzaCommandTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }

    private func another(_ name: String) throws -> Catboat {
        let root = Scratch.directory.joined(name)
        try root.createDirectories()
        return Catboat(root: root)
    }

    /// A site with objects of several types, some of them hard to write.
    private func site(_ catboat: Catboat) throws {
        for words in [
            ["mkdef", "r1-r3", "groups=all,rr", "os=a", "mgt=ipmi", "bmc=|r(\\d+)|10.0.0.($1)|"],
            ["mkdef", "-t", "group", "g9", "members=r1", "mgt=ipmi"], ["mkdef", "-t", "group", "none"],
            ["mkdef", "-t", "group", "dyn", "-d", "-w", "os==a", "-w", "arch=~x"],
            ["mkdef", "-t", "osimage", "i1", "imagetype=linux", "pkglist=/a,/b", "addkcmdline=a=b c:"],
            ["mkdef", "-t", "network", "fd59::/64", "net=fd59::", "mask=/64"],
            ["chdef", "-t", "site", "domain=x.test", "master=10.0.0.1"],
            ["chtab", "node=r1", "nodelist.comments=\"quoted\""], ["chtab", "node=r2", "nodelist.comments= blanks \t"],
            ["chtab", "node=r3", "nodelist.comments=\" \u{2028}é\r,"],
            ["chtab", "imagename=i1", "osimage.description=\"\""], ["chdef", "r2", "nicips.eth0=1.1.1.1"],
        ] as [[Word]] {
            let result = try catboat.run(words[0].description, Array(words.dropFirst()))
            try #require(result.status == 0, "\(words): \(result)")
        }
    }

    @Test func `a whole site comes back, also where nothing was`() throws {
        try site(catboat)
        let text = try catboat("lsdef", "-a", "-z")
        #expect(text.status == 0 && text.stdout.contains("    usercomment=\"\"quoted\"\"\n"), "\(text.stdout)")
        for verb in ["mkdef", "chdef"] {
            let other = try another(verb)
            let made = try other.run(verb, ["-z"], input: Array(text.stdout.utf8))
            #expect(made.status == 0, "\(made)")
            #expect(try other("lsdef", "-a", "-z") == text)
        }
        let file = try Scratch.write(text.stdout, to: "site.stanza")
        let imported = try another("imported")
        let words: [Word] = [Word(file)]
        #expect(try imported.run("import-xcat", ["-n"] + words).stdout == "would import 11 objects\n")
        #expect(try imported.run("import-xcat", words).status == 0)
        #expect(try imported("lsdef", "-a", "-z") == text)
        #expect(try catboat("chdef", "-z", input: text.stdout).status == 0)
        #expect(try catboat("lsdef", "-a", "-z") == text)
    }

    @Test func `a value of several lines is told instead of being written as something else`() throws {
        try site(catboat)
        try catboat("chtab", "node=r2", "nodelist.comments=one\nevil:\n    objtype=node")
        let result = try catboat("lsdef", "-z", "r2", "-i", "os,usercomment")
        #expect(result.status == 1)
        #expect(result.stdout == "# <xCAT data object stanza file>\n\nr2:\n    objtype=node\n    os=a\n")
        #expect(
            result.stderr == "Error: value has several lines, which a stanza cannot hold: 'usercomment of r2'\n"
                + "hint: see tabdump nodelist\n")
    }

    @Test func `members may stand in the same file, in any order`() throws {
        let text = "g:\n    objtype=group\n    members=m1,m2,m9\nm1:\n    objtype=node\n    groups=all\n"
        let made = try catboat("mkdef", "-z", input: text + "m2:\n    objtype=node\n    groups=all\n")
        #expect(made.stderr == "Error: Could not find a node named 'm9', skipping to the next node.\n")
        #expect(try catboat("lsdef", "-t", "group", "g").stdout == "Object name: g\n    members=m1,m2\n")
        #expect(try catboat("lsdef", "m1", "-i", "groups", "-c").stdout == "m1: groups=all,g\n")
    }

    @Test func `a node that is refused is no member either`() throws {
        let text = "g:\n    objtype=group\n    members=m1\nm1:\n    objtype=node\n    groups=all\n    bmc=1\n"
        let made = try catboat("mkdef", "-z", input: text)
        #expect(made.status == 1 && made.stderr.contains("Could not find a node named 'm1'"), "\(made)")
        #expect(try catboat("nodels").stdout == "")
    }

    @Test func `a group of a large site has more members than fit in a line of 64 KiB`() throws {
        let tail = String(repeating: "x", count: 100)
        let names = (100..<900).map { "n\($0)\(tail)" }
        let nodes = names.map { "\($0):\n    objtype=node\n    groups=all\n" }.joined()
        try #require(try catboat("mkdef", "-z", input: nodes).status == 0)
        let group = try catboat("lsdef", "-t", "group", "all", "-z").stdout
        let again = try catboat("chdef", "-z", input: group)
        #expect(again.status == 0, "\(again.stderr)")
        #expect(try catboat("lsdef", "-t", "group", "all", "-z").stdout == group)
        let lines = names.joined(separator: "\n") + "\n"
        #expect(try catboat("noderange-expand", input: lines).stdout == lines)
    }

    @Test(arguments: ["mkdef", "chdef", "import-xcat"])
    func `text that is not UTF-8 is refused with its line`(verb: String) throws {
        let text = Array("u1:\n    objtype=node\n    groups=a\n    usercomment=caf".utf8) + [0xe9, 0x0a]
        let file = Scratch.directory.joined("latin1.stanza")
        try AtomicFile.write(text, to: file)
        let result =
            verb == "import-xcat" ? try catboat(verb, Word(file)) : try catboat.run(verb, ["-z"], input: text)
        #expect(result.status == (verb == "import-xcat" ? 128 : 1))
        #expect(result.stderr.contains("text is not UTF-8: ") && result.stderr.contains("line 4'"), "\(result.stderr)")
        #expect(try catboat("nodels").stdout == "")
    }

    @Test func `a template and stanzas do not go together`() throws {
        let result = try catboat(
            "mkdef", "-z", "--template", "x86_64-template", input: "s1:\n    objtype=node\n    groups=a\n")
        #expect(result.stderr == "Error: The file input can not be used with --template option!\n")
        #expect(result.status == 1)
    }
}
