/// A store in a database: the same statements for SQLite and PostgreSQL.
final class SQLStore: Store {
    private let connection: any SQLConnection
    /// A database without any of our tables, as a writer leaves it that was killed at its first transaction.
    private let isEmpty: Bool

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
        var schemas: [String: TableSchema] = [:]
        try connection.transaction { () throws(StoreError) in
            for operation in batch.operations {
                let name = operation.table
                let schema = if let known = schemas[name] { known } else { try TableSchema.require(name) }
                schemas[name] = schema
                try apply(operation, to: schema)
            }
        }
    }

    private func apply(_ operation: TableBatch.Operation, to schema: TableSchema) throws(StoreError) {
        switch operation {
        case .set(_, let matches, let values): try set(schema, matches, values)
        case .insert(_, let values): try insert(schema, values)
        case .delete(_, let matches):
            let (condition, values) = try condition(schema, matches)
            try connection.run("DELETE FROM \"\(schema.name)\"\(condition)", values)
        case .clear: try connection.run("DELETE FROM \"\(schema.name)\"")
        case .expect(_, let matches, let values): try expect(schema, matches, values)
        case .present(_, let matches):
            if try select(schema, where: matches).isEmpty { throw conflict(schema, matches, .missing) }
        case .absent(_, let matches):
            if try !select(schema, where: matches).isEmpty { throw conflict(schema, matches, .exists) }
        }
    }

    private func set(_ schema: TableSchema, _ matches: [Cell], _ values: [Cell]) throws(StoreError) {
        var (condition, bound) = try condition(schema, matches)
        let columns = try values.map { (cell) throws(StoreError) in
            "\"\(schema.columns[try schema.requirePosition(of: cell.column)])\" = ?"
        }
        bound = values.map(\.value) + bound
        if columns.isEmpty {
            if try !select(schema, where: matches).isEmpty { return }
        } else if try connection.run(
            "UPDATE \"\(schema.name)\" SET \(columns.joined(separator: ", "))\(condition)", bound) > 0
        {
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

    private func insert(_ schema: TableSchema, _ values: [Cell]) throws(StoreError) {
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

extension TableBatch.Operation {
    var table: String {
        switch self {
        case .set(let table, _, _), .insert(let table, _), .delete(let table, _), .clear(let table),
            .expect(let table, _, _), .present(let table, _), .absent(let table, _):
            table
        }
    }
}
