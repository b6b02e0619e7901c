internal import ArgumentParser
internal import CommandShell
internal import Hooks
internal import Settings
internal import Support
internal import SystemPackage

struct PrescriptRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prescript-run", abstract: "Run one prescript for nodes that are being set.")

    @Option(help: "What the nodes are set to, e.g. osimage=IMAGE.") var action: String
    @Option(help: "The nodes, separated by commas.") var nodes: String
    @Option(help: "Time limit, e.g. 90s, 15m, 2h, or 0 for none; an hour by default.") var timeout: String?
    @Argument(parsing: .postTerminator, help: "The script and its arguments.") var script: [String] = []

    func validate() throws {
        guard !script.isEmpty else { throw ValidationError("give the script after --") }
        guard timeout == nil || TimeLimit.parse(timeout ?? "") != nil else {
            throw ValidationError("--timeout needs seconds, 15m, 2h, or 0 for no limit")
        }
    }

    func run() throws {
        let settings = Settings.current()
        let path = FilePath(script[0])
        let stored = settings.root.stored(path).printable
        guard path.isExecutableFile else {
            throw CommandFailure([
                Diagnostic("prescript is not an executable file", subject: stored, remedy: "create it, or run chmod +x")
            ])
        }
        var trust = HookTrust()
        try trust.check(path)
        var tool = Tool(path, script.dropFirst().map { Word($0) })
        tool.environment = environment(settings)
        tool.directory = "/"
        let limit = timeout.flatMap { TimeLimit.parse($0) } ?? .seconds(3600)
        let outcome = try ScriptRunner(ownsChildren: true).run(
            Script(tool, label: Word(path.lastName), timeLimit: limit))
        if case .interrupted(let signal) = outcome.cut { Interruption.die(of: signal) }
        guard outcome.isSuccess else {
            throw CommandFailure(
                [
                    Diagnostic(
                        "prescript \(outcome.told) for \(nodes)", subject: stored,
                        remedy: outcome.lastLines.isEmpty ? "it printed nothing" : outcome.lastLines)
                ], status: 1)
        }
    }

    private func environment(_ settings: Settings) -> Environment {
        var result = settings.scriptEnvironment
        result["NODES"] = Word(nodes)
        result["ACTION"] = Word(action)
        return result
    }
}
