#if canImport(Glibc)
    internal import Glibc
#endif

/// One connection to a PostgreSQL database. Statements are prepared once and kept.
///
/// Tables are those of SQLite with a column more, which keeps the order of rows. Writers come one after the other, as
/// they do with SQLite: each takes an advisory lock for its transaction.
final class PostgresConnection: SQLConnection {
    private let library: LibPQ
    private let handle: LibPQ.Connection
    private var statements: [String: String] = [:]
    let location: String
    let rowOrder = "catboat_row"

    /// "catboat" as a number: the advisory lock that writers take.
    private static let writersLock = 0x63_6174_626f_6174

    /// - Parameter url: `postgresql://…`, as libpq takes it.
    init(_ url: String) throws(StoreError) {
        location = StoreLocation(url).printable
        guard let library = LibPQ.load() else {
            throw .cannotOpen(location, reason: "libpq is not installed: apt-get install libpq5")
        }
        // What stands before the URL may be overruled by it.
        let keywords = ["connect_timeout", "application_name", "dbname", "client_encoding"]
        let values = ["10", "catboat", url, "UTF8"]
        let handle = Self.withTexts(keywords) { keywords in
            Self.withTexts(values) { values in library.connect(keywords, values, 1) }
        }
        guard let handle else { throw .cannotOpen(location, reason: "out of memory") }
        guard library.status(handle) == 0 else {
            let reason = Self.told(library.errorMessage(handle))
            library.finish(handle)
            throw .cannotOpen(location, reason: reason)
        }
        self.library = library
        self.handle = handle
        try plainly(
            "SET client_min_messages TO warning; SET lock_timeout TO '\(StoreLocation.lockTimeoutInSeconds)s'")
    }

    deinit { library.finish(handle) }

    @discardableResult
    func run(_ sql: String, _ values: [String]) throws(StoreError) -> Int {
        let answer = try execute(sql, values)
        defer { library.clear(answer) }
        return library.changedRows(answer).flatMap { Int(String(cString: $0)) } ?? 0
    }

    func rows(_ sql: String, _ values: [String], width: Int) throws(StoreError) -> [[String?]] {
        let answer = try execute(sql, values)
        defer { library.clear(answer) }
        return (0..<library.rowCount(answer)).map { row in
            (0..<CInt(width)).map { column in
                guard library.isNull(answer, row, column) == 0, let text = library.value(answer, row, column) else {
                    return nil
                }
                let count = Int(library.length(answer, row, column))
                return text.withMemoryRebound(to: UInt8.self, capacity: count) { bytes in
                    String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
                }
            }
        }
    }

    func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        try transaction("BEGIN; SELECT pg_advisory_xact_lock(\(Self.writersLock))", body)
    }

    func snapshot(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        try transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
    }

    func version() throws(StoreError) -> Int {
        let found = try rows("SELECT to_regclass('catboat_migrations') IS NOT NULL", width: 1)
        guard found.first?[0] == "t" else { return 0 }
        return try rows("SELECT count(*) FROM catboat_migrations", width: 1).first?[0].flatMap { Int($0) } ?? 0
    }

    /// The names are counted.
    func keep(version: Int) {}

    func definition(of schema: TableSchema) -> [String] {
        let counter = Self.counter(of: schema)
        let columns = schema.columns.map { column in
            schema.isNumbered && column == "recid"
                ? "\"\(column)\" TEXT DEFAULT nextval('\(counter)')::text" : "\"\(column)\" TEXT"
        }
        let table = "\"\(schema.name)\""
        let key = schema.keys.map { "\"\($0)\"" }.joined(separator: ", ")
        return (schema.isNumbered ? ["CREATE SEQUENCE IF NOT EXISTS \(counter)"] : []) + [
            "CREATE TABLE IF NOT EXISTS \(table) (\(columns.joined(separator: ", ")), "
                + "catboat_row BIGINT GENERATED ALWAYS AS IDENTITY)",
            "CREATE UNIQUE INDEX IF NOT EXISTS \"catboat_\(schema.name)_key\" ON \(table) (\(key))",
        ]
    }

    func skip(_ number: String, in schema: TableSchema) throws(StoreError) {
        guard Int(number) != nil else { return }
        let counter = Self.counter(of: schema)
        _ = try rows(
            "SELECT setval('\(counter)', GREATEST(?::bigint, (SELECT last_value FROM \(counter))))", [number], width: 1)
    }

    /// Names come from the embedded schema, never from input.
    private static func counter(of schema: TableSchema) -> String { "catboat_\(schema.name)_recid" }

    private func transaction(
        _ beginning: String, _ body: () throws(StoreError) -> Void
    ) throws(StoreError) {
        do {
            try plainly(beginning)
            try body()
            try plainly("COMMIT")
        } catch {
            // The first error counts.
            _ = try? plainly("ROLLBACK")
            throw error
        }
    }

    /// Statements without values.
    private func plainly(_ sql: String) throws(StoreError) {
        let answer = sql.withCString { library.execute(handle, $0) }
        defer { library.clear(answer) }
        guard (1...2).contains(library.answerStatus(answer)) else { throw failure(answer) }
    }

    private func execute(_ sql: String, _ values: [String]) throws(StoreError) -> LibPQ.Answer {
        let name = try prepared(sql, count: values.count)
        let texts: [String?] = values.map { $0.isEmpty ? nil : $0 }
        let answer = Self.withTexts(texts) { texts in
            name.withCString { library.executePrepared(handle, $0, CInt(values.count), texts, nil, nil, 0) }
        }
        guard let answer, (1...2).contains(library.answerStatus(answer)) else {
            let failure = failure(answer)
            library.clear(answer)
            throw failure
        }
        return answer
    }

    /// The name of a prepared statement.
    private func prepared(_ sql: String, count: Int) throws(StoreError) -> String {
        if let name = statements[sql] { return name }
        var text = ""
        var number = 0
        for character in sql {
            if character == "?" { number += 1 }
            text += character == "?" ? "$\(number)" : String(character)
        }
        let name = "s\(statements.count)"
        let answer = name.withCString { name in
            text.withCString { library.prepare(handle, name, $0, CInt(count), nil) }
        }
        defer { library.clear(answer) }
        guard library.answerStatus(answer) == 1 else { throw failure(answer) }
        statements[sql] = name
        return name
    }

    /// The library's last error as ours. SQLSTATE: PostgreSQL documentation, appendix A.
    private func failure(_ answer: LibPQ.Answer?) -> StoreError {
        let state = library.errorField(answer, CInt(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
        let text = Self.told(library.errorMessage(handle))
        switch state {
        case "23505": return .duplicateKey(table: "", key: text)
        case "55P03", "57014", "40001", "40P01": return .busy(location)
        case "42501", "25006", "": return .cannotOpen(location, reason: text)
        default: return .failed("work", reason: "\(text): '\(location)'")
        }
    }

    /// A message of the library as one line.
    private static func told(_ message: LibPQ.Text?) -> String {
        let text = message.map { String(cString: $0) } ?? ""
        let lines = text.split(separator: "\n").map { line in line.drop { $0 == " " || $0 == "\t" } }
        return lines.isEmpty ? "the server does not answer" : lines.joined(separator: ": ")
    }

    /// Runs `body` with an array of C strings, ended by nil, which lives as long as the call.
    private static func withTexts<Result>(
        _ texts: [String?], _ body: (LibPQ.Texts) -> Result
    ) -> Result {
        let copies = texts.map { text in text.map { strdup($0) } ?? nil }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { $0.map { UnsafePointer($0) } } + [nil]
        return pointers.withUnsafeBufferPointer { buffer in
            // The array has at least the nil at its end.
            body(buffer.baseAddress!)
        }
    }
}
