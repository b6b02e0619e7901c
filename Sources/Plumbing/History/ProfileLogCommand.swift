internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import History
internal import Support

struct ProfileLogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile-log", abstract: "List commits of the history.")

    static let kinds = ["edit", "recipe", "build", "revert"]

    @Option(name: .customShort("n"), help: "At most so many.") var count: Int?
    @Option(help: "Only edit, recipe, build or revert; may be repeated.", completion: .list(kinds)) var kind: [String] =
        []
    @Option(help: "Begin with this revision.") var from: String?
    @Option(help: "Only builds with this digest, as sha256:HEX or its first digits.") var digest: String?
    @Flag(name: .customShort("z"), help: "End records with NUL.") var nul = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "Only commits about this osimage.") var osimage: String?

    func validate() throws {
        if let unknown = kind.first(where: { !Self.kinds.contains($0) }) {
            throw ValidationError("no such kind: '\(unknown)': say \(Self.kinds.joined(separator: ", "))")
        }
        if let digest, (digest.hasPrefix("sha256:") ? digest.dropFirst(7) : digest[...]).count < 4 {
            throw ValidationError("--digest needs at least four digits")
        }
        if let count, count < 0 { throw ValidationError("-n needs a number of commits") }
    }

    func run() throws {
        let history = try HistoryRepository.ofSite(try Cluster.open())
        let start = try from.map { try history.asked($0) }
        let commits =
            if let digest {
                Array(try history.builds(with: digest, image: osimage, from: start).prefix(count ?? .max))
            } else {
                try history.log(image: osimage, kinds: Set(kind), from: start, limit: count ?? .max)
            }
        if json { return try Console.write(CommitText.json(commits)) }
        try Console.records(commits.map(CommitText.record), isNULSeparated: nul)
    }
}
