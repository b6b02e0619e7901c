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

    func run() throws {
        let cluster = try Cluster.open()
        let names = osimage.isEmpty ? try cluster.osimageNames() : osimage
        let builds = try latestBuilds(cluster)
        var records: [Record] = []
        for name in names {
            let image = try cluster.osimage(name)
            if osimage.isEmpty, image.provmethod != "netboot", image.provmethod != "statelite" { continue }
            records.append(try record(image, cluster, build: builds[name]))
        }
        if programs.json { return try Console.write(JSONText.document("osimages", records)) }
        for record in records {
            if programs.porcelain != nil {
                try Console.print("\(record.state)\t\(record.commit ?? "-")\t\(record.name)")
            } else {
                try Console.print(
                    "\(record.name): \(record.state)\(record.commit.map { " (built \($0.prefix(12)))" } ?? "")")
                for change in record.changes { try Console.print("    \(change)") }
            }
        }
        if records.isEmpty { Console.note("No diskless osimages.") }
    }

    /// The newest build of each image; empty when there is no history yet.
    private func latestBuilds(_ cluster: Cluster) throws -> [String: HistoryAnswers.Commit] {
        guard try cluster.settings.host(cluster.installFolder.joined("custom/.git")).exists else { return [:] }
        var found: [String: HistoryAnswers.Commit] = [:]
        for commit in try HistoryAnswers.commits(["--kind", "build"]) {
            if let image = commit.osimage, found[image] == nil { found[image] = commit }
        }
        return found
    }

    private func record(
        _ image: Osimage, _ cluster: Cluster, build: HistoryAnswers.Commit?
    ) throws -> Record {
        var record = Record(name: image.name, state: "up to date", commit: build?.commit, changes: [])
        guard let build else {
            record.state = "never built: genimage needed"
            return record
        }
        // What it was built from, against what it is now.
        let base = build.trailers["Catboat-Recipe"] ?? build.commit
        let words: [Word] = ["--level", "attribute", "--level", "file", Word(image.name), Word(base)]
        record.changes = try HistoryAnswers.changes(words).map { "\($0.level) \($0.name.shown)" }
        if !record.changes.isEmpty {
            record.state = "changed: genimage needed"
        } else if try isRebuilt(image, cluster, since: build) {
            record.state = "built, not published: packimage needed"
        }
        return record
    }

    /// Whether genimage came to an end after the last record was made.
    private func isRebuilt(_ image: Osimage, _ cluster: Cluster, since build: HistoryAnswers.Commit) throws -> Bool {
        guard let folder = try image.rootimgdir(cluster),
            let state = try cluster.settings.host(folder.joined(".state")).status()
        else { return false }
        return UTCTime.text(state.modified.seconds) > build.time
    }
}
