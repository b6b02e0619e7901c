/// Where the rows are. SQLite is one kind; callers know only this.
public protocol Store: AnyObject {
    /// Rows for which all `cells` hold, in row order, disabled ones too. An empty value matches cells that are not set.
    func select(_ schema: TableSchema, where cells: [Cell]) throws(StoreError) -> [Row]

    /// Carries out a batch as one transaction: all of it or nothing.
    /// - Throws: `StoreError.conflict` when an expectation does not hold.
    func apply(_ batch: TableBatch) throws(StoreError)

    /// Runs `body`, whose questions all see the rows of one moment.
    func snapshot(_ body: () throws(StoreError) -> Void) throws(StoreError)
}

extension Store {
    /// Rows of a table in row order.
    /// - Parameter includingDisabled: rows that `disable` switches off too, as dumps show them.
    public func rows(
        _ table: String, _ cells: KeyValuePairs<String, String> = [:], includingDisabled: Bool = false
    ) throws(StoreError) -> [Row] {
        try rows(TableSchema.require(table), [Cell](cells), includingDisabled: includingDisabled)
    }

    public func rows(
        _ schema: TableSchema, _ cells: [Cell] = [], includingDisabled: Bool = false
    ) throws(StoreError) -> [Row] {
        let rows = try select(schema, where: cells)
        return includingDisabled ? rows : rows.filter(\.isEnabled)
    }

    /// The first enabled row for which all `cells` hold.
    public func row(_ table: String, _ cells: KeyValuePairs<String, String>) throws(StoreError) -> Row? {
        try rows(table, cells).first
    }
}

/// A store that does not exist yet: readers find nothing.
final class EmptyStore: Store {
    private let location: String

    init(_ location: String) { self.location = location }

    func select(_ schema: TableSchema, where cells: [Cell]) throws(StoreError) -> [Row] {
        for cell in cells { _ = try schema.requirePosition(of: cell.column) }
        return []
    }

    func snapshot(_ body: () throws(StoreError) -> Void) throws(StoreError) { try body() }

    func apply(_ batch: TableBatch) throws(StoreError) {
        throw .cannotOpen(location, reason: "it was opened for reading")
    }
}
