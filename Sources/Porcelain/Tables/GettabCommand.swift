internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

struct GettabCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "gettab", abstract: "Print cells of a row.", helpNames: [])

    @Flag(name: [.customShort("H"), .long], help: "Put the column before each value.") var withFieldname = false
    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(
        help: "COLUMN=VALUE of the row, then TABLE.COLUMN to print.",
        completion: .custom { _, _, prefix in TableCompletion.columns(prefix, mark: "") })
    var words: [String] = []

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        if help { throw UsageFailure(status: 0) }
        guard words.count > 1 else { throw UsageFailure() }
        let store = try Cluster.open().store
        let matches = try words[0].split(separator: ",").map { pair in
            guard let cell = Cell(parsing: String(pair)) else { throw UsageFailure() }
            return cell
        }
        var lines: [String] = []
        for word in words.dropFirst() {
            let parts = word.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw UsageFailure() }
            if let value = try value(parts[0], parts[1], matches, store) {
                lines.append(words.count > 2 || withFieldname ? "\(word): \(value)" : value)
            }
        }
        try Console.write(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// The cell of the first enabled row; nil when it is not set or there is no such column.
    private func value(_ table: String, _ column: String, _ matches: [Cell], _ store: any Store) throws -> String? {
        let schema = TableSchema.named(table)
        for match in matches where schema?.position(of: match.column) == nil {
            throw CommandFailure([
                Diagnostic("Unknown key \(match.column) to \(table)", remedy: "see tabdump -d \(table)")
            ])
        }
        guard let schema else { return nil }
        return try store.rows(schema, matches).first?[column]
    }
}
