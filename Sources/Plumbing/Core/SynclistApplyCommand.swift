internal import ArgumentParser
internal import CommandShell
internal import Profiles
internal import Ramdisk
internal import Settings
internal import Support
internal import SystemPackage

struct SynclistApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synclist-apply", abstract: "Copy the files of synclists into a root image.")

    @Option(help: "A variable of the lists, as NAME=VALUE; may be repeated.") var env: [String] = []
    @Option(help: "Folder of the image where originals of appended files are kept.")
    var nodesyncfiledir = "/var/xcat/node/syncfiles"
    @Flag(name: [.long, .customShort("n")], help: "Change nothing.") var dryRun = false
    @Flag(name: .customShort("z"), help: "End records with NUL.") var isNULSeparated = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "Tree of the image.", completion: .directory) var rootimg: String
    @Argument(help: "Synclists.", completion: .file()) var lists: [String]

    private struct Record: Encodable {
        var action: String
        var destination: JSONName
        var file: JSONName
        var line: Int
        var source: JSONName
    }

    func validate() throws {
        guard !(json && isNULSeparated) else { throw ValidationError("-z and --json exclude each other") }
        guard env.allSatisfy({ $0.contains("=") && !$0.hasPrefix("=") }) else {
            throw ValidationError("--env is NAME=VALUE")
        }
        guard nodesyncfiledir.hasPrefix("/") else { throw ValidationError("--nodesyncfiledir is an absolute path") }
    }

    func run() throws {
        let settings = Settings.current()
        var variables: [String: String] = [:]
        for pair in env {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = String(parts[1])
        }
        let synclists = try lists.map { try Synclist(FilePath($0), variables: variables) }
        let applier = try SyncApplier(
            tree: FilePath(rootimg),
            sources: SyncSources { path throws(FileError) in try settings.host(path) },
            stateFolder: Array(nodesyncfiledir.utf8))
        let steps: [SyncApplier.Step]
        do {
            steps = try applier.plan(synclists)
        } catch let failures as SyncFailures {
            throw CommandFailure(failures.diagnostics)
        }
        for step in steps { tellLeftOut(step) }
        if !dryRun { try applier.apply(steps) }
        try report(steps.filter { $0.outcome == .done })
    }

    private func tellLeftOut(_ step: SyncApplier.Step) {
        let place = "\(step.entry.file.printable):\(step.entry.line)"
        switch step.outcome {
        case .done: break
        case .forNodes(let nodes):
            Console.note("synclist-apply: notice: left out, it is for nodes \(nodes) only: \(place)")
        case .script:
            Console.note("synclist-apply: notice: left out, scripts run on nodes, not in an image: \(place)")
        }
    }

    private func report(_ steps: [SyncApplier.Step]) throws {
        if json {
            let records = steps.map { step in
                Record(
                    action: step.action.rawValue, destination: JSONName(step.destination),
                    file: JSONName(step.entry.file.bytes), line: step.entry.line, source: JSONName(step.source.bytes))
            }
            return try Console.write(JSONText.document("steps", records))
        }
        let records = steps.map { step in
            Array(step.action.rawValue.utf8) + [0x09] + step.source.bytes + [0x09] + step.destination
        }
        try Console.records(records, isNULSeparated: isNULSeparated)
    }
}
