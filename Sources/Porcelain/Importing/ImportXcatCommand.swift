internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

struct ImportXcatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-xcat", abstract: "Bring over the definitions of an xCAT.")

    @Flag(help: "Read the tables of an xCAT on this machine, /etc/xcat unless told.") var live = false
    @Flag(name: .shortAndLong, help: "The logs too.") var all = false
    @Flag(name: [.customShort("n"), .long], help: "Only say what would be done.") var dryRun = false
    @Argument(help: "Folder that dumpxCATdb wrote, or file that lsdef -z wrote.", completion: .file()) var source:
        String?

    func validate() throws {
        guard live || source != nil else { throw ValidationError("give a folder, a stanza file or --live") }
    }

    func run() throws {
        let settings = Settings.current()
        let summary: String
        if live {
            summary = try importTables(try liveTables(settings), settings)
        } else {
            let path = FilePath(source ?? "")
            guard path.exists else {
                throw FileError("read", path, .noSuchFileOrDirectory)
            }
            summary =
                path.isDirectory
                ? try importTables(try dumpedTables(path), settings) : try importStanzas(path, settings)
        }
        try Console.print(summary)
    }

    /// The tables of a folder of CSV files.
    private func dumpedTables(_ folder: FilePath) throws -> [TableImport] {
        let files = try folder.directoryNames().filter { $0.printable.hasSuffix(".csv") }
        guard !files.isEmpty else {
            throw CommandFailure([
                Diagnostic(
                    "no tables in the folder", subject: folder.printable,
                    remedy: "give a folder that dumpxCATdb wrote, or --live for one of SQLite files")
            ])
        }
        var problems: [Diagnostic] = []
        var tables: [TableImport] = []
        for file in files where isWanted(String(file.printable.dropLast(4))) {
            do {
                tables.append(try TableImport(folder.joined(file)))
            } catch let failure as TableRestoring.Failure {
                problems += failure.diagnostics.map {
                    Diagnostic("\(file.printable): \($0.statement)", remedy: $0.remedy)
                }
            }
        }
        if !problems.isEmpty { throw CommandFailure(problems) }
        return tables
    }

    /// The tables of an xCAT on this machine.
    private func liveTables(_ settings: Settings) throws -> [TableImport] {
        let folder = try source.map { FilePath($0) } ?? settings.root.host("/etc/xcat")
        let foreign = ForeignTables(folder)
        let names = try foreign.names()
        guard !names.isEmpty else {
            throw CommandFailure([
                Diagnostic(
                    "no SQLite tables in the folder", subject: folder.printable,
                    remedy: "when xCAT keeps them elsewhere, run dumpxCATdb -p DIR there and import DIR")
            ])
        }
        var tables: [TableImport] = []
        for name in names where isWanted(name) {
            guard var table = try foreign.table(name) else {
                Console.warning("'\(folder.joined("\(name).sqlite"))' has no table '\(name)': it was left out.")
                continue
            }
            // Databases take rows without a key; nothing could ever be found in them.
            if let key = TableSchema.named(name)?.requiredKey {
                for number in table.reader.removeRecords(without: key) {
                    Console.warning("Row \(number) of the table '\(name)' has no \(key): it was left out.")
                }
            }
            tables.append(TableImport(table.name, table.reader))
        }
        return tables
    }

    private func isWanted(_ table: String) -> Bool { all || (table != "auditlog" && table != "eventlog") }

    private func importTables(_ given: [TableImport], _ settings: Settings) throws -> String {
        let files = SharedFileImport(settings, installFolder: try installFolder(given))
        var batch = TableBatch()
        var problems: [Diagnostic] = []
        var notes: [String] = []
        for var table in given {
            table.reader.replaceValues { column, value in
                ["comments", "description", "disable"].contains(column) ? value : files.mapped(value)
            }
            do {
                batch.append(try table.batch())
                notes += table.notes
            } catch {
                problems += error.diagnostics.map { Diagnostic("\(table.name): \($0.statement)", remedy: $0.remedy) }
            }
        }
        if !problems.isEmpty { throw CommandFailure(problems) }
        for note in notes + files.notes { Console.warning(note) }
        let count = given.map(\.reader.records.count).reduce(0, +)
        if !dryRun {
            try files.copy()
            try Step("table-set", ["--stdin"], input: batch.bytes).runTelling()
        }
        return "\(dryRun ? "would import" : "imported") \(given.count) tables with \(count) rows"
            + told(files, settings)
    }

    private func told(_ files: SharedFileImport, _ settings: Settings) -> String {
        let names = files.copies.map { "\n\(dryRun ? "would copy" : "copied") \($0.target.printable)" }
        return names.joined()
    }

    /// Where the imported site has its install trees.
    private func installFolder(_ tables: [TableImport]) throws -> FilePath {
        if let site = tables.first(where: { $0.name == "site" })?.reader,
            let key = site.columns.firstIndex(of: "key"), let value = site.columns.firstIndex(of: "value"),
            let row = site.records.first(where: { key < $0.fields.count && $0.fields[key] == "installdir" }),
            value < row.fields.count, let folder = row.fields[value], folder.hasPrefix("/")
        {
            return FilePath(folder)
        }
        return try Cluster.open().installFolder
    }

    /// Objects of a file that lsdef -z wrote.
    private func importStanzas(_ path: FilePath, _ settings: Settings) throws -> String {
        var file = StanzaFile(try String(utf8: path.readBytes(limit: 256 << 20), of: path.printable))
        let files = SharedFileImport(settings, installFolder: try Cluster.open(settings).installFolder)
        file.replaceValues { attribute, value in attribute == "usercomment" ? value : files.mapped(value) }
        let request = try DefinitionRequest(DefinitionOptions<ChdefVerb>.parse(["-z"]))
        let makePlan = { [file] (cluster: Cluster) in
            try DefinitionChange(request, cluster).plan(try DraftReader(request, cluster).read(file, isPlaced: true))
        }
        let plan: ChangePlan
        if dryRun {
            plan = try makePlan(try Cluster.open(settings))
            plan.printNotes()
        } else {
            try files.copy()
            plan = try PlannedChange.apply { try makePlan($0) }
        }
        for note in files.notes { Console.warning(note) }
        let summary = "\(dryRun ? "would import" : "imported") \(plan.changed.count) objects" + told(files, settings)
        if plan.hasErrors || plan.hasFailures {
            try Console.print(summary)
            throw CommandFailure([
                Diagnostic("not everything was imported", subject: path.printable, remedy: "see the lines above")
            ])
        }
        return summary
    }
}
