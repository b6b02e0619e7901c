internal import Definitions
internal import Tables

/// The groups of nodes as a command leaves them: changes of several objects to one node come together here.
final class GroupMemberships {
    private let cluster: Cluster
    private var original: [String: String] = [:]
    private var pending: [String: [String]] = [:]
    /// Groups that other operations of the batch give, as text: most are never looked at.
    private var replaced: [String: String] = [:]
    private var order: [String] = []
    private var edited: Set<String> = []
    private var removed: Set<String> = []

    init(_ cluster: Cluster) { self.cluster = cluster }

    /// The groups of a node so far.
    func groups(of node: String) throws -> [String] {
        if let groups = pending[node] { return groups }
        if let text = replaced[node] { return text.split(separator: ",").map(String.init) }
        let text = try cluster.rows("nodelist", "node", node).first?["groups"] ?? ""
        original[node] = original[node] ?? text
        return text.split(separator: ",").map(String.init)
    }

    /// Takes note of what another operation of the batch sets, whatever the groups were.
    func replace(_ node: String, _ groups: String) {
        replaced[node] = groups
        pending[node] = nil
        original[node] = nil
    }

    /// Leaves alone what another operation of the batch removes.
    func forget(_ node: String) { removed.insert(node) }

    /// Whether another operation of the batch gives the node groups, so that it will be there.
    func makes(_ node: String) -> Bool { replaced[node] != nil }

    func add(_ group: String, to node: String) throws {
        var groups = try groups(of: node)
        if groups.contains(group) { return }
        groups.append(group)
        set(groups, node)
    }

    func remove(_ group: String, from node: String) throws {
        let groups = try groups(of: node)
        if groups.contains(group) { set(groups.filter { $0 != group }, node) }
    }

    /// Puts another name in place of a group's.
    func rename(_ group: String, to name: String, in node: String) throws {
        let groups = try groups(of: node)
        if groups.contains(group) { set(groups.map { $0 == group ? name : $0 }, node) }
    }

    private func set(_ groups: [String], _ node: String) {
        if edited.insert(node).inserted { order.append(node) }
        pending[node] = groups
    }

    /// What brings the nodes there, unless they have been changed meanwhile.
    var batch: TableBatch {
        var batch = TableBatch()
        for node in order where !removed.contains(node) {
            guard let groups = pending[node] else { continue }
            if let text = original[node] { batch.expect("nodelist", ["node": node], ["groups": text]) }
            batch.set("nodelist", ["node": node], ["groups": groups.joined(separator: ",")])
        }
        return batch
    }
}
