public import ArgumentParser
internal import FoundationEssentials

/// What a command accepts, read from its declaration: for option prefixes, completion and the manual's drift test.
public struct CommandDescription: Sendable {
    /// What may stand for a value.
    public enum Completion: Sendable, Equatable {
        case unknown
        case values([String])
        case file
        case directory
        /// The command computes the candidates itself, e.g. names of osimages.
        case computed
    }

    /// An option, a flag or an operand.
    public struct Argument: Sendable, Equatable {
        /// Without dashes, e.g. `output`; empty for an operand.
        public var longNames: [String]
        /// One letter each.
        public var shortNames: [String]
        public var isFlag: Bool
        public var isOperand: Bool
        public var isRepeating: Bool
        /// What the value is called, e.g. `tree`.
        public var valueName: String
        public var abstract: String
        public var completion: Completion

        /// As it is typed, e.g. `-o`, `--output`.
        public var spellings: [String] { shortNames.map { "-" + $0 } + longNames.map { "--" + $0 } }
    }

    public let name: String
    public let abstract: String
    public let arguments: [Argument]
    /// Names of long options without dashes, hidden ones too.
    public let longOptions: [String]

    public init<Command: ParsableCommand>(of type: Command.Type) {
        let dump = try? JSONDecoder().decode(Dump.self, from: Data(type._dumpHelp().utf8))
        name = dump?.command.commandName ?? ""
        abstract = dump?.command.abstract ?? ""
        arguments = (dump?.command.arguments ?? []).filter(\.shouldDisplay).map(\.argument)
        longOptions = (dump?.command.arguments ?? []).flatMap(\.argument.longNames)
    }

    /// Operands in order.
    public var operands: [Argument] { arguments.filter(\.isOperand) }
}

private struct Dump: Decodable {
    struct Name: Decodable {
        var kind: String
        var name: String
    }
    struct CompletionKind: Decodable {
        struct List: Decodable { var values: [String] }
        struct Empty: Decodable {}
        var list: List?
        var file: Empty?
        var directory: Empty?
        var custom: Empty?
    }
    struct Argument: Decodable {
        var kind: String
        var shouldDisplay: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var allValues: [String]?
        var completionKind: CompletionKind?

        var argument: CommandDescription.Argument {
            let names = names ?? []
            return .init(
                longNames: names.filter { $0.kind == "long" }.map(\.name),
                shortNames: names.filter { $0.kind == "short" }.map(\.name), isFlag: kind == "flag",
                isOperand: kind == "positional", isRepeating: isRepeating, valueName: valueName ?? "",
                abstract: abstract ?? "", completion: completion)
        }

        private var completion: CommandDescription.Completion {
            if let values = completionKind?.list?.values { return .values(values) }
            if completionKind?.file != nil { return .file }
            if completionKind?.directory != nil { return .directory }
            if completionKind?.custom != nil { return .computed }
            return allValues.map { .values($0) } ?? .unknown
        }
    }
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var arguments: [Argument]?
    }
    var command: Command
}
