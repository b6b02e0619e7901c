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
            let restoring = try TableRestoring(for: FilePath(file))
            let present = addrows ? try Cluster.open().store.rows(restoring.schema, includingDisabled: true) : []
            let rows = try restoring.rows(bytes, of: FilePath(file).lastName.printable, beside: present)
            try TableRestoring.apply(restoring.batch(rows, isAdding: addrows))
        } catch let failure as TableRestoring.Failure {
            throw CommandFailure(failure.diagnostics, status: failure.status)
        }
    }
}
