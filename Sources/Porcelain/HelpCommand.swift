internal import ArgumentParser
internal import CommandList
internal import CommandShell
internal import Settings
internal import Support
internal import SystemPackage

struct HelpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "List commands, or show the manual page of one.")

    @Flag(name: .shortAndLong, help: "List plumbing too.") var all = false
    @Argument(
        help: "A command or a topic whose manual page to show.",
        completion: .custom { _, _, prefix in CommandList.entries.map(\.name).filter { $0.hasPrefix(prefix) } })
    var command: String?

    func run() throws {
        if let command {
            try showManual(command)
        } else {
            try list()
        }
    }

    private func list() throws {
        try Console.print("usage: catboat [-C DIR] [--root DIR] [-c KEY=VALUE] COMMAND [ARGUMENT ...]\n")
        var groups: [(CommandList.Class, String)] = [
            (.porcelain, "The life of an image"), (.umbrella, "Verbs of catboat"),
        ]
        if all { groups.append((.plumbing, "For programs (in \(Settings.current().execPath.printable))")) }
        let width = CommandList.entries.map(\.name.count).max() ?? 0
        for (commandClass, title) in groups {
            let entries = CommandList.entries.filter { $0.commandClass == commandClass }
            guard !entries.isEmpty else { continue }
            try Console.print("\(title):")
            for entry in entries {
                let gap = String(repeating: " ", count: width - entry.name.count + 3)
                try Console.print("   \(entry.name)\(gap)\(entry.summary)")
            }
            try Console.print("")
        }
        if !all { try Console.print("catboat help -a lists plumbing too; catboat help COMMAND shows a manual page.") }
    }

    private func showManual(_ name: String) throws {
        guard let page = try page(of: name) else {
            let similar = CommandList.similar(to: name)
            let remedy = similar.isEmpty ? "see catboat help -a" : "did you mean \(similar.joined(separator: ", "))?"
            throw CommandFailure([Diagnostic("no such command", subject: name, remedy: remedy)], status: 1)
        }
        guard try Tool("man", page).run().isSuccess else {
            let text = page.last.map { "\($0)" } ?? name
            throw CommandFailure(
                [Diagnostic("no manual page", subject: text, remedy: "install catboat's man pages")], status: 1)
        }
    }

    /// Words for man(1): a command's page, else one about a file format or an overview, with or without `catboat-`.
    private func page(of name: String) throws -> [Word]? {
        if let entry = CommandList.entry(named: name) {
            return [Word(entry.commandClass == .umbrella ? "catboat-\(name)" : name)]
        }
        guard !name.hasPrefix("-") else { return nil }
        for candidate in ["catboat-\(name)", name] {
            let words: [Word] = ["-s", "5:7", Word(candidate)]
            if try Tool("man", ["-w"] + words).capture().ending.isSuccess { return words }
        }
        return nil
    }
}
