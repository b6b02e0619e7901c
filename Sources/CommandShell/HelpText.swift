internal import CommandList

extension CommandList.Entry {
    /// As it is typed, with its synopsis.
    var usage: String {
        let words = (commandClass == .umbrella ? ["catboat"] : []) + [name, synopsis]
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The parser's help with the synopsis of the command list, which is that of the manual page.
    func inHelp(_ help: String) -> String {
        guard let start = help.firstRange(of: "USAGE: ") else { return help }
        let rest = help[start.upperBound...]
        let end = rest.firstRange(of: "\n\n")?.lowerBound ?? rest.endIndex
        return help[..<start.upperBound] + usage + rest[end...]
    }
}
