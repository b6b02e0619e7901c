public import Tables

/// A column of a node table as people name it: `table.column`, or `groups`, `tags`, `mgt`.
public struct NodeColumn: Hashable, Sendable {
    public let table: String
    public let column: String
    /// The column that holds the node or group.
    public let keyColumn: String
    let position: Int

    /// Nil when there is no such column, or the table does not belong to nodes.
    public init?(_ word: String) {
        let full: String =
            switch word {
            case "groups", "tags": "nodelist.groups"
            case "mgt": "nodehm.mgt"
            default: word
            }
        let parts = full.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let schema = TableSchema.named(parts[0]), let key = schema.nodeColumn,
            let position = schema.position(of: parts[1])
        else { return nil }
        table = parts[0]
        column = parts[1]
        keyColumn = key
        self.position = position
    }

    /// All columns of a table, in dump order; nil when it does not belong to nodes.
    public static func all(of table: String) -> [NodeColumn]? {
        guard let schema = TableSchema.named(table), schema.nodeColumn != nil else { return nil }
        return schema.columns.compactMap { NodeColumn("\(table).\($0)") }
    }
}

extension Cluster {
    /// The node and then its static groups, in the order of inheritance.
    public func levels(of node: String) throws(StoreError) -> [String] { try nodeValues().levels(of: node) }

    /// The effective value of a column for a node, and the node or group that it comes from.
    public func value(of node: String, _ column: NodeColumn) throws(StoreError) -> (text: String, key: String)? {
        let values = try nodeValues()
        let rows = try values.rows(of: node, in: column.table, column.keyColumn)
        if column.column == column.keyColumn { return rows.first.map { (node, $0.key) } }
        return values.value(
            of: node, column: column.column, position: column.position, isListing: column.table == "nodelist", rows)
    }
}
