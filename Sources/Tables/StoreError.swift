public import Support

/// Why tables could not be read or changed.
public enum StoreError: Diagnosable, Equatable {
    case unknownTable(String)
    case unknownColumn(String, table: String)
    case cannotOpen(String, reason: String)
    case notAStore(String)
    case newerStore(String)
    case busy(String)
    case unsupported(String)
    case controlCharacter(String, table: String)
    case missingKey(String, table: String)
    case notText(table: String, column: String, row: Int, file: String)
    case emptyFile(String)
    case foreignFile(String)
    case duplicateKey(table: String, key: String)
    case conflict(TableConflict)
    case failed(String, reason: String)

    public var diagnostic: Diagnostic {
        switch self {
        case .unknownTable(let table):
            Diagnostic("no such table", subject: table, remedy: "see tabdump for the names")
        case .unknownColumn(let column, let table):
            Diagnostic("no such column", subject: "\(table).\(column)", remedy: "see tabdump -d \(table)")
        case .cannotOpen(let location, let reason):
            Diagnostic("cannot open the store", subject: location, remedy: reason)
        case .notAStore(let location):
            Diagnostic(
                "not a store, or damaged", subject: location,
                remedy: "move it away, then restore a dump: restorexCATdb -p DIR")
        case .newerStore(let location):
            Diagnostic("store was written by a newer catboat", subject: location, remedy: "upgrade this one")
        case .busy(let location):
            Diagnostic("store is locked by another program", subject: location, remedy: "try again when it has ended")
        case .unsupported(let location):
            Diagnostic(
                "kind of store is not supported", subject: location,
                remedy: "use the path of an SQLite file, or a postgresql:// URL")
        case .controlCharacter(let column, let table):
            Diagnostic(
                "value has a control character", subject: "\(table).\(column)", remedy: "leave it out")
        case .missingKey(let column, let table):
            Diagnostic("row has no key", subject: "\(table).\(column)", remedy: "give \(column)=VALUE")
        case .notText(let table, let column, let row, let file):
            Diagnostic(
                "text is not UTF-8", subject: "\(table).\(column), row \(row)",
                remedy: "write it again: sqlite3 \(file) \"UPDATE \(table) SET \(column)='…' WHERE rowid=\(row)\"")
        case .emptyFile(let location):
            Diagnostic(
                "store is an empty file", subject: location,
                remedy: "put a copy of it back, or remove it and restore a dump: restorexCATdb -p DIR")
        case .foreignFile(let location):
            Diagnostic(
                "SQLite file belongs to another program", subject: location,
                remedy: "let CATBOAT_DB name a file of its own")
        case .duplicateKey(let table, let key):
            Diagnostic("row exists already", subject: "\(table) \(key)", remedy: "change it instead")
        case .conflict(let conflict): conflict.diagnostic
        case .failed(let action, let reason):
            Diagnostic("cannot \(action) in the store", remedy: reason)
        }
    }
}

/// An expectation of a batch that did not hold.
public struct TableConflict: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case holds(column: String, found: String, expected: String)
        case missing
        case exists
    }

    public var table: String
    /// The row, as `COLUMN=VALUE` pairs.
    public var row: String
    public var reason: Reason

    public init(table: String, row: String, reason: Reason) {
        self.table = table
        self.row = row
        self.reason = reason
    }

    var diagnostic: Diagnostic {
        let subject = "\(table) \(row)"
        return switch reason {
        case .holds(let column, let found, let expected):
            Diagnostic(
                "conflict", subject: subject,
                remedy: "\(column) is '\(found)' and not '\(expected)': read again and retry")
        case .missing: Diagnostic("conflict", subject: subject, remedy: "there is no such row")
        case .exists: Diagnostic("conflict", subject: subject, remedy: "the row exists already")
        }
    }
}
