internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

struct NodechCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodech", abstract: "Change columns of nodes.", helpNames: [])

    @Flag(name: [.short, .long], help: "Remove the nodes' rows in the tables.") var delete = false
    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(
        help: "Noderange, then TABLE.COLUMN with =, ,= or ^= and a value; with -d tables.",
        completion: .custom { words, _, prefix in
            words.dropLast().contains { !$0.hasPrefix("-") }
                ? TableCompletion.columns(prefix, mark: words.contains("-d") ? nil : "=") : NodeCompletion.nodes(prefix)
        })
    var words: [String] = []

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        if help { throw UsageFailure(status: 0) }
        guard words.count > 1 else { throw UsageFailure() }
        if delete { return try removeRows() }
        let assignments = try NodeAssignments(Array(words.dropFirst()))
        assignments.reportMalformed()
        if !assignments.changes.isEmpty {
            try assignments.warnOfDynamicGroups(try Cluster.open())
            _ = try PlannedChange.apply { try plan(assignments, $0) }
        }
        if !assignments.malformed.isEmpty { throw CommandFailure([]) }
    }

    private func plan(_ assignments: NodeAssignments, _ cluster: Cluster) throws -> ChangePlan {
        var plan = ChangePlan()
        let nodes = try cluster.requireSomeNodes(words[0])
        cluster.prepare(forObjects: nodes.count)
        assignments.warnOfExpressions(for: nodes, &plan)
        for node in nodes {
            let matches = try assignments.criteria.allSatisfy {
                $0.term.holds(for: try cluster.value(of: node, $0.column)?.text ?? "")
            }
            if matches { try assignments.plan(node, cluster, into: &plan) }
        }
        return plan
    }

    private func removeRows() throws {
        let nodes = try Cluster.open().requireSomeNodes(words[0])
        var batch = TableBatch()
        for table in words.dropFirst() {
            if table.contains(".") || table.contains("=") {
                throw CommandFailure([Diagnostic(". and = not valid in delete mode.", remedy: "name tables only")])
            }
            guard let schema = TableSchema.named(table), let column = schema.nodeColumn else {
                throw CommandFailure([
                    Diagnostic(
                        "ERROR: Unable to open table \(table) in configuration", remedy: "see tabdump for the names")
                ])
            }
            for node in nodes { batch.append(.delete(table, matches: [Cell(column, node)])) }
        }
        try TableRestoring.apply(batch)
    }
}

struct NodeaddCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodeadd", abstract: "Add nodes.", helpNames: [])

    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(help: "Noderange, then groups=GROUP,... and other TABLE.COLUMN=VALUE.") var words: [String] = []

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        if help { throw UsageFailure(status: 0) }
        guard words.count > 1 else { throw UsageFailure() }
        let assignments = try NodeAssignments(Array(words.dropFirst()))
        assignments.reportMalformed()
        let isNamed = assignments.changes.contains {
            $0.column.table == "nodelist" && $0.column.column == "groups" && $0.operation != .remove
                && !TypedValue.stored($0.value).isEmpty
        }
        guard isNamed else {
            throw CommandFailure([
                Diagnostic("nodes come into being by their groups", subject: words[0], remedy: "give groups=GROUP,...")
            ])
        }
        try assignments.warnOfDynamicGroups(try Cluster.open())
        _ = try PlannedChange.apply { try plan(assignments, $0) }
        if !assignments.malformed.isEmpty { throw CommandFailure([]) }
    }

    private func plan(_ assignments: NodeAssignments, _ cluster: Cluster) throws -> ChangePlan {
        var plan = ChangePlan()
        let type = try ObjectType.named("node")
        let names: [String]
        do {
            names = try cluster.names(in: words[0])
        } catch let error as NoderangeError {
            throw CommandFailure([error.diagnostic])
        }
        if names.isEmpty { throw CommandFailure([DefinitionProblem.noNodes(words[0]).diagnostic]) }
        let problems = names.compactMap { ObjectNameRule.problem($0, type) }
        guard problems.isEmpty else { throw CommandFailure(problems) }
        cluster.prepare(forObjects: names.count)
        let disabled = try names.filter { try cluster.isDisabled(type, $0) }
        guard disabled.isEmpty else {
            throw CommandFailure(
                disabled.map { DefinitionRules.disabled(ObjectDraft(type: type, name: $0, values: [])) })
        }
        assignments.warnOfExpressions(for: names, &plan)
        let groups = assignments.changes.filter { $0.column.table == "nodelist" && $0.column.column == "groups" }
            .flatMap { $0.value.split(separator: ",").map(String.init) }
        for name in names {
            if let warning = ObjectNameRule.warning(name, type) { plan.warn(warning) }
            if groups.contains(name) { plan.warn(DefinitionEditor.namesake(name)) }
            try assignments.plan(name, cluster, into: &plan)
        }
        return plan
    }
}

struct NodermCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "noderm", abstract: "Remove nodes from all tables.", helpNames: [])

    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(
        help: "Nodes to remove.", completion: .custom { _, _, prefix in NodeCompletion.nodes(prefix) })
    var noderange: String?

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        guard !help else { throw UsageFailure(status: 0) }
        guard let noderange else { throw UsageFailure() }
        let nodes = try Cluster.open().requireSomeNodes(noderange)
        let tables = TableSchema.all.filter { $0.columns.contains("node") }
        try TableRestoring.apply(
            TableBatch(nodes.flatMap { node in tables.map { .delete($0.name, matches: [Cell("node", node)]) } }))
    }
}

struct NodegrpchCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodegrpch", abstract: "Change columns of groups, for all members.", helpNames: [])

    @Flag(name: [.short, .long], help: "Print the version.") var version = false
    @Flag(name: [.short, .long], help: "Show help.") var help = false
    @Argument(help: "Groups, comma separated, then TABLE.COLUMN=VALUE.") var words: [String] = []

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        if help { throw UsageFailure(status: 0) }
        guard words.count > 1 else { throw UsageFailure() }
        let assignments = try NodeAssignments(Array(words.dropFirst()))
        assignments.reportMalformed()
        if assignments.changes.contains(where: { $0.operation != .set }) {
            throw CommandFailure([Diagnostic(",= and ^= are not supported by nodegrpch")])
        }
        if assignments.changes.contains(where: { $0.column.table == "nodelist" }) {
            throw CommandFailure([Diagnostic("Group membership is not changeable via nodegrpch", remedy: "use nodech")])
        }
        _ = try PlannedChange.apply { try plan(assignments, $0) }
        if !assignments.malformed.isEmpty { throw CommandFailure([]) }
    }

    /// The group gets the value; members lose theirs, so that they inherit it.
    private func plan(_ assignments: NodeAssignments, _ cluster: Cluster) throws -> ChangePlan {
        var plan = ChangePlan()
        for group in words[0].split(separator: ",").map(String.init) {
            guard try cluster.exists(ObjectType.named("group"), group) else {
                throw CommandFailure([
                    Diagnostic(
                        "Could not find an object named '\(group)' of type 'group'.", remedy: "see lsdef -t group")
                ])
            }
            // Its members do not inherit from it: they would lose their own values for nothing.
            if try cluster.rows("nodegroup", "groupname", group).first?["grouptype"] == "dynamic" {
                throw CommandFailure([DefinitionProblem.dynamicGroup(group).diagnostic])
            }
            let members = try cluster.members(of: group)
            cluster.prepare(forObjects: members.count)
            assignments.warnOfExpressions(for: members, &plan)
            for change in assignments.changes {
                let (table, key) = (change.column.table, change.column.keyColumn)
                plan.batch.append(
                    .set(
                        table, matches: [Cell(key, group)],
                        values: [Cell(change.column.column, TypedValue.stored(change.value))]))
                for node in members where try !cluster.rows(table, key, node).isEmpty {
                    plan.batch.append(
                        .set(table, matches: [Cell(key, node)], values: [Cell(change.column.column, "")]))
                }
            }
        }
        return plan
    }
}
