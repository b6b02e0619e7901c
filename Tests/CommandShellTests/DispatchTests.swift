import Support
import SystemPackage
import TestSupport
import Testing

@Suite struct DispatchTests {
    @Test(
        .enabled(if: Tool.isInstalled("man")),
        arguments: [
            ("hooks", "catboat-hooks"), ("tutorial", "catboat-tutorial"), ("noderange", "noderange"),
            ("status", "catboat-status"),
            ("catboat-pkglist", "catboat-pkglist"),
        ]) func `help shows pages of commands and of topics`(name: String, page: String) throws
    {
        var tool = Catboat().tool("help", [Word(name)])
        tool.environment["MANPATH"] = Word(Catboat.projectFolder.joined("man"))
        tool.environment["PAGER"] = "cat"
        let text = try tool.output().text
        #expect(text.contains("\(page)"), "\(text.prefix(200))")
    }

    @Test func `an unknown verb suggests the nearest and exits 1`() throws {
        let result = try Catboat()("hepl")
        #expect(result.status == 1)
        #expect(result.stderr == "catboat: error: not a catboat command: 'hepl': did you mean help?\n")
        #expect(result.stdout.isEmpty)
    }

    @Test(.scratchDirectory) func `catboat-VERB on PATH joins the umbrella`() throws {
        try Scratch.write("#!/bin/sh\necho \"own $*\"\n", to: "catboat-mine", permissions: 0o755)
        var catboat = Catboat()
        catboat.environment["PATH"] = Word("\(Scratch.directory):/usr/bin:/bin")
        let result = try catboat("mine", "a b", "c")
        #expect(result == .init(status: 0, stdout: "own a b c\n", stderr: ""))
    }

    @Test func `a verb may be the program's own name`() throws {
        var tool = Catboat().tool("help")
        tool.argumentZero = "help"
        tool.words = []
        #expect(try tool.output().text.hasPrefix("usage: catboat"))
    }

    @Test func `wrong usage of a verb of catboat exits 129`() throws {
        let result = try Catboat()("help", "--nosuch")
        #expect(result.status == 129)
        #expect(result.stderr.hasPrefix("help: error: Unknown option '--nosuch'"))
    }

    @Test func `wrong global options exit 129 and name the option`() throws {
        let tool = Tool(Catboat.execPath.joined("catboat"), ["--bogus", "help"])
        let captured = try tool.capture()
        #expect(captured.ending == .exited(129))
        #expect(
            String(decoding: captured.errors, as: UTF8.self)
                == "catboat: error: unknown option: '--bogus': see catboat --help\n")
    }

    @Test func `the exec path holds every executable`() throws {
        let text = try Tool(Catboat.execPath.joined("catboat"), ["--exec-path"]).output().text
        let folder = FilePath(String(text.dropLast()))
        for name in ["catboat", "catboat-media", "catboat-history", "catboat-launch"] {
            #expect(folder.joined(name).isRegularFile)
        }
    }
}
