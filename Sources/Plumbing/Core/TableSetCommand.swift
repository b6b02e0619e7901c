internal import ArgumentParser
internal import CommandShell
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

struct TableSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table-set", abstract: "Change rows of tables, all or nothing.")

    @Flag(help: "Read a batch of operations from standard input.") var stdin = false
    @Flag(name: .short, help: "Fields of the batch end with NUL, an empty field ends an operation.") var z = false
    @Flag(name: .shortAndLong, help: "Say nothing about a conflict.") var quiet = false
    @Flag(help: "Print conflicts as JSON, an empty list when there is none.") var json = false
    @Flag(help: "Remove the rows for which all pairs hold.") var delete = false
    @Option(parsing: .unconditionalSingleValue, help: "Only if the row holds COLUMN=VALUE now.") var expect: [String] =
        []
    @Flag(help: "Only if there is no such row.") var absent = false
    @Argument(help: "Table to change.", completion: .custom { _, _, prefix in TableNames.complete(prefix) })
    var table: String?
    @Argument(help: "COLUMN=VALUE of the key, which says the row, and of what to set.") var pairs: [String] = []

    func validate() throws {
        if stdin {
            guard table == nil, !delete, !absent, expect.isEmpty else {
                throw ValidationError("--stdin takes everything from standard input")
            }
        } else {
            guard table != nil, !pairs.isEmpty else { throw ValidationError("give a table and COLUMN=VALUE pairs") }
            guard !z else { throw ValidationError("-z goes with --stdin") }
            guard !(delete && absent) else { throw ValidationError("--delete and --absent exclude each other") }
        }
    }

    func run() throws {
        let batch = stdin ? try readBatch() : try givenBatch()
        let store = try StoreLocation(try Settings.current().storeLocation()).writer()
        do {
            try store.apply(batch)
            if json { try Console.write(JSONText.document("conflicts", raw: [])) }
        } catch let error as StoreError {
            if json, let record = Self.record(of: error) {
                try Console.write(JSONText.document("conflicts", raw: [record]))
            }
            switch error {
            case .conflict, .duplicateKey: throw CommandFailure(quiet ? [] : [error.diagnostic], status: 1)
            default: throw error
            }
        }
    }

    /// What stood in the way; nil for an error that is none of the tables' content.
    private static func record(of error: StoreError) -> [UInt8]? {
        switch error {
        case .duplicateKey(let table, let key):
            return JSONText.object([("reason", "exists"), ("row", key), ("table", table)])
        case .conflict(let conflict):
            var members = [("row", conflict.row), ("table", conflict.table)]
            switch conflict.reason {
            case .holds(let column, let found, let expected):
                members += [("reason", "holds"), ("column", column), ("found", found), ("expected", expected)]
            case .missing: members.append(("reason", "missing"))
            case .exists: members.append(("reason", "exists"))
            }
            return JSONText.object(members)
        default: return nil
        }
    }

    private func readBatch() throws -> TableBatch {
        let text = try FileDescriptor.standardInput.readToEnd(limit: 1 << 30, of: "standard input")
        return try TableBatch(parsing: text, isNULSeparated: z)
    }

    private func givenBatch() throws -> TableBatch {
        guard let schema = TableSchema.named(table ?? "") else { throw StoreError.unknownTable(table ?? "") }
        let cells = try pairs.map(cell)
        if delete {
            return TableBatch(
                (expect.isEmpty ? [] : [.expect(schema.name, matches: cells, values: try expect.map(cell))])
                    + [.delete(schema.name, matches: cells)])
        }
        let matches = try schema.keys.map { key in
            guard let cell = cells.first(where: { $0.column == key }) else {
                throw ValidationError("give \(key)=VALUE, which says the row of '\(schema.name)'")
            }
            return cell
        }
        var batch = TableBatch()
        if absent { batch.append(.absent(schema.name, matches: matches)) }
        if !expect.isEmpty {
            batch.append(.expect(schema.name, matches: matches, values: try expect.map(cell)))
        }
        batch.append(.set(schema.name, matches: matches, values: cells.filter { !schema.keys.contains($0.column) }))
        return batch
    }

    private func cell(_ word: String) throws -> Cell {
        guard let cell = Cell(parsing: word) else { throw ValidationError("not COLUMN=VALUE: '\(word)'") }
        return cell
    }
}
