internal import Definitions
internal import Tables

/// Cells of other objects that name an object, for those that follow it when it gets another name.
struct ObjectReferences {
    /// A column that names objects: one, or several between commas.
    struct Column {
        var table: String
        var column: String
        /// What stands before the name in an item, as in `osimage=NAME` of chain.
        var mark = ""
    }

    private let cluster: Cluster
    private let type: ObjectType
    private let old: String
    private let new: String

    init(_ cluster: Cluster, _ type: ObjectType, _ old: String, _ new: String) {
        (self.cluster, self.type, self.old, self.new) = (cluster, type, old, new)
    }

    private static let nodeColumns = [
        "noderes": ["servicenode", "tftpserver", "nfsserver", "monserver", "xcatmaster", "nimserver"],
        "nodehm": ["termserver", "conserver"], "nodelist": ["primarysn"], "deps": ["nodedep"],
        "vm": ["host", "migrationdest"], "mp": ["mpa"], "ppc": ["hcp", "parent"], "zvm": ["hcp", "parent"],
        "mic": ["host"], "iscsi": ["server"], "storage": ["hypervisor", "controller"], "switch": ["switch"],
        "networks": ["dhcpserver", "tftpserver", "nameservers", "ntpservers", "logservers"],
    ]

    private static func columns(_ type: String) -> [Column] {
        func list(_ tables: [String: [String]]) -> [Column] {
            tables.keys.sortedByBytes().flatMap { table in
                (tables[table] ?? []).map { Column(table: table, column: $0) }
            }
        }
        return switch type {
        case "node": list(nodeColumns) + list(["policy": ["noderange"]])
        case "group": list(["policy": ["noderange"], "nodegroup": ["membergroups"]])
        case "osimage":
            list(["nodetype": ["provmethod"], "litefile": ["image"], "litetree": ["image"], "statelite": ["image"]])
                + ["chain", "currchain"].map { Column(table: "chain", column: $0, mark: "osimage=") }
        case "boottarget": list(["linuximage": ["boottarget"]])
        case "osdistro": list(["osimage": ["osdistroname"]])
        case "osdistroupdate": list(["osimage": ["osupdatename"]])
        case "kit": list(["kitcomponent": ["kitname"], "kitrepo": ["kitname"]])
        case "kitcomponent": list(["osimage": ["kitcomponents"], "kitcomponent": ["kitcompdeps"]])
        case "kitrepo": list(["kitcomponent": ["kitreponame"]])
        case "rack": list(["nodepos": ["rack"]])
        case "route": list(["noderes": ["routenames"]])
        case "zone": list(["nodelist": ["zonename"]])
        default: []
        }
    }

    /// What puts the new name in place of the old one. It goes before the changes of keys: rows are found by theirs.
    func batch() throws -> TableBatch {
        var batch = TableBatch()
        for column in Self.columns(type.name) {
            let schema = try TableSchema.require(column.table)
            for row in try cluster.store.rows(schema, includingDisabled: true) {
                guard let text = row[column.column], let changed = replaced(text, column.mark) else { continue }
                let keys = zip(schema.keys, row.keyValues).map { Cell($0, $1) }
                if schema.keys.contains(column.column) {
                    batch.append(.present(schema.name, matches: keys))
                } else {
                    batch.append(.expect(schema.name, matches: keys, values: [Cell(column.column, text)]))
                }
                batch.append(.set(schema.name, matches: keys, values: [Cell(column.column, changed)]))
            }
        }
        if type.isNode || type.isGroup, let text = try cluster.site("excludenodes"), let changed = replaced(text, "") {
            batch.expect("site", ["key": "excludenodes"], ["value": text])
            batch.set("site", ["key": "excludenodes"], ["value": changed])
        }
        return batch
    }

    /// A list in which an item is the old name; nil when none is.
    private func replaced(_ text: String, _ mark: String) -> String? {
        guard text.utf8.firstRange(of: old.utf8) != nil else { return nil }
        var isChanged = false
        let items = text.split(separator: ",", omittingEmptySubsequences: false).map { item -> String in
            let body = item.trimmedBlanks
            guard body.hasPrefix(mark) else { return String(item) }
            let name = body.dropFirst(mark.count)
            // The image of a chain may be followed by `:` and more.
            let end = mark.isEmpty ? name.endIndex : name.firstIndex(of: ":") ?? name.endIndex
            guard name[..<end] == old else { return String(item) }
            isChanged = true
            return mark + new + name[end...]
        }
        return isChanged ? items.joined(separator: ",") : nil
    }

    /// Texts that name the object in a way that only people can change.
    func warnings() throws -> [String] {
        guard type.isNode || type.isGroup else { return [] }
        var texts: [(place: String, text: String)] = []
        for row in try cluster.store.rows("policy", includingDisabled: true) {
            if let text = row["noderange"] {
                texts.append(("policy.noderange of rule '\(row["priority"] ?? "")'", text))
            }
        }
        for row in try cluster.store.rows("nodegroup", includingDisabled: true) {
            if let text = row["wherevals"] {
                texts.append(("the selection of the group '\(row["groupname"] ?? "")'", text))
            }
        }
        if let text = try cluster.site("excludenodes") { texts.append(("site.excludenodes", text)) }
        return texts.compactMap { place, text in
            mentions(replaced(text, "") ?? text) ? "'\(old)' stays in \(place): '\(text)'." : nil
        }
    }

    /// Whether the old name stands in a text as a word, or at an end of a span such as `n1-n9`.
    private func mentions(_ text: String) -> Bool {
        func isPart(_ byte: UInt8) -> Bool {
            byte >= 0x80 || "-_.".utf8.contains(byte) || (0x30...0x39).contains(byte)
                || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
        func stem(_ name: some StringProtocol) -> String {
            String(name.reversed().drop { "0123456789".contains($0) }.reversed())
        }
        return text.utf8.split(whereSeparator: { !isPart($0) }).contains { word in
            let word = String(Substring(word))
            if word == old { return true }
            let ends = word.split(separator: "-")
            return ends.count == 2 && ends.contains { $0 == old } && ends.allSatisfy { stem($0) == stem(old) }
        }
    }
}
