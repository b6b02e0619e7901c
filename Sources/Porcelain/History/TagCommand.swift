internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support

struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Name a moment of the history, or list the names.")

    @Flag(name: .shortAndLong, help: "Remove the tag.") var delete = false
    @Flag(name: .shortAndLong, help: "Move a tag that exists.") var force = false
    @OptionGroup var programs: ProgramOutput
    @Argument(
        help: "The tag; without one all are listed.",
        completion: .custom { _, _, prefix in RevisionNames.tags().filter { $0.hasPrefix(prefix) } })
    var name: String?
    @Argument(
        help: "What it names; the newest commit unless given.",
        completion: .custom { _, _, prefix in RevisionNames.starting(with: prefix) })
    var revision: String?

    func validate() throws {
        if name == nil, delete || force { throw ValidationError("name a tag") }
        if name != nil, programs.isWanted { throw ValidationError("--json and --porcelain are for the list") }
    }

    func run() throws {
        guard let name else {
            if programs.isWanted { return try Step("profile-tag", ["--list"] + programs.words).passedOn() }
            for tag in try HistoryAnswers.tags() { try Console.print("\(tag.commit.prefix(12))  \(tag.name)") }
            return
        }
        // As a revision an osimage's name means its newest commit.
        if !delete, try Cluster.open().findOsimage(name) != nil {
            throw CommandFailure([
                Diagnostic("an osimage has this name", subject: name, remedy: "choose another name for the tag")
            ])
        }
        let flags: [Word] = (delete ? ["--delete"] : []) + (force ? ["--force"] : [])
        try Step("profile-tag", flags + [Word(name)] + (revision.map { [Word($0)] } ?? [])).passedOn()
    }
}
