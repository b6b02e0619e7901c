internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage

struct NoderangeExpandCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "noderange-expand", abstract: "Print the nodes of a noderange.")

    @Flag(help: "Take names that are no nodes as they are.") var noVerify = false
    @Flag(name: .short, help: "End records with NUL.") var z = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "Noderange; read from standard input, one a line, unless given.") var noderange: String?

    func run() throws {
        let cluster = try Cluster.open()
        let range = try noderange ?? readRanges()
        let nodes: [String]
        do {
            nodes = noVerify ? try cluster.names(in: range) : try cluster.nodes(in: range)
        } catch NoderangeError.unknown(let names) {
            throw CommandFailure(
                names.map { Diagnostic("neither a node nor a group", subject: $0, remedy: "see nodels") }, status: 1)
        }
        if json {
            try Console.write(JSONText.document("nodes", nodes))
        } else {
            try Console.records(nodes.map { Array($0.utf8) }, isNULSeparated: z)
        }
    }

    private func readRanges() throws -> String {
        let text = try FileDescriptor.standardInput.readToEnd(limit: NoderangeSyntax.limit, of: "standard input")
        return String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: ",")
    }
}
