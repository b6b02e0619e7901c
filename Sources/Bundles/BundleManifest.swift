internal import Support
internal import Tables

/// What a bundle brings: rows of one osimage and where its files belong. The content of manifest.xml.
public struct BundleManifest: Codable, Equatable, Sendable {
    /// A file or folder of the user's choice.
    public struct Extra: Codable, Equatable, Sendable {
        /// Where it was.
        public var src: String
        /// The folder to put it into.
        public var dest: String

        public init(src: String, dest: String) { (self.src, self.dest) = (src, dest) }
    }

    /// Which of xCAT's manifests it was read from.
    public enum Dialect: String, Codable, Sendable {
        /// Since 2.8: columns within `<osimage>` and `<linuximage>`.
        case nested
        /// 2.7: columns at the top.
        case flat
    }

    /// Columns that are set, by name; the key is one of them.
    public var osimage: [String: String] = [:]
    public var linuximage: [String: String] = [:]
    public var kits: [[String: String]] = []
    public var kitrepos: [[String: String]] = []
    public var kitcomps: [[String: String]] = []
    /// Where the kernel belongs, and so on: absolute paths.
    public var kernel: String?
    public var ramdisk: String?
    public var rootimg: String?
    public var rootimgtree: String?
    public var litefile: String?
    public var rawimagefiles: [String] = []
    /// `required` when the install medium must have been copied first.
    public var media: String?
    public var extras: [Extra] = []
    /// Scripts of the node that `-p` named.
    public var postscripts: String?
    public var postbootscripts: String?
    public var dialect: Dialect = .nested

    public init() {}

    public var imagename: String { osimage["imagename"] ?? "" }

    /// Columns with files of the image: the file lists, in xCAT's order of placing them.
    public static let fileColumns = ["template", "pkglist", "synclists", "otherpkglist", "postinstall", "exlist"]

    /// Without boot files that an image of its provmethod does not have.
    public var withoutForeignBootFiles: BundleManifest {
        var rest = self
        switch osimage["provmethod"] {
        case "install":
            (rest.kernel, rest.ramdisk, rest.rootimg, rest.rootimgtree, rest.litefile) = (nil, nil, nil, nil, nil)
        case "statelite": rest.rootimg = nil
        default: (rest.rootimgtree, rest.litefile) = (nil, nil)
        }
        return rest
    }

    /// A column of either table.
    public func column(_ name: String) -> String? { linuximage[name] ?? osimage[name] }

    /// Items of a comma list.
    public func list(_ name: String) -> [String] {
        (column(name) ?? "").split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
    }

    // MARK: - Reading

    /// Reads manifest.xml of xCAT 2.8 and later or 2.7, or our own.
    /// - Throws: `BundleError.badXML`, `.badManifest`, e.g. for a column that does not exist.
    public init(xml bytes: [UInt8]) throws(BundleError) {
        try self.init(try XMLReader.read(bytes))
    }

    init(_ root: XMLElement) throws(BundleError) {
        for name in ["osimage", "linuximage", "media", "rawimagefiles", "postscripts", "postbootscripts"] + Self.paths
        where root.children(named: name).count > 1 {
            throw .badManifest("it is there twice", subject: name)
        }
        if root.first("osimage") == nil, root.first("linuximage") == nil {
            try readFlat(root)
        } else {
            osimage = try Self.columns(root.first("osimage"), "osimage")
            linuximage = try Self.columns(root.first("linuximage"), "linuximage")
            postscripts = root.first("postscripts")?.value
            postbootscripts = root.first("postbootscripts")?.value
        }
        kits = try Self.keyed(root, "kit", table: "kit", key: "kitname")
        kitrepos = try Self.keyed(root, "kitrepo", table: "kitrepo", key: "kitreponame")
        kitcomps = try Self.keyed(root, "kitcomp", table: "kitcomponent", key: "kitcompname")
        (kernel, ramdisk) = (root.first("kernel")?.value, root.first("ramdisk")?.value)
        (rootimg, rootimgtree) = (root.first("rootimg")?.value, root.first("rootimgtree")?.value)
        litefile = root.first("litefile")?.value
        rawimagefiles = root.first("rawimagefiles")?.children(named: "files").compactMap(\.value) ?? []
        media = root.first("media")?.value
        for extra in root.children(named: "extra") {
            guard let src = extra.first("src")?.value else {
                if extra.children.isEmpty { continue }
                throw .badManifest("it has no <src>", subject: "extra")
            }
            guard let dest = extra.first("dest")?.value else {
                throw .badManifest("it has no <dest>", subject: src)
            }
            extras.append(Extra(src: src, dest: dest))
        }
        for column in ["imagename", "profile", "provmethod", "osvers", "osarch"] {
            osimage[column] = osimage[column]?.trimmed
        }
        try checkText()
    }

    private static let paths = ["kernel", "ramdisk", "rootimg", "rootimgtree", "litefile"]

    /// Columns stand at the top; one of both tables goes to both.
    private mutating func readFlat(_ root: XMLElement) throws(BundleError) {
        dialect = .flat
        let (first, second) = (Self.schema("osimage"), Self.schema("linuximage"))
        for child in root.children where child.children.isEmpty {
            guard let value = child.value else { continue }
            if first.columns.contains(child.name) { osimage[child.name] = value }
            if second.columns.contains(child.name) { linuximage[child.name] = value }
        }
        // The columns of the image have the names of what -p put there; xCAT takes them as columns.
        (postscripts, postbootscripts) = (osimage["postscripts"], osimage["postbootscripts"])
    }

    private static func schema(_ table: String) -> TableSchema {
        guard let schema = TableSchema.named(table) else { preconditionFailure("the schema has no \(table)") }
        return schema
    }

    private static func columns(_ element: XMLElement?, _ table: String) throws(BundleError) -> [String: String] {
        var result: [String: String] = [:]
        for child in element?.children ?? [] {
            guard schema(table).columns.contains(child.name) else {
                throw .badManifest("table \(table) has no such column", subject: child.name)
            }
            guard child.children.isEmpty else {
                throw .badManifest("a column of \(table) holds text only", subject: child.name)
            }
            guard let value = child.value else { continue }
            guard result[child.name] == nil || result[child.name] == value else {
                throw .badManifest("this column of \(table) is there twice", subject: child.name)
            }
            result[child.name] = value
        }
        return result
    }

    /// Rows folded by `<name>`; the same row may be there twice.
    private static func keyed(
        _ root: XMLElement, _ element: String, table: String, key: String
    ) throws(BundleError) -> [[String: String]] {
        var rows: [[String: String]] = []
        var positions: [String: Int] = [:]
        for child in root.children(named: element) {
            let name = child.first("name")?.value
            var rest = child
            rest.children.removeAll { $0.name == "name" }
            var row = try columns(rest, table)
            guard let known = row[key] ?? name else {
                throw .badManifest("it has no \(key)", subject: element)
            }
            row[key] = known
            if let position = positions[known] {
                guard rows[position] == row else {
                    throw .badManifest("this \(element) is there twice", subject: known)
                }
                continue
            }
            positions[known] = rows.count
            rows.append(row)
        }
        return rows
    }

    /// No value may move a cursor or forge a line.
    private func checkText() throws(BundleError) {
        let rows = [osimage, linuximage] + kits + kitrepos + kitcomps
        for (column, value) in rows.flatMap({ $0 })
        where value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0a || $0 == 0x7f }) {
            throw .badManifest("it has control characters", subject: column)
        }
        let paths =
            [kernel, ramdisk, rootimg, rootimgtree, litefile].compactMap { $0 } + rawimagefiles
            + extras.flatMap { [$0.src, $0.dest] } + Self.fileColumns.compactMap { column($0) }
            + ["rootimgdir", "partitionfile", "imagename", "profile", "osvers", "osarch", "provmethod"].compactMap {
                column($0)
            }
        for path in paths where path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw .badManifest("it has control characters", subject: path)
        }
        for column in ["imagename", "profile", "osvers", "osarch"] {
            guard let value = osimage[column] else { continue }
            guard !value.contains("/"), value != ".", value != "..", !value.hasPrefix("-") else {
                throw .badManifest("it cannot be a file name", subject: value)
            }
        }
    }

    // MARK: - Writing

    /// manifest.xml as xCAT's importer reads it: no empty elements, children sorted, one kit written twice.
    public var xml: [UInt8] { dialect == .flat ? flatXML : nestedXML }

    /// As xCAT 2.7 has it: what `-p` names stands for the columns of the same names.
    private var flatXML: [UInt8] {
        var rest = self
        (rest.osimage, rest.linuximage, rest.postscripts, rest.postbootscripts) = ([:], [:], nil, nil)
        var columns = linuximage.merging(osimage) { $1 }
        for (name, value) in [("postscripts", postscripts), ("postbootscripts", postbootscripts)] {
            if let value { columns[name] = value }
        }
        return Self.document(rest.children + Self.cells(columns))
    }

    /// Why the flat form cannot hold this; nil when it can.
    var flatProblem: String? {
        let names = Set(osimage.keys).intersection(linuximage.keys).filter { osimage[$0] != linuximage[$0] }
        if let name = names.min() { return "\(name) differs between osimage and linuximage" }
        let scripts = [("postscripts", postscripts), ("postbootscripts", postbootscripts)]
        return scripts.first { $1 != nil && osimage[$0] != $1 }.map { "it has \($0.0) of a node" }
    }

    private static func document(_ children: [XMLElement]) -> [UInt8] {
        let sorted = children.enumerated().sorted {
            $0.element.name == $1.element.name
                ? $0.offset < $1.offset : $0.element.name.precedesByBytes($1.element.name)
        }
        return Array(
            "<?xml version=\"1.0\"?>\n\(XMLElement("xcatimage", children: sorted.map(\.element)).write())".utf8)
    }

    private var nestedXML: [UInt8] { Self.document(children) }

    private var children: [XMLElement] {
        var children: [XMLElement] = []
        children += extras.map { extra in
            XMLElement("extra", children: [XMLElement("dest", text: extra.dest), XMLElement("src", text: extra.src)])
        }
        children += text("kernel", kernel)
        children += Self.folded(kits, "kit", key: "kitname")
        children += Self.folded(kitcomps, "kitcomp", key: "kitcompname")
        children += Self.folded(kitrepos, "kitrepo", key: "kitreponame")
        children += Self.row(linuximage, "linuximage")
        children += text("litefile", litefile) + text("media", media)
        children += Self.row(osimage, "osimage")
        children += text("postbootscripts", postbootscripts) + text("postscripts", postscripts)
        children += text("ramdisk", ramdisk)
        if !rawimagefiles.isEmpty {
            children.append(
                XMLElement("rawimagefiles", children: rawimagefiles.map { XMLElement("files", text: $0) }))
        }
        children += text("rootimg", rootimg) + text("rootimgtree", rootimgtree)
        return children
    }

    private func text(_ name: String, _ value: String?) -> [XMLElement] {
        guard let value, !value.isEmpty else { return [] }
        return [XMLElement(name, text: value)]
    }

    private static func row(_ row: [String: String], _ name: String) -> [XMLElement] {
        let columns = cells(row)
        return columns.isEmpty ? [] : [XMLElement(name, children: columns)]
    }

    private static func cells(_ row: [String: String]) -> [XMLElement] {
        row.filter { !$0.value.isEmpty }.map { XMLElement($0.key, text: $0.value) }.sorted {
            $0.name.precedesByBytes($1.name)
        }
    }

    /// xCAT's importer dies of a single one; of two equal ones it makes one.
    private static func folded(_ rows: [[String: String]], _ element: String, key: String) -> [XMLElement] {
        let elements = rows.sorted { ($0[key] ?? "").precedesByBytes($1[key] ?? "") }.map { row in
            XMLElement(element, children: [XMLElement("name", text: row[key] ?? "")] + cells(row))
        }
        return elements.count == 1 ? elements + elements : elements
    }
}
