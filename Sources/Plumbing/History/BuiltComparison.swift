internal import CommandShell
internal import Definitions
internal import History
internal import Support

/// Osimages as they are, each against the recipe of its last build, in one go.
struct BuiltComparison {
    private struct Record: Encodable {
        var name: String
        /// The newest build; nil when there is none.
        var build: String?
        var builtAt: String?
        /// The commit that brought an older state back since then.
        var revert: String?
        var changes: [ChangeRecord]
    }

    private let records: [Record]

    /// - Parameter names: all osimages when empty.
    init(_ history: HistoryRepository, _ cluster: Cluster, _ names: [String]) throws {
        var newest: [String: [String: GitCommit]] = [:]
        for commit in try history.log(kinds: ["build", "revert"]) {
            guard let image = commit.trailer("Catboat-Image"), let kind = commit.trailer("Catboat-Kind"),
                newest[image]?[kind] == nil
            else { continue }
            newest[image, default: [:]][kind] = commit
        }
        records = try (names.isEmpty ? cluster.osimageNames() : names).map { name in
            let build = newest[name]?["build"]
            let revert = newest[name]?["revert"]
            var record = Record(
                name: name, build: build?.id.description, builtAt: build.map { UTCTime.text($0.time) }, changes: [])
            guard let build else { return record }
            if let revert, (revert.time, 1) > (build.time, 0) { record.revert = revert.id.description }
            let recipe = build.trailer("Catboat-Recipe") ?? build.id.description
            let present = try ImageSnapshot(RecipeSource(name, cluster).recipe(), nil)
            record.changes = try ImageComparison(
                try history.snapshot(name, recipe), present, levels: [.attribute, .file]
            ).changes.map(ChangeRecord.init)
            return record
        }
    }

    func print(nul: Bool, json: Bool) throws {
        if json { return try Console.write(JSONText.document("osimages", records)) }
        try Console.records(
            records.map { Array("\($0.name)\t\($0.build ?? "-")\t\($0.changes.count)".utf8) }, isNULSeparated: nul)
    }
}
