internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage
internal import Tables

struct DumpxCATdbCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "dumpxCATdb", abstract: "Write all tables to a folder.", helpNames: [])

    @OptionGroup var options: DatabaseCopyOptions

    func run() throws {
        if try options.isAnswered() { return }
        guard let folder = options.path else {
            throw UsageFailure(" Requires -p with path to directory to hold db files.")
        }
        let cluster = try Cluster.open()
        let skipped = try options.skippedTables(cluster)
        let path = FilePath(folder)
        if !path.isDirectory {
            try Console.print(" Creating \(folder) for database dump")
            try path.createDirectories(permissions: 0o700)
        }
        let tables = try tables(in: cluster.store, without: skipped)
        if let bad = tables.first(where: { !TableImport.isName($0.name) }) {
            throw CommandFailure([
                Diagnostic("name of a kept table is no file name", subject: bad.name, remedy: "restore it by its name")
            ])
        }
        for table in tables {
            guard let text = table.text else {
                if options.verbose { try Console.print("Skipping \(table.name)") }
                continue
            }
            if options.verbose { try Console.print("Dumping \(table.name)") }
            try AtomicFile.write(text().utf8, to: path.joined("\(table.name).csv"), permissions: 0o600)
        }
        try Console.print("Backup Complete.")
    }

    /// All tables as they are at one moment, those that are kept for others last; without a text those that are skipped.
    private func tables(
        in store: any Store, without skipped: Set<String>
    ) throws -> [(name: String, text: (() -> String)?)] {
        var tables: [(name: String, text: (() -> String)?)] = []
        try store.snapshot { () throws(StoreError) in
            for schema in TableSchema.all {
                if skipped.contains(schema.name) {
                    tables.append((schema.name, nil))
                    continue
                }
                let rows = try store.rows(schema, includingDisabled: true)
                let csv = TableCSV(schema, rows, kept: try KeptColumns(of: schema, in: store))
                tables.append((schema.name, { csv.text }))
            }
            for name in try KeptCells.tables(in: store) {
                let text = try KeptCells.text(of: name, in: store) ?? ""
                tables.append((name, { text }))
            }
        }
        return tables
    }
}

struct RestorexCATdbCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "restorexCATdb", abstract: "Put the tables of a folder back.", helpNames: [])

    @OptionGroup var options: DatabaseCopyOptions

    func run() throws {
        if try options.isAnswered() { return }
        guard let folder = options.path else {
            throw UsageFailure(" Requires -p with path to directory of the db files.")
        }
        guard FilePath(folder).isDirectory else {
            throw CommandFailure([Diagnostic(" Input path must exist", remedy: "give the folder that dumpxCATdb wrote")]
            )
        }
        let skipped = try options.skippedTables(try Cluster.open())
        var batch = TableBatch()
        var failed = false
        var notes: [String] = []
        let names = try FilePath(folder).directoryNames().filter { $0.printable.hasSuffix(".csv") }
        if names.isEmpty {
            throw CommandFailure([
                Diagnostic("no tables in the folder", subject: folder, remedy: "give the folder that dumpxCATdb wrote")
            ])
        }
        for name in names {
            let file = FilePath(folder).joined(name)
            if skipped.contains(String(name.printable.dropLast(4))) {
                try Console.print("Skipping \(name.printable)")
                continue
            }
            do {
                let table = try TableImport(file)
                batch.append(try table.batch())
                notes += table.notes
                if options.verbose { try Console.print("Restoring \(name.printable).") }
            } catch let failure as TableRestoring.Failure {
                for diagnostic in failure.diagnostics {
                    Console.error(
                        Diagnostic("\(name.printable): \(diagnostic.statement)", remedy: diagnostic.remedy))
                }
                failed = true
            }
        }
        // One table that cannot be restored stops all: half of a site's tables is no site.
        if failed {
            throw CommandFailure([
                Diagnostic("nothing was restored", subject: folder, remedy: "correct the files above")
            ])
        }
        for note in notes { Console.warning(note) }
        try TableRestoring.apply(batch)
        try Console.print("Restore of Database Complete.")
    }
}

/// The command line of dumpxCATdb and restorexCATdb.
struct DatabaseCopyOptions: ParsableArguments {
    @Option(name: [.customShort("p"), .customLong("path")], help: "Folder of the files.", completion: .directory)
    var path: String?
    @Flag(name: .short, help: "The logs and skipped tables too.") var all = false
    @Flag(name: [.customShort("V"), .customLong("verbose")], help: "Name each table.") var verbose = false
    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false

    func isAnswered() throws -> Bool {
        if help { throw UsageFailure(status: 0) }
        if version { try Console.print("Version \(CommandShell.version)") }
        return version
    }

    /// Logs, and what the site or the environment names.
    func skippedTables(_ cluster: Cluster) throws -> Set<String> {
        if all { return [] }
        let named = try [Environment.current.text("XCAT_SKIPTABLES"), cluster.site("skiptables")].compactMap { $0 }
        return Set(
            ["auditlog", "eventlog"] + named.flatMap { $0.split(separator: ",").map { $0.trimmedBlanks } })
    }
}
