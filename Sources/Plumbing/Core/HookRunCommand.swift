internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Hooks
internal import Resolution
internal import Settings
internal import Support
internal import SystemPackage

struct HookRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook-run", abstract: "Run the site's hooks of an event.")

    @Option(help: "The osimage that the event is about.") var osimage: String?
    @Option(help: "A value for the hooks, as name=value, e.g. new_digest=sha256:...") var fact: [String] = []
    @Argument(help: "The event, e.g. pre-genimage.", completion: .list(HookEvent.all.map(\.name))) var event: String
    @Argument(help: "Arguments for the hooks.") var argument: [String] = []

    func validate() throws {
        for fact in fact {
            guard let name = fact.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).first,
                fact.contains("="), !name.isEmpty,
                name.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5f })
            else { throw ValidationError("--fact needs name=value, with letters a-z, digits and '_' in the name") }
        }
    }

    func run() throws {
        let event = try HookEvent(named: event)
        let cluster = try Cluster.open()
        let settings = cluster.settings
        let installFolder = try cluster.installFolder
        let finder = HookFinder(
            settings: settings, installFolder: installFolder,
            configuration: try settings.configuration(installFolder: installFolder))
        let hooks = try finder.hooks(of: event, image: osimage)
        noteIgnored(hooks)
        let runner = HookRunner(settings: settings, entering: ImageEntry(settings).tool)
        // Also without a hook of its own an event inside itself is refused: what started it would go round for ever.
        try runner.admit(event, image: osimage)
        guard hooks.contains(where: { $0.ignored == nil }) else { return }
        let results = try runner.run(hooks, try context(event, cluster))
        if case .interrupted(let signal) = results.last?.outcome.cut { Interruption.die(of: signal) }
        let failed = results.filter { !$0.outcome.isSuccess }
        guard failed.isEmpty else { throw CommandFailure(failed.map { diagnostic($0, event) }, status: 1) }
    }

    private func context(_ event: HookEvent, _ cluster: Cluster) throws -> HookContext {
        var context = HookContext(event: event, image: osimage, arguments: argument.map { Word($0) })
        context.installFolder = try cluster.installFolder
        context.tftpFolder = try cluster.tftpFolder
        for fact in fact {
            let parts = fact.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            context.facts[String(parts[0])] = String(parts[1])
        }
        context.site = try cluster.site
        // An image that is yet to be defined, or was removed, has a name and nothing else.
        guard let osimage, let definition = try cluster.definition("osimage", osimage) else { return context }
        let resolved = try ResolvedDefinition(definition, cluster)
        context.attributes = resolved.attributes
        context.rootimgdir = resolved.attributes["rootimgdir"].map { FilePath($0) }
        context.definition = JSONText.document("definitions", raw: [resolved.jsonText])
        return context
    }

    private func noteIgnored(_ hooks: [Hook]) {
        for hook in hooks {
            switch hook.ignored {
            case .notExecutable:
                Console.note(
                    "hook-run: hook is not executable and does not run: '\(hook.place.printable)': chmod +x it, or rename it to end in .sample"
                )
            case .notAFile: Console.note("hook-run: hook is not a file and does not run: '\(hook.place.printable)'")
            case .disabled, .masked, nil: break
            }
        }
    }

    private func diagnostic(_ result: HookRunner.Result, _ event: HookEvent) -> Diagnostic {
        let remedy =
            switch event.name {
            case "pre-publish": "\(event.command) stops here, nothing was published"
            case _ where event.isVeto: "\(event.command) stops here, nothing was changed"
            default: "what \(event.command) did until now stands"
            }
        return Diagnostic(
            "hook of \(event.name) \(result.outcome.told)", subject: result.hook.place.printable,
            remedy: [result.outcome.lastLines, remedy].filter { !$0.isEmpty }.joined(separator: "\n"))
    }
}
