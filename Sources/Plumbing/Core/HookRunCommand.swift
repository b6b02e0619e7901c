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
    @Option(help: "Run only hooks of this name.") var only: String?
    @Option(help: "Write what the hooks are told to a file.", completion: .file()) var saveContext: String?
    @Flag(help: "Print the hooks, run none.") var list = false
    @Flag(name: .customShort("z"), help: "Separate printed records by NUL.") var nul = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "The event, e.g. pre-genimage.", completion: .list(HookEvent.all.map(\.name))) var event: String?
    @Argument(help: "Arguments for the hooks.") var argument: [String] = []

    func validate() throws {
        guard list || event != nil else { throw ValidationError("name an event") }
        guard list || !(nul || json) else { throw ValidationError("-z and --json need --list") }
        guard !(nul && json) else { throw ValidationError("-z and --json exclude each other") }
        for fact in fact {
            guard let name = fact.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).first,
                fact.contains("="), !name.isEmpty,
                name.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5f })
            else { throw ValidationError("--fact needs name=value, with letters a-z, digits and '_' in the name") }
        }
    }

    func run() throws {
        let cluster = try Cluster.open()
        let installFolder = try cluster.installFolder
        let finder = HookFinder(
            settings: cluster.settings, installFolder: installFolder,
            configuration: try cluster.settings.configuration(installFolder: installFolder))
        let events = try event.map { [try HookEvent(named: $0)] } ?? HookEvent.all
        if list {
            // One whose event is unknown is found for every event.
            var unknown: Set<FilePath> = []
            let found = try events.map { event in
                let hooks = try finder.hooks(of: event, image: osimage, isListing: true)
                return (event, hooks.filter { $0.ignored != .unknownEvent || unknown.insert($0.place).inserted })
            }
            try HookListing(found).print(nul: nul, json: json)
        } else {
            try run(events[0], finder, cluster)
        }
    }

    private func run(_ event: HookEvent, _ finder: HookFinder, _ cluster: Cluster) throws {
        var hooks = try finder.hooks(of: event, image: osimage)
        if let only {
            hooks = hooks.filter { $0.name.printable == only }
            guard hooks.contains(where: { $0.ignored == nil }) else {
                let remedy = hooks.first?.ignored.map { "it is \($0.reason)" } ?? "see hook-run --list \(event.name)"
                throw CommandFailure([Diagnostic("no such hook of \(event.name) runs", subject: only, remedy: remedy)])
            }
        }
        noteIgnored(hooks)
        let runner = HookRunner(
            settings: cluster.settings, ownsChildren: true, entering: ImageEntry(cluster.settings).tool)
        // Also without a hook of its own an event inside itself is refused: what started it would go round for ever.
        try runner.admit(event, image: osimage)
        guard saveContext != nil || hooks.contains(where: { $0.ignored == nil }) else { return }
        let context = try context(event, cluster)
        if let saveContext {
            try AtomicFile.write(try runner.savedContext(context), to: FilePath(saveContext), permissions: 0o600)
        }
        let results = try runner.run(hooks, context)
        if case .interrupted(let signal) = results.last?.outcome.cut { Interruption.die(of: signal) }
        let failed = results.filter { !$0.outcome.isSuccess }
        guard failed.isEmpty else { throw CommandFailure(failed.map { diagnostic($0, event) }, status: 1) }
    }

    private func context(_ event: HookEvent, _ cluster: Cluster) throws -> HookContext {
        var context = HookContext(event: event, image: osimage, arguments: argument.map { Word($0) })
        context.installFolder = try cluster.installFolder
        context.tftpFolder = try cluster.tftpFolder
        context.site = try cluster.site
        for fact in fact {
            let parts = fact.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            context.facts[String(parts[0])] = String(parts[1])
        }
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
            let place = hook.place.printable
            switch hook.ignored {
            case .notExecutable:
                Console.note(
                    "hook-run: hook is not executable and does not run: '\(place)': chmod +x it, or rename it to .sample"
                )
            case .notAFile: Console.note("hook-run: hook is not a file and does not run: '\(place)'")
            case .notAFolder:
                Console.note("hook-run: what should be a folder of hooks is none, and nothing runs: '\(place)'")
            case .disabled, .masked, .untrusted, .unknownEvent, .wrong, nil: break
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

/// Hooks as `--list` prints them, in the order in which they run.
private struct HookListing {
    private let hooks: [(event: HookEvent, hook: Hook)]

    init(_ found: [(event: HookEvent, hooks: [Hook])]) {
        hooks = found.flatMap { event, hooks in hooks.map { (event, $0) } }
    }

    private struct Record: Encodable {
        var event: String
        var name: JSONName
        var origin: String
        var place: JSONName
        var inImage: Bool
        var runs: Bool
        var reason: String?
        var timeout: Int64?
    }

    func print(nul: Bool, json: Bool) throws {
        if json {
            try Console.write(
                JSONText.document(
                    "hooks",
                    hooks.map { event, hook in
                        Record(
                            event: event.name, name: JSONName(hook.name.bytes), origin: hook.origin.name,
                            place: JSONName(hook.place.bytes), inImage: hook.isInImage, runs: hook.ignored == nil,
                            reason: hook.ignored?.reason, timeout: hook.timeLimit?.components.seconds)
                    }))
        } else {
            try Console.records(
                hooks.map { event, hook in
                    Array("\(event.name)\t".utf8) + hook.name.bytes
                        + Array("\t\(hook.origin.name)\t\(hook.ignored?.reason ?? "runs")\t".utf8) + hook.place.bytes
                }, isNULSeparated: nul)
        }
    }
}
