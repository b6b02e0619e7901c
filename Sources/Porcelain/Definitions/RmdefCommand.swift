internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

struct RmdefCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "rmdef", abstract: "Remove object definitions.", helpNames: [])
    static let misuse: String? = "Invalid option.."

    @OptionGroup var options: DefinitionOptions<RmdefVerb>

    func run() throws {
        if try DefinitionHelp.isAnswered(options) { return }
        if options.isBare { throw UsageFailure(status: 0) }
        let request = try DefinitionRequest(options)
        guard request.isAll || request.hasNames else {
            throw UsageFailure(DefinitionProblem.noNames.diagnostic.problem)
        }
        let hooks = DefinitionHooks("rmdef", isOn: !options.skipsHooks)
        let plan = try PlannedChange.apply(
            hooks, prepare: { if request.cleansUp { try cleanUp($0) } },
            { try DefinitionRemoval(request, $0).plan() })
        try hooks.after(plan) { try close(plan, request) }
    }

    /// Takes away what the nodes boot; as with xCAT, what cannot be taken away does not keep the nodes.
    private func cleanUp(_ plan: ChangePlan) throws {
        let nodes = plan.touched.filter { $0.type == "node" }.map(\.name)
        if nodes.count > 100 {
            try Console.print("Performing configuration cleanup. This might take a some time.")
        }
        // One word of a command line holds 128 KiB at most.
        for start in stride(from: 0, to: nodes.count, by: 400) {
            let some = nodes[start..<min(start + 400, nodes.count)].joined(separator: ",")
            let ending = try Step("nodeset", [Word(some), "offline"]).status(output: .null, accepting: [0, 1])
            if !ending.isSuccess { Console.warning("boot files may be left: see what nodeset says above") }
        }
    }

    private func close(_ plan: ChangePlan, _ request: DefinitionRequest) throws {
        if plan.changed.isEmpty {
            try Console.print("No objects have been removed from the xCAT database.")
        } else {
            try Console.print("\(plan.changed.count) object definitions have been removed.")
            if request.isVerbose {
                try Console.print("The following objects were removed:\n")
                for name in plan.changed { try Console.print(name) }
            }
        }
        if plan.hasErrors { throw CommandFailure([]) }
    }
}

/// Plans what rmdef removes.
struct DefinitionRemoval {
    private let request: DefinitionRequest
    private let cluster: Cluster
    private let editor: DefinitionEditor

    init(_ request: DefinitionRequest, _ cluster: Cluster) throws {
        self.request = request
        self.cluster = cluster
        editor = try DefinitionEditor(cluster)
    }

    func plan() throws -> ChangePlan {
        let types = try request.isAll ? Self.removableTypes() : request.givenTypes ?? [ObjectType.named("node")]
        for type in types {
            if type.isSite {
                editor.plan.complain(
                    Diagnostic(
                        "removing the site object would empty the site table", subject: "clustersite",
                        remedy: "remove single attributes with chdef -t site ATTR="))
                continue
            }
            let names = try request.isAll ? cluster.names(type) : cluster.requestedNames(request, type) ?? []
            cluster.prepare(forObjects: names.count)
            for name in names { try remove(type, name) }
        }
        return try editor.finished()
    }

    /// All but logs and what the commands themselves need to run.
    private static func removableTypes() throws -> [ObjectType] {
        try ObjectType.names.filter { !["auditlog", "eventlog", "site", "policy"].contains($0) }
            .map { try ObjectType.named($0) }
    }

    private func remove(_ type: ObjectType, _ name: String) throws {
        guard try cluster.exists(type, name) else {
            return editor.plan.complain(DefinitionProblem.missing(name, type.name).diagnostic)
        }
        if type.isNode { editor.memberships.forget(name) }
        if type.isGroup {
            let members = try cluster.staticGroups()[name] ?? []
            cluster.prepare(forObjects: members.count)
            for node in members { try editor.memberships.remove(name, from: node) }
        }
        editor.plan.batch.append(Self.batch(type, name))
        editor.plan.change(type, name)
    }

    /// The rows of one object in every table of its type.
    static func batch(_ type: ObjectType, _ name: String) -> TableBatch {
        TableBatch(
            type.tables.map { table in
                .delete(table, matches: [Cell(type.keyColumns[table] ?? type.keyColumn, name)])
            })
    }
}
