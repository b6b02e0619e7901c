import CommandList
import Support
import SystemPackage
import TestSupport
import Testing

@Suite struct CompletionTests {
    private let catboat = Catboat()

    private func words(_ words: String...) throws -> [String] {
        let result = try catboat.run("---words", words.map { Word($0) })
        #expect(result.status == 0)
        return result.stdout.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    }

    @Test func `a verb is completed with its summary`() throws {
        let result = try catboat("---words", "hel")
        #expect(result.stdout == "help\tlist commands, or show the manual page of one\n")
    }

    @Test func `options are completed from the declaration`() throws {
        #expect(try words("help", "--a") == ["--all"])
    }

    @Test func `an operand asks the command`() throws {
        #expect(try words("help", "copyc") == ["copycds"])
        #expect(try words("help", "-a", "copyc") == ["copycds"])
    }

    @Test(arguments: CommandList.entries.map(\.name)) func `every command has its own options`(name: String) throws {
        let options = try words(name, "-")
        #expect(options.contains("-h") && options.contains("--help"), "\(options)")
        #expect(try words(name, "--hel") == ["--help"])
        // Plumbing is not typed: its names are not offered.
        let isOffered = CommandList.entry(named: name)?.commandClass != .plumbing
        #expect(try words(String(name.dropLast())).contains(name) == isOffered)
    }

    @Test(arguments: CommandList.entries.map(\.name))
    func `every command answers to -h, --help, -v and --version`(name: String) throws {
        let entry = try #require(CommandList.entry(named: name))
        let own = try words(name, "-")
        for option in ["-h", "--help"] {
            let result = try catboat.run(name, [Word(option)])
            #expect(result.status == 0 && result.stderr.isEmpty, "\(option): \(result)")
            #expect(result.stdout.contains("USAGE: "), "\(option): \(result)")
        }
        // Where -v is verbose, as xCAT has it, --version is all there is.
        for option in ["-v", "--version"] where !own.contains(option) || entry.name == "genimage" {
            let result = try catboat.run(name, [Word(option)])
            #expect(result.status == 0 && result.stderr.isEmpty, "\(option): \(result)")
            #expect(result.stdout.hasPrefix("Version "), "\(option): \(result)")
        }
    }
}
