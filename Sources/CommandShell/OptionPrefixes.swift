internal import ArgumentParser
internal import FoundationEssentials

/// Unique prefixes of long options, which xCAT's parser takes and ArgumentParser does not.
struct OptionPrefixes {
    private let names: () -> [String]

    init<Command: ParsableCommand>(of type: Command.Type) {
        names = { CommandDescription(of: type).longOptions }
    }

    init(names: [String]) { self.names = { names } }

    /// `words` with each unique prefix of a long option written out; anything else stays for the parser to judge.
    func expand(_ words: [String]) -> [String] {
        guard words.contains(where: { $0.hasPrefix("--") && $0.count > 2 }) else { return words }
        let known = names() + ["help"]
        var isOperand = false
        return words.map { word in
            if word == "--" { isOperand = true }
            guard !isOperand, word.hasPrefix("--"), word.count > 2 else { return word }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let given = String(parts[0])
            if known.contains(given) { return word }
            let matches = known.filter { $0.hasPrefix(given) }
            guard matches.count == 1, let match = matches.first else { return word }
            return "--" + ([match] + parts.dropFirst().map(String.init)).joined(separator: "=")
        }
    }
}
