/// Changes of the store's own shape, applied once each and remembered by name.
///
/// A new store is made from the schema as it is now and takes all names as applied; an older one gets what it lacks.
/// Released entries are never edited.
enum Migrations {
    struct Step: Sendable {
        var name: String
        var apply: @Sendable (SQLiteConnection) throws(StoreError) -> Void
    }

    static let steps: [Step] = [
        Step(name: "tables") { (connection) throws(StoreError) in
            for schema in TableSchema.all { try connection.run(definition(of: schema)) }
        }
    ]

    /// Brings the store up to date. `user_version` counts the applied steps, so that a store of today costs one read.
    static func apply(to connection: SQLiteConnection, location: String) throws(StoreError) {
        if try version(connection) == steps.count { return }
        try connection.transaction { () throws(StoreError) in
            let applied = try version(connection)
            guard applied <= steps.count else { throw .newerStore(location) }
            try connection.run(
                "CREATE TABLE IF NOT EXISTS catboat_migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL)")
            let names = Set(try connection.rows("SELECT name FROM catboat_migrations", width: 1).compactMap { $0[0] })
            for step in steps where !names.contains(step.name) {
                try step.apply(connection)
                try connection.run(
                    "INSERT INTO catboat_migrations VALUES (?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))", [step.name])
            }
            try connection.run("PRAGMA user_version = \(steps.count)")
        }
    }

    /// How many steps the store has seen; 0 for an empty file.
    static func version(_ connection: SQLiteConnection) throws(StoreError) -> Int {
        let rows = try connection.rows("PRAGMA user_version", width: 1)
        return rows.first?[0].flatMap { Int($0) } ?? 0
    }

    /// Names come from the embedded schema, never from input.
    private static func definition(of schema: TableSchema) -> String {
        let columns = schema.columns.map { column in
            schema.isNumbered && column == "recid"
                ? "\"\(column)\" INTEGER PRIMARY KEY AUTOINCREMENT" : "\"\(column)\" TEXT"
        }
        let key = schema.keys.map { "\"\($0)\"" }.joined(separator: ", ")
        let constraint = schema.isNumbered ? "" : ", PRIMARY KEY (\(key))"
        return "CREATE TABLE IF NOT EXISTS \"\(schema.name)\" (\(columns.joined(separator: ", "))\(constraint))"
    }
}
