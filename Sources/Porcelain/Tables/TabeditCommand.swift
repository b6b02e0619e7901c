internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage
internal import Tables

#if canImport(Glibc)
    internal import Glibc
#endif

struct TabeditCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "tabedit", abstract: "Edit a table as text.", helpNames: [])

    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(
        help: "Table.", completion: .custom { _, _, prefix in TableSchema.names.filter { $0.hasPrefix(prefix) } })
    var table: String?

    func run() throws {
        if help { throw UsageFailure(status: 0) }
        guard let table else { throw UsageFailure() }
        guard let schema = TableSchema.named(table) else {
            throw CommandFailure([Diagnostic("No such table: \(table)", remedy: "see tabdump for the names")])
        }
        if schema.isNumbered {
            throw CommandFailure([
                Diagnostic("logs are not edited", subject: table, remedy: "remove old records with tabprune")
            ])
        }
        let store = try Cluster.open().store
        let rows = try store.rows(schema, includingDisabled: true)
        let kept = try KeptColumns(of: schema, in: store)
        let text = Array(TableCSV(schema, rows).text.utf8)
        let file = try EditedFile(named: "\(table).csv", text)
        while true {
            let edited = try file.edit()
            guard edited != text else {
                return try Console.print("No file modifications detected, not restoring.")
            }
            do {
                return try apply(TableRestoring(schema).rows(edited, of: "\(table).csv"), over: rows, kept, schema)
            } catch let failure as TableRestoring.Failure {
                for diagnostic in failure.diagnostics { Console.error(diagnostic) }
                guard isatty(STDIN_FILENO) == 1 else { throw CommandFailure([], status: failure.status) }
                Console.note("Above errors occured, hit enter to edit, or ctrl-c to abort")
                guard readLine() != nil else { throw CommandFailure([], status: failure.status) }
            }
        }
    }

    /// Replaces the rows that were shown, unless one of them was changed meanwhile; rows that others added stay.
    private func apply(_ new: [[Cell]], over old: [Row], _ kept: KeptColumns, _ schema: TableSchema) throws {
        var batch = TableBatch()
        for row in old {
            let cells = schema.columns.map { Cell($0, row[$0] ?? "") }
            batch.append(.present(schema.name, matches: cells))
            batch.append(.delete(schema.name, matches: cells))
        }
        for cells in new { batch.append(.insert(schema.name, values: cells)) }
        let keys = Set(new.map { cells in schema.keys.map { key in cells.first { $0.column == key }?.value ?? "" } })
        batch.append(kept.keeping(old.filter { keys.contains($0.keyValues) }))
        try TableRestoring.apply(batch)
    }
}

/// A private file that a person edits.
private struct EditedFile {
    private let folder: TemporaryFolder
    private let path: FilePath

    init(named name: String, _ text: [UInt8]) throws {
        folder = try TemporaryFolder("catboat-edit")
        path = try folder.write(text, name)
    }

    /// Runs the editor of the user and gives what the file holds afterwards.
    func edit() throws -> [UInt8] {
        let environment = Environment.current
        let wishes = ["TABEDITOR", "VISUAL", "EDITOR"].compactMap { environment.text($0)?.split(separator: " ") }
        // The variable may hold options, as in `EDITOR="code -w"`.
        let words = wishes.first { !$0.isEmpty } ?? ["vi"]
        let tool = Tool(FilePath(String(words[0])), words.dropFirst().map { Word($0) } + [Word(path)])
        let ending = try Interruption.leftToForeground { try tool.start(input: .inherited).wait() }
        guard ending.isSuccess else {
            let editor = words.joined(separator: " ")
            throw CommandFailure([
                Diagnostic("the editor did not succeed", subject: editor, remedy: "set EDITOR; nothing was changed")
            ])
        }
        return try path.readBytes(limit: 1 << 30)
    }
}
