internal import ArgumentParser
internal import CommandShell
internal import FoundationEssentials
internal import Support
internal import SystemPackage

/// What plumbing of the history prints as JSON.
enum HistoryAnswers {
    struct Commit: Codable {
        var commit: String
        var parent: String?
        var time: String
        var author: String
        var email: String
        var kind: String?
        var osimage: String?
        var subject: String
        var trailers: [String: String]

        var short: String { String(commit.prefix(12)) }
        /// `2026-11-23 03:30`, UTC.
        var minute: String { String(time.prefix(16).map { $0 == "T" ? " " : $0 }) }
    }

    struct Change: Encodable {
        var level: String
        var status: String
        var name: JSONName
        var old: JSONName?
        var new: JSONName?

        /// `LEVEL TAB STATUS TAB NAME TAB OLD TAB NEW`; of these only a name may hold a TAB.
        init?(_ record: ArraySlice<UInt8>) {
            let fields = record.split(separator: 0x09, omittingEmptySubsequences: false)
            guard fields.count >= 5 else { return nil }
            level = String(decoding: fields[0], as: UTF8.self)
            status = String(decoding: fields[1], as: UTF8.self)
            name = JSONName(Array(record[fields[2].startIndex..<fields[fields.count - 3].endIndex]))
            old = status == "A" ? nil : JSONName(Array(fields[fields.count - 2]))
            new = status == "D" ? nil : JSONName(Array(fields[fields.count - 1]))
        }
    }

    struct Tag: Decodable {
        var name: String
        var commit: String
    }

    private struct Document: Decodable {
        var commits: [Commit]?
        var tags: [Tag]?
    }

    static func commits(_ words: [Word]) throws -> [Commit] {
        try decoded(Step("profile-log", ["--json"] + words).answer().output).commits ?? []
    }

    /// The one commit that a revision means.
    static func commit(_ revision: String) throws -> Commit {
        guard let commit = try commits(["-n", "1", "--from", Word(revision)]).first else { throw ExitCode(1) }
        return commit
    }

    /// Builds from the recipe that held at `commit`, newest first; nil when there was no recipe.
    ///
    /// A recipe that was brought back is that of the commit that it was brought back from, too.
    static func builds(of osimage: String, recipeAt commit: String) throws -> [Commit]? {
        var recipes: [String] = []
        var next: String? = commit
        while let start = next {
            let words: [Word] = [
                "-n", "1", "--kind", "recipe", "--kind", "revert", "--from", Word(start), Word(osimage),
            ]
            guard let recipe = try commits(words).first, !recipes.contains(recipe.commit) else { break }
            recipes.append(recipe.commit)
            next = recipe.trailers["Catboat-Reverts-To"]
        }
        guard !recipes.isEmpty else { return nil }
        return try commits(["--kind", "build", Word(osimage)]).filter { build in
            build.trailers["Catboat-Recipe"].map(recipes.contains) ?? false
        }
    }

    /// Two builds may differ in every file: records are read ten times faster than JSON.
    static func changes(_ words: [Word]) throws -> [Change] {
        let answer = try Step("profile-diff", ["-z"] + words).answer(accepting: [0, 1])
        // Status 1 without any record is a negative answer: the plumbing has said why.
        if answer.output.isEmpty, !answer.ending.isSuccess { throw ExitCode(1) }
        return answer.output.split(separator: 0).compactMap(Change.init)
    }

    static func tags() throws -> [Tag] {
        try decoded(Step("profile-tag", ["--list", "--json"]).answer().output).tags ?? []
    }

    private static func decoded(_ bytes: [UInt8]) throws -> Document {
        // An answer without JSON is a negative one: the plumbing has said why.
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else { throw ExitCode(1) }
        return document
    }
}

extension Step {
    /// What plumbing prints; when it fails it has said why, and we end with its status.
    func answer(accepting: Set<CInt> = [0]) throws -> Tool.Captured {
        do {
            return try captured(accepting: accepting)
        } catch let error as StepError {
            throw ExitCode(error.status ?? 128)
        }
    }

    /// Lets plumbing print for us, and ends with its status when it fails.
    func passedOn() throws {
        if case .exited(let status) = try status(), status != 0 { throw ExitCode(status) }
    }
}

/// The options for programs that verbs of the history share.
struct ProgramOutput: ParsableArguments {
    @Flag(help: "Print JSON.") var json = false
    @Option(help: "Print records for programs; v1 is the only form.", completion: .list(["v1"])) var porcelain: String?

    func validate() throws {
        if let porcelain, porcelain != "v1" { throw ValidationError("--porcelain takes v1") }
        if json, porcelain != nil { throw ValidationError("--json and --porcelain exclude each other") }
    }

    var isWanted: Bool { json || porcelain != nil }
    var words: [Word] { json ? ["--json"] : [] }
}
