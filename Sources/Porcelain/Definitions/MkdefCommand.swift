internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

struct MkdefCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "mkdef", abstract: "Make object definitions.", helpNames: [])
    static let misuse: String? = "Invalid option.."

    @OptionGroup var options: DefinitionOptions<MkdefVerb>

    func run() throws {
        if try DefinitionHelp.isAnswered(options) { return }
        if options.isBare { throw UsageFailure(status: 0) }
        let request = try DefinitionRequest(options)
        if request.isStanza, request.template != nil {
            throw CommandFailure([Diagnostic("The file input can not be used with --template option!")])
        }
        let input = request.isStanza ? try DraftReader.standardInput() : nil
        if input == nil, !request.hasNames, request.givenTypes?.first?.isSite != true {
            throw CommandFailure([DefinitionProblem.noNames.diagnostic])
        }
        let hooks = DefinitionHooks("mkdef", isOn: !options.skipsHooks)
        let plan = try PlannedChange.apply(hooks) { cluster in
            try DefinitionMaking(request, cluster).plan(input)
        }
        try hooks.after(plan) { try close(plan, request) }
    }

    private func close(_ plan: ChangePlan, _ request: DefinitionRequest) throws {
        let count = "\(plan.changed.count) object definitions have been created or modified."
        if plan.hasFailures { throw CommandFailure([DefinitionProblem.someFailed.diagnostic]) }
        if plan.changed.isEmpty { throw CommandFailure([Diagnostic(count)]) }
        try Console.print(count)
        if request.isVerbose {
            try Console.print("The database was updated for the following objects:")
            for name in plan.changed { try Console.print(name + "\n") }
        }
        if plan.hasErrors { throw CommandFailure([]) }
    }
}

/// Plans what mkdef makes.
struct DefinitionMaking {
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
        let read = try DraftReader(request, cluster).read(input)
        try checkNames(read.drafts)
        // One attribute that does not exist stops everything, so that a misspelt file makes nothing by half.
        guard read.unknown.isEmpty else { throw CommandFailure(read.unknown) }
        if input == nil, request.assignments.isEmpty, !request.fills, request.template == nil,
            let type = read.drafts.first?.type, !type.isGroup
        {
            throw CommandFailure([
                Diagnostic(
                    "No object definitions have been created or modified: no attributes were specified."
                        + (type.isNode ? " The 'groups' attribute is required when creating node definitions." : ""))
            ])
        }
        for diagnostic in read.broken { editor.plan.fail(diagnostic) }
        cluster.prepare(forObjects: read.drafts.count)
        var seen = NetworkNames(cluster)
        for draft in read.drafts { try make(draft, &seen) }
        return try editor.finished()
    }

    private func checkNames(_ drafts: [ObjectDraft]) throws {
        let problems = drafts.compactMap { ObjectNameRule.problem($0.name, $0.type) }
        guard problems.isEmpty else { throw CommandFailure(problems) }
        for draft in drafts {
            if let warning = ObjectNameRule.warning(draft.name, draft.type) { editor.plan.warn(warning) }
        }
    }

    private func make(_ given: ObjectDraft, _ networks: inout NetworkNames) throws {
        var draft = given
        if let template = request.template {
            guard let filled = try DefinitionTemplate(cluster, draft, template).filled(&editor.plan) else { return }
            draft = filled
        }
        if request.fills, let problem = try ProfileFilling(cluster).fill(&draft, stored: nil) {
            return editor.plan.fail(problem)
        }
        let exists = try cluster.exists(draft.type, draft.name)
        if draft.type.name == "network", let problem = try networks.problem(draft, isForced: request.isForced) {
            return editor.plan.fail(problem)
        }
        if exists, draft.type.isSite, request.isForced {
            return editor.plan.fail(
                Diagnostic(
                    "mkdef -f would empty the whole site table first", subject: draft.name,
                    remedy: "use chdef -t site to change attributes"))
        }
        guard !exists || request.isForced else {
            return editor.plan.warn(
                "A definition for '\(draft.name)' already exists. No changes will be made.  "
                    + "Run again with '-f' option to force replace.")
        }
        if try !exists && cluster.isDisabled(draft.type, draft.name) {
            return editor.plan.fail(DefinitionRules.disabled(draft))
        }
        if draft.type.isNode, draft["groups"] ?? "" == "" {
            return editor.plan.fail(DefinitionRules.noGroups(draft.name))
        }
        if let problem = DefinitionRules.problem(draft) { return editor.plan.fail(problem) }
        if !exists { try editor.warnOfNamesake(draft) }
        try write(draft, replacing: exists)
    }

    private func write(_ draft: ObjectDraft, replacing exists: Bool) throws {
        let planned = editor.plan.batch.count
        var start = TableBatch()
        if exists {
            start = DefinitionRemoval.batch(draft.type, draft.name)
        } else if !draft.type.isSite {
            start.append(.absent(draft.type.table, matches: [Cell(draft.type.keyColumn, draft.name)]))
        }
        // A group may exist through its members without a row of its own.
        if draft.type.isGroup, !exists { start = TableBatch() }
        editor.plan.batch.append(start)
        let isValid =
            if draft.type.isGroup {
                try editor.writeGroup(draft, stored: nil, request: request, isMaking: true)
            } else if draft.type.isSite {
                try editor.writeSite(draft, request)
            } else {
                try editor.write(draft, stored: nil)
            }
        if isValid {
            editor.plan.change(draft.type, draft.name)
        } else {
            editor.plan.batch.removeLast(downTo: planned)
            editor.plan.hasFailures = true
        }
    }
}
