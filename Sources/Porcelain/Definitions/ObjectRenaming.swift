internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

/// Plans a new name for an object, in its own rows and wherever it is referred to by name.
struct ObjectRenaming {
    private let cluster: Cluster
    private let type: ObjectType
    private let old: String
    private let new: String
    private let editor: DefinitionEditor

    init(_ cluster: Cluster, _ type: ObjectType, _ old: String, _ new: String) throws {
        self.cluster = cluster
        self.type = type
        self.old = old
        self.new = new
        editor = try DefinitionEditor(cluster)
    }

    func plan() throws -> ChangePlan {
        try check()
        let isGroupWithoutRow = try type.isGroup && cluster.rows("nodegroup", "groupname", old).isEmpty
        if !isGroupWithoutRow {
            editor.plan.batch.append(.present(type.table, matches: [Cell(type.keyColumn, old)]))
        }
        editor.plan.batch.append(.absent(type.table, matches: [Cell(type.keyColumn, new)]))
        let references = ObjectReferences(cluster, type, old, new)
        editor.plan.batch.append(try references.batch())
        for text in try references.warnings() { editor.plan.warn(text) }
        for (table, column) in try keyedTables() { try replace(in: table, column) }
        if type.isGroup {
            for node in try cluster.staticGroups()[old] ?? [] { try editor.memberships.rename(old, to: new, in: node) }
        }
        editor.plan.touched = [(type.name, old), (type.name, new)]
        return try editor.finished()
    }

    private func check() throws {
        if type.isSite {
            throw CommandFailure([Diagnostic("The site object cannot be renamed.", remedy: "it is always clustersite")])
        }
        guard try cluster.exists(type, old) else {
            throw CommandFailure([Diagnostic("The \(old) is not a valid object.", remedy: "see lsdef -t \(type.name)")])
        }
        if let problem = ObjectNameRule.problem(new, type) {
            throw CommandFailure([
                Diagnostic(
                    "The new object name '\(new)' is not valid.Please refer to \"man xcatdb\" "
                        + "for the valid \"xCAT Object Name Format\" ", remedy: problem.remedy)
            ])
        }
        if try cluster.exists(type, new) { throw CommandFailure([Diagnostic("Object \(new) already exists.")]) }
        // Nodes and groups share tables and noderanges.
        guard type.isNode || type.isGroup else { return }
        let other = try ObjectType.named(type.isNode ? "group" : "node")
        if try cluster.exists(other, new) {
            throw CommandFailure([
                Diagnostic("The name '\(new)' is taken by a \(other.name).", remedy: "choose another name")
            ])
        }
    }

    /// Tables with rows of the object: for nodes and groups every table that belongs to nodes.
    private func keyedTables() throws -> [(String, String)] {
        guard type.isNode || type.isGroup else {
            return type.tables.map { ($0, type.keyColumns[$0] ?? type.keyColumn) }
        }
        var tables = TableSchema.all.compactMap { schema in schema.nodeColumn.map { (schema.name, $0) } }
        if type.isGroup {
            tables.removeAll { $0.0 == "nodelist" }
            tables.append(("nodegroup", "groupname"))
        }
        return tables
    }

    private func replace(in table: String, _ column: String) throws {
        let schema = try TableSchema.require(table)
        guard try !cluster.store.rows(schema, [Cell(column, old)], includingDisabled: true).isEmpty else { return }
        if try !cluster.store.rows(schema, [Cell(column, new)], includingDisabled: true).isEmpty {
            throw CommandFailure([
                Diagnostic(
                    "The name '\(new)' is taken: the table '\(table)' has a row of it.",
                    remedy: "choose another name, or remove the row: chtab -d \(column)=\(new) \(table)")
            ])
        }
        editor.plan.batch.append(.set(table, matches: [Cell(column, old)], values: [Cell(column, new)]))
    }
}
