internal import CommandShell
internal import Support
internal import SystemPackage
internal import Tables

/// Reads a file that tabdump wrote, or a person edited, and puts its rows into the table.
struct TableRestoring {
    /// Everything that is wrong with a file; nothing was changed.
    struct Failure: Error {
        var diagnostics: [Diagnostic]
        var status: CInt
    }

    let schema: TableSchema

    /// The table that a file is for: its name up to the first dot.
    /// - Throws: `Failure` with status 4 when there is none.
    init(for file: FilePath) throws(Failure) {
        let name = String(file.lastName.printable.prefix { $0 != "." })
        guard let schema = TableSchema.named(name) else {
            throw Failure(
                diagnostics: [
                    Diagnostic("Unable to open \(name)", remedy: "name the file after its table, e.g. site.csv")
                ],
                status: 4)
        }
        self.schema = schema
    }

    init(_ schema: TableSchema) { self.schema = schema }

    /// The table that a file holds.
    /// - Parameter name: of the file, for messages.
    static func reader(_ bytes: [UInt8], of name: String) throws(Failure) -> TableCSVReader {
        let text: String
        do throws(UnicodeTextError) {
            text = try String(utf8: bytes, of: name)
        } catch {
            throw Failure(diagnostics: [error.diagnostic], status: 4)
        }
        do throws(CSVError) {
            return try TableCSVReader(text)
        } catch {
            throw Failure(diagnostics: [error.diagnostic], status: 1)
        }
    }

    /// The rows of a file.
    /// - Parameters:
    ///   - name: of the file, for messages.
    ///   - present: rows that stay, so that none of the file may have their keys.
    /// - Throws: `Failure` with everything that is wrong with it.
    func rows(_ bytes: [UInt8], of name: String, beside present: [Row] = []) throws(Failure) -> [[Cell]] {
        let reader = try Self.reader(bytes, of: name)
        if let unknown = reader.columns.first(where: { schema.position(of: $0) == nil }) {
            throw Failure(
                diagnostics: [
                    Diagnostic(
                        "The header line indicates that column '\(unknown)' should exist, "
                            + "which is not defined in the schema for '\(schema.name)'",
                        remedy: "see tabdump -d \(schema.name)")
                ], status: 1)
        }
        return try rows(reader, beside: present)
    }

    /// The rows of a table that has been read; columns that ours does not have are passed over.
    /// - Parameter keepsNumbers: rows of logs keep the numbers that they have.
    /// - Returns: as many rows as there are records.
    func rows(
        _ reader: TableCSVReader, keepsNumbers: Bool = false, beside present: [Row] = []
    ) throws(Failure) -> [[Cell]] {
        try checkHeader(reader.columns)
        var problems = reader.problems.map(\.diagnostic)
        var rows: [[Cell]] = []
        var keys: Set<[String]> = []
        let taken = Set(present.map(\.keyValues))
        for record in reader.records {
            if let problem = problem(record, reader.columns) {
                problems.append(problem)
                continue
            }
            let cells = zip(reader.columns, record.fields).compactMap { column, field in
                (field ?? "").isEmpty || schema.position(of: column) == nil
                    || (schema.isNumbered && column == "recid" && !keepsNumbers) ? nil : Cell(column, field ?? "")
            }
            if let required = schema.requiredKey, !cells.contains(where: { $0.column == required }) {
                problems.append(
                    Diagnostic(
                        "No value in key column '\(required)' on line \(record.line): \(record.text)",
                        remedy: "give one, or remove the record"))
                continue
            }
            let key = schema.keys.map { key in cells.first { $0.column == key }?.value ?? "" }
            let hasKey = !schema.isNumbered || keepsNumbers
            if hasKey, taken.contains(key) {
                problems.append(
                    Diagnostic(
                        "DB error the row exists already with line \(record.line): \(record.text)",
                        remedy: "change it with tabedit or chtab instead"))
            } else if hasKey, !keys.insert(key).inserted {
                problems.append(
                    Diagnostic(
                        "DB error the key is there twice with line \(record.line): \(record.text)",
                        remedy: "remove one of the records"))
            }
            rows.append(cells)
        }
        guard problems.isEmpty else { throw Failure(diagnostics: problems, status: 4) }
        return rows
    }

    /// Rows are told apart by their keys, so that all key columns must be there, and every column once.
    private func checkHeader(_ columns: [String]) throws(Failure) {
        var problem: Diagnostic?
        if let twice = columns.indices.first(where: { columns[..<$0].contains(columns[$0]) }) {
            problem = Diagnostic(
                "The header line names column '\(columns[twice])' twice", remedy: "remove one of them")
        } else if !schema.isNumbered, let missing = schema.keys.first(where: { !columns.contains($0) }) {
            problem = Diagnostic(
                "The header line lacks the key column '\(missing)' of the table '\(schema.name)'",
                remedy: "see tabdump -d \(schema.name)")
        }
        if let problem { throw Failure(diagnostics: [problem], status: 1) }
    }

    private func problem(_ record: TableCSVReader.Record, _ columns: [String]) -> Diagnostic? {
        let width = columns.count
        if record.fields.count > width {
            let rest = record.fields[width...].map { $0 ?? "" }.joined(separator: ",")
            return Diagnostic(
                "Too many fields on line \(record.line): \(record.text) | \(rest)",
                remedy: "the header names \(width) columns")
        }
        if record.fields.allSatisfy({ ($0 ?? "").isEmpty }) {
            return Diagnostic("DB error  with line \(record.line): \(record.text)", remedy: "remove the empty record")
        }
        for (column, field) in zip(columns, record.fields)
        where !TableText.isPlain(field ?? "", in: schema, column: column) {
            return Diagnostic(
                "Control character in column '\(column)' on line \(record.line): \(record.text)",
                remedy: "remove it from the file")
        }
        return nil
    }

    /// What puts the rows in place of those that are there, or beside them.
    func batch(_ rows: [[Cell]], isAdding: Bool) -> TableBatch {
        TableBatch(
            (isAdding ? [] : [.clear(schema.name)]) + rows.map { .insert(schema.name, values: $0) })
    }

    /// Runs `table-set`.
    static func apply(_ batch: TableBatch) throws {
        if batch.isEmpty { return }
        let ending = try Step("table-set", ["--stdin"], input: batch.bytes).status()
        guard ending.isSuccess else { throw CommandFailure([], status: 4) }
    }
}
