internal import CSQLite
internal import Support
public import SystemPackage

/// The tables of a running xCAT: a folder with one SQLite file for each. They are only read.
public struct ForeignTables: Sendable {
    /// One table: its name, columns and rows.
    public struct Table: Sendable {
        public var name: String
        public var reader: TableCSVReader
    }

    private let folder: FilePath

    public init(_ folder: FilePath) { self.folder = folder }

    /// Names of the tables that have a file, sorted.
    public func names() throws -> [String] {
        try folder.directoryNames().map(\.printable).filter { $0.hasSuffix(".sqlite") && $0.utf8.count > 7 }
            .map { String($0.dropLast(7)) }
    }

    /// The table of one file; nil for one that was never written to.
    /// - Throws: `StoreError`: the file is locked, damaged, or cannot be read without being changed.
    public func table(_ name: String) throws(StoreError) -> Table? {
        let file = folder.joined("\(name).sqlite")
        try refuseWriteAheadLog(file)
        let connection = try SQLiteConnection(file.printable, flags: SQLITE_OPEN_READONLY)
        let columns = try connection.rows("SELECT name FROM pragma_table_info(?)", [name], width: 1).compactMap {
            $0[0]
        }
        if columns.isEmpty { return nil }
        let list = columns.map { Self.quoted($0) }.joined(separator: ", ")
        connection.strictTable = name
        let rows = try connection.rows(
            "SELECT rowid, \(list) FROM \(Self.quoted(name)) ORDER BY rowid", width: columns.count + 1)
        return Table(
            name: name,
            reader: TableCSVReader(
                columns: columns, rows.map { Array($0.dropFirst()) },
                numbers: rows.map { row in row[0].flatMap { Int($0) } ?? 0 }))
    }

    /// Reading a file with a write-ahead log makes files beside it. Bytes 18 and 19 of the header tell.
    private func refuseWriteAheadLog(_ file: FilePath) throws(StoreError) {
        var head = [UInt8](repeating: 0, count: 20)
        do {
            let descriptor = try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
            defer { try? descriptor.close() }
            let count = try head.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            head.removeLast(20 - count)
        } catch {
            throw .cannotOpen(file.printable, reason: (error as? Errno)?.description ?? "it cannot be read")
        }
        guard head.count == 20, head[18] == 2 || head[19] == 2 else { return }
        throw .cannotOpen(
            file.printable, reason: "it has a write-ahead log: run dumpxCATdb -p DIR of that xCAT and import DIR")
    }

    /// An identifier of the file itself, so any text.
    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
