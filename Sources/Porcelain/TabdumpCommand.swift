internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage
internal import Tables

struct TabdumpCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "tabdump", abstract: "Print a table, or what it may hold.", helpNames: [])

    @Flag(name: .short, help: "Describe the tables, or the columns of a table.") var d = false
    @Option(
        name: .short, parsing: .unconditionalSingleValue,
        help: "Only enabled rows for which COLUMN OPERATOR VALUE holds: == != > >= < <= =~ !~.")
    var w: [String] = []
    @Option(name: .short, parsing: .unconditional, help: "File to write the table to.", completion: .file()) var f:
        String?
    @Option(name: .short, parsing: .unconditional, help: "Only the newest records of a log.") var n: Int?
    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.customShort("h"), .customLong("help")], help: "Show help.") var help = false
    @Flag(name: .customShort("?"), help: .hidden) var question = false
    @Argument(
        help: "Table to print.",
        completion: .custom { _, _, prefix in TableSchema.names.filter { $0.hasPrefix(prefix) } })
    var tables: [String] = []

    func run() throws {
        if help || question { throw UsageFailure(status: 0) }
        if version { return try Console.print("Version \(CommandShell.version)") }
        guard tables.count <= 1 else { throw UsageFailure() }
        try refuseCombinations()
        guard let table = tables.first else {
            if f != nil { throw CommandFailure([Diagnostic("table name missing from the command input. ")]) }
            return try d ? describeTables() : listTables()
        }
        guard let schema = TableSchema.named(table), TableSchema.names.contains(table) else {
            if !d, w.isEmpty, n == nil, let text = try KeptCells.text(of: table, in: Cluster.open().store) {
                return try write(text, of: table)
            }
            throw CommandFailure([
                Diagnostic(
                    d ? "table \(table) does not exist." : "No such table: \(table)",
                    remedy: "see tabdump for the names")
            ])
        }
        try d ? describe(schema) : dump(schema)
    }

    private func refuseCombinations() throws {
        guard n != nil else { return }
        for (flag, isGiven) in [("-d", d), ("-w", !w.isEmpty), ("-f", f != nil)] where isGiven {
            throw CommandFailure([Diagnostic("You  cannot use the -n and \(flag) flag together. ")])
        }
        if let table = tables.first, table != "auditlog", table != "eventlog" {
            throw CommandFailure([
                Diagnostic(
                    "\(table) table is not supported in tabdump -n. "
                        + "You may only use this option on the auditlog or the eventlog.")
            ])
        }
    }

    private func listTables() throws {
        try Console.write(TableSchema.names.map { $0 + "\n" }.joined().utf8)
    }

    private func describeTables() throws {
        let blocks = TableSchema.all.map { described($0.name, $0.summary) }
        try Console.write((blocks.joined(separator: "\n\n") + "\n").utf8)
    }

    private func describe(_ schema: TableSchema) throws {
        let blocks = schema.columns.map { described($0, schema.summary(of: $0)) }
        try Console.write((blocks.joined(separator: "\n\n") + "\n").utf8)
    }

    private func described(_ name: String, _ summary: String) -> String {
        "\(name):\(name.utf8.count < 7 ? "\t\t" : "\t")\(summary)"
    }

    private func dump(_ schema: TableSchema) throws {
        let terms = try w.map { text in
            guard let term = TableTerm(text) else {
                throw CommandFailure([Diagnostic("Unsupported operator:\(text) on -w flag input")])
            }
            guard schema.position(of: term.column) != nil else {
                throw CommandFailure([
                    Diagnostic(
                        "No column \"\(term.column)\" in table \"\(schema.name)\"",
                        remedy: "see tabdump -d \(schema.name)")
                ])
            }
            return term
        }
        var rows = try Cluster.open().store.rows(schema, includingDisabled: terms.isEmpty)
            .filter { row in terms.allSatisfy { $0.holds(for: row) } }
        if let n { rows = Array(rows.suffix(max(0, n))) }
        try write(TableCSV(schema, rows).text, of: schema.name)
    }

    private func write(_ text: String, of table: String) throws {
        guard let f else { return try Console.write(text.utf8) }
        do {
            try AtomicFile.write(text.utf8, to: FilePath(f), permissions: 0o600)
        } catch {
            throw CommandFailure([
                Diagnostic(
                    "Error on tabdump of \(table) to \(f). Unable to open the file for write. ",
                    remedy: error.diagnostic.remedy)
            ])
        }
    }
}
