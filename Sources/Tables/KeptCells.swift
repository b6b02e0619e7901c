/// What other xCATs have and ours has not: tables and columns that are kept as they came, for dumps to give back.
///
/// They are rows of `catboat_kept`: a column of a table has a row without `rowkey`, a value one with it. A table that
/// is not ours at all names its columns in a row without `columnname`.
public enum KeptCells {
    static let table = "catboat_kept"

    /// Forgets what is kept of a table.
    public static func forgetting(_ name: String) -> TableBatch.Operation {
        .delete(table, matches: [Cell("tablename", name)])
    }

    /// Keeps a whole table.
    public static func keeping(_ name: String, columns: [String], _ records: [[String?]]) -> TableBatch {
        var batch = TableBatch()
        batch.insert(table, ["tablename": name, "value": columns.joined(separator: ",")])
        for (number, fields) in records.enumerated() {
            let key = rowKey(ofRecord: number)
            for (column, field) in zip(columns, fields) {
                guard let field, !field.isEmpty else { continue }
                batch.insert(table, ["tablename": name, "rowkey": key, "columnname": column, "value": field])
            }
        }
        return batch
    }

    /// Keeps a column of one of our tables.
    /// - Parameter values: key values of the rows, in the order of the table's keys, and what they hold.
    public static func keeping(
        _ name: String, column: String, _ values: [(keys: [String], value: String)]
    ) -> TableBatch {
        var batch = TableBatch()
        batch.insert(table, ["tablename": name, "columnname": column])
        for (keys, value) in values where !value.isEmpty {
            batch.insert(
                table, ["tablename": name, "rowkey": rowKey(keys), "columnname": column, "value": value])
        }
        return batch
    }

    /// Names of the tables that are kept whole, sorted.
    public static func tables(in store: any Store) throws(StoreError) -> [String] {
        var names: Set<String> = []
        for row in try store.rows(table) where row["rowkey"] == nil && row["columnname"] == nil {
            if let name = row["tablename"] { names.insert(name) }
        }
        return names.sortedByBytes()
    }

    /// A table that is kept whole, in the form of dumps; nil when there is none of this name.
    public static func text(of name: String, in store: any Store) throws(StoreError) -> String? {
        let rows = try store.rows(table, ["tablename": name])
        guard let head = rows.first(where: { $0["rowkey"] == nil && $0["columnname"] == nil }) else { return nil }
        let columns = (head["value"] ?? "").split(separator: ",").map(String.init)
        var records: [String: [String: String]] = [:]
        for row in rows {
            if let key = row["rowkey"], let column = row["columnname"] {
                records[key, default: [:]][column] = row["value"]
            }
        }
        var text = "#" + columns.joined(separator: ",") + "\n"
        for key in records.keys.sortedByBytes() {
            text += columns.map { records[key]?[$0].map(TableCSV.quoted) ?? "" }.joined(separator: ",") + "\n"
        }
        return text
    }

    private static func rowKey(ofRecord number: Int) -> String {
        let digits = String(number)
        return "#" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }

    static func rowKey(_ keys: [String]) -> String {
        "=" + keys.map { String(decoding: TableText.escaped($0), as: UTF8.self) }.joined(separator: "\t")
    }
}

/// Columns of one of our tables that only other xCATs have.
public struct KeptColumns: Sendable {
    /// In the order in which they came.
    public private(set) var names: [String] = []
    private var rows: [String: [String: String]] = [:]

    /// None.
    public init() {}

    /// Those of a table.
    public init(of schema: TableSchema, in store: any Store) throws(StoreError) {
        for row in try store.rows(KeptCells.table, ["tablename": schema.name]) {
            guard let column = row["columnname"] else { continue }
            if let key = row["rowkey"] {
                rows[key, default: [:]][column] = row["value"]
            } else {
                names.append(column)
            }
        }
    }

    /// What keeps the values for rows that are about to be put in place of others with the same keys.
    public func keeping(_ rows: [Row]) -> TableBatch {
        var batch = TableBatch()
        for row in rows {
            for (column, value) in zip(names, values(of: row)) where !value.isEmpty {
                let key = KeptCells.rowKey(row.keyValues)
                batch.set(
                    KeptCells.table, ["tablename": row.schema.name, "rowkey": key, "columnname": column],
                    ["value": value])
            }
        }
        return batch
    }

    /// The values of a row, in the order of the names; empty where there is none.
    func values(of row: Row) -> [String] {
        if names.isEmpty { return [] }
        let values = rows[KeptCells.rowKey(row.keyValues)] ?? [:]
        return names.map { values[$0] ?? "" }
    }
}
