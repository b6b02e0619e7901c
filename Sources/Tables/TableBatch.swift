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
        var schemas: [String: TableSchema] = [:]
        for operation in operations {
            let values: [Cell]
            var matched: [Cell] = []
            switch operation {
            case .set(_, let matches, let cells): values = matches + cells
            case .insert(_, let cells): values = cells
            case .expect(_, let matches, let cells): (values, matched) = ([], matches + cells)
            case .delete(_, let matches), .present(_, let matches), .absent(_, let matches):
                (values, matched) = ([], matches)
            case .clear: continue
            }
            // C libraries take text up to a NUL: it would match other rows.
            if let cell = matched.first(where: { $0.value.utf8.contains(0) }) {
                throw .controlCharacter(cell.column, table: operation.table)
            }
            let name = operation.table
            let schema = if let known = schemas[name] { known } else { try TableSchema.require(name) }
            schemas[name] = schema
            for cell in values where !TableText.isPlain(cell.value, in: schema) {
                throw .controlCharacter(cell.column, table: schema.name)
            }
        }
    }

    /// The batch as `table-set --stdin` reads it, one operation a line.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        for operation in operations {
            for (index, field) in operation.fields.enumerated() {
                if index > 0 { result.append(0x09) }
                TableText.appendEscaped(field, to: &result)
            }
            result.append(0x0a)
        }
        return result
    }
}

extension TableBatch.Operation {
    /// The words of one operation, see table-set(1).
    var fields: [String] {
        switch self {
        case .set(let table, let matches, let values): ["set", table] + words(matches) + [":"] + words(values)
        case .insert(let table, let values): ["insert", table] + words(values)
        case .delete(let table, let matches): ["delete", table] + words(matches)
        case .clear(let table): ["clear", table]
        case .expect(let table, let matches, let values): ["expect", table] + words(matches) + [":"] + words(values)
        case .present(let table, let matches): ["present", table] + words(matches)
        case .absent(let table, let matches): ["absent", table] + words(matches)
        }
    }

    private func words(_ cells: [Cell]) -> [String] { cells.map { "\($0.column)=\($0.value)" } }
}
