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
    }

    /// What `profile-diff --built` prints.
    private struct Answer: Decodable {
        struct Image: Decodable {
            struct Change: Decodable {
                var level: String
                var name: JSONName
            }
            var name: String
            var build: String?
            var builtAt: String?
            var revert: String?
            var recipeAt: String?
            var recipeIsCurrent: Bool
            var changes: [Change]
        }
        var osimages: [Image]
    }

    func run() throws {
        let cluster = try Cluster.open()
        let images = try named(cluster)
        var known: [String: Answer.Image] = [:]
        if !images.isEmpty, try cluster.settings.host(cluster.installFolder.joined("custom/.git")).exists {
            let names = images.map { Word($0.name) }
            let output = try Step("profile-diff", ["--built", "--json"] + names).answer().output
            for image in try JSONText.decode(Answer.self, output).osimages {
                known[image.name] = image
            }
        }
        let records = try images.map { try record($0, known[$0.name], cluster) }
        if programs.json { return try Console.write(JSONText.document("osimages", records)) }
        for record in records {
            if programs.porcelain != nil {
                try Console.print("\(record.state)\t\(record.commit ?? "-")\t\(record.name)")
            } else {
                let built = record.commit.map { " (built \($0.prefix(12)))" } ?? ""
                try Console.print("\(record.name): \(record.state)\(built)")
                for change in record.changes { try Console.print("    \(change)") }
            }
        }
        if records.isEmpty { Console.note("No diskless osimages.") }
    }

    /// The osimages asked for, else all that are built by genimage.
    private func named(_ cluster: Cluster) throws -> [Osimage] {
        if !osimage.isEmpty { return try osimage.map { try cluster.osimage($0) } }
        return try cluster.osimageNames().compactMap { try cluster.findOsimage($0) }
            .filter { $0.provmethod == "netboot" || $0.provmethod == "statelite" }
    }

    private func record(_ image: Osimage, _ known: Answer.Image?, _ cluster: Cluster) throws -> Record {
        var record = Record(name: image.name, state: "up to date", commit: known?.build, changes: [])
        let waits = try known.map { try isBuilt(image, $0, cluster) } ?? false
        guard let known, let builtAt = known.builtAt else {
            record.state = waits ? Self.unpublished : "never built: genimage needed"
            return record
        }
        // After a revert nodes may get an older set again: then that is what counts.
        if known.revert != nil, let older = try publishedBuild(image, cluster), older.commit != known.build {
            record.commit = older.commit
            let words = [Word(image.name), Word(older.trailers["Catboat-Recipe"] ?? older.commit)]
            record.changes = try HistoryAnswers.changes(["--level", "attribute", "--level", "file"] + words)
                .map { "\($0.level) \($0.name.shown)" }
        } else {
            record.changes = known.changes.map { "\($0.level) \($0.name.shown)" }
            if record.changes.isEmpty, try isRebuilt(image, cluster, since: builtAt) {
                record.state = Self.unpublished
            }
        }
        if !record.changes.isEmpty { record.state = waits ? Self.unpublished : "changed: genimage needed" }
        return record
    }

    private static let unpublished = "built, not published: packimage needed"

    /// Whether genimage came to its end with the recipe that the image has now.
    private func isBuilt(_ image: Osimage, _ known: Answer.Image, _ cluster: Cluster) throws -> Bool {
        guard known.recipeIsCurrent, let recipeAt = known.recipeAt, let folder = try image.rootimgdir(cluster) else {
            return false
        }
        let host = try cluster.settings.host(folder)
        guard let state = try host.joined(".state").status() else { return false }
        return UTCTime.text(state.modified.seconds) >= recipeAt && (try? PackimageTarget.isFinished(host)) == true
    }

    /// The build that nodes get; nil when nothing is published or the history does not know it.
    private func publishedBuild(_ image: Osimage, _ cluster: Cluster) throws -> HistoryAnswers.Commit? {
        guard let set = try PublishedSet.current(of: image, cluster) else { return nil }
        return try HistoryAnswers.commits(["-n", "1", "--digest", Word(set), Word(image.name)]).first
    }

    /// Whether genimage came to an end after the last record was made.
    private func isRebuilt(_ image: Osimage, _ cluster: Cluster, since time: String) throws -> Bool {
        guard let folder = try image.rootimgdir(cluster),
            let state = try cluster.settings.host(folder.joined(".state")).status()
        else { return false }
        return UTCTime.text(state.modified.seconds) > time
    }
}

/// What nodes get of an image.
enum PublishedSet {
    /// The options of `image-publish` that say where an image is; nil when it has no rootimgdir.
    static func words(_ image: Osimage, _ cluster: Cluster) throws -> [Word]? {
        guard let folder = try image.rootimgdir(cluster) else { return nil }
        return [
            "--rootimgdir", Word(try cluster.settings.host(folder)), "--tftpdir",
            Word(try cluster.settings.host(cluster.tftpFolder)),
        ]
    }

    /// The digest of the published set; nil when nothing is published.
    static func current(of image: Osimage, _ cluster: Cluster) throws -> String? {
        guard let words = try words(image, cluster) else { return nil }
        return try Step("image-publish", words + ["--current", Word(image.name)]).captured(accepting: [0, 1]).lines
            .first.map(String.init)
    }
}
