internal import Definitions
internal import Support
internal import Tables

/// Makes and changes groups: members are nodes that list the group, so they are edited there.
extension DefinitionEditor {
    /// Plans a group of a command; the row in `nodegroup` only where there is something to say in it.
    /// - Parameters:
    ///   - stored: the group as it is; nil for a new one.
    ///   - isMaking: mkdef, which gives every group a row.
    /// - Returns: whether the group is valid.
    func writeGroup(
        _ draft: ObjectDraft, stored: Definition?, request: DefinitionRequest, isMaking: Bool
    ) throws -> Bool {
        var draft = draft
        let members = draft["members"]
        draft.values.removeAll { $0.name == "members" }
        let isDynamic = request.isDynamic || (draft["grouptype"] ?? stored?["grouptype"]) == "dynamic"
        let mode = request.editMode
        if isDynamic { return try writeDynamic(draft, members, stored, request, mode, isMaking) }
        if members != nil, !request.selections.isEmpty {
            plan.fail(Diagnostic("Cannot use a list of members together with the '-w' option."))
            return false
        }
        let wanted: [String]?
        if let members {
            wanted = try existingNodes(members)
        } else {
            wanted = request.selections.isEmpty ? nil : try cluster.nodes(where: request.selections)
        }
        if let wanted { try changeMembers(of: draft.name, wanted, isMaking ? .add : mode) }
        if isMaking, wanted == nil { plan.warn("Cannot determine a member list for group '\(draft.name)'.") }
        if !isMaking, !request.selectionTexts.isEmpty {
            draft.set("wherevals", request.selectionTexts.joined(separator: "::"))
        }
        // A stanza says what the row of a group holds; a group that only its nodes name has none.
        let hasRow = draft.values.contains { draft.type.places[$0.name]?.first?.table == draft.type.table }
        let isWhole = request.isStanza && (hasRow || wanted?.isEmpty == false)
        if (isMaking && !isWhole) || (stored == nil && wanted == nil && draft.values.isEmpty) {
            if draft["grouptype"] == nil, !request.isStanza { draft.set("grouptype", "static") }
            draft.set("members", "static")
        }
        if draft.values.isEmpty { return true }
        let failuresBefore = plan.hasFailures
        _ = try write(draft, stored: stored, mode: isMaking ? .replace : mode)
        return plan.hasFailures == failuresBefore
    }

    private func writeDynamic(
        _ draft: ObjectDraft, _ members: String?, _ stored: Definition?, _ request: DefinitionRequest, _ mode: Mode,
        _ isMaking: Bool
    ) throws -> Bool {
        var draft = draft
        if members != nil, !request.selections.isEmpty {
            plan.fail(Diagnostic("Cannot use a list of members together with the '-w' option."))
            return false
        }
        let own: Set = ["grouptype", "wherevals", "membergroups", "usercomment"]
        if draft.values.contains(where: { !own.contains($0.name) }) {
            plan.fail(DefinitionProblem.dynamicGroup(draft.name).diagnostic)
            return false
        }
        if !request.selectionTexts.isEmpty { draft.set("wherevals", request.selectionTexts.joined(separator: "::")) }
        guard let terms = draft["wherevals"] ?? (isMaking ? nil : stored?["wherevals"]), !terms.isEmpty else {
            plan.fail(
                Diagnostic(
                    "The 'where' attributes and values were not provided for dynamic group '\(draft.name)'.\n"
                        + "Skipping to the next group."))
            return false
        }
        let node = try ObjectType.named("node")
        for term in Self.terms(terms) {
            let selection = try Selection(term)
            guard selection.attribute == "node" || node.has(selection.attribute) else {
                plan.fail(
                    Diagnostic(
                        "Incorrect attribute '\(selection.attribute)' in the selection string specified with -w flag."))
                return false
            }
        }
        draft.set("grouptype", "dynamic")
        // Only the selection has items; the rest of the row is replaced.
        if mode != .replace, stored != nil, draft["wherevals"] != nil {
            var selection = draft
            selection.values = draft.values.filter { $0.name == "wherevals" }
            draft.values.removeAll { $0.name == "wherevals" }
            _ = try write(selection, stored: stored, mode: mode)
        }
        return try write(draft, stored: stored)
    }

    private static func terms(_ text: String) -> [String] {
        var terms: [String] = []
        var rest = text[...]
        while let found = rest.indices.first(where: { rest[$0...].hasPrefix("::") }) {
            terms.append(String(rest[..<found]))
            rest = rest[found...].dropFirst(2)
        }
        return terms + [String(rest)]
    }

    /// The nodes of a noderange that exist; the others are noted.
    private func existingNodes(_ range: String) throws -> [String] {
        if range.isEmpty { return [] }
        let node = try ObjectType.named("node")
        return try cluster.names(in: range).filter { name in
            if try memberships.makes(name) || cluster.exists(node, name) { return true }
            plan.complain(Diagnostic("Could not find a node named '\(name)', skipping to the next node."))
            return false
        }
    }

    private func changeMembers(of group: String, _ nodes: [String], _ mode: Mode) throws {
        let members = try cluster.members(of: group)
        let current = Set(members)
        switch mode {
        case .add: for node in nodes { try memberships.add(group, to: node) }
        case .replace:
            let wanted = Set(nodes)
            for node in members where !wanted.contains(node) { try memberships.remove(group, from: node) }
            for node in nodes { try memberships.add(group, to: node) }
        case .remove:
            for node in nodes {
                if current.contains(node) {
                    try memberships.remove(group, from: node)
                } else {
                    plan.complain(Diagnostic("\(node) is not a member of '\(group)'."))
                }
            }
        }
    }
}

extension DefinitionRequest {
    /// How values meet the current ones; with both `-p` and `-m`, `-p` wins.
    var editMode: DefinitionEditor.Mode { isPlus ? .add : (isMinus ? .remove : .replace) }
}
