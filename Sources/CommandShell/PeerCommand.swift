public import ArgumentParser
internal import CommandList
internal import Support

/// A command that xCAT has: on a wrong command line it prints its usage on standard output, as xCAT's users know it.
public protocol PeerCommand: ParsableCommand {
    /// Said before the usage when the command line cannot be parsed; nil for the usage alone.
    static var misuse: String? { get }
    /// Exit status after the usage.
    static var misuseStatus: Int32 { get }
    /// Whether an unknown option is named before the usage, as `Unknown option: name`.
    static var namesUnknownOptions: Bool { get }
}

extension PeerCommand {
    public static var misuse: String? { nil }
    public static var misuseStatus: Int32 { 1 }
    public static var namesUnknownOptions: Bool { false }
}

/// Ends a `PeerCommand` with its usage on standard output.
public struct UsageFailure: Error {
    /// Said before it, as an error.
    public var problem: String?
    /// Exit status.
    public var status: Int32

    public init(_ problem: String? = nil, status: Int32 = 1) {
        self.problem = problem
        self.status = status
    }
}

extension PeerCommand {
    /// Ends what the parser calls `message`.
    static func misused(_ message: String) {
        if namesUnknownOptions, let name = message.firstMatch(of: /Unknown option '-+([^'=]+)/) {
            Console.note("Unknown option: \(name.1)")
        }
        printUsage(misuse ?? badValue(message))
    }

    /// What is wrong with a value; of words that are unknown or missing the usage says enough.
    private static func badValue(_ message: String) -> String? {
        guard let line = message.split(separator: "\n").first, line.hasPrefix("Error: ") else { return nil }
        let isOfWords = ["Unknown option", "Unexpected argument", "unexpected argument", "Missing expected argument"]
            .contains { line.contains($0) }
        return isOfWords ? nil : String(line.dropFirst("Error: ".count))
    }

    static func printUsage(_ problem: String?) {
        if let problem { Console.error(Diagnostic(problem)) }
        let help = helpMessage(includeHidden: false)
        let entry = configuration.commandName.flatMap { CommandList.entry(named: $0) }
        _ = try? Console.print(entry?.inHelp(help) ?? help)
    }
}
