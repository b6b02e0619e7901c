internal import CommandShell
internal import Support

/// What revert did: told to people as it happens, or to programs at the end.
struct RevertReport {
    /// What nodes still lack.
    enum Need: String {
        /// Nothing was built from that recipe.
        case build = "genimage"
        /// What was built is gone, its packages are known.
        case lockedBuild = "genimage --locked"
    }

    private struct Attribute: Encodable {
        var name: String
        var old: String
        var new: String
    }

    private struct File: Encodable {
        var name: JSONName
        /// `restored`; `removed`, a hook that came later; `differs` outside custom; `unknown` when only its digest is kept.
        var status: String
    }

    private struct Record: Encodable {
        var osimage: String
        /// The commit that was gone back to.
        var revision: String
        var attributes: [Attribute] = []
        /// Attributes that were left as they are: the history does not keep secrets.
        var unchanged: [String] = []
        var files: [File] = []
        /// The commit that says so; nil in a dry run.
        var commit: String?
        /// The set that nodes get again.
        var set: String?
        var needs: String?
    }

    private var record: Record
    private let commit: HistoryAnswers.Commit
    private let programs: ProgramOutput

    init(_ osimage: String, to commit: HistoryAnswers.Commit, _ programs: ProgramOutput) {
        (self.commit, self.programs) = (commit, programs)
        record = Record(osimage: osimage, revision: commit.commit)
    }

    private func tell(_ line: String) throws {
        if !programs.isWanted { try Console.print(line) }
    }

    mutating func attribute(_ name: String, from old: String, to new: String) throws {
        record.attributes.append(Attribute(name: name, old: old, new: new))
        try tell("\(name): \(old.isEmpty ? "-" : old) -> \(new.isEmpty ? "-" : new)")
    }

    mutating func stays(_ attribute: String, _ reason: String) {
        record.unchanged.append(attribute)
        Console.note("revert: \(attribute) stays as it is: \(reason)")
    }

    /// - Parameter status: as profile-restore prints it.
    mutating func file(_ name: JSONName, _ status: String) throws {
        let known = ["restored", "removed", "differs"].contains(status) ? status : "unknown"
        record.files.append(File(name: name, status: known))
        switch known {
        case "restored": try tell("file \(name.shown)")
        case "removed": try tell("file \(name.shown) is gone: it came later")
        case "differs": Console.note("revert: '\(name.shown)' is outside custom and differs: --outside writes it")
        default:
            Console.note("revert: '\(name.shown)' was other then; only its digest is known: look whether it still fits")
        }
    }

    mutating func committed(_ name: String) throws {
        record.commit = name
        let isWhole =
            record.unchanged.isEmpty && record.files.allSatisfy { ["restored", "removed"].contains($0.status) }
        try tell("\(record.osimage) is as in \(commit.short)\(isWhole ? "" : ", but for what is named above").")
    }

    mutating func published(_ set: String) throws {
        record.set = set
        try tell("Nodes get its set again: \(set).")
    }

    mutating func needs(_ need: Need) throws {
        record.needs = need.rawValue
        let why = need == .build ? "Nothing was built from it" : "Its set is no longer kept"
        try tell("\(why): run \(need.rawValue) \(record.osimage) && packimage \(record.osimage).")
    }

    /// For programs: `attribute`, `unchanged`, `file`, `commit`, `set` and `needs` records.
    func finish() throws {
        if programs.json { return try Console.write(JSONText.document("reverts", [record])) }
        guard programs.isWanted else { return }
        var lines = record.attributes.map { Array("attribute\t\($0.name)\t\($0.old)\t\($0.new)".utf8) }
        lines += record.unchanged.map { Array("unchanged\t\($0)".utf8) }
        lines += record.files.map { Array("file\t\($0.status)\t\($0.name.shown)".utf8) }
        for (name, value) in [("commit", record.commit), ("set", record.set), ("needs", record.needs)] {
            if let value { lines.append(Array("\(name)\t\(value)".utf8)) }
        }
        try Console.records(lines, isNULSeparated: false)
    }
}
