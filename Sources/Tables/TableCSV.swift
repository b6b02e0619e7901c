/// A table as text, as tabdump prints it: a header line `#column,…`, then a record for each row.
public struct TableCSV: Sendable {
    private let schema: TableSchema
    private let rows: [Row]
    private let kept: KeptColumns

    /// - Parameter kept: columns that only the dump has; they follow ours.
    public init(_ schema: TableSchema, _ rows: [Row], kept: KeptColumns = KeptColumns()) {
        self.schema = schema
        self.rows = rows
        self.kept = kept
    }

    /// Fields that are set stand in double quotes, doubled inside; others are empty.
    public var text: String {
        var result = "#" + (schema.columns + kept.names).joined(separator: ",") + "\n"
        for row in rows {
            result += Self.record(row)
            for value in kept.values(of: row) { result += "," + (value.isEmpty ? "" : Self.quoted(value)) }
            result += "\n"
        }
        return result
    }

    /// One row without the line end.
    public static func record(_ row: Row) -> String {
        row.schema.columns.indices.map { position in row[position].map(quoted) ?? "" }.joined(separator: ",")
    }

    static func quoted(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\"")) else { return "\"\(text)\"" }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
