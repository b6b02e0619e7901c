internal import ArgumentParser
internal import CommandShell
internal import Support

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one commit and what it changed.")

    @OptionGroup var programs: ProgramOutput
    @Argument(
        help: "A revision, e.g. an osimage, IMAGE@{1}, a tag or a commit.",
        completion: .custom { _, _, prefix in RevisionNames.starting(with: prefix) })
    var revision: String

    func run() throws {
        if programs.isWanted {
            return try Step("profile-log", programs.words + ["-n", "1", "--from", Word(revision)]).passedOn()
        }
        let commit = try HistoryAnswers.commit(revision)
        try Console.print("commit \(commit.commit)")
        try Console.print("author \(Diagnostic.escaped(commit.author, keepingNewlines: false))")
        try Console.print("time   \(commit.time)")
        for (key, value) in commit.trailers.sorted(by: { $0.key < $1.key }) {
            try Console.print("\(key): \(Diagnostic.escaped(value, keepingNewlines: false))")
        }
        try Console.print("\n    \(Diagnostic.escaped(commit.subject, keepingNewlines: false))\n")
        guard let image = commit.osimage else { return }
        let isFirst = try HistoryAnswers.commits(["-n", "2", "--from", Word(commit.commit), Word(image)]).count < 2
        guard let parent = commit.parent, !isFirst else {
            return try Step("profile-show", ["--at", Word(commit.commit), Word(image)]).passedOn()
        }
        let words = [Word(image), Word(parent), Word(commit.commit)]
        let patch = try Step("profile-diff", ["--patch"] + words).answer(accepting: [0, 1]).output
        try ComparisonText(try HistoryAnswers.changes(words)).print(patch: patch)
    }
}
