internal import Bundles
internal import CommandShell
internal import Definitions
internal import Support
internal import Tables

/// The rows that an import sets, as a batch of table-set.
struct ImportRows {
    private(set) var batch = TableBatch()
    /// Nodes that are not defined.
    private(set) var unknown: [String] = []

    /// Rows of kits that are there already and change, and of litefile that go, each in words.
    private(set) var notes: [String] = []
    /// Columns of images that are there already and that get another value, or none.
    private(set) var changes: [Change] = []

    /// A column of an image before and after.
    struct Change: Encodable {
        var image: String
        var table: String
        var column: String
        var old: String?
        var new: String?
    }

    private let cluster: Cluster
    let request: ImportRequest

    init(_ images: [ImportImage], _ request: ImportRequest, _ cluster: Cluster) throws {
        (self.cluster, self.request) = (cluster, request)
        for image in images {
            try set("osimage", "imagename", image.name, image.manifest.osimage)
            try set("linuximage", "imagename", image.name, image.manifest.linuximage)
            for row in image.manifest.kits { try set("kit", "kitname", row["kitname"] ?? "", row) }
            for row in image.manifest.kitrepos { try set("kitrepo", "kitreponame", row["kitreponame"] ?? "", row) }
            for row in image.manifest.kitcomps {
                try set("kitcomponent", "kitcompname", row["kitcompname"] ?? "", row)
            }
            try addLitefiles(image)
        }
        if let nodes = request.nodes { try addScripts(images, nodes) }
    }

    /// A row as the bundle has it: what it does not set is cleared, unless rows are merged.
    private mutating func set(_ table: String, _ key: String, _ name: String, _ row: [String: String]) throws {
        let schema = try TableSchema.require(table)
        let matches = [Cell(key, name)]
        let cells = schema.columns.filter { $0 != key }.compactMap { column -> Cell? in
            guard let value = row[column], !value.isEmpty else {
                return request.isMerging ? nil : Cell(column, "")
            }
            return Cell(column, value)
        }
        if table.hasSuffix("image") {
            try note(table, matches[0], cells)
        } else {
            try noteKit(table, matches[0], cells)
        }
        let isEmpty = cells.allSatisfy { $0.value.isEmpty }
        if !isEmpty || !cells.isEmpty { batch.append(.set(table, matches: matches, values: cells)) }
        // A row of nothing but its key is a row too.
        if isEmpty { batch.append(.set(table, matches: matches, values: [])) }
    }

    private mutating func note(_ table: String, _ key: Cell, _ cells: [Cell]) throws {
        guard try cluster.findOsimage(key.value) != nil else { return }
        let row = try cluster.store.row(table, [key.column: key.value])
        for cell in cells {
            let (old, new) = (row?[cell.column] ?? "", cell.value)
            guard old != new else { continue }
            changes.append(
                Change(
                    image: key.value, table: table, column: cell.column, old: old.isEmpty ? nil : old,
                    new: new.isEmpty ? nil : new))
        }
    }

    /// - Throws: for a row that is one of another kit.
    private mutating func noteKit(_ table: String, _ key: Cell, _ cells: [Cell]) throws {
        guard let row = try cluster.store.row(table, [key.column: key.value]) else { return }
        let changed = cells.filter { (row[$0.column] ?? "") != $0.value }.map(\.column)
        guard !changed.isEmpty else { return }
        guard table == "kit" || !changed.contains("kitname") else {
            throw ImportRequest.failure(
                "The bundle would change the \(table) \(key.value) of the kit \(row["kitname"] ?? "").",
                "remove that kit first, or export the image without its own")
        }
        let line = "The \(table) \(key.value) is there already; columns changed: \(changed.joined(separator: ", "))."
        if !notes.contains(line) { notes.append(line) }
    }

    private mutating func addLitefiles(_ image: ImportImage) throws {
        guard image.provmethod == "statelite" else { return }
        if !request.isMerging {
            batch.append(.delete("litefile", matches: [Cell("image", image.name)]))
            let brought = Set(image.litefiles.map(\.file))
            let gone = try cluster.store.rows("litefile", ["image": image.name]).compactMap { $0["file"] }
                .filter { !brought.contains($0) }
            if !gone.isEmpty {
                notes.append("Rows of litefile of \(image.name) that go: \(gone.sorted().joined(separator: ", ")).")
            }
        }
        for (file, options) in image.litefiles {
            let all = try cluster.store.rows("litefile", ["image": "ALL", "file": file])
            if all.contains(where: { ($0["options"] ?? "") == options }) { continue }
            let matches = [Cell("image", image.name), Cell("file", file)]
            batch.append(.set("litefile", matches: matches, values: [Cell("options", options)]))
        }
    }

    // MARK: - Postscripts of nodes

    private mutating func addScripts(_ images: [ImportImage], _ range: String) throws {
        var keys: [String] = []
        let isGroup = try cluster.staticGroups()[range] != nil
        if isGroup {
            keys = [range]
        } else {
            let (nodes, missing) = try cluster.expansion(of: range)
            (keys, unknown) = (nodes, missing)
        }
        guard !keys.isEmpty else {
            throw ImportRequest.failure("The nodes \(unknown.joined(separator: ",")) are not defined in xCAT DB.")
        }
        let defaults = try cluster.store.row("postscripts", ["node": "xcatdefaults"])
        var wanted: [(column: String, names: [String])] = []
        for column in ["postscripts", "postbootscripts"] {
            let given = Self.names(defaults?[column])
            var names: [String] = []
            for image in images {
                let value = column == "postscripts" ? image.manifest.postscripts : image.manifest.postbootscripts
                for name in Self.names(value) where !given.contains(name) && !names.contains(name) {
                    names.append(name)
                }
            }
            wanted.append((column, names))
        }
        guard wanted.contains(where: { !$0.names.isEmpty }) else { return }
        for key in keys { try addScripts(key, wanted, isGroup: isGroup) }
    }

    private mutating func addScripts(
        _ key: String, _ wanted: [(column: String, names: [String])], isGroup: Bool
    ) throws {
        let matches = [Cell("node", key)]
        let row = try cluster.store.row("postscripts", ["node": key])
        // A node's own value hides that of its groups, so it takes theirs along.
        let inherited = isGroup || request.replacesScripts ? nil : try cluster.definition("node", key)
        var values: [Cell] = []
        for (column, names) in wanted {
            let present = Self.names(row?[column] ?? inherited?[column])
            let new = request.replacesScripts ? names : present + names.filter { !present.contains($0) }
            if new != present { values.append(Cell(column, new.joined(separator: ","))) }
        }
        guard !values.isEmpty else { return }
        // Someone may set them meanwhile: then nothing is changed.
        batch.append(
            .expect("postscripts", matches: matches, values: values.map { Cell($0.column, row?[$0.column] ?? "") }))
        batch.append(.set("postscripts", matches: matches, values: values))
    }

    private static func names(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { $0.filter { !$0.isNewline } }.map { name in
            String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}
