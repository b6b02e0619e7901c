internal import Support

#if canImport(Glibc)
    internal import Glibc
#endif

/// Changes of the store's own shape, applied once each and remembered by name.
///
/// A new store is made from the schema as it is now and takes all names as applied; an older one gets what it lacks.
/// Released entries are never edited.
enum Migrations {
    struct Step: Sendable {
        var name: String
        var apply: @Sendable (any SQLConnection) throws(StoreError) -> Void
    }

    static let steps: [Step] = [
        Step(name: "tables") { (connection) throws(StoreError) in
            for schema in TableSchema.stored { try make(schema, connection) }
        },
        Step(name: "kept") { (connection) throws(StoreError) in
            try make(try TableSchema.require("catboat_kept"), connection)
        },
        Step(name: "imports") { (connection) throws(StoreError) in
            try make(try TableSchema.require("catboat_imports"), connection)
        },
    ]

    /// Brings the store up to date.
    static func apply(to connection: any SQLConnection) throws(StoreError) {
        try connection.transaction { () throws(StoreError) in
            let applied = try connection.version()
            guard applied <= steps.count else { throw .newerStore(connection.location) }
            if applied == steps.count { return }
            try connection.run(
                "CREATE TABLE IF NOT EXISTS catboat_migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL)")
            let names = Set(try connection.rows("SELECT name FROM catboat_migrations", width: 1).compactMap { $0[0] })
            for step in steps where !names.contains(step.name) {
                try step.apply(connection)
                try connection.run(
                    "INSERT INTO catboat_migrations VALUES (?, ?)", [step.name, UTCTime.text(Int64(time(nil)))])
            }
            try connection.keep(version: steps.count)
        }
    }

    /// Names come from the embedded schema, never from input.
    private static func make(_ schema: TableSchema, _ connection: any SQLConnection) throws(StoreError) {
        for statement in connection.definition(of: schema) { try connection.run(statement) }
    }
}
