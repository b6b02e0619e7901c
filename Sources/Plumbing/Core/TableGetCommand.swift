internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import Tables

struct TableGetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table-get", abstract: "Print rows of a table.")

    @Argument(help: "Table to read.", completion: .custom { _, _, prefix in TableNames.complete(prefix) })
    var table: String
    @Argument(help: "Values of the table's key columns, in their order.") var key: [String] = []
    @Option(name: .shortAndLong, help: "Columns to print, comma separated; all unless told.") var columns: [String] = []
    @Option(
        name: [.customShort("w"), .customLong("where")], parsing: .unconditionalSingleValue,
        help: "Only rows for which COLUMN=VALUE, COLUMN!=VALUE, COLUMN=~REGEX or COLUMN!~REGEX holds.")
    var terms: [String] = []
    @Flag(name: .shortAndLong, help: "Disabled rows too.") var all = false
    @Flag(help: "Keep the order of the rows.") var rowOrder = false
    @Flag(name: .short, help: "End records with NUL and escape nothing.") var z = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let schema = try TableSchema.require(table)
        guard key.count <= schema.keys.count else {
            throw ValidationError("table '\(table)' has only \(schema.keys.count) key columns")
        }
        let terms = try Selection.parse(terms)
        for term in terms { _ = try schema.requirePosition(of: term.attribute) }
        let columns = columns.flatMap { $0.split(separator: ",") }.map(String.init)
        let positions = try (columns.isEmpty ? schema.columns : columns).map { try schema.requirePosition(of: $0) }
        let store = try StoreLocation(try Settings.current().storeLocation()).reader()
        let rows = try store.rows(
            schema, zip(schema.keys, key).map { Cell($0, $1) }, includingDisabled: all
        ).filter { row in terms.allSatisfy { $0.holds(for: row[$0.attribute] ?? "") } }
        try json ? printJSON(rows, schema, positions) : printRecords(rows, positions)
        if rows.isEmpty { throw ExitCode(1) }
    }

    private func printRecords(_ rows: [Row], _ positions: [Int]) throws {
        var records = rows.map { row in
            let fields = positions.map { position in
                let text = row[position] ?? ""
                return z ? Array(text.utf8) : TableText.escaped(text)
            }
            return Array(fields.joined(separator: [UInt8(ascii: "\t")]))
        }
        if !rowOrder { records.sort { $0.lexicographicallyPrecedes($1) } }
        try Console.records(records, isNULSeparated: z)
    }

    private func printJSON(_ rows: [Row], _ schema: TableSchema, _ positions: [Int]) throws {
        var records = rows.map { row in
            JSONText.object(positions.compactMap { position in row[position].map { (schema.columns[position], $0) } })
        }
        if !rowOrder { records.sort { $0.lexicographicallyPrecedes($1) } }
        try Console.write(JSONText.document("rows", raw: records))
    }
}

/// Completion of table names.
enum TableNames {
    static func complete(_ prefix: String) -> [String] { TableSchema.names.filter { $0.hasPrefix(prefix) } }
}
