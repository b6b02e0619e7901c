internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

struct TabgrepCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "tabgrep", abstract: "Name the tables that know a node.", helpNames: [])

    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(
        help: "Node; of a noderange the first.", completion: .custom { _, _, prefix in NodeCompletion.nodes(prefix) })
    var node: String?

    func run() throws {
        if help { throw UsageFailure(status: 0) }
        guard let node else { throw UsageFailure() }
        let cluster = try Cluster.open()
        guard let first = try cluster.requireNodes(node).first else { return }
        let names = try cluster.levels(of: first)
        for schema in TableSchema.all {
            guard let column = schema.nodeColumn else { continue }
            // Groups count where they are inherited from.
            let known = schema.name == "nodelist" ? [first] : names
            if try known.contains(where: { try !cluster.rows(schema.name, column, $0).isEmpty }) {
                try Console.print(schema.name)
            }
        }
    }
}

/// Completion of node and group names.
enum NodeCompletion {
    static func nodes(_ prefix: String) -> [String] {
        let head = prefix.lastIndex { ",@-".contains($0) }.map { String(prefix[...$0]) } ?? ""
        guard let cluster = try? Cluster.open(), let type = try? ObjectType.named("node"),
            let nodes = try? cluster.names(type), let groups = try? cluster.staticGroups().keys
        else { return [] }
        return (nodes + groups.sortedByBytes()).map { head + $0 }.filter { $0.hasPrefix(prefix) }
    }
}

/// Tables and their columns for completion.
enum TableCompletion {
    /// `TABLE.` and, when there is a dot, `TABLE.COLUMN` followed by `mark`; only tables when it is nil.
    static func columns(_ prefix: String, mark: String?) -> [String] {
        guard let mark else { return TableSchema.names.filter { $0.hasPrefix(prefix) } }
        guard let dot = prefix.firstIndex(of: "."), let schema = TableSchema.named(String(prefix[..<dot])) else {
            return TableSchema.names.map { $0 + "." }.filter { $0.hasPrefix(prefix) }
        }
        return schema.columns.map { "\(schema.name).\($0)\(mark)" }.filter { $0.hasPrefix(prefix) }
    }
}

extension Cluster {
    /// The nodes of a range that a command acts on.
    /// - Throws: `CommandFailure` in the words of xCAT's clients; nothing is done for the known ones then either.
    func requireNodes(_ range: String) throws -> [String] {
        do {
            return try nodes(in: range)
        } catch let error as NoderangeError {
            throw CommandFailure([error.diagnostic])
        }
    }

    /// The nodes of a range that a command changes: to change none is a mistake.
    func requireSomeNodes(_ range: String) throws -> [String] {
        let nodes = try requireNodes(range)
        guard nodes.isEmpty else { return nodes }
        throw CommandFailure([DefinitionProblem.noNodes(range).diagnostic])
    }
}
