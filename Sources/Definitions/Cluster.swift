public import Settings
internal import Support
public import SystemPackage
public import Tables

/// The definitions of one site, read from its store: what is there at the moment of the first question.
///
/// Nothing here changes anything; changes go through `table-set`.
public final class Cluster {
    public let store: any Store
    public let settings: Settings
    let cache: TableCache
    private var siteRows: [String: String]?
    private var resolver: NodeValues?
    private var groupMembers: [String: [String]]?

    public init(_ store: any Store, settings: Settings) {
        self.store = store
        self.settings = settings
        cache = TableCache(store)
    }

    /// Opens the store that the settings name; one that does not exist reads as empty.
    public static func open(_ settings: Settings = .current()) throws -> Cluster {
        Cluster(try StoreLocation(try settings.storeLocation()).reader(), settings: settings)
    }

    /// All settings of the table `site`.
    public var site: [String: String] {
        get throws(StoreError) {
            if let siteRows { return siteRows }
            var result: [String: String] = [:]
            for row in try store.rows("site") {
                if let key = row["key"], let value = row["value"] { result[key] = value }
            }
            siteRows = result
            return result
        }
    }

    /// A setting of the table `site`; nil when it is not set.
    public func site(_ key: String) throws(StoreError) -> String? { try site[key] }

    /// Root of install trees as stored: `site.installdir`, or `/install`.
    public var installFolder: FilePath {
        get throws(StoreError) { FilePath(try site("installdir") ?? "/install") }
    }

    /// Root of boot files as stored: `site.tftpdir`, or `/tftpboot`.
    public var tftpFolder: FilePath {
        get throws(StoreError) { FilePath(try site("tftpdir") ?? "/tftpboot") }
    }

    /// How values of nodes are found.
    func nodeValues() throws(StoreError) -> NodeValues {
        if let resolver { return resolver }
        let made = NodeValues(cache, hierarchicalAttributes: try site("hierarchicalattrs"))
        resolver = made
        return made
    }

    /// Makes the following questions read tables whole, when many objects will be asked for.
    public func prepare(forObjects count: Int) {
        if count > 24 { cache.readsWholeTables = true }
    }

    /// Enabled rows of `table` whose `column` is `key`.
    public func rows(_ table: String, _ column: String, _ key: String) throws(StoreError) -> [Row] {
        try cache.rows(table, column, key)
    }

    /// Members of every static group, in the order of the nodes' rows.
    public func staticGroups() throws(StoreError) -> [String: [String]] {
        if let groupMembers { return groupMembers }
        var result: [String: [String]] = [:]
        // Many nodes are in the same groups: their list is taken apart once.
        var lists: [String: [String]] = [:]
        for row in try cache.all("nodelist") {
            guard let node = row["node"], let text = row["groups"] else { continue }
            let groups = lists[text] ?? Self.groups(text)
            lists[text] = groups
            for group in groups { result[group, default: []].append(node) }
        }
        groupMembers = result
        return result
    }

    /// The groups of a nodelist row, each once.
    private static func groups(_ text: String) -> [String] {
        var result: [String] = []
        for group in text.split(separator: ",").map(\.trimmed) where !group.isEmpty && !result.contains(group) {
            result.append(group)
        }
        return result
    }
}
