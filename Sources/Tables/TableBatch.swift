/// Changes that are carried out together or not at all, in order: what `table-set --stdin` reads.
///
/// Tables and columns are checked when the batch is applied.
public struct TableBatch: Sendable, Equatable {
    public enum Operation: Sendable, Equatable {
        /// Rows where all `matches` hold get `values`; when there is none, one row of both is inserted.
        ///
        /// Nothing is inserted when values are given and all are empty.
        case set(String, matches: [Cell], values: [Cell])
        /// A new row; `StoreError.duplicateKey` when its key exists.
        case insert(String, values: [Cell])
        /// Rows where all `matches` hold are removed.
        case delete(String, matches: [Cell])
        /// Every row is removed.
        case clear(String)
        /// A conflict unless every row where `matches` hold has `values`; without a row all values read as not set.
        case expect(String, matches: [Cell], values: [Cell])
        /// A conflict unless there is such a row.
        case present(String, matches: [Cell])
        /// A conflict if there is such a row.
        case absent(String, matches: [Cell])
    }

    public private(set) var operations: [Operation]

    public init(_ operations: [Operation] = []) { self.operations = operations }

    public var isEmpty: Bool { operations.isEmpty }

    /// How many operations there are, for `removeLast(downTo:)`.
    public var count: Int { operations.count }

    /// Takes back the operations after the first `count`.
    public mutating func removeLast(downTo count: Int) { operations.removeLast(max(0, operations.count - count)) }

    public mutating func append(_ operation: Operation) { operations.append(operation) }
    public mutating func append(_ other: TableBatch) { operations += other.operations }

    public mutating func set(
        _ table: String, _ matches: KeyValuePairs<String, String>, _ values: KeyValuePairs<String, String>
    ) {
        append(.set(table, matches: [Cell](matches), values: [Cell](values)))
    }

    public mutating func insert(_ table: String, _ values: KeyValuePairs<String, String>) {
        append(.insert(table, values: [Cell](values)))
    }

    public mutating func delete(_ table: String, _ matches: KeyValuePairs<String, String>) {
        append(.delete(table, matches: [Cell](matches)))
    }

    public mutating func expect(
        _ table: String, _ matches: KeyValuePairs<String, String>, _ values: KeyValuePairs<String, String>
    ) {
        append(.expect(table, matches: [Cell](matches), values: [Cell](values)))
    }

    public mutating func present(_ table: String, _ matches: KeyValuePairs<String, String>) {
        append(.present(table, matches: [Cell](matches)))
    }

    public mutating func absent(_ table: String, _ matches: KeyValuePairs<String, String>) {
        append(.absent(table, matches: [Cell](matches)))
    }

    /// - Throws: `StoreError.controlCharacter` for the first value that cannot be stored.
    public func checkValues() throws(StoreError) {
        var schemas = TableSchema.Lookup()
        for operation in operations {
            let schema = try schemas.require(operation.table)
            switch operation {
            case .set(_, let matches, let cells):
                try Self.check(matches, schema)
                try Self.check(cells, schema)
            case .insert(_, let cells): try Self.check(cells, schema)
            case .expect(_, let matches, let cells):
                try Self.checkMatched(matches, schema)
                try Self.checkMatched(cells, schema)
            case .delete(_, let matches), .present(_, let matches), .absent(_, let matches):
                try Self.checkMatched(matches, schema)
            case .clear: break
            }
        }
    }

    private static func check(_ cells: [Cell], _ schema: TableSchema) throws(StoreError) {
        for cell in cells where !TableText.isPlain(cell.value, in: schema, column: cell.column) {
            throw .controlCharacter(cell.column, table: schema.name)
        }
    }

    /// C libraries take text up to a NUL: it would match other rows.
    private static func checkMatched(_ cells: [Cell], _ schema: TableSchema) throws(StoreError) {
        for cell in cells where cell.value.utf8.contains(0) {
            throw .controlCharacter(cell.column, table: schema.name)
        }
    }

    /// The batch as `table-set --stdin` reads it, one operation a line.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        for operation in operations { operation.append(to: &result) }
        return result
    }
}

extension TableBatch.Operation {
    /// Appends the line of one operation, see table-set(1).
    fileprivate func append(to bytes: inout [UInt8]) {
        bytes += word.utf8
        bytes.append(0x09)
        TableText.appendEscaped(table, to: &bytes)
        switch self {
        case .set(_, let matches, let values), .expect(_, let matches, let values):
            Self.append(matches, to: &bytes)
            bytes += [0x09, UInt8(ascii: ":")]
            Self.append(values, to: &bytes)
        case .insert(_, let cells), .delete(_, let cells), .present(_, let cells), .absent(_, let cells):
            Self.append(cells, to: &bytes)
        case .clear: break
        }
        bytes.append(0x0a)
    }

    private var word: String {
        switch self {
        case .set: "set"
        case .insert: "insert"
        case .delete: "delete"
        case .clear: "clear"
        case .expect: "expect"
        case .present: "present"
        case .absent: "absent"
        }
    }

    private static func append(_ cells: [Cell], to bytes: inout [UInt8]) {
        for cell in cells {
            bytes.append(0x09)
            TableText.appendEscaped(cell.column, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            TableText.appendEscaped(cell.value, to: &bytes)
        }
    }
}
