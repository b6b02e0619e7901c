/// A store in a database: the same statements for SQLite and PostgreSQL.
final class SQLStore: Store {
    private let connection: any SQLConnection
    /// A database without any of our tables, as a writer leaves it that was killed at its first transaction.
    private let isEmpty: Bool
    /// By table.
    private var merging: [String: Merging] = [:]
    /// Whether cells of rows are kept for a table; by table, found out once for each transaction.
    private var hasKept: [String: Bool] = [:]
    /// Tables that the transaction has emptied.
    private var cleared: [TableSchema] = []

    /// - Parameter isWriting: makes the tables when there are none.
    init(_ connection: any SQLConnection, isWriting: Bool) throws(StoreError) {
        self.connection = connection
        let version = try connection.version()
        if version > Migrations.steps.count { throw .newerStore(connection.location) }
        if version < Migrations.steps.count, isWriting || version > 0 { try Migrations.apply(to: connection) }
        isEmpty = version == 0 && !isWriting
    }

    func snapshot(_ body: () throws(StoreError) -> Void) throws(StoreError) { try connection.snapshot(body) }

    func select(_ schema: TableSchema, where cells: [Cell]) throws(StoreError) -> [Row] {
        let (condition, values) = try condition(schema, cells)
        if isEmpty { return [] }
        let columns = schema.columns.map { "\"\($0)\"" }.joined(separator: ",")
        let rows = try connection.rows(
            "SELECT \(columns) FROM \"\(schema.name)\"\(condition) ORDER BY \(connection.rowOrder)", values,
            width: schema.columns.count)
        return rows.map { Row(schema, $0) }
    }

    func apply(_ batch: TableBatch) throws(StoreError) {
        try batch.checkValues()
        try connection.transaction { () throws(StoreError) in
            var schemas = TableSchema.Lookup()
            (hasKept, cleared) = ([:], [])
            for operation in batch.operations { try apply(operation, to: try schemas.require(operation.table)) }
            for schema in cleared { try forgetMissing(in: schema) }
        }
    }

    private func apply(_ operation: TableBatch.Operation, to schema: TableSchema) throws(StoreError) {
        if schema.name == KeptCells.table { hasKept = [:] }
        switch operation {
        case .set(_, let matches, let values): try set(schema, matches, values)
        case .insert(_, let values): try insert(schema, values)
        case .delete(_, let matches):
            let (condition, values) = try condition(schema, matches)
            if try keepsCells(of: schema) {
                for row in try select(schema, where: matches) {
                    try forget(KeptCells.rowKey(row.keyValues), of: schema)
                }
            }
            try connection.run("DELETE FROM \"\(schema.name)\"\(condition)", values)
        case .clear:
            try connection.run("DELETE FROM \"\(schema.name)\"")
            cleared.append(schema)
        case .expect(_, let matches, let values): try expect(schema, matches, values)
        case .present(_, let matches):
            if try !hasRow(schema, matches) { throw conflict(schema, matches, .missing) }
        case .absent(_, let matches):
            if try hasRow(schema, matches) { throw conflict(schema, matches, .exists) }
        }
    }

    private func hasRow(_ schema: TableSchema, _ matches: [Cell]) throws(StoreError) -> Bool {
        let (condition, values) = try condition(schema, matches)
        return try !connection.rows(
            "SELECT 1 FROM \"\(schema.name)\"\(condition) LIMIT 1", values, width: 1
        ).isEmpty
    }

    private func set(_ schema: TableSchema, _ matches: [Cell], _ values: [Cell]) throws(StoreError) {
        if let merge = try mergingStatement(schema, matches, values) {
            var bound: [String] = []
            bound.reserveCapacity(matches.count + values.count)
            for cell in matches { bound.append(cell.value) }
            for cell in values { bound.append(cell.value) }
            try connection.run(merge, bound)
            return
        }
        if let key = schema.requiredKey, let cell = values.last(where: { $0.column == key }), cell.value.isEmpty {
            throw .missingKey(key, table: schema.name)
        }
        var (condition, bound) = try condition(schema, matches)
        let renamed = try renamedRows(schema, matches, values)
        let columns = try values.map { (cell) throws(StoreError) in
            "\"\(schema.columns[try schema.requirePosition(of: cell.column)])\" = ?"
        }
        bound = values.map(\.value) + bound
        if columns.isEmpty {
            if try hasRow(schema, matches) { return }
        } else if try connection.run(
            "UPDATE \"\(schema.name)\" SET \(columns.joined(separator: ", "))\(condition)", bound) > 0
        {
            for (old, new) in renamed { try rename(old, new, of: schema) }
            return
        }
        if !values.isEmpty, values.allSatisfy(\.value.isEmpty) { return }
        // Later cells win: a value may repeat a column of the match.
        var cells = matches.filter { match in !values.contains { $0.column == match.column } }
        for cell in values {
            cells.removeAll { $0.column == cell.column }
            cells.append(cell)
        }
        try insert(schema, cells)
    }

    /// A statement that inserts or updates the one row that a whole key names; nil where it takes more than one.
    ///
    /// Batches of many rows set the same columns again and again: the last statement of each table is kept.
    private func mergingStatement(
        _ schema: TableSchema, _ matches: [Cell], _ values: [Cell]
    ) throws(StoreError) -> String? {
        guard !schema.isNumbered, matches.allSatisfy({ !$0.value.isEmpty }),
            !values.allSatisfy(\.value.isEmpty)
        else { return nil }
        if let known = merging[schema.name], known.fits(matches, values) { return known.statement }
        guard matches.count == schema.keys.count,
            Set(matches.map(\.column)) == Set(schema.keys),
            Set(values.map(\.column)).count == values.count,
            !values.contains(where: { schema.keys.contains($0.column) })
        else { return nil }
        for cell in values { _ = try schema.requirePosition(of: cell.column) }
        let columns = (matches + values).map { "\"\($0.column)\"" }.joined(separator: ", ")
        let marks = (matches + values).map { _ in "?" }.joined(separator: ", ")
        let keys = schema.keys.map { "\"\($0)\"" }.joined(separator: ", ")
        let changes = values.map { "\"\($0.column)\" = excluded.\"\($0.column)\"" }.joined(separator: ", ")
        let statement =
            "INSERT INTO \"\(schema.name)\" (\(columns)) VALUES (\(marks)) "
            + "ON CONFLICT (\(keys)) DO UPDATE SET \(changes)"
        merging[schema.name] = Merging(
            matched: matches.map(\.column), set: values.map(\.column), statement: statement)
        return statement
    }

    /// The statement that puts values of these columns into a row.
    private struct Merging {
        var matched: [String]
        var set: [String]
        var statement: String

        func fits(_ matches: [Cell], _ values: [Cell]) -> Bool {
            matched.count == matches.count && set.count == values.count
                && zip(matched, matches).allSatisfy { $0 == $1.column }
                && zip(set, values).allSatisfy { $0 == $1.column }
        }
    }

    private func insert(_ schema: TableSchema, _ values: [Cell]) throws(StoreError) {
        if let key = schema.requiredKey, (values.last { $0.column == key }?.value ?? "").isEmpty {
            throw .missingKey(key, table: schema.name)
        }
        let columns = try values.map { (cell) throws(StoreError) in
            "\"\(schema.columns[try schema.requirePosition(of: cell.column)])\""
        }
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        do {
            try connection.run(
                "INSERT INTO \"\(schema.name)\" (\(columns.joined(separator: ", "))) VALUES (\(marks))",
                values.map(\.value))
            if schema.isNumbered, let number = values.first(where: { $0.column == "recid" })?.value {
                try connection.skip(number, in: schema)
            }
        } catch .duplicateKey {
            let key = values.filter { schema.keys.contains($0.column) }
            throw .duplicateKey(table: schema.name, key: key.told)
        }
    }

    private func expect(_ schema: TableSchema, _ matches: [Cell], _ values: [Cell]) throws(StoreError) {
        let positions = try values.map { (cell) throws(StoreError) in try schema.requirePosition(of: cell.column) }
        let rows = try select(schema, where: matches)
        for row in rows.isEmpty ? [Row(schema, schema.columns.map { _ in nil })] : rows {
            for (cell, position) in zip(values, positions) where (row[position] ?? "") != cell.value {
                let found = row[position] ?? ""
                throw conflict(
                    schema, matches, .holds(column: cell.column, found: found, expected: cell.value))
            }
        }
    }

    private func conflict(_ schema: TableSchema, _ matches: [Cell], _ reason: TableConflict.Reason) -> StoreError {
        .conflict(TableConflict(table: schema.name, row: matches.told, reason: reason))
    }

    /// ` WHERE …` with the values to bind; identifiers are those of the schema.
    private func condition(_ schema: TableSchema, _ cells: [Cell]) throws(StoreError) -> (String, [String]) {
        var terms: [String] = []
        var values: [String] = []
        for cell in cells {
            let column = schema.columns[try schema.requirePosition(of: cell.column)]
            if cell.value.isEmpty {
                terms.append("(\"\(column)\" IS NULL OR \"\(column)\" = '')")
            } else {
                terms.append("\"\(column)\" = ?")
                values.append(cell.value)
            }
        }
        return (terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND "), values)
    }
}

/// What is kept of a row for other xCATs goes where the row goes.
extension SQLStore {
    /// Whether cells of the table's rows are kept.
    private func keepsCells(of schema: TableSchema) throws(StoreError) -> Bool {
        if schema.name == KeptCells.table { return false }
        if let known = hasKept[schema.name] { return known }
        let found = try !connection.rows(
            "SELECT 1 FROM \"\(KeptCells.table)\" WHERE tablename = ? AND rowkey IS NOT NULL LIMIT 1", [schema.name],
            width: 1
        ).isEmpty
        hasKept[schema.name] = found
        return found
    }

    private func forget(_ rowKey: String, of schema: TableSchema) throws(StoreError) {
        try connection.run(
            "DELETE FROM \"\(KeptCells.table)\" WHERE tablename = ? AND rowkey = ?", [schema.name, rowKey])
    }

    /// Row keys of the rows that are about to get other keys, before and after.
    private func renamedRows(
        _ schema: TableSchema, _ matches: [Cell], _ values: [Cell]
    ) throws(StoreError) -> [(String, String)] {
        guard values.contains(where: { schema.keys.contains($0.column) }), try keepsCells(of: schema) else { return [] }
        return try select(schema, where: matches).compactMap { row in
            let keys = schema.keys.map { key in values.last { $0.column == key }?.value ?? row[key] ?? "" }
            return keys == row.keyValues ? nil : (KeptCells.rowKey(row.keyValues), KeptCells.rowKey(keys))
        }
    }

    private func rename(_ old: String, _ new: String, of schema: TableSchema) throws(StoreError) {
        try forget(new, of: schema)
        try connection.run(
            "UPDATE \"\(KeptCells.table)\" SET rowkey = ? WHERE tablename = ? AND rowkey = ?", [new, schema.name, old])
    }

    /// Forgets what was kept of rows that did not come back after the table was emptied.
    private func forgetMissing(in schema: TableSchema) throws(StoreError) {
        guard try keepsCells(of: schema) else { return }
        let present = Set(try select(schema, where: []).map { KeptCells.rowKey($0.keyValues) })
        let kept = try connection.rows(
            "SELECT DISTINCT rowkey FROM \"\(KeptCells.table)\" WHERE tablename = ? AND rowkey IS NOT NULL",
            [schema.name], width: 1)
        for key in kept.compactMap({ $0[0] }) where !present.contains(key) { try forget(key, of: schema) }
    }
}

extension TableBatch.Operation {
    var table: String {
        switch self {
        case .set(let table, _, _), .insert(let table, _), .delete(let table, _), .clear(let table),
            .expect(let table, _, _), .present(let table, _), .absent(let table, _):
            table
        }
    }
}
