internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Hooks
internal import Support
internal import SystemPackage

struct HookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook", abstract: "Show the site's hooks, or run them by hand.")

    @Option(
        help: "List the hooks of this osimage too.",
        completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimage: String?
    @Option(help: "Write what the hooks are told to a file.", completion: .file()) var saveContext: String?
    @Flag(name: .customLong("try"), help: "Run on a throw-away root image and list what changes.") var isTry = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "list or run.", completion: .list(["list", "run"])) var action: String
    @Argument(
        help: "[EVENT] of list; EVENT OSIMAGE [NAME] of run.",
        completion: .custom { words, _, prefix in HookCompletion.candidates(words, prefix) })
    var operand: [String] = []

    func validate() throws {
        switch action {
        case "list":
            guard operand.count <= 1 else { throw ValidationError("hook list takes one event") }
            guard saveContext == nil, !isTry else { throw ValidationError("--save-context and --try are for hook run") }
        case "run":
            guard (2...3).contains(operand.count) else { throw ValidationError("hook run takes EVENT OSIMAGE [NAME]") }
            guard osimage == nil, !json || isTry else {
                throw ValidationError("--osimage is for hook list, --json for it and for --try")
            }
            guard !isTry || saveContext == nil else {
                throw ValidationError("--try and --save-context exclude each other")
            }
            guard isTry || operand[0] != "postinstall" else {
                throw ValidationError("postinstall scripts run within genimage; by hand only with --try")
            }
        default: throw ValidationError("say hook list or hook run")
        }
    }

    func run() throws {
        if action == "list" { try list() } else { try runByHand() }
    }

    private func list() throws {
        var words: [Word] = ["--list", "--json"]
        if let osimage { words += ["--osimage", Word(osimage)] }
        let document = try Step("hook-run", words + operand.map { Word($0) }).captured().output
        if json { return try Console.write(document) }
        let hooks = try JSONText.decode(Listing.self, document).hooks
        if hooks.isEmpty { return Console.note("No hooks; see catboat-hooks(5).") }
        var shownEvent = ""
        for hook in hooks {
            if hook.event != shownEvent { try Console.print("\(shownEvent.isEmpty ? "" : "\n")\(hook.event):") }
            shownEvent = hook.event
            let mark = hook.runs ? " " : "-"
            let notes = [hook.origin, hook.inImage ? "in the image" : nil, hook.reason].compactMap { $0 }
            try Console.print("  \(mark) \(hook.name.shown) (\(notes.joined(separator: ", ")))")
            try Console.print("      \(hook.place.shown)")
        }
    }

    private struct Listing: Decodable {
        struct Hook: Decodable {
            var event: String
            var name: JSONName
            var origin: String
            var place: JSONName
            var inImage: Bool
            var runs: Bool
            var reason: String?
        }
        var hooks: [Hook]
    }

    private func runByHand() throws {
        // A mistyped name would run hooks without an image to work on.
        if operand[0] != "postinstall", try !HookEvent(named: operand[0]).allowsUnknownImage {
            _ = try Cluster.open().osimage(operand[1])
        }
        if isTry {
            return try HookTrial(operand[1], json: json).run(operand[0], only: operand.count > 2 ? operand[2] : nil)
        }
        var words: [Word] = ["--osimage", Word(operand[1])]
        if operand.count > 2 { words += ["--only", Word(operand[2])] }
        if let saveContext { words += ["--save-context", Word(saveContext)] }
        let ending = try Step("hook-run", words + [Word(operand[0])]).status()
        switch ending {
        case .exited(let status): throw ExitCode(status)
        case .signaled(let signal): Interruption.die(of: signal)
        }
    }
}

/// Names for completion.
enum OsimageNames {
    static func starting(with prefix: String) -> [String] {
        ((try? Cluster.open().osimageNames()) ?? []).filter { $0.hasPrefix(prefix) }
    }
}

/// Words for the operands of hook: events, then osimages.
enum HookCompletion {
    static func candidates(_ words: [String], _ prefix: String) -> [String] {
        let operands = words.dropLast().filter { !$0.hasPrefix("-") }
        let events = HookEvent.all.map(\.name) + (words.contains("--try") ? ["postinstall"] : [])
        switch operands.count {
        case 1: return events.filter { $0.hasPrefix(prefix) }
        case 2: return OsimageNames.starting(with: prefix)
        default: return []
        }
    }
}

/// Attributes for completion, each with `=`.
enum AttributeNames {
    static func starting(with prefix: String, type: String) -> [String] {
        ((try? ObjectType.named(type))?.attributes ?? []).map { $0 + "=" }.filter { $0.hasPrefix(prefix) }
    }
}

extension JSONName {
    /// For people: control characters escaped.
    var shown: String { Diagnostic.escaped(String(decoding: bytes, as: UTF8.self), keepingNewlines: false) }
}
