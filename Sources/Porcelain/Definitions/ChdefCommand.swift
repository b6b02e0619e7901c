internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

struct ChdefCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "chdef", abstract: "Change object definitions.", helpNames: [])
    static let misuse: String? = "Invalid option.."

    @OptionGroup var options: DefinitionOptions<ChdefVerb>

    func run() throws {
        if try DefinitionHelp.isAnswered(options) { return }
        if options.isBare { throw UsageFailure(status: 0) }
        let request = try DefinitionRequest(options)
        let input = request.isStanza ? try DraftReader.standardInput() : nil
        if input == nil, !request.hasNames, request.givenTypes?.first?.isSite != true {
            throw UsageFailure(DefinitionProblem.noNames.diagnostic.problem)
        }
        if let newName = request.newName { return try rename(request, newName) }
        let plan = try PlannedChange.apply(hooks) { try DefinitionChange(request, $0).plan(input) }
        try hooks.after(plan) { try close(plan, request) }
    }

    private var hooks: DefinitionHooks { DefinitionHooks("chdef", isOn: !options.skipsHooks) }

    private func close(_ plan: ChangePlan, _ request: DefinitionRequest) throws {
        if plan.hasFailures { throw CommandFailure([DefinitionProblem.someFailed.diagnostic]) }
        if plan.changed.isEmpty {
            try Console.print("No object definitions have been created or modified.")
        } else {
            try Console.print("\(plan.changed.count) object definitions have been created or modified.")
        }
        if !plan.created.isEmpty {
            try Console.print("New object definitions '\(plan.created.joined(separator: ","))' have been created.")
        }
        if request.isVerbose {
            if plan.changed.isEmpty {
                try Console.print("No database was updated")
            } else {
                try Console.print("The database was updated for the following objects:")
                for name in plan.changed { try Console.print(name + "\n") }
            }
        }
        if plan.hasErrors { throw CommandFailure([]) }
    }

    private func rename(_ request: DefinitionRequest, _ newName: String) throws {
        var old = ""
        let plan = try PlannedChange.apply(hooks) { cluster in
            let type = try request.givenTypes?.first ?? ObjectType.named("node")
            let names = try cluster.requestedNames(request, type) ?? []
            guard names.count == 1, request.givenTypes?.count ?? 1 == 1, let name = names.first else {
                throw CommandFailure([
                    Diagnostic("The '-n' option (changing object name) can only work on one object.")
                ])
            }
            old = name
            return try ObjectRenaming(cluster, type, name, newName).plan()
        }
        try hooks.after(plan) {
            if !plan.batch.isEmpty { try Console.print("Changed the object name from \(old) to \(newName).") }
        }
    }
}

/// Plans what chdef changes.
struct DefinitionChange {
    private let request: DefinitionRequest
    private let cluster: Cluster
    private let editor: DefinitionEditor

    init(_ request: DefinitionRequest, _ cluster: Cluster) throws {
        self.request = request
        self.cluster = cluster
        editor = try DefinitionEditor(cluster)
    }

    /// - Parameter input: stanzas.
    func plan(_ input: String?) throws -> ChangePlan {
        try plan(try DraftReader(request, cluster).read(input))
    }

    func plan(_ read: DraftReader.Result) throws -> ChangePlan {
        for diagnostic in read.broken + read.unknown { editor.plan.fail(diagnostic) }
        cluster.prepare(forObjects: read.drafts.count)
        var networks = NetworkNames(cluster)
        let stored = try storedObjects(read.drafts)
        for draft in read.drafts {
            guard hasChanges(draft) else {
                if let line = draft.line {
                    editor.plan.warn("\(draft.type.name) '\(draft.name)' on line \(line) has no attributes: left out.")
                }
                continue
            }
            let notes = editor.plan.notes.count
            try change(draft, stored: stored[draft.type.name]?[draft.name], &networks)
            editor.plan.place(draft, after: notes)
        }
        return try editor.finished()
    }

    /// The objects as they are, by type and name.
    private func storedObjects(_ drafts: [ObjectDraft]) throws -> [String: [String: Definition]] {
        var result: [String: [String: Definition]] = [:]
        for (_, drafts) in Dictionary(grouping: drafts, by: \.type.name) {
            for definition in try cluster.definitions(drafts[0].type, drafts.map(\.name)) {
                result[definition.type, default: [:]][definition.name] = definition
            }
        }
        return result
    }

    private func hasChanges(_ draft: ObjectDraft) -> Bool {
        !draft.values.isEmpty || request.fills || request.isDynamic || !request.selections.isEmpty
    }

    private func change(_ given: ObjectDraft, stored: Definition?, _ networks: inout NetworkNames) throws {
        var draft = given
        let type = draft.type
        if stored == nil, !type.isSite {
            guard try prepareNew(&draft, &networks) else { return }
        }
        if request.fills, let problem = try ProfileFilling(cluster).fill(&draft, stored: stored) {
            return editor.plan.fail(problem)
        }
        if let problem = DefinitionRules.problem(draft) { return editor.plan.fail(problem) }
        let planned = editor.plan.batch.count
        if stored == nil, !type.isGroup, !type.isSite {
            editor.plan.batch.append(.absent(type.table, matches: [Cell(type.keyColumn, draft.name)]))
        } else if !type.isGroup, !type.isSite {
            editor.plan.batch.append(.present(type.table, matches: [Cell(type.keyColumn, draft.name)]))
        }
        let failed = editor.plan.hasFailures
        let isDone = try write(draft, stored)
        if !isDone || (editor.plan.hasFailures && !failed) {
            editor.plan.batch.removeLast(downTo: planned)
            return
        }
        editor.plan.change(draft.type, draft.name)
        if stored == nil, !type.isSite { editor.plan.created.append(draft.name) }
    }

    private func write(_ draft: ObjectDraft, _ stored: Definition?) throws -> Bool {
        if draft.type.isSite { return try editor.writeSite(draft, request) }
        if draft.type.isGroup {
            return try editor.writeGroup(draft, stored: stored, request: request, isMaking: false)
        }
        return try editor.write(draft, stored: stored, mode: request.editMode)
    }

    /// Checks an object that chdef is to make.
    private func prepareNew(_ draft: inout ObjectDraft, _ networks: inout NetworkNames) throws -> Bool {
        if try cluster.isDisabled(draft.type, draft.name) {
            editor.plan.fail(DefinitionRules.disabled(draft))
            return false
        }
        if let problem = ObjectNameRule.problem(draft.name, draft.type) {
            editor.plan.fail(problem)
            return false
        }
        if request.isMinus {
            editor.plan.fail(
                Diagnostic("The '-m' option is not valid since the '\(draft.name)' definition does not exist."))
            return false
        }
        if draft.type.isNode, draft["groups"] ?? "" == "" {
            editor.plan.fail(DefinitionRules.noGroups(draft.name))
            return false
        }
        if draft.type.name == "network", let problem = try networks.problem(draft, isForced: false) {
            editor.plan.fail(problem)
            return false
        }
        if draft.type.name == "osimage", draft["imagetype"] == nil { draft.set("imagetype", "linux") }
        if let warning = ObjectNameRule.warning(draft.name, draft.type) { editor.plan.warn(warning) }
        try editor.warnOfNamesake(draft)
        return true
    }
}
