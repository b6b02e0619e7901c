internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

/// The words of nodech, nodeadd and nodegrpch: what to set in the rows of nodes.
struct NodeAssignments {
    enum Operation { case set, prepend, remove }

    struct Change {
        var column: NodeColumn
        var operation: Operation
        var value: String
    }

    var changes: [Change] = []
    var criteria: [(column: NodeColumn, term: Selection)] = []
    /// Words that are none of these.
    var malformed: [String] = []

    init(_ words: [String]) throws {
        for word in words {
            guard let mark = word.firstIndex(where: { "=!,^".contains($0) }), mark != word.startIndex else {
                malformed.append(word)
                continue
            }
            let name = String(word[..<mark])
            let rest = word[mark...]
            let operators: [(String, Operation?)] = [
                ("==", nil), ("!=", nil), ("=~", nil), ("!~", nil), (",=", .prepend), ("^=", .remove), ("=", .set),
            ]
            guard let (mark, operation) = operators.first(where: { rest.hasPrefix($0.0) }) else {
                malformed.append(word)
                continue
            }
            guard let column = NodeColumn(name), column.column != "node" else {
                throw NodeQuestion.unknown(name)
            }
            if let operation {
                var value = String(rest.dropFirst(mark.count))
                // `=@=x` sets `=x`, which would be a criterion otherwise.
                if operation == .set, value.hasPrefix("@") { value.removeFirst() }
                changes.append(Change(column: column, operation: operation, value: value))
            } else {
                criteria.append((column, try Selection(name + rest)))
            }
        }
    }

    /// Plans the changes of one node's own rows.
    func plan(_ node: String, _ cluster: Cluster, into plan: inout ChangePlan) throws {
        var pending: [NodeColumn: String] = [:]
        var order: [NodeColumn] = []
        for change in changes {
            if !order.contains(change.column) { order.append(change.column) }
            guard change.operation != .set else {
                pending[change.column] =
                    change.value.isEmpty ? Self.mask(change.column) : TypedValue.stored(change.value)
                continue
            }
            let current: String
            if let value = pending[change.column] {
                current = value
            } else {
                current = try cluster.value(of: node, change.column)?.text ?? ""
                let own = try cluster.rows(change.column.table, change.column.keyColumn, node).first
                plan.batch.append(
                    .expect(
                        change.column.table, matches: [Cell(change.column.keyColumn, node)],
                        values: [Cell(change.column.column, own?[change.column.column] ?? "")]))
            }
            pending[change.column] = Self.edited(current, change)
        }
        for table in Set(order.map(\.table)).sortedByBytes() {
            guard let key = order.first(where: { $0.table == table })?.keyColumn,
                try cluster.hasDisabledRow(table, key, node)
            else { continue }
            plan.warn(DefinitionEditor.disabledRow(table, Cell(key, node), node))
        }
        for column in order {
            plan.batch.append(
                .set(
                    column.table, matches: [Cell(column.keyColumn, node)],
                    values: [Cell(column.column, pending[column] ?? "")]))
        }
    }

    /// What hides the values of groups; nothing is inherited in nodelist.
    private static func mask(_ column: NodeColumn) -> String { column.table == "nodelist" ? "" : "|^.*$||" }

    private static func edited(_ current: String, _ change: Change) -> String {
        var items = current.split(separator: ",").map(String.init)
        for item in change.value.split(separator: ",").map(String.init) {
            if change.operation == .remove {
                items.removeAll { $0 == item }
            } else if !items.contains(item) {
                items.insert(item, at: 0)
            }
        }
        return items.joined(separator: ",")
    }

    /// Warns of expressions that give nothing for any of the nodes.
    func warnOfExpressions(for nodes: [String], _ plan: inout ChangePlan) {
        for change in changes where change.operation == .set {
            guard let problem = ValueExpression.problem(change.value, for: nodes) else { continue }
            plan.warn(
                "\(change.column.table).\(change.column.column) '\(change.value)' is read as an expression: \(problem)."
            )
        }
    }

    /// Says which words were not understood.
    func reportMalformed() {
        for word in malformed { Console.error(Diagnostic("Malformed argument \(word) ignored.")) }
    }

    /// Warns of dynamic groups that nodes are put into by hand.
    func warnOfDynamicGroups(_ cluster: Cluster) throws {
        for change in changes
        where change.operation != .remove && change.column.table == "nodelist" && change.column.column == "groups" {
            for group in change.value.split(separator: ",").map(String.init) {
                let row = try cluster.rows("nodegroup", "groupname", group).first
                guard row?["grouptype"] == "dynamic" else { continue }
                Console.warning(
                    "nodegroup \(group) is a dynamic node group, "
                        + "should not add a node into a dynamic node group statically.")
            }
        }
    }
}
