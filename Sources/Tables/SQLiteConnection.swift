internal import CSQLite

/// One open SQLite file. Statements are prepared once and kept.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private let location: String
    private var statements: [String: OpaquePointer] = [:]

    /// - Parameter isCreating: makes the file when there is none.
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
        sqlite3_busy_timeout(handle, 30_000)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs a statement without results.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [String] = []) throws(StoreError) -> Int {
        let statement = try prepared(sql)
        defer { sqlite3_reset(statement) }
        try bind(values, to: statement)
        let status = sqlite3_step(statement)
        guard status == SQLITE_DONE || status == SQLITE_ROW else { throw failure("change rows") }
        return Int(sqlite3_changes(handle))
    }

    /// All rows of a query, `width` columns each.
    func rows(_ sql: String, _ values: [String] = [], width: Int) throws(StoreError) -> [[String?]] {
        let statement = try prepared(sql)
        defer { sqlite3_reset(statement) }
        try bind(values, to: statement)
        var result: [[String?]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                result.append(
                    (0..<CInt(width)).map { column in
                        guard let text = sqlite3_column_text(statement, column) else { return nil }
                        let count = Int(sqlite3_column_bytes(statement, column))
                        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
                    })
            case SQLITE_DONE: return result
            default: throw failure("read rows")
            }
        }
    }

    /// Runs `body` as one transaction that nobody can write beside; rolls back when it throws.
    func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        try run("BEGIN IMMEDIATE")
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
