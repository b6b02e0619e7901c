internal import CSQLite
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// One open SQLite file. Statements are prepared once and kept.
///
/// It has a rollback journal: that works on network file systems too, where a write-ahead log does not, and a crash
/// at any moment leaves the last committed state.
final class SQLiteConnection: SQLConnection {
    private let handle: OpaquePointer
    let location: String
    let rowOrder = "rowid"
    private var statements: [String: OpaquePointer] = [:]
    /// The table whose text must be UTF-8 instead of being read with U+FFFD in it; its queries give the rowid first.
    var strictTable: String?

    /// Opens an existing file to read it.
    static func reading(_ location: String) throws(StoreError) -> SQLiteConnection {
        // A reader must be able to roll back the journal of a writer that crashed; who cannot write reads plainly.
        let connection: SQLiteConnection
        do {
            connection = try SQLiteConnection(location, flags: SQLITE_OPEN_READWRITE)
        } catch {
            connection = try SQLiteConnection(location, flags: SQLITE_OPEN_READONLY)
        }
        try connection.checkOwner()
        return connection
    }

    /// Opens a file to change it, made for its owner alone when it does not exist.
    static func writing(_ location: String) throws(StoreError) -> SQLiteConnection {
        do {
            let path = FilePath(location)
            let folder = path.removingLastComponent()
            if !folder.isEmpty { try folder.createDirectories() }
            if !path.exists { try make(path, in: folder) }
        } catch let error as StoreError {
            throw error
        } catch {
            let reason = (error as? FileError).flatMap(\.diagnostic.remedy) ?? "\(error)"
            throw .cannotOpen(location, reason: reason)
        }
        let connection = try SQLiteConnection(location, flags: SQLITE_OPEN_READWRITE)
        try connection.checkOwner()
        return connection
    }

    /// Makes a store whole before it gets its name: an empty file of that name is one that lost its content.
    private static func make(_ path: FilePath, in folder: FilePath) throws {
        let new = folder.joined(".\(path.lastName.printable).new-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
        defer { try? new.removeFile() }
        let descriptor = try FileError.wrap("create", path) {
            try FileDescriptor.open(
                new, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite])
        }
        try? descriptor.close()
        try Migrations.apply(to: SQLiteConnection(new.printable, flags: SQLITE_OPEN_READWRITE))
        let status = new.withPlatformString { new in path.withPlatformString { link(new, $0) } }
        // Another writer may have been first.
        guard status == 0 || errno == EEXIST else { throw FileError("create", path, .latest) }
    }

    /// Refuses a file that is no store of ours.
    private func checkOwner() throws(StoreError) {
        let names = try rows("SELECT name FROM sqlite_master WHERE type = 'table'", width: 1).compactMap { $0[0] }
        if names.contains("catboat_migrations") { return }
        if !names.isEmpty { throw .foreignFile(location) }
        if let status = try? FilePath(location).targetStatus(), status.size == 0 { throw .emptyFile(location) }
    }

    init(_ location: String, flags: CInt) throws(StoreError) {
        var handle: OpaquePointer?
        let status = sqlite3_open_v2(location, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard status == SQLITE_OK, let handle else {
            let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw .cannotOpen(location, reason: reason)
        }
        self.handle = handle
        self.location = location
        sqlite3_busy_timeout(handle, CInt(StoreLocation.lockTimeoutInSeconds * 1000))
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs a statement without results.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [String]) throws(StoreError) -> Int {
        let statement = try prepared(sql)
        defer { sqlite3_reset(statement) }
        try bind(values, to: statement)
        let status = sqlite3_step(statement)
        guard status == SQLITE_DONE || status == SQLITE_ROW else { throw failure("change rows") }
        return Int(sqlite3_changes(handle))
    }

    /// All rows of a query, `width` columns each.
    func rows(_ sql: String, _ values: [String], width: Int) throws(StoreError) -> [[String?]] {
        let statement = try prepared(sql)
        defer { sqlite3_reset(statement) }
        try bind(values, to: statement)
        var result: [[String?]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                result.append(
                    try (0..<CInt(width)).map { (column) throws(StoreError) in try text(of: statement, column) })
            case SQLITE_DONE: return result
            default: throw failure("read rows")
            }
        }
    }

    private func text(of statement: OpaquePointer, _ column: CInt) throws(StoreError) -> String? {
        guard let text = sqlite3_column_text(statement, column) else { return nil }
        let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, column)))
        if let strictTable, String(validating: bytes, as: UTF8.self) == nil {
            let name = sqlite3_column_name(statement, column).map { String(cString: $0) } ?? "\(column)"
            throw .notText(
                table: strictTable, column: name, row: Int(sqlite3_column_int64(statement, 0)), file: location)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        try transaction("BEGIN IMMEDIATE", body)
    }

    func snapshot(_ body: () throws(StoreError) -> Void) throws(StoreError) { try transaction("BEGIN", body) }

    func version() throws(StoreError) -> Int {
        try rows("PRAGMA user_version", width: 1).first?[0].flatMap { Int($0) } ?? 0
    }

    func keep(version: Int) throws(StoreError) { try run("PRAGMA user_version = \(version)") }

    func definition(of schema: TableSchema) -> [String] {
        let columns = schema.columns.map { column in
            schema.isNumbered && column == "recid"
                ? "\"\(column)\" INTEGER PRIMARY KEY AUTOINCREMENT" : "\"\(column)\" TEXT"
        }
        let key = schema.keys.map { "\"\($0)\"" }.joined(separator: ", ")
        let constraint = schema.isNumbered ? "" : ", PRIMARY KEY (\(key))"
        return ["CREATE TABLE IF NOT EXISTS \"\(schema.name)\" (\(columns.joined(separator: ", "))\(constraint))"]
    }

    /// SQLite counts on from the highest number by itself.
    func skip(_ number: String, in schema: TableSchema) {}

    private func transaction(
        _ beginning: String, _ body: () throws(StoreError) -> Void
    ) throws(StoreError) {
        try run(beginning)
        do {
            try body()
            try run("COMMIT")
        } catch {
            // The first error counts; a failed commit may have rolled back already.
            if sqlite3_get_autocommit(handle) == 0 { _ = try? run("ROLLBACK") }
            throw error
        }
    }

    private func prepared(_ sql: String) throws(StoreError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, sql, -1, CUnsignedInt(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard status == SQLITE_OK, let statement else { throw failure("prepare") }
        statements[sql] = statement
        return statement
    }

    private func bind(_ values: [String], to statement: OpaquePointer) throws(StoreError) {
        for (index, value) in values.enumerated() {
            var value = value
            let status =
                value.isEmpty
                ? sqlite3_bind_null(statement, CInt(index + 1))
                : value.withUTF8 { text in
                    text.withMemoryRebound(to: CChar.self) { text in
                        // SQLITE_TRANSIENT: SQLite copies the text before this call returns.
                        sqlite3_bind_text64(
                            statement, CInt(index + 1), text.baseAddress, sqlite3_uint64(text.count),
                            unsafeBitCast(-1, to: sqlite3_destructor_type.self), UInt8(SQLITE_UTF8))
                    }
                }
            guard status == SQLITE_OK else { throw failure("bind a value") }
        }
    }

    /// The library's last error as ours.
    private func failure(_ action: String) -> StoreError {
        let code = sqlite3_extended_errcode(handle)
        let text = String(cString: sqlite3_errmsg(handle))
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: return .busy(location)
        case SQLITE_CORRUPT, SQLITE_NOTADB: return .notAStore(location)
        case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM: return .cannotOpen(location, reason: text)
        case SQLITE_CONSTRAINT: return .duplicateKey(table: "", key: text)
        default: return .failed(action, reason: "\(text): '\(location)'")
        }
    }
}
