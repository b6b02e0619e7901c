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

    @Test(arguments: CommandList.entries.map(\.name))
    func `every option of a synopsis is one of the command`(name: String) throws {
        let entry = try #require(CommandList.entry(named: name))
        let result = try Catboat().run("---words", [Word(name), "-"])
        let declared = Set(result.stdout.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) })
            .union(["-h", "--help", "-v", "--version", "-", "--"])
        let listed = entry.synopsis.matches(of: /(?:^|[\s\[(|{])(--?[A-Za-z][A-Za-z-]*)/).map { String($0.output.1) }
        let unknown = Set(listed).filter { !declared.contains($0) }
        #expect(unknown.sorted() == [], "in the command list's synopsis of \(name): \(entry.synopsis)")
        let page = try ManualPage(of: entry)
        #expect(page.synopsisOptions.subtracting(declared).sorted() == [], "in SYNOPSIS of \(page.path)")
    }

    @Test(arguments: CommandList.entries.map(\.name))
    func `help, command list and manual page have one synopsis`(name: String) throws {
        let entry = try #require(CommandList.entry(named: name))
        let prefix = entry.commandClass == .umbrella ? "catboat " : ""
        let help = try Catboat().run(name, ["--help"]).stdout
        let usage = help.split(separator: "\n").first { $0.hasPrefix("USAGE: ") }
        #expect(usage.map { $0.filter { $0 != "\n" } } == "USAGE: \(prefix)\(name) \(entry.synopsis)")
        let listed = Set(
            entry.synopsis.matches(of: /(?:^|[\s\[(|{])(--?[A-Za-z][A-Za-z-]*)/).map { String($0.output.1) })
        let written = try ManualPage(of: entry).synopsisOptions.subtracting(["-", "--"])
        // Of commands with many options the short synopsis names none.
        let isShort = entry.synopsis.contains("[OPTION ...]")
        #expect(isShort ? listed.isSubset(of: written) : listed == written, "\(listed) and \(written)")
    }

    @Test(.enabled(if: Tool.isInstalled("mandoc")), arguments: ["man1", "man5", "man7"])
    func `mandoc has nothing to say about any page`(section: String) throws {
        let folder = Catboat.projectFolder.joined("man").joined(section)
        let pages = try folder.directoryNames().map { folder.joined($0) }
        try #require(!pages.isEmpty)
        let captured = try Tool("mandoc", ["-T", "lint", "-W", "warning"] + pages.map { Word($0) }).capture()
        #expect(captured.ending == .exited(0), "\(captured.text)")
    }

    /// Pages that a page names must be there: ours under their names, others are of the system.
    @Test func `no page refers to a page of ours that is not there`() throws {
        var missing: [String] = []
        for section in ["man1", "man5", "man7"] {
            let folder = Catboat.projectFolder.joined("man").joined(section)
            for page in try folder.directoryNames() {
                for line in try folder.joined(page).readText().split(separator: "\n") where line.hasPrefix(".Xr ") {
                    let words = line.split(separator: " ")
                    guard words.count >= 3 else { continue }
                    let (name, number) = (String(words[1]), String(words[2]))
                    let isOurs =
                        name.hasPrefix("catboat") || CommandList.entry(named: name)?.commandClass != nil
                    guard isOurs else { continue }
                    let place = Catboat.projectFolder.joined("man/man\(number)/\(name).\(number)")
                    if !place.exists { missing.append("\(page.printable): \(name)(\(number))") }
                }
            }
        }
        #expect(missing.sorted() == [])
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
    /// Options in SYNOPSIS.
    let synopsisOptions: Set<String>

    init(of entry: CommandList.Entry) throws {
        let name = entry.commandClass == .umbrella ? "catboat-\(entry.name)" : entry.name
        path = Catboat.projectFolder.joined("man/man1/\(name).1")
        var sections: Set<String> = []
        var options: Set<String> = []
        var described: Set<String> = []
        var synopsis: Set<String> = []
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
            if section == "SYNOPSIS" { synopsis.formUnion(found) }
            if section == "OPTIONS", line.hasPrefix(".It Fl") { described.formUnion(found) }
        }
        self.summary = summary
        self.sections = sections
        self.options = options
        describedOptions = described
        synopsisOptions = synopsis
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
