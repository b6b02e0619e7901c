internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import History
internal import Support

struct ProfileTagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile-tag", abstract: "Give a commit of the history a name.")

    @Flag(help: "Print tags and their commits.") var list = false
    @Flag(help: "Remove the tag.") var delete = false
    @Flag(help: "Move a tag that exists.") var force = false
    @Flag(name: .customShort("z"), help: "End records with NUL.") var nul = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "The tag; with --list only this one.") var name: String?
    @Argument(help: "What it names; the newest commit unless given.") var revision: String?

    func validate() throws {
        guard list || name != nil else { throw ValidationError("name a tag") }
        guard !(list && (delete || force || revision != nil)) else {
            throw ValidationError("--list takes at most one tag")
        }
        guard !(delete && (force || revision != nil)) else { throw ValidationError("--delete takes one tag") }
    }

    private struct Record: Encodable {
        var commit: String
        var name: String
    }

    func run() throws {
        let history = try HistoryRepository.ofSite(try Cluster.open())
        if list {
            let tags = try history.tags().filter { name == nil || $0.name == name }
            if json {
                try Console.write(
                    JSONText.document("tags", tags.map { Record(commit: $0.id.description, name: $0.name) }))
            } else {
                try Console.records(tags.map { Array("\($0.name)\t\($0.id)".utf8) }, isNULSeparated: nul)
            }
        } else if delete {
            do {
                try history.removeTag(name ?? "")
            } catch {
                throw HistoryRepository.negative(error)
            }
        } else {
            guard let commit = try revision.map({ try history.asked($0) }) ?? history.tip() else {
                throw HistoryError.noHistory(history.custom)
            }
            try history.setTag(name ?? "", to: commit, replaces: force)
        }
    }
}
