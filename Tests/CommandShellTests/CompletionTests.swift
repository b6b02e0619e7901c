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
}
