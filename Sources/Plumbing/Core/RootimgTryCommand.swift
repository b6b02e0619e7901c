internal import ArgumentParser
internal import CommandShell
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct RootimgTryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rootimg-try", abstract: "Run a command over a throw-away root image and list what it changed.")

    @Flag(name: .customShort("z"), help: "End records with NUL.") var isNULSeparated = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "The folder that holds rootimg/.", completion: .directory) var rootimgdir: String
    @Argument(parsing: .postTerminator, help: "The command and its arguments.") var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("give the command after --") }
        guard !(json && isNULSeparated) else { throw ValidationError("-z and --json exclude each other") }
    }

    private struct Record: Encodable {
        var level: String
        var status: String
        var name: JSONName
        var old: String?
        var new: String?

        /// `LEVEL TAB STATUS TAB NAME TAB OLD TAB NEW`.
        var bytes: [UInt8] {
            let name = String(decoding: name.bytes, as: UTF8.self)
            let fields = [level, status, name, old ?? "", new ?? ""].map {
                Diagnostic.escaped($0, keepingNewlines: false)
            }
            return Array(fields.joined(separator: "\t").utf8)
        }
    }

    func run() throws {
        let settings = Settings.current()
        let folder = try ImageFolder(FilePath(rootimgdir))
        guard folder.tree.isDirectory else { throw ImageStateError.noTree(folder.tree) }
        let lock = try ImageLock(folder.path)
        let trial = try TreeTrial(folder, execPath: settings.execPath)
        do {
            let before = Self.versions(try? InstalledPackages(tree: folder.tree))
            var sandbox = trial.sandbox
            sandbox.environment = sandbox.environment.merging(settings.childEnvironment)
            // What the command prints is not our result.
            let ending = try sandbox.run(
                command.map { Word($0) }, holding: lock, input: .inherited, output: .descriptor(.standardError))
            if case .signaled(let signal) = ending { Interruption.die(of: signal) }
            guard ending != .exited(125) else { throw CommandFailure([], status: 128) }
            let packages = before.isEmpty ? [] : try packageRecords(before, sandbox, lock, folder, settings)
            try print(
                packages
                    + trial.changes().map { change in
                        Record(
                            level: "path", status: String(change.status),
                            name: JSONName(change.path.bytes), old: nil, new: nil)
                    })
            try trial.remove()
            if !ending.isSuccess { throw ExitCode(1) }
        } catch {
            try? trial.remove()
            throw error
        }
    }

    private func print(_ records: [Record]) throws {
        if json { return try Console.write(JSONText.document("changes", records)) }
        if isNULSeparated {
            // With NUL at the end a name stands as it is.
            return try Console.records(
                records.map { record in
                    Array("\(record.level)\t\(record.status)\t".utf8) + record.name.bytes
                        + Array("\t\(record.old ?? "")\t\(record.new ?? "")".utf8)
                }, isNULSeparated: true)
        }
        try Console.records(records.map(\.bytes), isNULSeparated: false)
    }

    /// Packages that are other than before, by name; the list is asked for over the same overlay.
    private func packageRecords(
        _ before: [String: String], _ sandbox: ImageSandbox, _ lock: borrowing ImageLock, _ folder: ImageFolder,
        _ settings: Settings
    ) throws -> [Record] {
        let program = Word(settings.execPath.joined("catboat"))
        let answer = try sandbox.capture([program, "package-list", Word(folder.tree)], holding: lock)
        guard answer.ending.isSuccess else { throw CommandFailure([], status: 128) }
        var after: [String: String] = [:]
        for line in answer.lines {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if fields.count == 3 { after["\(fields[0]):\(fields[2])"] = fields[1] }
        }
        return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map { key in
            let (old, new) = (before[key], after[key])
            let name = String(key.prefix { $0 != ":" })
            return Record(
                level: "package", status: old == nil ? "A" : new == nil ? "D" : "M", name: JSONName(Array(name.utf8)),
                old: old, new: new)
        }
    }

    /// Versions by `NAME:ARCHITECTURE`.
    private static func versions(_ installed: InstalledPackages?) -> [String: String] {
        Dictionary(
            (installed?.packages ?? []).map { ("\($0.name):\($0.architecture)", $0.version) },
            uniquingKeysWith: { $1 })
    }
}
