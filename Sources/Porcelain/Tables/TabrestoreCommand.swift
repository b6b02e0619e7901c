internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage
internal import Tables

struct TabrestoreCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "tabrestore", abstract: "Put the rows of a file into a table.", helpNames: [])
    static let misuseStatus: Int32 = 2

    @Flag(name: [.short, .long], help: "Add the rows; those that are there stay.") var addrows = false
    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(help: "File, named TABLE.csv.", completion: .file(extensions: ["csv"])) var file: String?

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        if help { throw UsageFailure(status: 0) }
        guard let file else { throw UsageFailure(status: 2) }
        let bytes: [UInt8]
        do {
            bytes = try FilePath(file).readBytes(limit: 1 << 30)
        } catch {
            try Console.print("Error: Unable to open \(file) for reading.")
            throw CommandFailure([], status: 3)
        }
        do {
            if let kept = try keptBatch(FilePath(file), bytes) { return try TableRestoring.apply(kept) }
            let restoring = try TableRestoring(for: FilePath(file))
            let present = addrows ? try Cluster.open().store.rows(restoring.schema, includingDisabled: true) : []
            let rows = try restoring.rows(bytes, of: FilePath(file).lastName.printable, beside: present)
            try TableRestoring.apply(restoring.batch(rows, isAdding: addrows))
        } catch let failure as TableRestoring.Failure {
            throw CommandFailure(failure.diagnostics, status: failure.status)
        }
    }

    /// What restores a file of ours that holds what is kept for other xCATs; nil for any other file.
    private func keptBatch(_ file: FilePath, _ bytes: [UInt8]) throws -> TableBatch? {
        let name = String(file.lastName.printable.prefix { $0 != "." })
        let header = Array(bytes.prefix { $0 != 0x0a })
        guard let columns = try? TableRestoring.reader(header, of: file.lastName.printable),
            try TableImport(name, columns).isKept(in: Cluster.open().store)
        else { return nil }
        let reader = try TableRestoring.reader(bytes, of: file.lastName.printable)
        guard !addrows else {
            throw CommandFailure([
                Diagnostic(
                    "rows with what is kept for other xCATs cannot be added", subject: name,
                    remedy: "leave those columns out, or restore the whole table without -a")
            ])
        }
        if TableSchema.named(name) == nil, reader.records.isEmpty, reader.problems.isEmpty {
            return TableBatch([KeptCells.forgetting(name)])
        }
        return try TableImport(name, reader).batch()
    }
}
