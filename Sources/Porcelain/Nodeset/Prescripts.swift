internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// xCAT's prescripts: programs of the site that run on this machine when nodes are set, `begin` ones before anything
/// is changed and `end` ones when all is done.
///
/// Nodes with the same list of scripts are one group; each script runs once for a group, or once for each node when it
/// says `#xCAT setting: MAX_INSTANCE=N`.
struct Prescripts {
    enum Stage: String { case begin, end }

    /// A node with what its definition says.
    struct Subject {
        var node: String
        /// The columns begin and end, with what groups give.
        var values: [Stage: String]
        /// Words that may stand before the colon of a piece: the state, and the image's provmethod.
        var actions: Set<String>
    }

    private let cluster: Cluster
    private let action: String
    private let stopsNodes: Bool
    private let timeLimit: String?

    /// - Parameter action: what nodeset was asked, e.g. `osimage=img`.
    init(_ cluster: Cluster, action: String) throws {
        self.cluster = cluster
        self.action = action
        let configuration = try cluster.settings.configuration(installFolder: cluster.installFolder)
        timeLimit = configuration["prescripts.timeout"] ?? configuration["hooks.timeout"]
        switch configuration["prescripts.failure"] ?? "stop" {
        case "stop": stopsNodes = true
        case "warn": stopsNodes = false
        case let value:
            throw CommandFailure([
                Diagnostic(
                    "setting is not understood", subject: "prescripts.failure=\(value)", remedy: "write stop or warn")
            ])
        }
    }

    /// Runs the scripts of a stage.
    /// - Returns: nodes whose scripts failed, with what to say of it. Empty when failures only warn.
    func run(_ stage: Stage, _ subjects: [Subject]) throws -> [String: String] {
        let rows = try cluster.store.rows("prescripts")
        guard !rows.isEmpty else { return [:] }
        let common = rows.first { $0["node"] == "xcatdefaults" }?[stage.rawValue] ?? ""
        var groups: [(scripts: [String], nodes: [String])] = []
        for subject in subjects {
            let scripts = Self.scripts([common, subject.values[stage] ?? ""], subject.actions)
            if let index = groups.firstIndex(where: { $0.scripts == scripts }) {
                groups[index].nodes.append(subject.node)
            } else {
                groups.append((scripts, [subject.node]))
            }
        }
        var failed: [String: String] = [:]
        for group in groups {
            var nodes = group.nodes
            for script in group.scripts where !nodes.isEmpty {
                let (refused, why) = try run(script, stage, nodes)
                for node in refused { failed[node] = "prescript '\(script)' \(why)" }
                if stopsNodes { nodes.removeAll { failed[$0] != nil } }
            }
        }
        return stopsNodes ? failed : [:]
    }

    /// The scripts of `[action:]s1,s2[|action2:s3,…]` that apply, each once, in order.
    static func scripts(_ values: [String], _ actions: Set<String>) -> [String] {
        var result: [String] = []
        for piece in values.flatMap({ $0.split(separator: "|") }) {
            var list = piece
            if let colon = piece.firstIndex(of: ":") {
                guard actions.contains(String(piece[..<colon]).trimmedBlanks) else { continue }
                list = piece[piece.index(after: colon)...]
            }
            for name in list.split(separator: ",").map({ $0.trimmedBlanks }) where !name.isEmpty {
                if !result.contains(name) { result.append(name) }
            }
        }
        return result
    }

    // MARK: - One script

    /// - Returns: nodes for which it failed, and how.
    private func run(_ script: String, _ stage: Stage, _ nodes: [String]) throws -> (nodes: [String], why: String) {
        let words = script.split(whereSeparator: \.isWhitespace).map(String.init)
        let stored = try cluster.installFolder.joined("prescripts").joined(words[0])
        guard !FilePath(words[0]).components.contains("..") else {
            return refuse(script, nodes, "leads out of its folder")
        }
        let path = try cluster.settings.host(stored)
        guard path.isRegularFile else {
            return refuse(script, nodes, "does not exist in \(stored.removingLastComponent().printable)")
        }
        let width = try Self.instances(path)
        let portions = width == nil ? Self.portions(nodes) : nodes.map { [$0] }
        for portion in portions {
            try Console.print(
                "\(HostName.short): Running \(stage.rawValue) script \(script) for nodes \(portion.joined(separator: ","))."
            )
        }
        let steps = portions.map { portion in
            Step(
                "prescript-run",
                ["--action", Word(action), "--nodes", Word(portion.joined(separator: ","))]
                    + (timeLimit.map { ["--timeout", Word($0)] } ?? [])
                    + ["--", Word(path)] + words.dropFirst().map { Word($0) },
                settings: cluster.settings)
        }
        let endings = try Step.run(steps, width: width ?? 1)
        for case .signaled(let signal) in endings { Interruption.die(of: signal) }
        let failed = zip(portions, endings).filter { !$0.1.isSuccess }.flatMap(\.0)
        return failed.isEmpty ? ([], "") : refuse(script, failed, "failed", ", see above")
    }

    /// - Parameter hint: what is no news to whoever reads the warning.
    private func refuse(
        _ script: String, _ nodes: [String], _ why: String, _ hint: String = ""
    ) -> (nodes: [String], why: String) {
        if !stopsNodes { Console.warning("prescript '\(script)' \(why) for nodes \(nodes.joined(separator: ","))") }
        return (nodes, why + hint)
    }

    /// How many may run at once, when the script wants to run for each node.
    private static func instances(_ path: FilePath) throws -> Int? {
        let text = String(decoding: try path.readBytes(limit: 16 << 20), as: UTF8.self)
        guard let match = text.firstMatch(of: /#+xCAT setting: *MAX_INSTANCE=([0-9]+)/) else { return nil }
        return max(1, min(256, Int(match.output.1) ?? 1))
    }

    /// One variable of an environment holds 128 KiB: so many nodes that their names are longer come in portions.
    private static func portions(_ nodes: [String]) -> [[String]] {
        var result: [[String]] = [[]]
        var size = 0
        for node in nodes {
            size += node.utf8.count + 1
            if size > 100_000 {
                result.append([])
                size = node.utf8.count + 1
            }
            result[result.count - 1].append(node)
        }
        return result
    }
}
