#if canImport(Glibc)
    internal import Glibc
#endif

/// PostgreSQL's client library, loaded when the first connection is made: who keeps the tables in SQLite neither
/// needs it nor pays for it at every start.
///
/// Names and signatures: PostgreSQL documentation, chapter "libpq". Handles are opaque to us.
struct LibPQ {
    typealias Connection = OpaquePointer
    typealias Answer = OpaquePointer
    typealias Text = UnsafePointer<CChar>
    typealias Texts = UnsafePointer<Text?>

    let connect: @convention(c) (Texts, Texts, CInt) -> Connection?
    let finish: @convention(c) (Connection) -> Void
    /// 0 is CONNECTION_OK.
    let status: @convention(c) (Connection) -> CInt
    let errorMessage: @convention(c) (Connection) -> Text?
    let prepare: @convention(c) (Connection, Text, Text, CInt, UnsafePointer<UInt32>?) -> Answer?
    let executePrepared:
        @convention(c) (
            Connection, Text, CInt, Texts?, UnsafePointer<CInt>?, UnsafePointer<CInt>?, CInt
        ) -> Answer?
    let execute: @convention(c) (Connection, Text) -> Answer?
    /// 1 is PGRES_COMMAND_OK, 2 is PGRES_TUPLES_OK.
    let answerStatus: @convention(c) (Answer?) -> CInt
    let errorField: @convention(c) (Answer?, CInt) -> Text?
    let changedRows: @convention(c) (Answer) -> Text?
    let rowCount: @convention(c) (Answer) -> CInt
    let isNull: @convention(c) (Answer, CInt, CInt) -> CInt
    let value: @convention(c) (Answer, CInt, CInt) -> Text?
    let length: @convention(c) (Answer, CInt, CInt) -> CInt
    let clear: @convention(c) (Answer?) -> Void

    /// Nil when the library, or a function in it, is missing.
    static func load() -> LibPQ? {
        guard let library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL) else { return nil }
        func function<Function>(_ name: String, as type: Function.Type) -> Function? {
            // The type is the one that the library's header declares for the name.
            dlsym(library, name).map { unsafeBitCast($0, to: type) }
        }
        guard
            let connect = function("PQconnectdbParams", as: (@convention(c) (Texts, Texts, CInt) -> Connection?).self),
            let finish = function("PQfinish", as: (@convention(c) (Connection) -> Void).self),
            let status = function("PQstatus", as: (@convention(c) (Connection) -> CInt).self),
            let errorMessage = function("PQerrorMessage", as: (@convention(c) (Connection) -> Text?).self),
            let prepare = function(
                "PQprepare",
                as: (@convention(c) (Connection, Text, Text, CInt, UnsafePointer<UInt32>?) -> Answer?).self),
            let executePrepared = function(
                "PQexecPrepared",
                as: (@convention(c) (
                    Connection, Text, CInt, Texts?, UnsafePointer<CInt>?, UnsafePointer<CInt>?, CInt
                ) -> Answer?).self),
            let execute = function("PQexec", as: (@convention(c) (Connection, Text) -> Answer?).self),
            let answerStatus = function("PQresultStatus", as: (@convention(c) (Answer?) -> CInt).self),
            let errorField = function("PQresultErrorField", as: (@convention(c) (Answer?, CInt) -> Text?).self),
            let changedRows = function("PQcmdTuples", as: (@convention(c) (Answer) -> Text?).self),
            let rowCount = function("PQntuples", as: (@convention(c) (Answer) -> CInt).self),
            let isNull = function("PQgetisnull", as: (@convention(c) (Answer, CInt, CInt) -> CInt).self),
            let value = function("PQgetvalue", as: (@convention(c) (Answer, CInt, CInt) -> Text?).self),
            let length = function("PQgetlength", as: (@convention(c) (Answer, CInt, CInt) -> CInt).self),
            let clear = function("PQclear", as: (@convention(c) (Answer?) -> Void).self)
        else { return nil }
        return LibPQ(
            connect: connect, finish: finish, status: status, errorMessage: errorMessage, prepare: prepare,
            executePrepared: executePrepared, execute: execute, answerStatus: answerStatus, errorField: errorField,
            changedRows: changedRows, rowCount: rowCount, isNull: isNull, value: value, length: length, clear: clear)
    }
}
