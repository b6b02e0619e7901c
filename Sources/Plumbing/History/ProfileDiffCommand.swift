internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import History
internal import Support

struct ProfileDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile-diff", abstract: "Compare an image at two moments.")

    static let levels = ImageComparison.Level.allCases.map(\.rawValue)

    @Option(help: "Only attribute, file, package, path, digest or build; may be repeated.", completion: .list(levels))
    var level: [String] = []
    @Flag(help: "Print a patch of stanza and files.") var patch = false
    @Flag(name: .customShort("z"), help: "End records with NUL.") var nul = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "The osimage.") var osimage: String
    @Argument(help: "The older revision.") var old: String
    @Argument(help: "The newer revision; the image as it is now unless given.") var new: String?

    func validate() throws {
        if let unknown = level.first(where: { !Self.levels.contains($0) }) {
            throw ValidationError("no such level: '\(unknown)': say \(Self.levels.joined(separator: ", "))")
        }
        if patch, json || nul { throw ValidationError("--patch excludes --json and -z") }
    }

    func run() throws {
        let cluster = try Cluster.open()
        let history = try HistoryRepository.ofSite(cluster)
        let before = try history.snapshot(osimage, old)
        let after =
            if let new { try history.snapshot(osimage, new) } else {
                try ImageSnapshot(RecipeSource(osimage, cluster).recipe(), history)
            }
        let levels = level.isEmpty ? ImageComparison.Level.allCases : level.compactMap { .init(rawValue: $0) }
        let comparison = try ImageComparison(before, after, levels: Set(levels))
        if patch {
            try Console.write(try comparison.patch())
        } else if json {
            try Console.write(JSONText.document("changes", comparison.changes.map(Record.init)))
        } else {
            try Console.records(comparison.changes.map(record), isNULSeparated: nul)
        }
        if !comparison.changes.isEmpty { throw ExitCode(1) }
    }

    private struct Record: Encodable {
        var level: String
        var status: String
        var name: JSONName
        var old: JSONName?
        var new: JSONName?

        init(_ change: ImageComparison.Change) {
            level = change.level.rawValue
            status = String(change.status)
            name = JSONName(change.name)
            old = change.old.map { JSONName($0) }
            new = change.new.map { JSONName($0) }
        }
    }

    /// `LEVEL TAB STATUS TAB NAME TAB OLD TAB NEW`; fields within a record of `path` are separated by blanks.
    private func record(_ change: ImageComparison.Change) -> [UInt8] {
        let values = [change.old, change.new].map { ($0 ?? []).map { $0 == 0x09 ? 0x20 : $0 } }
        let fields = [Array(change.level.rawValue.utf8), Array("\(change.status)".utf8), change.name] + values
        if nul { return Array(fields.joined(separator: [0x09])) }
        return Array(
            fields.map { Array(Diagnostic.escaped(String(decoding: $0, as: UTF8.self), keepingNewlines: false).utf8) }
                .joined(separator: [0x09]))
    }
}
