internal import Support
internal import SystemPackage

/// Where a store is: the path of an SQLite file.
public struct StoreLocation: Sendable, Equatable {
    public let text: String

    /// - Parameter text: as `Settings.storeLocation` gives it.
    public init(_ text: String) { self.text = text }

    private var isPostgres: Bool { text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") }

    /// A store to read from; one that does not exist reads as empty.
    public func reader() throws(StoreError) -> any Store {
        if isPostgres { throw .unsupported(text) }
        return FilePath(text).exists ? try SQLiteStore(reading: text) : EmptyStore(text)
    }

    /// A store to change; it is made when it does not exist, 0600, its folder too.
    public func writer() throws(StoreError) -> any Store {
        if isPostgres { throw .unsupported(text) }
        return try SQLiteStore(writing: text)
    }
}
