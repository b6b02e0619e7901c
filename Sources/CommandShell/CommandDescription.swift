public import ArgumentParser
internal import FoundationEssentials

/// What a command accepts, read from its declaration: for option prefixes, completion and the manual's drift test.
public struct CommandDescription: Sendable {
    public struct Option: Sendable, Equatable {
        /// Without dashes, e.g. `output`.
        public var longNames: [String]
        /// Without the dash, one letter each.
        public var shortNames: [String]
        public var isFlag: Bool
        public var isOperand: Bool
        /// What the value is called, e.g. `tree`.
        public var valueName: String
        public var abstract: String
        /// Allowed values, when they are a fixed list.
        public var values: [String]
    }

    public let name: String
    public let abstract: String
    public let options: [Option]

    public init<Command: ParsableCommand>(of type: Command.Type) {
        let dump = type._dumpHelp()
        let tool = try? JSONDecoder().decode(ToolDump.self, from: Data(dump.utf8))
        name = tool?.command.commandName ?? ""
        abstract = tool?.command.abstract ?? ""
        options = (tool?.command.arguments ?? []).filter { $0.shouldDisplay }.map { argument in
            Option(
                longNames: (argument.names ?? []).filter { $0.kind != "short" }.map(\.name),
                shortNames: (argument.names ?? []).filter { $0.kind == "short" }.map(\.name),
                isFlag: argument.kind == "flag", isOperand: argument.kind == "positional",
                valueName: argument.valueName ?? "", abstract: argument.abstract ?? "", values: argument.allValues ?? []
            )
        }
    }

    var longOptions: [String] { options.flatMap(\.longNames) }
}

private struct ToolDump: Decodable {
    struct Name: Decodable {
        var kind: String
        var name: String
    }
    struct Argument: Decodable {
        var kind: String
        var shouldDisplay: Bool
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var allValues: [String]?
    }
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var arguments: [Argument]?
    }
    var command: Command
}
