internal import History
internal import Support

/// Commits as plumbing prints them.
enum CommitText {
    private struct Record: Encodable {
        var commit: String
        var parent: String?
        var time: String
        var author: String
        var email: String
        var kind: String?
        var osimage: String?
        var subject: String
        var trailers: [String: String]
    }

    static func json(_ commits: [GitCommit]) -> [UInt8] {
        JSONText.document("commits", commits.map(jsonRecord))
    }

    /// `COMMIT TAB SECONDS TAB KIND TAB OSIMAGE TAB AUTHOR TAB SUBJECT`; `-` for what a commit does not have.
    static func record(_ commit: GitCommit) -> [UInt8] {
        let fields = [
            commit.id.description, "\(commit.time)", commit.trailer("Catboat-Kind") ?? "-",
            commit.trailer("Catboat-Image") ?? "-", commit.author.name, commit.subject,
        ]
        return Array(fields.map { Diagnostic.escaped($0, keepingNewlines: false) }.joined(separator: "\t").utf8)
    }

    private static func jsonRecord(_ commit: GitCommit) -> Record {
        var trailers: [String: String] = [:]
        for (key, value) in commit.trailers where trailers[key] == nil { trailers[key] = value }
        return Record(
            commit: commit.id.description, parent: commit.parentID?.description, time: UTCTime.text(commit.time),
            author: commit.author.name, email: commit.author.email, kind: trailers["Catboat-Kind"],
            osimage: trailers["Catboat-Image"], subject: commit.subject, trailers: trailers)
    }
}
