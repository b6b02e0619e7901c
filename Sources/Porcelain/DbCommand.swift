internal import ArgumentParser
internal import CommandShell
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

struct DbCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Copy a store into another.")

    @Flag(help: "Replace what the other store holds.") var replace = false
    @Argument(help: "What to do: migrate.", completion: .list(["migrate"])) var action: String
    @Argument(help: "Store to copy: the path of an SQLite file, or a postgresql:// URL.", completion: .file())
    var source: String
    @Argument(help: "Store to fill.", completion: .file()) var target: String

    func validate() throws {
        guard action == "migrate" else { throw ValidationError("unknown action: '\(action)': use migrate") }
    }

    func run() throws {
        let from = location(source)
        let to = location(target)
        guard from != to else {
            throw CommandFailure([Diagnostic("a store cannot be copied into itself", subject: from.printable)])
        }
        guard from.isPostgres || FilePath(from.text).exists else {
            throw FileError("read", FilePath(from.text), .noSuchFileOrDirectory)
        }
        var batch = TableBatch()
        var count = 0
        let source = try from.reader()
        try source.snapshot { () throws(StoreError) in
            for schema in TableSchema.stored {
                batch.append(.clear(schema.name))
                for row in try source.rows(schema, includingDisabled: true) {
                    let values = schema.columns.compactMap { column in row[column].map { Cell(column, $0) } }
                    batch.append(.insert(schema.name, values: values))
                    count += 1
                }
            }
        }
        if !replace { try refuseFilled(to) }
        let environment = Environment(["CATBOAT_DB": Word(to.text)])
        let shown = Environment(["CATBOAT_DB": Word(to.printable)])
        try Step("table-set", ["--stdin"], input: batch.bytes).adding(environment, shown: shown).runTelling()
        try Console.print("copied \(count) rows of \(from.printable) to \(to.printable)")
    }

    /// A path is made absolute, since the step may run in another folder.
    private func location(_ text: String) -> StoreLocation {
        let given = StoreLocation(text)
        return given.isPostgres || text.contains("://") ? given : StoreLocation(FilePath(text).absolute.printable)
    }

    private func refuseFilled(_ location: StoreLocation) throws {
        let store = try location.reader()
        for schema in TableSchema.stored where try !store.rows(schema, includingDisabled: true).isEmpty {
            throw CommandFailure([
                Diagnostic(
                    "store holds rows of \(schema.name) already", subject: location.printable,
                    remedy: "use --replace to lose them")
            ])
        }
    }
}
