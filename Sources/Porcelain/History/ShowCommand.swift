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
        let commit = try HistoryAnswers.commit(revision)
        if programs.isWanted { return try printRecords(commit) }
        try Console.print("commit \(commit.commit)")
        try Console.print("author \(Diagnostic.escaped(commit.author, keepingNewlines: false))")
        try Console.print("time   \(commit.time)")
        for (key, value) in commit.trailers.sorted(by: { $0.key < $1.key }) {
            try Console.print("\(key): \(Diagnostic.escaped(value, keepingNewlines: false))")
        }
        try Console.print("\n    \(Diagnostic.escaped(commit.subject, keepingNewlines: false))\n")
        guard let image = commit.osimage else { return }
        guard let words = try comparison(commit) else {
            return try Step("profile-show", ["--at", Word(commit.commit), Word(image)]).passedOn()
        }
        let patch = try Step("profile-diff", ["--patch"] + words).answer(accepting: [0, 1]).output
        try ComparisonText(try HistoryAnswers.changes(words)).print(patch: patch)
    }

    /// What to compare; nil for a commit that is about no image or the first of its image.
    private func comparison(_ commit: HistoryAnswers.Commit) throws -> [Word]? {
        guard let image = commit.osimage, let parent = commit.parent else { return nil }
        let isFirst = try HistoryAnswers.commits(["-n", "2", "--from", Word(commit.commit), Word(image)]).count < 2
        return isFirst ? nil : [Word(image), Word(parent), Word(commit.commit)]
    }

    private struct Record: Encodable {
        var commit: HistoryAnswers.Commit
        var changes: [HistoryAnswers.Change]

        enum Keys: String, CodingKey { case changes }

        func encode(to encoder: any Encoder) throws {
            try commit.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(changes, forKey: .changes)
        }
    }

    /// The commit as profile-log prints it, then its changes as profile-diff prints them.
    private func printRecords(_ commit: HistoryAnswers.Commit) throws {
        let words = try comparison(commit)
        if programs.json {
            let record = Record(commit: commit, changes: try words.map { try HistoryAnswers.changes($0) } ?? [])
            return try Console.write(JSONText.document("commits", [record]))
        }
        try Step("profile-log", ["-n", "1", "--from", Word(commit.commit)]).passedOn()
        guard let words else { return }
        try Console.write(try Step("profile-diff", words).answer(accepting: [0, 1]).output)
    }
}
