internal import Support
internal import SystemPackage

/// Where a store is: the path of an SQLite file, or the `postgresql://` URL of a database.
public struct StoreLocation: Sendable, Equatable {
    public let text: String

    /// - Parameter text: as `Settings.storeLocation` gives it.
    public init(_ text: String) { self.text = text }

    public var isPostgres: Bool { text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") }

    /// A store to read from; one that does not exist reads as empty.
    public func reader() throws(StoreError) -> any Store {
        try check()
        if isPostgres { return try SQLStore(try PostgresConnection(text), isWriting: false) }
        guard FilePath(text).exists else { return EmptyStore(text) }
        return try SQLStore(try SQLiteConnection.reading(text), isWriting: false)
    }

    /// A store to change; it is made when it does not exist: a file 0600, its folder too.
    public func writer() throws(StoreError) -> any Store {
        try check()
        if isPostgres { return try SQLStore(try PostgresConnection(text), isWriting: true) }
        return try SQLStore(try SQLiteConnection.writing(text), isWriting: true)
    }

    /// How long to wait for other programs to be done with the store: `CATBOAT_DB_TIMEOUT`, else 30.
    static var lockTimeoutInSeconds: Int {
        guard let text = Environment.current.text("CATBOAT_DB_TIMEOUT"), let seconds = Int(text) else { return 30 }
        return min(max(1, seconds), 86_400)
    }

    private func check() throws(StoreError) {
        if !isPostgres, text.utf8.firstRange(of: "://".utf8) != nil { throw .unsupported(printable) }
    }

    /// The location without passwords.
    public var printable: String {
        guard let scheme = text.utf8.firstRange(of: "://".utf8) else { return text }
        let rest = text[scheme.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        var authority = String(rest[..<end])
        if let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") {
            authority.replaceSubrange(authority.index(after: colon)..<at, with: "***")
        }
        let tail = rest[end...].split(separator: "&", omittingEmptySubsequences: false).map { part in
            guard let name = part.utf8.firstRange(of: "password=".utf8) else { return String(part) }
            return part[..<name.upperBound] + "***"
        }
        return text[..<scheme.upperBound] + authority + tail.joined(separator: "&")
    }
}
