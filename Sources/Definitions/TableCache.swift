internal import Tables

/// Enabled rows by the object they belong to, read from the store as they are needed.
///
/// A few objects are asked for one by one; once many are wanted, a table is read whole and once.
final class TableCache {
    private let store: any Store
    private var tables: [String: [Row]] = [:]
    /// Rows of the tables that were read whole which readers do not see.
    private var disabled: [String: [Row]] = [:]
    private var whole: [String: [String: [Row]]] = [:]
    private var single: [String: [String: [Row]]] = [:]
    private var schemas: [String: TableSchema] = [:]
    /// Reads tables whole from now on.
    var readsWholeTables = false

    init(_ store: any Store) { self.store = store }

    func schema(_ table: String) throws(StoreError) -> TableSchema {
        if let schema = schemas[table] { return schema }
        let schema = try TableSchema.require(table)
        schemas[table] = schema
        return schema
    }

    /// Enabled rows of `table` whose `column` is `key`, in row order.
    func rows(_ table: String, _ column: String, _ key: String) throws(StoreError) -> [Row] {
        let place = "\(table).\(column)"
        if let rows = whole[place] { return rows[key] ?? [] }
        if readsWholeTables { return try byKey(table, column)[key] ?? [] }
        if let rows = single[place]?[key] { return rows }
        let rows = try store.rows(try schema(table), [Cell(column, key)])
        single[place, default: [:]][key] = rows
        return rows
    }

    /// All enabled rows of a table, in row order.
    func all(_ table: String) throws(StoreError) -> [Row] {
        if let rows = tables[table] { return rows }
        let all = try store.rows(try schema(table), includingDisabled: true)
        let rows = all.filter(\.isEnabled)
        tables[table] = rows
        if rows.count < all.count { disabled[table] = all.filter { !$0.isEnabled } }
        return rows
    }

    /// Whether a row of `table` whose `column` is `key` is there and switched off.
    func hasDisabledRow(_ table: String, _ column: String, _ key: String) throws(StoreError) -> Bool {
        if readsWholeTables {
            _ = try all(table)
            return disabled[table]?.contains { $0[column] == key } ?? false
        }
        return try store.rows(try schema(table), [Cell(column, key)], includingDisabled: true)
            .contains { !$0.isEnabled }
    }

    /// All enabled rows of a table by the value of a column.
    func byKey(_ table: String, _ column: String) throws(StoreError) -> [String: [Row]] {
        let place = "\(table).\(column)"
        if let rows = whole[place] { return rows }
        let schema = try schema(table)
        let position = try schema.requirePosition(of: column)
        var result: [String: [Row]] = [:]
        for row in try all(table) { result[row[position] ?? "", default: []].append(row) }
        whole[place] = result
        return result
    }
}
