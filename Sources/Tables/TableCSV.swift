/// A table as text, as tabdump prints it: a header line `#column,…`, then a record for each row.
public struct TableCSV: Sendable {
    private let schema: TableSchema
    private let rows: [Row]

    public init(_ schema: TableSchema, _ rows: [Row]) {
        self.schema = schema
        self.rows = rows
    }

    /// Fields that are set stand in double quotes, doubled inside; others are empty.
    public var text: String {
        var result = "#" + schema.columns.joined(separator: ",") + "\n"
        for row in rows { result += Self.record(row) + "\n" }
        return result
    }

    /// One row without the line end.
    public static func record(_ row: Row) -> String {
        row.schema.columns.indices.map { position in row[position].map(quoted) ?? "" }.joined(separator: ",")
    }

    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\"")) else { return "\"\(text)\"" }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
