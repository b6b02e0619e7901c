public import Tables

/// Objects of any type.
extension Cluster {
    /// Names of all objects of a type, sorted by bytes. Hidden nodes are among them.
    public func names(_ type: ObjectType) throws(StoreError) -> [String] {
        if type.isSite { return try site.isEmpty ? [] : ["clustersite"] }
        let position = try cache.schema(type.table).requirePosition(of: type.keyColumn)
        var names = try cache.all(type.table).compactMap { $0[position] }
        if type.isGroup { names += try staticGroups().keys }
        names = names.sortedByBytes()
        var last: String?
        return names.filter { name in
            defer { last = name }
            return name != last
        }
    }

    /// Nodes with `hidden` set.
    public func hiddenNodes() throws(StoreError) -> Set<String> {
        Set(try store.rows("nodelist").filter { $0["hidden"] == "1" }.compactMap { $0["node"] })
    }

    /// Whether an object of this name exists.
    public func exists(_ type: ObjectType, _ name: String) throws(StoreError) -> Bool {
        if type.isSite { return name == "clustersite" ? try !site.isEmpty : false }
        if name.isEmpty { return false }
        if try !cache.rows(type.table, type.keyColumn, name).isEmpty { return true }
        return type.isGroup ? try staticGroups()[name] != nil : false
    }

    /// Whether there is an object of this name that `disable` hides: it can be neither shown nor made.
    public func isDisabled(_ type: ObjectType, _ name: String) throws(StoreError) -> Bool {
        if type.isSite || type.isGroup { return false }
        return try cache.hasDisabledRow(type.table, type.keyColumn, name)
    }

    /// Whether `disable` hides a row of `table` whose `column` is `key`.
    public func hasDisabledRow(_ table: String, _ column: String, _ key: String) throws(StoreError) -> Bool {
        try cache.hasDisabledRow(table, column, key)
    }

    /// The object of this name; nil when there is none.
    /// - Throws: `DefinitionError.unknownType`, `StoreError`.
    public func definition(_ type: String, _ name: String) throws -> Definition? {
        try definitions(ObjectType.named(type), [name]).first
    }

    /// The objects of these names that exist, in the order of the names.
    /// - Parameter attributes: only these are looked up; nil for all.
    public func definitions(
        _ type: ObjectType, _ names: [String], attributes: Set<String>? = nil
    ) throws -> [Definition] {
        prepare(forObjects: names.count)
        if type.isSite { return names.contains("clustersite") ? [try siteDefinition()] : [] }
        let plan = try ReadingPlan(type, attributes, self)
        var result: [Definition] = []
        for name in names where try exists(type, name) {
            var definition = Definition(type.name, name)
            try plan.fill(&definition)
            if type.isGroup, attributes?.contains("members") ?? true {
                let members = try members(of: name).joined(separator: ",")
                definition.values["members"] = .init(
                    text: members, table: "nodegroup", keyColumn: "groupname", key: name, column: "members")
            }
            result.append(definition)
        }
        return result
    }

    /// Nodes of a group: those that list it, or those that its selection matches now.
    ///
    /// Static members are in the order of their rows, dynamic ones sorted.
    public func members(of group: String) throws -> [String] {
        if let row = try cache.rows("nodegroup", "groupname", group).first, row["grouptype"] == "dynamic" {
            guard let text = row["wherevals"] else { return [] }
            return try nodes(where: try Selection.parse(text.split(delimiter: "::")))
        }
        return try staticGroups()[group] ?? []
    }

    /// Names of dynamic groups.
    func dynamicGroups() throws(StoreError) -> Set<String> {
        Set(try store.rows("nodegroup").filter { $0["grouptype"] == "dynamic" }.compactMap { $0["groupname"] })
    }

    /// Nodes whose attributes satisfy all terms, sorted by bytes. `node` stands for the name.
    public func nodes(where terms: [Selection]) throws -> [String] {
        let type = try ObjectType.named("node")
        let wanted = Set(terms.map(\.attribute))
        return try definitions(type, try names(type), attributes: wanted).filter { definition in
            terms.allSatisfy { term in
                if term.attribute == "node" { return term.holds(for: definition.name) }
                return definition[term.attribute].map { term.holds(for: $0) } ?? false
            }
        }.map(\.name)
    }

    private func siteDefinition() throws(StoreError) -> Definition {
        var result = Definition("site", "clustersite")
        for (key, value) in try site {
            result.values[key] = .init(text: value, table: "site", keyColumn: "key", key: key, column: "value")
        }
        return result
    }
}

/// Which tables and columns give the attributes of a type, found once for many objects.
private struct ReadingPlan {
    struct Item {
        var attribute: String
        var place: ObjectType.Place
        var position: Int
    }
    struct Group {
        var table: String
        var keyColumn: String
        var selector: Cell?
        var items: [Item]
    }

    private let type: ObjectType
    private let cluster: Cluster
    /// Unconditional attributes first: conditions look at them.
    private var groups: [Group] = []

    init(_ type: ObjectType, _ attributes: Set<String>?, _ cluster: Cluster) throws {
        self.type = type
        self.cluster = cluster
        var wanted = attributes.map { Set($0.map(ObjectType.stored)) }
        for attribute in wanted ?? [] {
            for place in type.places[attribute] ?? [] {
                if let condition = place.condition { wanted?.insert(condition.attribute) }
            }
        }
        for isConditional in [false, true] {
            for attribute in type.attributes where wanted?.contains(attribute) ?? true {
                for place in type.places[attribute] ?? [] where (place.condition != nil) == isConditional {
                    try add(attribute, place)
                }
            }
        }
    }

    private mutating func add(_ attribute: String, _ place: ObjectType.Place) throws {
        let schema = try cluster.cache.schema(place.table)
        let item = Item(attribute: attribute, place: place, position: try schema.requirePosition(of: place.column))
        let index = groups.firstIndex {
            $0.table == place.table && $0.selector == place.selector
                && ($0.items[0].place.condition != nil) == (place.condition != nil)
        }
        if let index {
            groups[index].items.append(item)
        } else {
            groups.append(
                Group(table: place.table, keyColumn: place.keyColumn, selector: place.selector, items: [item]))
        }
    }

    func fill(_ definition: inout Definition) throws {
        for group in groups {
            let rows =
                type.isNode
                ? try cluster.nodeValues().rows(
                    of: definition.name, in: group.table, group.keyColumn, selector: group.selector)
                : try plainRows(group, definition.name)
            guard !rows.isEmpty || !type.isNode else { continue }
            for item in group.items where definition.values[item.attribute] == nil {
                if let condition = item.place.condition, !condition.holds(for: definition[condition.attribute]) {
                    continue
                }
                if let (text, key) = try value(item, group, rows, definition.name) {
                    definition.values[item.attribute] = .init(
                        text: text, table: group.table, keyColumn: group.keyColumn, key: key, column: item.place.column)
                } else if !type.isNode, !type.isGroup {
                    definition.unset.insert(item.attribute)
                }
            }
        }
    }

    private func plainRows(_ group: Group, _ name: String) throws -> [(key: String, row: Row)] {
        let rows = try cluster.cache.rows(group.table, group.keyColumn, name)
        return rows.first { row in group.selector.map { row[$0.column] == $0.value } ?? true }.map { [(name, $0)] }
            ?? []
    }

    private func value(
        _ item: Item, _ group: Group, _ rows: [(key: String, row: Row)], _ name: String
    ) throws -> (text: String, key: String)? {
        guard type.isNode else { return rows.first.flatMap { row in row.row[item.position].map { ($0, row.key) } } }
        let values = try cluster.nodeValues()
        let found = values.value(
            of: name, column: item.place.column, position: item.position, isListing: group.table == type.table, rows)
        guard let (text, key) = found, group.table == "nics" else { return found }
        let packed = NicValues(text).evaluated(for: name).packed
        return packed.isEmpty ? nil : (packed, key)
    }
}
