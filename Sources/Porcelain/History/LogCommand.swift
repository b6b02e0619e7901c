internal import ArgumentParser
internal import CommandShell
internal import Support

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show what was done to images, newest first.")

    @Option(name: .customShort("n"), help: "At most so many.") var count: Int?
    @Option(
        help: "Only edit, recipe, build or revert; may be repeated.",
        completion: .list(["edit", "recipe", "build", "revert"]))
    var kind: [String] = []
    @Option(
        help: "Begin with this revision.",
        completion: .custom { _, _, prefix in RevisionNames.starting(with: prefix) })
    var from: String?
    @OptionGroup var programs: ProgramOutput
    @Argument(
        help: "Only of this osimage.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimage: String?

    func run() throws {
        var words: [Word] = kind.flatMap { ["--kind", Word($0)] }
        if let count { words += ["-n", Word("\(count)")] }
        if let from { words += ["--from", Word(from)] }
        if let osimage { words.append(Word(osimage)) }
        if programs.isWanted { return try Step("profile-log", programs.words + words).passedOn() }
        let commits = try HistoryAnswers.commits(words)
        var tags: [String: [String]] = [:]
        for tag in try HistoryAnswers.tags() { tags[tag.commit, default: []].append(tag.name) }
        for commit in commits {
            let names = tags[commit.commit].map { "  [\($0.joined(separator: ", "))]" } ?? ""
            let kind = (commit.kind ?? "-").padding(to: 6)
            let line = "\(commit.short)  \(commit.minute)  \(kind)  \(commit.subject)  (\(commit.author))\(names)"
            try Console.print(Diagnostic.escaped(line, keepingNewlines: false))
        }
        if commits.isEmpty { Console.note(osimage.map { "No commits about '\($0)'." } ?? "No commits.") }
    }
}

extension String {
    /// With blanks at the end up to `width` characters.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
