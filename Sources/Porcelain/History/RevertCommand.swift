internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

struct RevertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revert", abstract: "Bring an image back to what it was.")

    @Flag(help: "Write files outside custom too.") var outside = false
    @Flag(help: "Change nothing; print what would be done.") var dryRun = false
    @OptionGroup var programs: ProgramOutput
    @Argument(help: "The osimage.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimage: String
    @Argument(
        help: "What to go back to, e.g. IMAGE@{1}, a tag or a commit.",
        completion: .custom { _, _, prefix in RevisionNames.starting(with: prefix) })
    var revision: String

    func run() throws {
        let commit = try HistoryAnswers.commit(revision)
        let past = try Step("profile-show", ["--at", Word(commit.commit), Word(osimage), "stanza"]).answer().output
        let cluster = try Cluster.open()
        let folder = try cluster.findOsimage(osimage)?.rootimgdir(cluster).map { try cluster.settings.host($0) }
        guard !dryRun, let folder, folder.isDirectory else { return try revert(to: commit, past, cluster, nil) }
        // Somebody else's build ends first: nothing is half reverted.
        let lock = try ImageLock(folder)
        try revert(to: commit, past, cluster, lock.descriptor)
    }

    private func revert(
        to commit: HistoryAnswers.Commit, _ past: [UInt8], _ cluster: Cluster, _ lock: FileDescriptor?
    ) throws {
        // What was changed by hand since the last commit stays in the history.
        if !dryRun, try cluster.exists(ObjectType.named("osimage"), osimage) {
            _ = try Step("profile-commit", [Word(osimage)]).answer()
        }
        var report = RevertReport(osimage, to: commit, programs)
        try restoreDefinition(try batch(past, cluster, &report))
        try restoreFiles(commit, &report)
        guard !dryRun else { return try report.finish() }
        let made = try Step("profile-commit", ["--reverting", Word(commit.commit), Word(osimage)]).answer()
        try report.committed(RecipeCommit(made).name)
        try republish(commit, Cluster.open(), lock, &report)
        try report.finish()
    }

    // MARK: - Definition

    /// What differs from the past, each cell only if it still holds what we read.
    private func batch(_ stanza: [UInt8], _ cluster: Cluster, _ report: inout RevertReport) throws -> TableBatch {
        let (past, unknown) = (KeptStanza.attributes(stanza), KeptStanza.leftOut(stanza))
        let type = try ObjectType.named("osimage")
        let present = try cluster.definition("osimage", osimage)?.attributes ?? [:]
        // Written over, they could not be brought back.
        let secrets = KeptStanza.secrets(in: present)
        var batch = TableBatch()
        for attribute in type.attributes {
            let (old, new) = (present[attribute] ?? "", past[attribute] ?? "")
            guard !unknown.contains(attribute) else {
                report.stays(attribute, "what it was then is not in the history")
                continue
            }
            guard old != new else { continue }
            if let reason = secrets[attribute] {
                report.stays(attribute, "\(reason), and is not in the history: set it with chdef")
                continue
            }
            for place in type.places[attribute] ?? []
            where place.condition.map({ $0.holds(for: (past[$0.attribute] ?? present[$0.attribute])) }) ?? true {
                let key = [Cell(place.keyColumn, osimage)]
                batch.append(.expect(place.table, matches: key, values: [Cell(place.column, old)]))
                batch.append(.set(place.table, matches: key, values: [Cell(place.column, new)]))
                try report.attribute(attribute, from: old, to: new)
                break
            }
        }
        return batch
    }

    private func restoreDefinition(_ batch: TableBatch) throws {
        guard !batch.isEmpty, !dryRun else { return }
        try Step("table-set", ["--stdin"], input: batch.bytes).passedOn()
    }

    // MARK: - Files

    private func restoreFiles(_ commit: HistoryAnswers.Commit, _ report: inout RevertReport) throws {
        var words: [Word] = ["-z"]
        if outside { words.append("--outside") }
        if dryRun { words.append("--dry-run") }
        let records = try Step("profile-restore", words + [Word(osimage), Word(commit.commit)]).answer().output
        for record in records.split(separator: 0) {
            let fields = record.split(separator: 0x09, maxSplits: 1, omittingEmptySubsequences: false)
            guard fields.count == 2 else { continue }
            try report.file(JSONName(Array(fields[1])), String(decoding: fields[0], as: UTF8.self))
        }
    }

    // MARK: - What nodes get

    /// Switches back to the set that was built from this recipe, when it is still kept.
    private func republish(
        _ commit: HistoryAnswers.Commit, _ cluster: Cluster, _ lock: FileDescriptor?, _ report: inout RevertReport
    ) throws {
        guard let sets = try setsBuilt(from: commit), !sets.isEmpty else { return try report.needs(.build) }
        guard let words = try PublishedSet.words(cluster.osimage(osimage), cluster) else { return }
        let kept = try Step("image-publish", words + ["--list", Word(osimage)]).captured(accepting: [0, 1]).lines
            .map { String($0.prefix { $0 != "\t" }) }
        guard let set = sets.first(where: kept.contains) else {
            return try report.needs(.lockedBuild)
        }
        var publish = Step("image-publish", words + [Word(osimage), Word(set)])
        if let lock { publish = publish.passing(lock, as: ImageLock.variable) }
        _ = try publish.answer()
        try report.published(set)
    }

    /// Digests of sets built from the recipe that held at `commit`, newest first.
    private func setsBuilt(from commit: HistoryAnswers.Commit) throws -> [String]? {
        try HistoryAnswers.builds(of: osimage, recipeAt: commit.commit)?.compactMap { $0.trailers["Catboat-Set"] }
    }
}
