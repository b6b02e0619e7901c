internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage

struct WhichCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "which", abstract: "Say which commit and set a node boots, or where a set comes from.")

    @OptionGroup var programs: ProgramOutput
    @Argument(
        help: "A node, or the digest of a set, a tree or a packed file.",
        completion: .custom { _, _, prefix in NodeCompletion.nodes(prefix) })
    var subject: String

    private struct Record: Encodable {
        var node: String?
        var osimage: String
        var digest: String?
        var commit: String?
        var time: String?
        var recipe: String?
    }

    func run() throws {
        let records = isDigest ? try builds(with: subject) : [try node()]
        guard !records.isEmpty else {
            throw CommandFailure(
                [Diagnostic("no build has this digest", subject: subject, remedy: "see catboat log --kind build")],
                status: 1)
        }
        if programs.json { return try Console.write(JSONText.document("builds", records)) }
        for record in records {
            if programs.porcelain != nil {
                let fields = [record.osimage, record.digest, record.commit, record.recipe, record.time]
                try Console.print(fields.map { $0 ?? "-" }.joined(separator: "\t"))
            } else {
                try describe(record)
            }
        }
    }

    private var isDigest: Bool {
        let digits = subject.hasPrefix("sha256:") ? subject.dropFirst(7) : subject[...]
        return subject.hasPrefix("sha256:") || (digits.count >= 8 && digits.allSatisfy(\.isHexDigit))
    }

    private func builds(with digest: String) throws -> [Record] {
        try HistoryAnswers.commits(["--digest", Word(digest)]).map {
            record($0.osimage ?? "-", digest: $0.trailers["Catboat-Set"], $0)
        }
    }

    private func node() throws -> Record {
        let cluster = try Cluster.open()
        guard let node = try cluster.definition("node", subject) else {
            throw CommandFailure([DefinitionError.noSuchObject("node", subject).diagnostic], status: 1)
        }
        guard let name = node["provmethod"], let image = try cluster.findOsimage(name) else {
            throw CommandFailure(
                [Diagnostic("node has no osimage", subject: subject, remedy: "run nodeset \(subject) osimage=NAME")],
                status: 1)
        }
        let current = try PublishedSet.current(of: image, cluster)
        let build = try current.flatMap { set in
            try HistoryAnswers.commits(["--digest", Word(set), Word(name)]).first
        }
        var result = record(name, digest: current, build)
        result.node = subject
        return result
    }

    private func record(_ image: String, digest: String?, _ build: HistoryAnswers.Commit?) -> Record {
        Record(
            osimage: image, digest: digest, commit: build?.commit, time: build?.time,
            recipe: build?.trailers["Catboat-Recipe"])
    }

    private func describe(_ record: Record) throws {
        if let node = record.node { try Console.print("node    \(node)") }
        try Console.print("osimage \(record.osimage)")
        try Console.print("set     \(record.digest ?? "nothing is published")")
        if record.digest != nil { try Console.print("commit  \(record.commit ?? "unknown to the history")") }
        if let time = record.time { try Console.print("built   \(time)") }
        if let recipe = record.recipe { try Console.print("recipe  \(recipe)") }
    }
}
