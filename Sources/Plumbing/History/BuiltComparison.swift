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
        /// The newest commit of the recipe, by a build or by hand.
        var recipe: String?
        var recipeAt: String?
        /// Whether the osimage is as that commit has it.
        var recipeIsCurrent = false
        var changes: [ChangeRecord]
    }

    private let records: [Record]

    /// - Parameter names: all osimages when empty.
    init(_ history: HistoryRepository, _ cluster: Cluster, _ names: [String]) throws {
        var newest: [String: [String: GitCommit]] = [:]
        for commit in try history.log() {
            guard let image = commit.trailer("Catboat-Image"), let kind = commit.trailer("Catboat-Kind") else {
                continue
            }
            for kind in kind == "build" ? [kind] : [kind, "any recipe"] where newest[image]?[kind] == nil {
                newest[image, default: [:]][kind] = commit
            }
        }
        records = try (names.isEmpty ? cluster.osimageNames() : names).map { name in
            let build = newest[name]?["build"]
            let revert = newest[name]?["revert"]
            let recipe = newest[name]?["any recipe"]
            var record = Record(
                name: name, build: build?.id.description, builtAt: build.map { UTCTime.text($0.time) },
                recipe: recipe?.id.description, recipeAt: recipe.map { UTCTime.text($0.time) }, changes: [])
            guard let recipe else { return record }
            let present = try ImageSnapshot(RecipeSource(name, cluster).recipe(), nil)
            func changes(since commit: String) throws -> [ChangeRecord] {
                try ImageComparison(try history.snapshot(name, commit), present, levels: [.attribute, .file])
                    .changes.map(ChangeRecord.init)
            }
            let built = build.map { $0.trailer("Catboat-Recipe") ?? $0.id.description }
            if let built { record.changes = try changes(since: built) }
            record.recipeIsCurrent =
                try built == recipe.id.description
                ? record.changes.isEmpty : changes(since: recipe.id.description).isEmpty
            if let build, let revert, (revert.time, 1) > (build.time, 0) { record.revert = revert.id.description }
            return record
        }
    }

    func print(nul: Bool, json: Bool) throws {
        if json { return try Console.write(JSONText.document("osimages", records)) }
        try Console.records(
            records.map { Array("\($0.name)\t\($0.build ?? "-")\t\($0.changes.count)".utf8) }, isNULSeparated: nul)
    }
}
