internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// One table of the store: its columns in dump order, its key, and whether its rows belong to nodes and groups.
///
/// Read from `schema.txt`, which is embedded in the program; only the section that is asked for is parsed.
public final class TableSchema: Sendable {
    public let name: String
    /// In the order of dumps; `comments` and `disable` are columns like any other.
    public let columns: [String]
    /// The columns that identify a row.
    public let keys: [String]
    /// The column that holds a node or group name; nil for tables that do not belong to nodes.
    public let nodeColumn: String?
    /// Whether the key is a number that the store gives out.
    public let isNumbered: Bool
    /// What the table holds, one line.
    public let summary: String
    private let summaries: [String]
    private let positions: [String: Int]

    private init(_ lines: [Substring.UTF8View.SubSequence]) {
        let head = lines[0].dropFirst().split(separator: 0x09, omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        name = head[0]
        keys = head[1].split(separator: ",").map(String.init)
        isNumbered = keys == ["recid"]
        nodeColumn = head[2] == "-" ? nil : head[2]
        summary = head.count > 3 ? head[3] : ""
        var columns: [String] = []
        var summaries: [String] = []
        for line in lines.dropFirst() where !line.isEmpty {
            let tab = line.firstIndex(of: 0x09) ?? line.endIndex
            columns.append(String(Substring(line[..<tab])))
            summaries.append(String(Substring(tab == line.endIndex ? line[tab...] : line[tab...].dropFirst())))
        }
        self.columns = columns
        self.summaries = summaries
        positions = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
    }

    /// Tables that have been asked for.
    private static let known = Mutex<[String: TableSchema]>([:])

    /// The key column without which a row belongs to nothing; nil where the store numbers rows.
    ///
    /// The other key columns may be empty: a password without a user, a file of `litefile` for every image.
    public var requiredKey: String? {
        if isNumbered { return nil }
        return switch name {
        case "litefile": "file"
        case "prodkey": "product"
        default: keys.first
        }
    }

    /// The table called `name`; nil when there is none. Our own tables are not among them.
    public static func named(_ name: String) -> TableSchema? { name.hasPrefix(ownPrefix) ? nil : stored(name) }

    private static let ownPrefix = "catboat_"

    /// Any table of the store.
    private static func stored(_ name: String) -> TableSchema? {
        if let schema = known.withLock({ $0[name] }) { return schema }
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 }) else { return nil }
        let text = Self.text
        let wanted = Array("\n@\(name)\t".utf8)
        guard let start = find(wanted, in: text, from: 0) else { return nil }
        let end = find([0x0a, 0x40], in: text, from: start + 1) ?? text.count
        let section = String(decoding: text[(start + 1)..<end], as: UTF8.self)
        let schema = TableSchema(section[...].utf8.split(separator: 0x0a))
        known.withLock { $0[name] = schema }
        return schema
    }

    /// The table called `name`, one of our own too.
    /// - Throws: `StoreError.unknownTable`.
    public static func require(_ name: String) throws(StoreError) -> TableSchema {
        guard let schema = stored(name) else { throw .unknownTable(name) }
        return schema
    }

    /// Names of all tables that xCAT has, sorted.
    public static var names: [String] { storedNames.filter { !$0.hasPrefix(ownPrefix) } }

    /// The names, and those of our own tables.
    private static var storedNames: [String] {
        let text = Self.text
        var result: [String] = []
        var position = 0
        while let start = find([0x0a, 0x40], in: text, from: position) {
            let name = text[(start + 2)...].prefix { $0 != 0x09 }
            result.append(String(decoding: name, as: UTF8.self))
            position = start + 2
        }
        return result
    }

    /// All tables that xCAT has, sorted by name.
    public static var all: [TableSchema] { names.compactMap(named) }

    /// All tables of a store.
    public static var stored: [TableSchema] { storedNames.compactMap(stored) }

    /// Position of a column in `columns`; nil when the table has none of that name.
    public func position(of column: String) -> Int? { positions[column] }

    /// - Throws: `StoreError.unknownColumn`.
    public func requirePosition(of column: String) throws(StoreError) -> Int {
        guard let position = positions[column] else { throw .unknownColumn(column, table: name) }
        return position
    }

    /// What a column holds, one line.
    public func summary(of column: String) -> String { positions[column].map { summaries[$0] } ?? "" }

    /// Tables that a batch names: a few, again and again.
    struct Lookup {
        private var known: [TableSchema] = []

        /// - Throws: `StoreError.unknownTable`.
        mutating func require(_ name: String) throws(StoreError) -> TableSchema {
            if let schema = known.first(where: { $0.name == name }) { return schema }
            let schema = try TableSchema.require(name)
            known.append(schema)
            return schema
        }
    }

    private static var text: [UInt8] { PackageResources.schema_txt }

    private static func find(_ needle: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        text.withUnsafeBytes { text -> Int? in
            needle.withUnsafeBytes { needle -> Int? in
                guard let base = text.baseAddress, let wanted = needle.baseAddress else { return nil }
                var position = start
                while position <= text.count - needle.count {
                    let rest = text.count - needle.count + 1 - position
                    guard let found = memchr(base + position, CInt(needle[0]), rest) else { return nil }
                    position = UnsafeRawPointer(found) - base
                    if memcmp(found, wanted, needle.count) == 0 { return position }
                    position += 1
                }
                return nil
            }
        }
    }
}
