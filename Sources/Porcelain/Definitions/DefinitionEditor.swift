internal import Definitions
internal import Support
internal import Tables

/// Turns changes of objects into operations on rows.
final class DefinitionEditor {
    enum Mode { case replace, add, remove }

    let cluster: Cluster
    var plan = ChangePlan()
    let memberships: GroupMemberships
    private var defaultScripts: [String: [String]] = [:]

    init(_ cluster: Cluster) throws {
        self.cluster = cluster
        memberships = GroupMemberships(cluster)
        if let row = try cluster.rows("postscripts", "node", "xcatdefaults").first {
            for column in ["postscripts", "postbootscripts"] {
                defaultScripts[column] = (row[column] ?? "").split(separator: ",").map(String.init)
            }
        }
    }

    /// The plan with the changes of groups in it.
    func finished() throws -> ChangePlan {
        plan.batch.append(memberships.batch)
        return plan
    }

    /// Cells to set, gathered for one row each.
    struct RowChange {
        var table: String
        var matches: [Cell]
        var values: [Cell]
    }

    /// Plans the values of one object; nothing is planned when one of them is refused.
    /// - Parameter stored: the object as it is; nil for a new one.
    /// - Returns: whether anything is changed.
    func write(_ draft: ObjectDraft, stored: Definition?, mode: Mode = .replace) throws -> Bool {
        var changes: [RowChange] = []
        var expectations: [TableBatch.Operation] = []
        var pending: [String: String] = [:]
        var groups: String?
        for (attribute, given) in draft.values {
            let packed = ObjectType.stored(attribute)
            guard let place = try place(of: packed, draft, stored) else { return false }
            var value = given
            let isInterface = packed != attribute
            if isInterface || mode != .replace {
                let current = pending[packed] ?? stored?[packed]
                if isInterface {
                    guard mode == .replace else { return refuseInterfaces() }
                    let nic = String(attribute.dropFirst(packed.count + 1))
                    guard NicValues.canHold(nic, given) else { return refuseValue(attribute, given, draft) }
                    var nics = NicValues(current ?? "")
                    nics[nic] = given
                    value = nics.packed
                } else {
                    guard let edited = edited(current, given, mode, attribute, draft) else { continue }
                    value = edited
                }
                if pending[packed] == nil { expectations += try ownCell(place, draft.name) }
                pending[packed] = value
            }
            if place.table == "postscripts" { value = withoutDefaults(value, attribute, draft) }
            if place.table == "nodelist", place.column == "groups" { groups = value }
            warnOfExpression(value, attribute, draft)
            Self.add(Cell(place.column, value), place, draft.name, to: &changes)
        }
        if changes.isEmpty { return false }
        if let groups { memberships.replace(draft.name, groups) }
        for expectation in expectations { plan.batch.append(expectation) }
        for change in changes {
            if stored != nil { try warnOfDisabledRow(change.table, change.matches[0], draft.name) }
            plan.batch.append(.set(change.table, matches: change.matches, values: change.values))
        }
        return true
    }

    private static func add(_ cell: Cell, _ place: ObjectType.Place, _ name: String, to changes: inout [RowChange]) {
        let matches = [Cell(place.keyColumn, name)] + (place.selector.map { [$0] } ?? [])
        if let index = changes.firstIndex(where: { $0.table == place.table && $0.matches == matches }) {
            changes[index].values.removeAll { $0.column == cell.column }
            changes[index].values.append(cell)
        } else {
            changes.append(RowChange(table: place.table, matches: matches, values: [cell]))
        }
    }

    /// Where an attribute of the object is stored; nil, with the reason noted, when its condition does not hold.
    private func place(of attribute: String, _ draft: ObjectDraft, _ stored: Definition?) throws -> ObjectType.Place? {
        let places = draft.type.places[attribute] ?? []
        for place in places {
            guard let condition = place.condition else { return place }
            if condition.holds(for: draft[condition.attribute]) { return place }
            if draft[condition.attribute] == nil {
                if condition.holds(for: stored?[condition.attribute]) { return place }
                if try groupSatisfies(condition, draft) { return place }
            }
        }
        // An empty value of an attribute that the object cannot have changes nothing.
        if draft[attribute] == "", let first = places.first { return first }
        let conditions = places.compactMap(\.condition)
        plan.fail(
            DefinitionProblem.condition(
                attribute, conditions.first?.attribute ?? "", Set(conditions.flatMap(\.values)).sortedByBytes()
            ).diagnostic)
        return nil
    }

    /// Whether a group that the command puts a node into gives it the value that a condition wants.
    private func groupSatisfies(_ condition: ObjectType.Condition, _ draft: ObjectDraft) throws -> Bool {
        guard draft.type.isNode, let place = draft.type.places[condition.attribute]?.first else { return false }
        for group in (draft["groups"] ?? "").split(separator: ",") {
            let row = try cluster.rows(place.table, place.keyColumn, String(group)).first
            if condition.holds(for: row?[place.column]) { return true }
        }
        return false
    }

    /// The value after adding or removing comma-separated items; nil when nothing is to be changed.
    private func edited(
        _ current: String?, _ given: String, _ mode: Mode, _ attribute: String, _ draft: ObjectDraft
    ) -> String? {
        let separator = attribute == "wherevals" ? "::" : ","
        let items = Self.items(given, separator)
        var values = Self.items(current ?? "", separator)
        if mode == .add {
            if draft.type.isSite { return current.map { "\($0),\(given)" } ?? given }
            for item in items where !values.contains(item) { values.append(item) }
            return values.joined(separator: separator)
        }
        guard let current, !current.isEmpty else {
            plan.complain(
                Diagnostic("No value got for attribute '\(attribute)' for the '\(draft.name)' definition."))
            return nil
        }
        if let absent = items.first(where: { !values.contains($0) }), !draft.type.isSite {
            plan.complain(
                Diagnostic("\(absent) is not in the attribute of '\(attribute)' for the '\(draft.name)' definition."))
            return nil
        }
        values.removeAll { items.contains($0) }
        return values.joined(separator: separator)
    }

    private static func items(_ text: String, _ separator: String) -> [String] {
        guard separator != "," else { return text.split(separator: ",").map(String.init) }
        var items: [String] = []
        var rest = text[...]
        while let found = rest.indices.first(where: { rest[$0...].hasPrefix(separator) }) {
            items.append(String(rest[..<found]))
            rest = rest[rest.index(found, offsetBy: separator.count)...]
        }
        return (items + [String(rest)]).filter { !$0.isEmpty }
    }

    /// That the object's own cell still holds what was read.
    private func ownCell(_ place: ObjectType.Place, _ name: String) throws -> [TableBatch.Operation] {
        let matches = [Cell(place.keyColumn, name)] + (place.selector.map { [$0] } ?? [])
        let row = try cluster.rows(place.table, place.keyColumn, name).first { row in
            place.selector.map { row[$0.column] == $0.value } ?? true
        }
        return [.expect(place.table, matches: matches, values: [Cell(place.column, row?[place.column] ?? "")])]
    }

    private func withoutDefaults(_ value: String, _ attribute: String, _ draft: ObjectDraft) -> String {
        guard let defaults = defaultScripts[attribute], draft.name != "xcatdefaults" else { return value }
        let items = value.split(separator: ",").map(String.init)
        let kept = items.filter { item in
            guard defaults.contains(item) else { return true }
            plan.warn("\(draft.name): \(attribute) '\(item)' is already included in the 'xcatdefaults'.")
            return false
        }
        return kept.count == items.count ? value : kept.joined(separator: ",")
    }

    /// An expression that gives nothing for any of the nodes concerned is stored, but it is hardly what was meant.
    private func warnOfExpression(_ value: String, _ attribute: String, _ draft: ObjectDraft) {
        guard value.hasPrefix("/") || value.hasPrefix("|"), draft.type.isNode || draft.type.isGroup else { return }
        let nodes = draft.type.isNode ? [draft.name] : (try? cluster.members(of: draft.name)) ?? []
        if let problem = ValueExpression.problem(value, for: nodes) {
            plan.warn("\(draft.name): \(attribute) '\(value)' is read as an expression: \(problem).")
        }
    }

    /// In noderanges a node hides a group of its name.
    func warnOfNamesake(_ draft: ObjectDraft) throws {
        guard draft.type.isNode || draft.type.isGroup else { return }
        let other = try ObjectType.named(draft.type.isNode ? "group" : "node")
        let isOwnGroup =
            draft.type.isNode && (draft["groups"] ?? "").split(separator: ",").contains { $0 == draft.name }
        guard try isOwnGroup || cluster.exists(other, draft.name) else { return }
        plan.warn(Self.namesake(draft.name))
    }

    static func namesake(_ name: String) -> String {
        "'\(name)' is a node and a group now: in noderanges it means the node alone."
    }

    /// Readers pass over disabled rows, so that a change there shows nowhere.
    func warnOfDisabledRow(_ table: String, _ key: Cell, _ name: String) throws {
        guard try cluster.hasDisabledRow(table, key.column, key.value) else { return }
        plan.warn(Self.disabledRow(table, key, name))
    }

    static func disabledRow(_ table: String, _ key: Cell, _ name: String) -> String {
        "\(name): the row in the table '\(table)' is disabled, so that the change has no effect until it is enabled: "
            + "chtab \(key.column)=\(key.value) \(table).disable="
    }

    private func refuseValue(_ attribute: String, _ value: String, _ draft: ObjectDraft) -> Bool {
        plan.fail(
            Diagnostic(
                "value cannot be stored for one interface: '\(attribute)=\(value)' of '\(draft.name)'",
                remedy: "no ',' or '!' in the interface's name, no ',' in the value: several values stand between '|'"))
        return false
    }

    private func refuseInterfaces() -> Bool {
        plan.fail(
            Diagnostic("chdef does not support to change the nic related attributes with -m or -p flag."))
        return false
    }
}
