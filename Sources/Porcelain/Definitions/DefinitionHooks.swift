internal import Definitions
internal import Tables

/// The events around a change of definitions: one for each osimage, and one for all objects of another type.
struct DefinitionHooks {
    private let verb: String
    private let isOn: Bool

    init(_ verb: String, isOn: Bool) { (self.verb, self.isOn) = (verb, isOn) }

    /// Lets hooks refuse the plan. Nothing was written yet.
    func before(_ plan: ChangePlan, _ cluster: Cluster) throws {
        try run("pre-\(verb)", plan, cluster)
    }

    /// Says how it went, then tells the hooks of what was done, also when some objects failed.
    func after(_ plan: ChangePlan, closing: () throws -> Void) throws {
        let closed = Result { try closing() }
        if !plan.batch.isEmpty { try run("post-\(verb)", plan, Cluster.open()) }
        try closed.get()
    }

    private func run(_ event: String, _ plan: ChangePlan, _ cluster: Cluster) throws {
        guard isOn else { return }
        let hooks = SiteHooks(cluster)
        for call in calls(plan) { try hooks.run(event, call) }
    }

    private func calls(_ plan: ChangePlan) -> [SiteHooks.Call] {
        var calls: [SiteHooks.Call] = []
        for type in plan.touched.map(\.type).unique {
            let names = plan.touched.filter { $0.type == type }.map(\.name)
            let facts = ["objtype=\(type)"]
            guard type == "osimage" else {
                calls.append(.init(arguments: names, facts: facts))
                continue
            }
            for name in names {
                calls.append(
                    .init(image: name, arguments: [name], facts: facts + (names.count == 1 ? change(plan) : [])))
            }
        }
        return calls
    }

    /// What is written, for hooks that judge it; not of nodes, whose rows hold passwords.
    private func change(_ plan: ChangePlan) -> [String] {
        guard Set(plan.touched.map(\.type)) == ["osimage"] else { return [] }
        let text = String(decoding: plan.batch.bytes, as: UTF8.self)
        // One word of a command line holds 128 KiB at most.
        return text.utf8.count > 100_000 ? [] : ["change=\(text)"]
    }
}

extension [String] {
    /// Without repetitions, in order of first appearance.
    fileprivate var unique: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
