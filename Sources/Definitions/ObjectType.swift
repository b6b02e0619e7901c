internal import Synchronization
public import Tables

/// A kind of object: a view over tables that gives each attribute a table, a column and perhaps a condition.
///
/// Read from `types.txt`, which is embedded in the program.
public final class ObjectType: Sendable {
    /// Where an attribute is stored.
    public struct Place: Hashable, Sendable {
        public var table: String
        public var column: String
        /// The column that holds the object's name.
        public var keyColumn: String
        /// The attribute that must have one of the values as a whole word.
        public var condition: Condition?
        /// Which row, where a table has several of an object.
        public var selector: Cell?
    }

    public struct Condition: Hashable, Sendable {
        public var attribute: String
        public var values: [String]
    }

    public let name: String
    /// The table that lists the objects.
    public let table: String
    /// The column of that table that holds the name.
    public let keyColumn: String
    /// Places of each attribute: more than one where the condition decides.
    public let places: [String: [Place]]
    /// All attribute names, sorted by bytes; of a site, those that mean something.
    public let attributes: [String]
    /// The tables that hold anything of the objects; the listing one first.
    public let tables: [String]
    /// The column of each of these tables that holds the object's name.
    public let keyColumns: [String: String]
    /// Whether values are inherited over groups and evaluated for each node.
    public let isNode: Bool
    public let isGroup: Bool
    public let isSite: Bool

    private init(_ section: TypesText.Section, node: ObjectType?) {
        name = section.name
        table = section.table
        keyColumn = section.keyColumn
        isNode = name == "node"
        isGroup = name == "group"
        isSite = name == "site"
        var places: [String: [Place]] = [:]
        for (attribute, place) in section.places {
            var place = place
            place.keyColumn =
                place.table == section.table
                ? section.keyColumn : Self.keyColumn(of: place.table, fallback: section.keyColumn)
            places[attribute, default: []].append(place)
        }
        if section.takesOverNode, let node {
            for (attribute, inherited) in node.places {
                let kept = inherited.filter { $0.table != node.table }
                if !kept.isEmpty, places[attribute] == nil { places[attribute] = kept }
            }
        }
        self.places = places
        attributes = isSite ? SiteSettings.names : places.keys.sortedByBytes()
        var tables = [section.table]
        var keyColumns = [section.table: section.keyColumn]
        for attribute in attributes {
            for place in places[attribute] ?? [] where keyColumns[place.table] == nil {
                tables.append(place.table)
                keyColumns[place.table] = place.keyColumn
            }
        }
        self.tables = tables
        self.keyColumns = keyColumns
    }

    /// The column that holds the object's name in one of its tables.
    private static func keyColumn(of table: String, fallback: String) -> String {
        guard let schema = TableSchema.named(table) else { return fallback }
        return schema.nodeColumn ?? (schema.columns.contains(fallback) ? fallback : schema.keys[0])
    }

    /// Types that have been asked for: a stanza file asks once for each of its objects.
    private static let known = Mutex<[String: ObjectType]>([:])

    /// The type called `name`.
    /// - Throws: `DefinitionError.unknownType`.
    public static func named(_ name: String) throws(DefinitionError) -> ObjectType {
        if let type = known.withLock({ $0[name] }) { return type }
        guard let section = TypesText.section(name) else { throw .unknownType(name) }
        let node = section.takesOverNode ? TypesText.section("node").map { ObjectType($0, node: nil) } : nil
        let type = ObjectType(section, node: node)
        known.withLock { $0[name] = type }
        return type
    }

    /// Names of all types, sorted.
    public static var names: [String] { TypesText.names }

    /// The attribute whose places hold for `attribute`: itself, or the packed one for `nicips.eth0`.
    public static func stored(_ attribute: String) -> String {
        guard attribute.hasPrefix("nic"), let dot = attribute.firstIndex(of: ".") else { return attribute }
        return String(attribute[..<dot])
    }

    /// Whether objects of the type can have the attribute. A site can have any.
    public func has(_ attribute: String) -> Bool {
        if isSite || places[attribute] != nil { return true }
        let packed = Self.stored(attribute)
        // An entry of a packed attribute names its interface: `nicips.` does not.
        return attribute.utf8.count > packed.utf8.count + 1 && places[packed] != nil
    }

    /// What an attribute means, one line.
    public func summary(of attribute: String) -> String {
        if isSite { return SiteSettings.summary(of: attribute) }
        guard let place = places[attribute]?.first else { return "" }
        return TableSchema.named(place.table)?.summary(of: place.column) ?? ""
    }
}

extension ObjectType.Condition {
    /// Whether a value satisfies the condition: it holds one of the words as a whole word.
    public func holds(for value: String?) -> Bool {
        guard let value else { return false }
        return value.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }.contains { word in
            values.contains { $0 == word }
        }
    }
}

/// The embedded text of the types.
private enum TypesText {
    struct Section {
        var name: String
        var table: String
        var keyColumn: String
        var places: [(String, ObjectType.Place)] = []
        var takesOverNode = false
    }

    static var lines: [Substring] { String(decoding: PackageResources.types_txt, as: UTF8.self).split(separator: "\n") }

    static var names: [String] {
        lines.filter { $0.hasPrefix("@") }.compactMap { $0.dropFirst().split(separator: " ").first.map(String.init) }
    }

    static func section(_ name: String) -> Section? {
        var result: Section?
        var place = ObjectType.Place(table: "", column: "", keyColumn: "")
        for line in lines where !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            if line.hasPrefix("@") {
                if result != nil { break }
                guard words[0].dropFirst() == name else { continue }
                result = Section(name: name, table: words[1], keyColumn: words[2])
            } else if result == nil {
                continue
            } else if line.hasPrefix("=") {
                place = Self.place(words)
            } else if line.hasPrefix("+") {
                result?.takesOverNode = true
            } else {
                for word in words {
                    let parts = word.split(separator: ">").map(String.init)
                    place.column = parts[parts.count - 1]
                    result?.places.append((parts[0], place))
                }
            }
        }
        return result
    }

    private static func place(_ words: [String]) -> ObjectType.Place {
        var place = ObjectType.Place(table: String(words[0].dropFirst()), column: "", keyColumn: "")
        for word in words.dropFirst() {
            let isSelector = word.hasPrefix("?")
            guard let cell = Cell(parsing: isSelector ? String(word.dropFirst()) : word) else { continue }
            if isSelector {
                place.selector = cell
            } else {
                place.condition = .init(
                    attribute: cell.column, values: cell.value.split(separator: ",").map(String.init))
            }
        }
        return place
    }
}
