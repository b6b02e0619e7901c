import CommandList
import Support
import SystemPackage
import TestSupport
import Testing

/// The manual cannot drift from the commands: every command has its page, with its summary and exactly its options.
@Suite struct ManualTests {
    @Test(arguments: CommandList.entries.map(\.name))
    func `every command has a manual page with its summary`(name: String) throws {
        let entry = try #require(CommandList.entry(named: name))
        let page = try ManualPage(of: entry)
        #expect(page.summary == entry.summary, "NAME of \(page.path) and the command list differ")
        for section in ["SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "SEE ALSO"] {
            #expect(page.sections.contains(section), "\(page.path) lacks \(section)")
        }
    }

    @Test(arguments: CommandList.entries.map(\.name))
    func `every option is in the manual page and no other`(name: String) throws {
        let entry = try #require(CommandList.entry(named: name))
        let result = try Catboat().run("---words", [Word(name), "-"])
        #expect(result.status == 0)
        let declared = Set(result.stdout.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) })
        let common: Set = ["-h", "--help", "--version"]
        let page = try ManualPage(of: entry)
        #expect(declared.subtracting(page.options).subtracting(common).sorted() == [], "not in \(page.path)")
        #expect(page.describedOptions.subtracting(declared).subtracting(common).sorted() == [], "only in \(page.path)")
    }
}

/// What the test needs to know of an mdoc page.
private struct ManualPage {
    let path: FilePath
    let summary: String
    let sections: Set<String>
    /// Every option named anywhere, as typed.
    let options: Set<String>
    /// Options that head an item of a list in OPTIONS.
    let describedOptions: Set<String>

    init(of entry: CommandList.Entry) throws {
        let name = entry.commandClass == .umbrella ? "catboat-\(entry.name)" : entry.name
        path = Catboat.projectFolder.joined("man/man1/\(name).1")
        var sections: Set<String> = []
        var options: Set<String> = []
        var described: Set<String> = []
        var summary = ""
        var section = ""
        for line in try path.readText().split(separator: "\n") {
            if line.hasPrefix(".Sh ") {
                section = String(line.dropFirst(4)).filter { $0 != "\"" }
                sections.insert(section)
            } else if line.hasPrefix(".Nd ") {
                summary = String(line.dropFirst(4))
            }
            let found = Self.flags(in: line)
            options.formUnion(found)
            if section == "OPTIONS", line.hasPrefix(".It Fl") { described.formUnion(found) }
        }
        self.summary = summary
        self.sections = sections
        self.options = options
        describedOptions = described
    }

    /// `Fl o` is `-o`, `Fl -output` is `--output`; several may stand on one macro line.
    private static func flags(in line: Substring) -> Set<String> {
        guard line.hasPrefix(".") else { return [] }
        let words = line.split(separator: " ")
        var result: Set<String> = []
        for (index, word) in words.enumerated().dropLast() where word == "Fl" || word == ".Fl" {
            result.insert("-" + words[index + 1].prefix { $0 != "=" })
        }
        return result
    }
}
