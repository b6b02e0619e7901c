import Profiles
import Support
import SystemPackage
import TestSupport
import Testing

@Suite struct PathPatternTests {
    @Test(
        arguments: [
            ("./usr/share/man/*", "./usr/share/man/man1/a.1", true), ("./usr/share/man/*", "./usr/share/man", false),
            ("./boot*", "./boot", true), ("./boot*", "./bootfoo", true), ("./boot*", "./boot/grub/x", true),
            ("*.deb", "./var/cache/x/1.deb", true), ("*.deb", "./var/deb", false),
            ("*/__pycache__/*", "./usr/lib/__pycache__/a", true), ("./*/apt/*", "./var/log/apt/term.log", true),
            ("./tmp/*", "./tmp/.hidden", true), ("./?", "./é", true), ("./??", "./é", false),
            ("./[a-c]x", "./bx", true), ("./[!a-c]x", "./bx", false), ("./[^a-c]x", "./dx", true),
            ("./[]]", "./]", true), ("./[[:digit:]]*", "./7up", true), ("./[[:digit:]]*", "./up", false),
            ("./[é-ü]", "./ö", true), ("./[x", "./[x", true), ("./a\\*", "./a*", true), ("./a\\*", "./ab", false),
            ("./a*b*c", "./axxbyybzc", true), ("./a*b*c", "./axxbyyb", false), ("", "", true), ("*", ".", true),
        ])
    func `a pattern matches as find -path does`(pattern: String, path: String, expected: Bool) {
        #expect(PathPattern(Array(pattern.utf8)).matches(Array(path.utf8)) == expected)
    }

    @Test func `one wildcard takes one byte of a name that is not UTF-8`() {
        #expect(PathPattern(Array("./?x".utf8)).matches(Array("./".utf8) + [0xff] + Array("x".utf8)))
        #expect(!PathPattern(Array("./x".utf8)).matches([0x2e, 0x2f, 0xff]))
    }
}

@Suite(.scratchDirectory) struct ExlistTests {
    private func list(_ text: String) throws -> Exlist {
        var list = Exlist()
        try list.read(Scratch.write(text, to: "e.exlist"))
        return list
    }

    private func excludes(_ list: Exlist, _ path: String, isDirectory: Bool = false) -> Bool {
        Array(path.utf8).withUnsafeBufferPointer { list.excludes($0, isDirectory: isDirectory) }
    }

    @Test(
        arguments: [
            "./boot*\n", "./boot*", "./boot*\r\n", "  ./boot*\n", "./boot* \n", "-./boot*\n", "- ./boot*\n",
            "./boot*#x\n", "./boot* # why\n", "\"./boot*\"\n", "'./boot*'\n", "./boot/\n",
        ])
    func `this line leaves out boot`(line: String) throws {
        #expect(excludes(try list(line), "./boot", isDirectory: true))
        #expect(excludes(try list(line), "./boot/grub"))
        #expect(!excludes(try list(line), "./etc"))
    }

    @Test func `re-including wins wherever it stands`() throws {
        for text in ["+./a/b\n./a*\n", "./a*\n+./a/b\n"] {
            #expect(!excludes(try list(text), "./a/b"))
            #expect(excludes(try list(text), "./a/c"))
        }
    }

    @Test func `a quote or a hash may be part of a name`() throws {
        #expect(excludes(try list("./it's*\n"), "./it's here"))
        #expect(excludes(try list("./a\\#b\n"), "./a#b"))
    }

    @Test func `a trailing slash matches directories only`() throws {
        let list = try list("./x/\n")
        #expect(!excludes(list, "./x"))
        #expect(excludes(list, "./x", isDirectory: true))
    }

    @Test func `patterns that cannot match are known by file and line`() throws {
        let list = try list("./a\nusr/share/*\n/usr/*\n*.x\n")
        #expect(list.idle.map(\.line) == [2, 3])
    }

    @Test func `an include is beside the first list`() throws {
        try Scratch.write("./more\n", to: "more.exlist")
        #expect(excludes(try list("#INCLUDE:more.exlist#\n"), "./more"))
    }

    @Test func `a missing include names file and line`() throws {
        let file = Scratch.directory.joined("e.exlist")
        #expect {
            _ = try list("./a\n#INCLUDE:nosuch#\n")
        } throws: { error in
            (error as? ExlistError)?.description
                == "included exclude list not found: '\(Scratch.directory.joined("nosuch"))': create it, or remove the #INCLUDE in \(file):2"
        }
    }

    @Test func `an include loop names file and line`() throws {
        let file = Scratch.directory.joined("e.exlist")
        #expect(throws: ExlistError.includeLoop(.init(file: file, line: 1))) { _ = try list("#INCLUDE:e.exlist#\n") }
    }

    @Test func `a missing list is an error`() {
        let file = Scratch.directory.joined("none")
        #expect(throws: ExlistError.notFound(file, includedAt: nil)) {
            var list = Exlist()
            try list.read(file)
        }
    }

    @Test func `20000 paths against 100 patterns take well below half a second`() throws {
        var list = Exlist()
        for number in 0..<50 {
            list.add(Array("./usr/share/folder\(number)/*".utf8), isInclude: false)
            list.add(Array("*/deep\(number)/*.x".utf8), isInclude: number % 5 == 0)
        }
        let paths = (0..<20_000).map { Array("./usr/share/some/longer/path/of/a/package/file\($0).txt".utf8) }
        let start = ContinuousClock.now
        let count = paths.count { $0.withUnsafeBufferPointer { list.excludes($0, isDirectory: false) } }
        let elapsed = ContinuousClock.now - start
        #expect(count == 0)
        // Debug builds are many times slower than what people run.
        #if DEBUG
            #expect(elapsed < .seconds(30))
        #else
            #expect(elapsed < .milliseconds(500))
        #endif
    }
}
