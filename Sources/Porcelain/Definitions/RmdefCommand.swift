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
        let plan = try PlannedChange.apply(hooks) { try DefinitionRemoval(request, $0).plan() }
        try hooks.after(plan) { try close(plan, request) }
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
        if request.cleansUp {
            throw CommandFailure([
                Diagnostic(
                    "-C is not supported: it would change what is served to the nodes",
                    remedy: "run 'nodeset NODES offline' first, then rmdef without -C")
            ])
        }
        let types = try request.isAll ? Self.removableTypes() : request.givenTypes ?? [ObjectType.named("node")]
        for type in types {
            if type.isSite {
                editor.plan.complain(
                    Diagnostic(
                        "removing the site object would empty the site table", subject: "clustersite",
                        remedy: "remove single attributes with chdef -t site ATTR="))
                continue
            }
            for name in try request.isAll ? cluster.names(type) : cluster.requestedNames(request, type) ?? [] {
                try remove(type, name)
            }
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
        if type.isGroup {
            for node in try cluster.staticGroups()[name] ?? [] { try editor.memberships.remove(name, from: node) }
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
