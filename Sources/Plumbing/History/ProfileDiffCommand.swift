internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import History
internal import Resolution
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
    @Flag(help: "Compare osimages as they are with the recipe of their last build.") var built = false
    @Argument(help: "OSIMAGE OLD [NEW]; the present is compared when NEW is missing. With --built, osimages.")
    var operand: [String] = []

    func validate() throws {
        if let unknown = level.first(where: { !Self.levels.contains($0) }) {
            throw ValidationError("no such level: '\(unknown)': say \(Self.levels.joined(separator: ", "))")
        }
        if patch, json || nul { throw ValidationError("--patch excludes --json and -z") }
        if built, patch || !level.isEmpty { throw ValidationError("--built excludes --patch and --level") }
        guard built || (2...3).contains(operand.count) else { throw ValidationError("give OSIMAGE OLD [NEW]") }
    }

    func run() throws {
        let cluster = try Cluster.open()
        let history = try HistoryRepository.ofSite(cluster)
        if built { return try BuiltComparison(history, cluster, operand).print(nul: nul, json: json) }
        let before = try history.snapshot(operand[0], operand[1])
        let after: ImageSnapshot
        var needs: RecipeNeeds?
        if operand.count > 2 {
            after = try history.snapshot(operand[0], operand[2])
        } else {
            let present = try RecipeSource(operand[0], cluster).gathered()
            after = try ImageSnapshot(present.recipe, history)
            needs = RecipeNeeds(before, after, ofFiles: present.needs)
        }
        let levels = level.isEmpty ? ImageComparison.Level.allCases : level.compactMap { .init(rawValue: $0) }
        let comparison = try ImageComparison(before, after, levels: Set(levels))
        if patch {
            try Console.write(try comparison.patch())
        } else if json {
            let changes = try comparison.changes.map { try ChangeRecord($0, needs) }
            try Console.write(JSONText.document("changes", changes))
        } else {
            try Console.records(comparison.changes.map(record), isNULSeparated: nul)
        }
        if !comparison.changes.isEmpty { throw ExitCode(1) }
    }

    /// `LEVEL TAB STATUS TAB NAME TAB OLD TAB NEW`; fields within a record of `path` are separated by blanks.
    private func record(_ change: ImageComparison.Change) -> [UInt8] {
        let values = [change.old, change.new].map { ($0 ?? []).map { $0 == 0x09 ? 0x20 : $0 } }
        if nul {
            // Builds may differ in every file.
            var bytes: [UInt8] = []
            bytes.reserveCapacity(16 + change.name.count + values[0].count + values[1].count)
            bytes += change.level.rawValue.utf8
            bytes.append(0x09)
            bytes += String(change.status).utf8
            for field in [change.name] + values {
                bytes.append(0x09)
                bytes += field
            }
            return bytes
        }
        let fields = [Array(change.level.rawValue.utf8), Array("\(change.status)".utf8), change.name] + values
        return Array(
            fields.map { Array(Diagnostic.escaped(String(decoding: $0, as: UTF8.self), keepingNewlines: false).utf8) }
                .joined(separator: [0x09]))
    }
}

/// A difference in JSON.
struct ChangeRecord: Encodable {
    var level: String
    var status: String
    var name: JSONName
    var old: JSONName?
    var new: JSONName?
    /// Of a difference to the present: the command that takes it up.
    var needs: String?

    init(_ change: ImageComparison.Change, _ needs: RecipeNeeds?) throws {
        level = change.level.rawValue
        status = String(change.status)
        name = JSONName(change.name)
        old = change.old.map { JSONName($0) }
        new = change.new.map { JSONName($0) }
        self.needs = try needs?.need(of: change)?.rawValue
    }
}
