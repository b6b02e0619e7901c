internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show which images changed since they were built.")

    @OptionGroup var programs: ProgramOutput
    @Argument(
        help: "Only these osimages.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimage: [String] = []

    private struct Record: Encodable {
        var name: String
        var state: String
        var commit: String?
        var changes: [String]
        /// Those of the changes that are no part of what nodes load.
        var unbuilt: [String] = []

        private enum CodingKeys: String, CodingKey { case name, state, commit, changes }

        mutating func add(_ differences: [BuiltImages.Image.Change]) {
            changes += differences.map { "\($0.level) \($0.name.shown)" }
            unbuilt += differences.filter { $0.needs == nil }.map { "\($0.level) \($0.name.shown)" }
        }
    }

    func run() throws {
        let cluster = try Cluster.open()
        let images = try named(cluster)
        let known = try BuiltImages.all(images.map(\.name), cluster)
        let records = try images.map { try record($0, known[$0.name], cluster) }
        if programs.json { return try Console.write(JSONText.document("osimages", records)) }
        for record in records {
            if programs.porcelain != nil {
                try Console.print("\(record.state)\t\(record.commit ?? "-")\t\(record.name)")
            } else {
                let built = record.commit.map { " (built \($0.prefix(12)))" } ?? ""
                try Console.print("\(record.name): \(record.state)\(built)")
                for change in record.changes {
                    let note = record.unbuilt.contains(change) ? " (nothing to build)" : ""
                    try Console.print("    \(change)\(note)")
                }
            }
        }
        if records.isEmpty { Console.note("No diskless osimages.") }
    }

    /// The osimages asked for, else all that are built by genimage.
    private func named(_ cluster: Cluster) throws -> [Osimage] {
        if !osimage.isEmpty { return try osimage.map { try cluster.osimage($0) } }
        return try cluster.osimageNames().compactMap { try cluster.findOsimage($0) }
            .filter(\.isDiskless)
    }

    private func record(_ image: Osimage, _ known: BuiltImages.Image?, _ cluster: Cluster) throws -> Record {
        var record = Record(name: image.name, state: "up to date", commit: known?.build, changes: [])
        guard image.isDiskless else {
            record.state = "nothing to build: provmethod \(image.provmethod ?? "is not set")"
            return record
        }
        guard let known, known.build != nil || known.treeRecipe != nil else {
            record.state = known?.tree == "unfinished" ? Self.unfinished : "never built: genimage needed"
            return record
        }
        let published = try PublishedSet.current(of: image, cluster)
        if published == nil, try isRemoved(known, image, cluster) {
            record.state = "removed: genimage needed"
            return record
        }
        // Nodes may get an older set again: then that is what counts.
        if let published, published != known.buildSet, known.tree != "unfinished",
            let older = try build(of: image, published), older.commit != known.build
        {
            record.commit = older.commit
            let recipe = older.trailers["Catboat-Recipe"] ?? older.commit
            let changes = try BuiltImages.changes(of: image.name, since: recipe)
            record.add(changes)
            if changes.contains(where: { $0.needs != nil }) {
                record.state = known.treeIsCurrent ? Self.unpublished : Self.changed("genimage")
            }
            if known.revert == nil { record.changes.insert("set \(published.prefix(19)): not the newest", at: 0) }
            return record
        }
        record.add(known.changes)
        // What packimage would publish now is not what was imported.
        if known.treeIsOther == true { record.changes.insert("tree rootimg: not that of the imported set", at: 0) }
        if known.tree == "unfinished" {
            record.state = Self.unfinished
        } else if known.treeIsOther == true {
            record.state = Self.changed("genimage")
        } else if known.changes.contains(where: { $0.needs == "genimage" }) {
            record.state = Self.changed("genimage")
        } else if image.provmethod == "statelite" {
            // packimage has no part in it: nodes would have its tree.
            return record
        } else if try isWaiting(known, image, cluster) {
            record.state = Self.unpublished
        } else if known.changes.contains(where: { $0.needs == "packimage" }) {
            record.state = Self.changed("packimage")
        }
        return record
    }

    private static let unfinished = "unfinished: genimage needed"
    private static let unpublished = "built, not published: packimage needed"
    private static func changed(_ command: String) -> String { "changed: \(command) needed" }

    /// The build that made a set; nil when the history does not know it.
    private func build(of image: Osimage, _ set: String) throws -> HistoryAnswers.Commit? {
        try HistoryAnswers.commits(["-n", "1", "--digest", Word(set), Word(image.name)]).first
    }

    /// Whether nothing is left of what was built: rmimage took it away.
    private func isRemoved(_ known: BuiltImages.Image, _ image: Osimage, _ cluster: Cluster) throws -> Bool {
        guard known.build != nil, known.tree == "none", let folder = try image.rootimgdir(cluster) else { return false }
        let host = try cluster.settings.host(folder)
        return !host.joined("rootimg").exists && !host.joined("kernel").exists
    }

    /// Whether genimage came to an end with something that packimage has not packed.
    private func isWaiting(_ known: BuiltImages.Image, _ image: Osimage, _ cluster: Cluster) throws -> Bool {
        guard known.tree == "finished", let treeAt = known.treeAt else { return false }
        guard let builtAt = known.builtAt, known.treeIsPacked != false else { return true }
        // A build that gave the same as the one before has no commit: it was published once more.
        guard let published = try PublishedSet.time(of: image, cluster) else { return treeAt > builtAt }
        // The history counts in whole seconds, files in less.
        return treeAt > published && treeAt.prefix(19) >= builtAt.prefix(19)
    }
}
