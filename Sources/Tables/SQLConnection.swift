/// What a store needs of a database. In statements `?` stands for a value; an empty value is NULL.
protocol SQLConnection: AnyObject {
    /// For messages, without passwords.
    var location: String { get }

    /// The column that tells in which order rows were added.
    var rowOrder: String { get }

    /// Runs a statement without results.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [String]) throws(StoreError) -> Int

    /// All rows of a query, `width` columns each.
    func rows(_ sql: String, _ values: [String], width: Int) throws(StoreError) -> [[String?]]

    /// Runs `body` as one transaction that nobody can write beside; rolls back when it throws.
    func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError)

    /// Runs `body`, whose queries all see the rows of one moment.
    func snapshot(_ body: () throws(StoreError) -> Void) throws(StoreError)

    /// How many migrations the store has seen; 0 when it has none of our tables. Costs one short question.
    func version() throws(StoreError) -> Int

    /// Keeps what `version` is to answer, where that is not counted.
    func keep(version: Int) throws(StoreError)

    /// The statements that make a table.
    func definition(of schema: TableSchema) -> [String]

    /// Takes note that the number of a row was given, so that it is not given out again.
    func skip(_ number: String, in schema: TableSchema) throws(StoreError)
}

extension SQLConnection {
    @discardableResult
    func run(_ sql: String) throws(StoreError) -> Int { try run(sql, []) }

    func rows(_ sql: String, width: Int) throws(StoreError) -> [[String?]] { try rows(sql, [], width: width) }
}
