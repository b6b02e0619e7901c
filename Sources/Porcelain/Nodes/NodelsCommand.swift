internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

struct NodelsCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodels", abstract: "List nodes, and columns of theirs.", helpNames: [])

    @Flag(name: [.short, .long], help: "Name the group that a value is inherited from.") var blame = false
    @Flag(name: [.customShort("H"), .long], help: "Put the column before each value.") var withFieldname = false
    @Flag(name: .customShort("S"), help: "Hidden nodes too.") var hidden = false
    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(
        help: "Noderange, then TABLE.COLUMN, TABLE, groups, tags, mgt, or COLUMN with ==, !=, =~ or !~ and a value.",
        completion: .custom { words, _, prefix in
            words.dropLast().contains { !$0.hasPrefix("-") }
                ? TableCompletion.columns(prefix, mark: "") : NodeCompletion.nodes(prefix)
        })
    var words: [String] = []

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        if help { throw UsageFailure(status: 0) }
        let cluster = try Cluster.open()
        let questions = try words.dropFirst().map { try NodeQuestion($0) }
        var nodes: [String]
        if let range = words.first, !range.isEmpty {
            nodes = try cluster.requireNodes(range)
        } else {
            nodes = try cluster.names(ObjectType.named("node"))
        }
        if !hidden, words.isEmpty || words[0].isEmpty {
            let hidden = try cluster.hiddenNodes()
            nodes.removeAll { hidden.contains($0) }
        }
        cluster.prepare(forObjects: nodes.count)
        let criteria = questions.compactMap(\.criterion)
        let columns = criteria.map(\.column)
        if let twice = columns.indices.first(where: { columns[..<$0].contains(columns[$0]) }) {
            return Console.error(Diagnostic("Multiple selection critera for \(criteria[twice].word)"))
        }
        try show(nodes, questions, cluster)
    }

    private func show(_ nodes: [String], _ questions: [NodeQuestion], _ cluster: Cluster) throws {
        let shown = questions.flatMap(\.columns)
        let hasLabels = withFieldname || questions.count > 1 || questions.contains(where: \.isTable)
        var output = ""
        for node in nodes {
            let matches = try questions.compactMap(\.criterion).allSatisfy { criterion in
                criterion.term.holds(for: try cluster.value(of: node, criterion.column)?.text ?? "")
            }
            guard matches else { continue }
            if shown.isEmpty { output += node + "\n" }
            for (label, column) in shown {
                let found = try cluster.value(of: node, column)
                let origin = found.flatMap { blame && $0.key != node ? " (inherited from group \($0.key))" : nil } ?? ""
                output += "\(node): \(hasLabels ? "\(label): " : "")\(found?.text ?? "")\(origin)\n"
            }
        }
        try Console.write(output.utf8)
    }
}

/// A word of nodels after the noderange: what to show, or which nodes to keep.
struct NodeQuestion {
    struct Criterion {
        var word: String
        var column: NodeColumn
        var term: Selection
    }

    var columns: [(label: String, column: NodeColumn)] = []
    var criterion: Criterion?
    var isTable = false

    init(_ word: String) throws {
        if word.contains("=") || word.contains("!") || word.contains("~") {
            let term: Selection
            do {
                term = try Selection(word)
            } catch is DefinitionError {
                throw Self.unknown(word)
            }
            guard let column = NodeColumn(term.attribute) else { throw Self.unknown(word) }
            criterion = Criterion(word: term.attribute, column: column, term: term)
        } else if let column = NodeColumn(word) {
            columns = [(word, column)]
        } else if let all = NodeColumn.all(of: word) {
            columns = all.map { ("\($0.table).\($0.column)", $0) }
            isTable = true
        } else {
            throw Self.unknown(word)
        }
    }

    static func unknown(_ word: String) -> CommandFailure {
        CommandFailure([
            Diagnostic("\(word) not a valid table.column description", remedy: "see tabdump -d for tables and columns")
        ])
    }
}
