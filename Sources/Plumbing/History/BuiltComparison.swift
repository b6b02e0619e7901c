internal import CommandShell
internal import Definitions
internal import History
internal import Resolution
internal import Settings
internal import Support
internal import SystemPackage

/// Osimages as they are, each against the recipes of its root image and of its last build, in one go.
struct BuiltComparison {
    private struct Record: Encodable {
        var name: String
        /// The newest build; nil when there is none.
        var build: String?
        var builtAt: String?
        /// Digest of the set that it made, or brought.
        var buildSet: String?
        /// The commit that brought an older state back since then.
        var revert: String?
        /// `none`, `unfinished` or `finished`.
        var tree: String
        /// When genimage came to its end, to the nanosecond.
        var treeAt: String?
        /// Commit of the recipe that the finished tree was made from, if the history has it.
        var treeRecipe: String?
        /// Whether the newest build was packed from a tree of that recipe.
        var treeIsPacked: Bool?
        /// True when the newest build was imported and the tree beside it is that of another one.
        var treeIsOther: Bool?
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
            if newest[image]?[kind] == nil { newest[image, default: [:]][kind] = commit }
        }
        records = try (names.isEmpty ? cluster.osimageNames() : names).map { name in
            try Self.record(name, history, cluster, build: newest[name]?["build"], revert: newest[name]?["revert"])
        }
    }

    private static func record(
        _ name: String, _ history: HistoryRepository, _ cluster: Cluster, build: GitCommit?, revert: GitCommit?
    ) throws -> Record {
        let folder = try cluster.findOsimage(name)?.rootimgdir(cluster)
        let tree = try folder.flatMap { try BuiltTree(in: cluster.settings.host($0)) }
        var record = Record(
            name: name, build: build?.id.description, builtAt: build.map { UTCTime.text($0.time) },
            buildSet: build?.trailer("Catboat-Set"),
            tree: tree.map { $0.isFinished ? "finished" : "unfinished" } ?? "none",
            treeAt: tree?.time.description, changes: [])
        if let build, let revert, (revert.time, 1) > (build.time, 0) { record.revert = revert.id.description }
        guard build != nil || tree?.recipe != nil else { return record }
        let comparison = try RecipeComparison(name, history, cluster)
        let packed = build.map { $0.trailer("Catboat-Recipe") ?? $0.id.description }
        let packedTree = build?.trailer("Catboat-Tree-Recipe") ?? packed
        // What was imported since is what counts, whatever tree lies beside it.
        let isReplaced =
            build.map { $0.trailer("Catboat-Imported") != nil && (tree?.time.seconds ?? 0) <= $0.time } ?? false
        if isReplaced, let build, let tree, let folder,
            try cluster.settings.host(folder).joined("rootimg").isDirectory
        {
            record.treeIsOther = try isOther(tree, build, name, history) ? true : nil
        }
        if !isReplaced, tree?.isFinished == true, let recipe = tree?.recipe, try comparison.knows(recipe) {
            record.treeRecipe = recipe
            record.treeIsPacked = packedTree.map { $0 == recipe }
        }
        if let base = record.treeRecipe ?? packedTree {
            record.changes += try comparison.changes(since: base).filter { $0.needs == "genimage" }
        }
        if let packed { record.changes += try comparison.changes(since: packed).filter { $0.needs != "genimage" } }
        return record
    }

    /// Whether a tree is not the one that the imported set was packed from, as far as the history can tell.
    private static func isOther(
        _ tree: BuiltTree, _ build: GitCommit, _ name: String, _ history: HistoryRepository
    ) throws -> Bool {
        guard let set = build.trailer("Catboat-Set") else { return true }
        // The newest that was built here is what the tree is of, unless genimage ran since.
        let own = try history.log(image: name, kinds: ["build"]).first { $0.trailer("Catboat-Imported") == nil }
        guard let own, own.trailer("Catboat-Set") == set, tree.time.seconds <= own.time else { return true }
        return (own.trailer("Catboat-Tree-Recipe") ?? own.trailer("Catboat-Recipe")) != tree.recipe
    }

    func print(nul: Bool, json: Bool) throws {
        if json { return try Console.write(JSONText.document("osimages", records)) }
        try Console.records(
            records.map { Array("\($0.name)\t\($0.build ?? "-")\t\($0.changes.count)".utf8) }, isNULSeparated: nul)
    }
}

/// One osimage as it is now, compared with recipes of the past.
private final class RecipeComparison {
    private let name: String
    private let history: HistoryRepository
    private let present: ImageSnapshot
    private let needs: [FilePath: [BuildNeed]]
    private var snapshots: [String: ImageSnapshot?] = [:]
    private var found: [String: [ChangeRecord]] = [:]

    init(_ name: String, _ history: HistoryRepository, _ cluster: Cluster) throws {
        (self.name, self.history) = (name, history)
        let (recipe, needs) = try RecipeSource(name, cluster).gathered()
        present = try ImageSnapshot(recipe, nil)
        self.needs = needs
    }

    /// Whether the history has the osimage's recipe at this commit.
    func knows(_ commit: String) throws -> Bool { try snapshot(commit) != nil }

    /// nothing for a commit that the history does not have.
    func changes(since commit: String) throws -> [ChangeRecord] {
        if let known = found[commit] { return known }
        guard let past = try snapshot(commit) else { return [] }
        let needs = RecipeNeeds(past, present, ofFiles: needs)
        let changes = try ImageComparison(past, present, levels: [.attribute, .file]).changes
            .map { try ChangeRecord($0, needs) }
        found[commit] = changes
        return changes
    }

    private func snapshot(_ text: String) throws -> ImageSnapshot? {
        if let known = snapshots[text] { return known }
        var result: ImageSnapshot?
        do {
            if let commit = try history.known(text) { result = try ImageSnapshot(name, at: commit, in: history) }
        } catch HistoryError.noSuchImage {
            result = nil
        }
        snapshots[text] = .some(result)
        return result
    }
}
