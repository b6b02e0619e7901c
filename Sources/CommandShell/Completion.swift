internal import ArgumentParser
internal import CommandList

/// What a shell offers on Tab. The scripts in completions/ call `catboat ---words WORD…`, the last word being the
/// one to complete, and get one candidate a line: the word, a tab, what it is. A last line `:files` or
/// `:directories` asks the shell for file names.
struct Completion {
    /// Candidates for the verb itself.
    static func verbs(_ prefix: String) -> [String] {
        let globals = [
            "-C\tchange to a folder", "-c\tset key=value", "--root\tfolder that stands for /", "--exec-path",
            "--version",
        ]
        if prefix.hasPrefix("-") { return globals.filter { $0.hasPrefix(prefix) } }
        return CommandList.entries.filter { $0.name.hasPrefix(prefix) && $0.commandClass != .plumbing }
            .map { "\($0.name)\t\($0.summary)" }
    }

    private let description: CommandDescription
    /// Asks the command for candidates: name of the argument as ArgumentParser wants it, all words.
    private let compute: (String, [String]) -> [String]

    init<Command: ParsableCommand>(of type: Command.Type) {
        description = CommandDescription(of: type)
        compute = { name, words in
            do {
                let index = "\(max(0, words.count - 1))"
                let cursor = "\((words.last ?? "").count)"
                _ = try type.parseAsRoot(["---completion", "--", name, index, cursor] + words)
                return []
            } catch {
                return type.message(for: error).split(separator: "\n").map(String.init)
            }
        }
    }

    init(_ description: CommandDescription, compute: @escaping (String, [String]) -> [String]) {
        self.description = description
        self.compute = compute
    }

    /// Candidates for the last of `words`, which follow the verb.
    func candidates(_ words: [String]) -> [String] {
        let current = words.last ?? ""
        let earlier = words.dropLast()
        if let (option, value) = attached(current) {
            return values(of: option, prefix: value, words.dropLast() + [value]).map {
                $0.hasPrefix(":") ? $0 : "\(current.prefix { $0 != "=" })=\($0)"
            }
        }
        if let option = earlier.last.flatMap({ valued($0) }), !earlier.contains("--") {
            return values(of: option, prefix: current, words)
        }
        if current.hasPrefix("-"), !earlier.contains("--") { return options(current) }
        guard let operand = operand(after: Array(earlier)) else { return [] }
        return values(of: operand, prefix: current, words)
    }

    private func options(_ prefix: String) -> [String] {
        description.arguments.flatMap { argument in
            argument.spellings.filter { $0.hasPrefix(prefix) }.map { "\($0)\t\(argument.abstract)" }
        }
    }

    /// The option that `word` names, when it takes a value in the next word.
    private func valued(_ word: String) -> CommandDescription.Argument? {
        description.arguments.first { !$0.isFlag && !$0.isOperand && $0.spellings.contains(word) }
    }

    /// `--option=value` taken apart.
    private func attached(_ word: String) -> (CommandDescription.Argument, String)? {
        guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else { return nil }
        return valued(String(word[..<equals])).map { ($0, String(word[word.index(after: equals)...])) }
    }

    private func operand(after words: [String]) -> CommandDescription.Argument? {
        var count = 0
        var isOperand = false
        var skipsNext = false
        for word in words {
            if skipsNext {
                skipsNext = false
            } else if !isOperand, word == "--" {
                isOperand = true
            } else if !isOperand, word.hasPrefix("-"), word.count > 1 {
                skipsNext = valued(word) != nil
            } else {
                count += 1
            }
        }
        let operands = description.operands
        return count < operands.count ? operands[count] : operands.last.flatMap { $0.isRepeating ? $0 : nil }
    }

    private func values(of argument: CommandDescription.Argument, prefix: String, _ words: [String]) -> [String] {
        switch argument.completion {
        case .unknown: return []
        case .file: return [":files"]
        case .directory: return [":directories"]
        case .values(let values): return values.filter { $0.hasPrefix(prefix) }
        case .computed:
            let index = description.operands.firstIndex(of: argument)
            let name = argument.spellings.last ?? "positional@\(index ?? 0)"
            return compute(name, words).filter { $0.hasPrefix(prefix) || $0.hasPrefix(":") }
        }
    }
}
