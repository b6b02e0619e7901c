public import ArgumentParser
public import CommandList
internal import Settings
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The entry point that all executables share: finds the verb, runs it here or in the executable that holds it,
/// prints errors in the form of the command's class, and exits.
public struct CommandShell: Sendable {
    /// Shown by `--version`.
    public static let version = "0.1.0"

    private let executable: CommandList.Executable
    private let commands: [any ParsableCommand.Type]

    public init(_ executable: CommandList.Executable, _ commands: [any ParsableCommand.Type]) {
        self.executable = executable
        self.commands = commands
    }

    /// Runs the process's own arguments to the end.
    public func main() -> Never {
        Liveness.watch()
        var words = CommandLine.arguments
        let own = FilePath(words.isEmpty ? executable.rawValue : words.removeFirst()).lastName.printable
        if CommandList.Executable(rawValue: own) == nil {
            refuseOtherText(own)
            run(own.hasPrefix("catboat-") ? String(own.dropFirst(8)) : own, words)
        }
        refuseOtherText(own)
        if words.first == "---words" { complete(Array(words.dropFirst())) }
        do {
            var globals = GlobalOptions(words)
            try globals.apply()
            guard let verb = globals.verb else {
                run("help", [])
            }
            run(verb, globals.rest)
        } catch {
            fail(error, name: "catboat", commandClass: .umbrella)
        }
    }

    /// Refuses words that are not UTF-8: they would be stored, or looked for, as something else than was given.
    private func refuseOtherText(_ own: String) {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let word = CommandLine.unsafeArgv[index] else { return }
            let bytes = UnsafeRawBufferPointer(start: word, count: strlen(word))
            if String(validating: bytes, as: UTF8.self) != nil { continue }
            let name = own.hasPrefix("catboat-") && CommandList.entry(named: own) == nil ? "catboat" : own
            fail(
                CommandFailure([
                    Diagnostic(
                        "argument is not UTF-8", subject: String(decoding: bytes, as: UTF8.self),
                        remedy: "give UTF-8; a file of such a name needs another one")
                ]),
                name: name, commandClass: CommandList.entry(named: own)?.commandClass ?? .umbrella)
        }
    }

    private func run(_ verb: String, _ words: [String]) -> Never {
        guard let entry = CommandList.entry(named: verb) else { ExternalVerb(verb).run(words) }
        guard entry.executable == executable else {
            ExternalVerb.exec(Settings.current().execPath.joined(entry.executable.rawValue), as: verb, words)
        }
        guard let type = commands.first(where: { $0.configuration.commandName == verb }) else {
            fail(
                CommandFailure([Diagnostic("command is missing in this build", subject: verb, remedy: "install again")]
                ),
                name: verb, commandClass: entry.commandClass)
        }
        run(type, entry, words)
    }

    private func complete(_ words: [String]) -> Never {
        guard words.count > 1 else {
            for line in Completion.verbs(words.first ?? "") { print(line) }
            exit(0)
        }
        run(words[0], ["---words"] + words.dropFirst())
    }

    private func run<Command: ParsableCommand>(
        _ type: Command.Type, _ entry: CommandList.Entry, _ words: [String]
    ) -> Never {
        if words.first == "---words" {
            for line in Completion(of: type).candidates(Array(words.dropFirst())) { print(line) }
            exit(0)
        }
        if isVersionRequest(words, of: type) {
            print("Version \(Self.version)")
            exit(0)
        }
        var command: any ParsableCommand
        do {
            let words = entry.commandClass == .plumbing ? words : OptionPrefixes(of: type).expand(words)
            command = try type.parseAsRoot(words)
            // For -h the parser gives another command, which throws the text.
            if !(command is Command) { try command.run() }
        } catch {
            misused(error, type, entry)
        }
        if let asynchronous = command as? any AsyncParsableCommand { run(asynchronous, type, entry) }
        do {
            try command.run()
            exit(0)
        } catch {
            ended(by: error, type, entry)
        }
    }

    /// Few commands have work for several threads; only they pay for the start of the pool.
    private func run<Command: ParsableCommand>(
        _ command: sending any AsyncParsableCommand, _ type: Command.Type, _ entry: CommandList.Entry
    ) -> Never {
        Task {
            var command = command
            do {
                try await command.run()
                exit(0)
            } catch {
                ended(by: error, type, entry)
            }
        }
        while true { pause() }
    }

    private func ended<Command: ParsableCommand>(
        by error: any Error, _ type: Command.Type, _ entry: CommandList.Entry
    ) -> Never {
        if error is ValidationError { misused(error, type, entry) }
        if let usage = error as? UsageFailure {
            (type as? any PeerCommand.Type)?.printUsage(usage.problem)
            exit(usage.status)
        }
        fail(error, name: entry.name, commandClass: entry.commandClass)
    }

    /// Every command tells its version when it is asked for nothing else, unless it means something of its own by the option.
    private func isVersionRequest<Command: ParsableCommand>(_ words: [String], of type: Command.Type) -> Bool {
        guard words.count == 1, ["-v", "--version"].contains(words[0]) else { return false }
        return !CommandDescription(of: type).arguments.contains { $0.spellings.contains(words[0]) }
    }

    /// Help that was asked for goes to standard output with status 0; wrong usage to standard error.
    private func misused<Command: ParsableCommand>(
        _ error: any Error, _ type: Command.Type, _ entry: CommandList.Entry
    ) -> Never {
        let code = type.exitCode(for: error)
        let message = type.fullMessage(for: error)
        if code == .success {
            print(entry.inHelp(message))
            exit(0)
        }
        if let peer = type as? any PeerCommand.Type {
            peer.misused(message)
            exit(peer.misuseStatus)
        }
        let isPorcelain = entry.commandClass == .porcelain
        let text = message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message
        Console.note((isPorcelain ? "Error: " : "\(entry.name): error: ") + text)
        exit(isPorcelain ? 1 : 129)
    }

    private func fail(_ error: any Error, name: String, commandClass: CommandList.Class) -> Never {
        if let code = error as? ExitCode { exit(code.rawValue) }
        if let clean = error as? CleanExit {
            print("\(clean)")
            exit(0)
        }
        let failure = error as? CommandFailure
        let diagnostics =
            failure?.diagnostics
            ?? [(error as? any Diagnosable)?.diagnostic ?? Diagnostic("\(error)")]
        for diagnostic in diagnostics {
            if commandClass == .porcelain {
                Console.error(diagnostic)
            } else {
                Console.note("\(name): error: \(diagnostic)")
            }
        }
        exit(failure?.status ?? (commandClass == .porcelain ? 1 : 128))
    }
}
