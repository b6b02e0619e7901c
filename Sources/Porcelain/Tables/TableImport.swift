internal import Support
internal import SystemPackage
internal import Tables

/// A table of another xCAT, or of a dump, on its way into the store: what ours does not have is kept beside it.
struct TableImport {
    let name: String
    var reader: TableCSVReader

    init(_ name: String, _ reader: TableCSVReader) {
        self.name = name
        self.reader = reader
    }

    /// Reads a file that is named after its table.
    init(_ file: FilePath) throws {
        name = String(file.lastName.printable.prefix { $0 != "." })
        reader = try TableRestoring.reader(file.readBytes(limit: 1 << 30), of: file.lastName.printable)
    }

    /// The table of ours with this name.
    private var schema: TableSchema? { TableSchema.names.contains(name) ? TableSchema.named(name) : nil }

    private var unknownColumns: [String] {
        schema.map { schema in reader.columns.filter { schema.position(of: $0) == nil } } ?? []
    }

    /// What ours does not have, for people.
    var notes: [String] {
        guard schema != nil else {
            return reader.records.isEmpty
                ? [] : ["There is no table '\(name)' here: its \(reader.records.count) rows are kept for dumps only."]
        }
        return unknownColumns.map { "There is no column '\($0)' in table '\(name)' here: it is kept for dumps only." }
    }

    /// Whether the file holds what is kept for other xCATs: a table that is not ours, or a column of one.
    func isKept(in store: any Store) throws -> Bool {
        guard let schema else { return try KeptCells.tables(in: store).contains(name) }
        let unknown = unknownColumns
        if unknown.isEmpty { return false }
        let kept = try KeptColumns(of: schema, in: store).names
        return unknown.allSatisfy { kept.contains($0) }
    }

    /// What puts the rows in place of those that are there.
    func batch() throws(TableRestoring.Failure) -> TableBatch {
        try checkNames()
        var batch = TableBatch([KeptCells.forgetting(name)])
        guard let schema else {
            if let problem = reader.problems.first {
                throw TableRestoring.Failure(diagnostics: [problem.diagnostic], status: 4)
            }
            if let long = reader.records.first(where: { $0.fields.count > reader.columns.count }) {
                throw TableRestoring.Failure(
                    diagnostics: [
                        Diagnostic(
                            "Too many fields on line \(long.line): \(long.text)",
                            remedy: "the header names \(reader.columns.count) columns")
                    ], status: 4)
            }
            batch.append(KeptCells.keeping(name, columns: reader.columns, reader.records.map(\.fields)))
            return batch
        }
        let restoring = TableRestoring(schema)
        let rows = try restoring.rows(reader, keepsNumbers: true)
        batch.append(restoring.batch(rows, isAdding: false))
        for column in unknownColumns {
            guard let position = reader.columns.firstIndex(of: column) else { continue }
            let values = zip(rows, reader.records).map { row, record in
                let keys = schema.keys.map { key in row.first { $0.column == key }?.value ?? "" }
                return (keys, position < record.fields.count ? record.fields[position] ?? "" : "")
            }
            batch.append(KeptCells.keeping(name, column: column, values))
        }
        return batch
    }

    /// Names must be such that a table of that name can be kept and dumped again.
    private func checkNames() throws(TableRestoring.Failure) {
        var problem: Diagnostic?
        if !Self.isName(name) || name.hasPrefix("catboat_") {
            problem = Diagnostic("Unable to open \(name)", remedy: "name the file after its table, e.g. site.csv")
        } else if let column = reader.columns.first(where: { !Self.isName($0) }) {
            problem = Diagnostic("The header line names a column '\(column)'", remedy: "use letters, digits and '_'")
        } else if schema == nil, Set(reader.columns).count < reader.columns.count {
            problem = Diagnostic("The header line names a column twice", remedy: "remove one of them")
        }
        if let problem { throw TableRestoring.Failure(diagnostics: [problem], status: 4) }
    }

    /// Whether a table of this name can be a file of a dump.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || byte == UInt8(ascii: "_")
            }
    }
}
