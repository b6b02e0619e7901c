import Profiles
import Support
import SystemPackage
import TestSupport
import Testing

@Suite(.scratchDirectory) struct SynclistTests {
    private func entries(_ text: String, _ variables: [String: String] = [:]) throws -> [Synclist.Entry] {
        try Synclist(Scratch.write(text, to: "s.synclist"), variables: variables).entries
    }

    private func told(_ entry: Synclist.Entry) -> String {
        let sources = entry.sources.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        let nodes = entry.noderange.map { "(\($0)) " } ?? ""
        return
            "\(entry.line) \(entry.action.rawValue) \(sources) > \(nodes)\(String(decoding: entry.destination, as: UTF8.self))"
    }

    @Test func `every form of a line is known`() throws {
        let text = """
            # comment
            /a -> /b
            /a\t/c ->  /d/ \r
            /x -> (cn01-cn04,@rack1) /y
            /x -> (a, b) /y;

            """
        #expect(
            try entries(text).map(told) == [
                "2 copy /a > /b", "3 copy /a /c > /d/", "4 copy /x > (cn01-cn04,@rack1) /y", "5 copy /x > (a, b) /y",
            ])
    }

    @Test func `a clause lasts to the next, and a line with an arrow after scripts is a copy`() throws {
        let text =
            "EXECUTE:\n/s.post\n/a -> /b\nAPPEND:\n/m -> /etc/hosts\nMERGE:\n/p -> /etc/passwd\nEXECUTEALWAYS:\n/t.post\n"
        #expect(
            try entries(text).map(told) == [
                "2 execute /s.post > ", "3 copy /a > /b", "5 append /m > /etc/hosts", "7 merge /p > /etc/passwd",
                "9 execute-always /t.post > ",
            ])
    }

    @Test func `variables are replaced, unknown ones are errors`() throws {
        #expect(try entries("/$A/${B}c -> /$A\n", ["A": "x", "B": "y"]).map(told) == ["1 copy /x/yc > /x"])
        let place = SynclistError.Place(file: Scratch.directory.joined("s.synclist"), line: 1)
        #expect(throws: SynclistError.unknownVariable("C", place)) { _ = try entries("/$C -> /a\n") }
    }

    @Test(
        arguments: [
            ("/a /b\n", "line of a synclist without ->"), ("/a ->\n", "line of a synclist without one destination"),
            ("/a -> /b c\n", "line of a synclist without one destination"),
            ("a -> /b\n", "path of a synclist is not absolute"),
            ("/a -> b\n", "path of a synclist is not absolute"),
            ("/a -> /b/../../c\n", "destination of a synclist has .."),
            ("APPEND:\n/a /b -> /c\n", "clause takes one source a line"),
        ])
    func `a wrong line is named`(text: String, problem: String) throws {
        let error = #expect(throws: SynclistError.self) { _ = try entries(text) }
        let diagnostic = try #require(error?.diagnostic)
        #expect(diagnostic.problem == problem)
        #expect(diagnostic.description.contains("s.synclist:\(text.hasPrefix("APPEND") ? 2 : 1)"))
    }
}
