internal import Bundles
internal import CommandShell
internal import Definitions
internal import Profiles
internal import Resolution
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// The image to export: its manifest and its files, checked before anything is written.
struct ExportTarget {
    /// A file that xCAT's users see on a line of its own.
    struct Item {
        /// As stored.
        var path: FilePath
        var host: FilePath
        var member: [UInt8]
    }

    let image: String
    let provmethod: String
    var manifest = BundleManifest()
    private(set) var items: [Item] = []
    /// Files that have no line, and folders.
    var others: [BundlePack.Source] = []
    private(set) var placements: [BundleIndex.Placement] = []
    /// rootimgdir on the host; nil for install.
    let rootimgdir: FilePath?
    /// Rows of litefile.csv; nil unless statelite.
    private(set) var litefile: String?
    /// Something that was asked for is not in the bundle.
    var isIncomplete = false

    let cluster: Cluster
    private let place: StandardPlace
    var members: [[UInt8]: FilePath] = [:]
    /// Where extra files go, as stored, with the files of the host.
    var extraTargets: [FilePath: FilePath] = [:]

    init(_ request: ExportRequest, _ cluster: Cluster) throws {
        self.cluster = cluster
        place = StandardPlace(try cluster.installFolder, cluster.settings)
        image = request.image
        guard !image.isEmpty, let osimage = try cluster.store.row("osimage", ["imagename": image]) else {
            throw Self.failure(
                "Cannot find image '\(image)' from the osimage table.", "see lsdef -t osimage for the names")
        }
        provmethod = try Self.checked(osimage, image)
        guard let linuximage = try cluster.store.row("linuximage", ["imagename": image]) else {
            throw Self.failure(
                "Cannot find image '\(image)' from the linuximage table.",
                "see lsdef -t osimage \(image) for what is defined")
        }
        let definition = try cluster.osimage(image)
        manifest.osimage = Self.cells(osimage)
        manifest.linuximage = Self.cells(linuximage)
        for (attribute, value) in try OsimageDefaults(definition, cluster).values()
        where attribute == (provmethod == "install" ? "template" : "pkglist") || attribute == "pkglist" {
            if manifest.linuximage[attribute] == nil { manifest.linuximage[attribute] = value }
        }
        let folder = provmethod == "install" ? nil : try definition.rootimgdir(cluster)
        rootimgdir = try folder.map { try cluster.settings.host($0) }
        if provmethod == "install" { manifest.media = "required" }
        if provmethod == "statelite", manifest.linuximage["rootimgdir"] == nil {
            throw Self.failure(
                "The 'rootimgdir' field is not set for '\(image)' in the linuximage table.",
                "set it with chdef -t osimage \(image) rootimgdir=DIR")
        }
        if let node = request.node { try readPostscripts(of: node) }
        if let folder { try addBootFiles(folder) }
        try addLists()
        try addKits()
        try addExtras(request.extras)
        if request.isComplete { try addRest() }
    }

    static func failure(_ problem: String, _ remedy: String? = nil) -> CommandFailure {
        CommandFailure([Diagnostic(problem, remedy: remedy)])
    }

    private static func cells(_ row: Row) -> [String: String] {
        Dictionary(
            row.schema.columns.compactMap { column in row[column].map { (column, $0) } }.filter { !$0.1.isEmpty },
            uniquingKeysWith: { $1 })
    }

    /// The columns that every image needs; gives provmethod.
    private static func checked(_ row: Row, _ image: String) throws -> String {
        var problems = ["provmethod", "profile", "osvers", "osarch"].filter { (row[$0] ?? "").isEmpty }.map { column in
            Diagnostic("The '\(column)' field is not set for '\(image)' in the osimage table.")
        }
        let method = row["provmethod"] ?? ""
        if ["raw", "sysclone"].contains(method) {
            problems.append(
                Diagnostic(
                    "Exporting images with 'provemethod' \(method) is not supported: only s390x has them, which Catboat does not know."
                ))
        } else if !["install", "netboot", "statelite"].contains(method) {
            problems.append(
                Diagnostic(
                    "Exporting images with 'provemethod' \(method) is not supported. Hint: install, netboot, statelite, or raw"
                ))
        }
        guard problems.isEmpty else { throw CommandFailure(problems) }
        return method
    }

    // MARK: - Files of the image

    private mutating func addBootFiles(_ stored: FilePath) throws {
        guard let rootimgdir else { return }
        let ramdisk = provmethod == "statelite" ? "initrd-statelite.gz" : "initrd-stateless.gz"
        let missing = [(ramdisk, "ramdisk"), ("kernel", "kernel")].filter { !rootimgdir.joined($0.0).isRegularFile }
        guard missing.isEmpty else {
            throw CommandFailure(
                missing.map { name, what in
                    let isMade = name == "kernel" || provmethod == "netboot"
                    let remedy =
                        isMade
                        ? "run genimage \(image) first"
                        : "genimage does not make that of statelite nodes: put the one that xCAT made into \(stored)"
                    return Diagnostic("Couldn't find \(what) (\(name)) for  \(image)", remedy: remedy)
                })
        }
        manifest.kernel = stored.joined("kernel").printable
        manifest.ramdisk = stored.joined(ramdisk).printable
        var folder = rootimgdir
        var root: FilePath?
        if provmethod == "netboot" {
            let found = PackedRoot.names.first { rootimgdir.joined($0).isRegularFile }
            guard let found else {
                throw Self.failure("Couldn't find compressed rootimg for  \(image)", "run packimage \(image) first")
            }
            root = FilePath(found)
            manifest.rootimg = stored.joined(found).printable
            // genimage may have made another kernel since: the bundle gets the one that belongs to this root.
            folder = try PackedRoot.folder(of: found, in: rootimgdir) ?? rootimgdir
        }
        try add(stored.joined("kernel"), host: folder.joined("kernel"))
        try add(stored.joined(ramdisk), host: folder.joined(ramdisk))
        if let root { try add(stored.joined(root), host: rootimgdir.joined(root)) }
        guard provmethod == "statelite" else { return }
        guard rootimgdir.joined("rootimg").isDirectory else {
            throw Self.failure("Couldn't find rootimg for  \(image)", "run genimage \(image) first")
        }
        manifest.rootimgtree = stored.joined("rootimgtree.gz").printable
        manifest.litefile = stored.joined("litefile.csv").printable
        litefile = try litefileRows()
    }

    /// Rows of the image and of all images, as litefile.csv has them.
    private func litefileRows() throws -> String {
        let groups = manifest.osimage["groups"]
        let wanted: (String) -> Bool = { name in
            name.isEmpty || name == image || (groups.map { $0 == name } ?? (name == "ALL"))
        }
        return try cluster.store.rows("litefile").filter { wanted($0["image"] ?? "") }.map { row in
            [image, row["file"] ?? "", row["options"] ?? "tmpfs"].map(Self.quoted).joined(separator: ",") + ",,\n"
        }.joined()
    }

    private static func quoted(_ text: String) -> String { "\"\(text.replacing("\"", with: "\"\""))\"" }

    /// Columns in xCAT's order of copying.
    private static let columns = ["template", "pkglist", "otherpkglist", "postinstall", "exlist", "synclists"]

    private mutating func addLists() throws {
        if provmethod == "install", manifest.linuximage["template"] == nil {
            throw Self.failure("Couldn't find install template for \(image)", "set template of osimage '\(image)'")
        }
        if provmethod != "install", manifest.linuximage["pkglist"] == nil {
            throw Self.failure("Couldn't find pkglist file for \(image)", "set pkglist of osimage '\(image)'")
        }
        var missing: [Diagnostic] = []
        for column in Self.columns {
            var values: [String] = []
            for item in manifest.list(column) {
                // A script may be followed by arguments.
                let words = item.split(separator: " ", maxSplits: 1)
                let isScript = column == "postinstall" && item.hasPrefix("/")
                let path = FilePath(isScript ? String(words[0]) : item)
                let host = try cluster.settings.host(path)
                guard host.isRegularFile, path.isAbsolute else {
                    missing.append(Diagnostic("Couldn't find file \(path.printable) for \(image). Skip."))
                    continue
                }
                let standard = place.standard(path)
                try add(standard, host: host, kind: column)
                values.append(
                    standard.printable + (isScript && words.count > 1 ? " \(words[1])" : ""))
                if standard != path, column != "postinstall" { try addIncludes(of: path, host, onlyRelative: true) }
            }
            set(column, values)
        }
        guard missing.isEmpty else { throw CommandFailure(missing) }
    }

    private mutating func set(_ column: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        if column == "synclists" {
            manifest.osimage[column] = values.joined(separator: ",")
        } else {
            manifest.linuximage[column] = values.joined(separator: ",")
        }
    }

    /// A file of the image, under its base name; one of the same name and other content gets a folder of its own.
    private mutating func add(_ stored: FilePath, host: FilePath, kind: String = "") throws {
        let name = stored.lastName.bytes
        if let known = members[name], known != host {
            if items.contains(where: { $0.path == stored }) { return }
            let member = Array("\(BundleIndex.folder)/files/\(placements.count)/".utf8) + name
            if try known.readBytes(limit: 1 << 30) != host.readBytes(limit: 1 << 30) {
                Console.warning(
                    "\(stored.printable) has the name of another file; only Catboat imports both: xCAT's importer knows names without folders"
                )
                items.append(Item(path: stored, host: host, member: member))
                placements.append(BundleIndex.Placement(member: member, target: stored.printable, kind: kind))
                return
            }
            items.append(Item(path: stored, host: host, member: []))
            return
        }
        if members[name] != nil, items.contains(where: { $0.path == stored }) { return }
        let isNew = members.updateValue(host, forKey: name) == nil
        items.append(Item(path: stored, host: host, member: isNew ? name : []))
    }

    // MARK: - Kits

    private mutating func addKits() throws {
        let names = manifest.list("kitcomponents")
        guard !names.isEmpty else { return }
        var kits: [String] = []
        for name in names {
            guard let kit = try cluster.store.row("kitcomponent", ["kitcompname": name])?["kitname"] else {
                throw Self.failure(
                    "Cannot find kit component '\(name)' of '\(image)' in the kitcomponent table.",
                    "correct kitcomponents of osimage '\(image)'")
            }
            if !kits.contains(kit) { kits.append(kit) }
        }
        var kitsByFolder: [FilePath: String] = [:]
        for kit in kits {
            guard let row = try cluster.store.row("kit", ["kitname": kit]), let folder = row["kitdir"] else {
                throw Self.failure("Cannot find kit '\(kit)' of '\(image)' in the kit table.")
            }
            let host = try cluster.settings.host(FilePath(folder))
            guard host.isDirectory else {
                throw Self.failure("Couldn't find the folder '\(folder)' of kit '\(kit)'.")
            }
            // A bundle has them side by side, by these names.
            if let other = kitsByFolder.updateValue(kit, forKey: FilePath(folder).lastName) {
                throw Self.failure(
                    "The folders of the kits '\(other)' and '\(kit)' have one name: "
                        + "'\(FilePath(folder).lastName.printable)'",
                    "rename one of them, and set kitdir of its kit")
            }
            try ExportFolder(host, shown: FilePath(folder)).warnOfMounts()
            manifest.kits.append(Self.cells(row))
            manifest.kitrepos += try cluster.store.rows("kitrepo", ["kitname": kit]).map(Self.cells)
            manifest.kitcomps += try cluster.store.rows("kitcomponent", ["kitname": kit]).map(Self.cells)
            others.append(BundlePack.Source(member: FilePath(folder).lastName.bytes, source: host.bytes))
        }
    }

    // MARK: - What options ask for

    private mutating func readPostscripts(of range: String) throws {
        guard let node = try? cluster.nodes(in: range).first, let definition = try cluster.definition("node", node)
        else { throw Self.failure("Unable to get postscripts, \(range) is not a valide node.") }
        let defaults = try cluster.store.row("postscripts", ["node": "xcatdefaults"])
        for column in ["postscripts", "postbootscripts"] {
            let names = [defaults?[column], definition[column]].compactMap { $0 }.filter { !$0.isEmpty }
                .joined(separator: ",")
            guard !names.isEmpty else { continue }
            if column == "postscripts" { manifest.postscripts = names } else { manifest.postbootscripts = names }
        }
    }

    /// What xCAT leaves out: includes, the partition file, postscripts, hooks.
    private mutating func addRest() throws {
        for column in Self.columns where column != "postinstall" {
            for item in manifest.list(column) {
                // A shipped list is at this place only in the bundle, which has its includes already.
                let path = FilePath(item)
                let host = try cluster.settings.host(path)
                guard items.contains(where: { $0.path == path && $0.host == host }) else { continue }
                try addIncludes(of: path, host, onlyRelative: false)
            }
        }
        for item in manifest.list("partitionfile") {
            try addHidden(FilePath(String(item.drop { $0 != "/" })), "partitionfile")
        }
        let scripts =
            ["postscripts", "postbootscripts"].flatMap { manifest.list($0) }
            + [manifest.postscripts, manifest.postbootscripts].compactMap { $0 }.flatMap { $0.split(separator: ",") }
            .map(String.init)
        let folder = try cluster.installFolder.joined("postscripts")
        for script in scripts {
            guard let name = script.split(separator: " ").first, !name.contains("/"), name != "..", name != "." else {
                continue
            }
            let path = folder.joined(String(name))
            if try cluster.settings.host(path).isRegularFile {
                try addHidden(path, "postscript")
            } else if !Self.commonScripts.contains(String(name)) {
                Console.warning("postscript \(name) is not in \(folder.printable); it is not in the bundle.")
            }
        }
        let hooks = try cluster.installFolder.joined("custom/hooks/osimage").joined(image)
        let host = try cluster.settings.host(hooks)
        guard host.isDirectory else { return }
        var found: [FilePath] = []
        try TreeWalk(host).run { entry in
            switch entry.status.kind {
            case .regular: found.append(entry.path)
            case .directory: break
            default:
                Console.warning("\(hooks.joined(entry.path).printable) is a link or no file; it is not in the bundle.")
            }
            return .enter
        }
        // What an import kept of other hooks is not the image's.
        for path in found where !KeptCopy.isName(path.lastName) {
            guard ImportBoundary.isImageHook(FilePath("osimage").joined(image).joined(path), of: image) else {
                Console.warning("\(hooks.joined(path).printable) is no hook; it is not in the bundle.")
                continue
            }
            try addHidden(hooks.joined(path), "hook")
        }
    }

    /// Scripts that every site has need not be here.
    private static let commonScripts: Set = ["otherpkgs", "remoteshell", "servicenode", "syncfiles", "syslog"]

    private mutating func addIncludes(of stored: FilePath, _ host: FilePath, onlyRelative: Bool) throws {
        var pending = [host]
        var seen: Set<FilePath> = [host]
        let top = stored.removingLastComponent()
        let variables = manifest.osimage["environvar"] ?? ""
        while let list = pending.popLast() {
            for path in ListIncludes(try list.readBytes(), variables: variables).paths(from: top) {
                let file = try cluster.settings.host(path)
                guard seen.insert(file).inserted else { continue }
                guard file.isRegularFile else {
                    throw Self.failure("Couldn't find included file \(path.printable) for \(image).")
                }
                // A list may have come in a bundle.
                guard try !cluster.isPrivate(path) || isAsPrivate(file, path, as: host) else {
                    throw Self.failure(
                        "'\(path.printable)', which a list includes, may not be read by everybody.",
                        "take it out of the list \(list.lastName.printable), or make it readable if it is one")
                }
                pending.append(file)
                // Lists that come with Catboat are there; those named from the list's folder move with it.
                let isRelative = path.removingLastComponent() == top
                if onlyRelative ? isRelative : (place.standard(path) == path || isRelative) {
                    try addHidden(path, "include", host: file)
                }
            }
        }
    }

    /// Whether a file of a site that keeps all its lists private is no more private than the list that includes it.
    private func isAsPrivate(_ file: FilePath, _ path: FilePath, as list: FilePath) throws -> Bool {
        let install = try cluster.installFolder
        guard path.starts(with: install), !path.starts(with: install.joined("custom/keys")) else { return false }
        let readers = try [list, file].map { try ($0.targetStatus()?.permissions ?? 0) & 0o044 }
        return readers[0] != 0o044 && readers[1] & readers[0] == readers[0] || readers[1] == 0o044
    }

    /// A file that xCAT's importer does not see.
    private mutating func addHidden(_ stored: FilePath, _ kind: String, host: FilePath? = nil) throws {
        let file = try host ?? cluster.settings.host(stored)
        let target = place.standard(stored)
        guard file.isRegularFile else {
            throw Self.failure("Couldn't find \(kind) \(stored.printable) for \(image).")
        }
        guard !placements.contains(where: { $0.target == target.printable }),
            !items.contains(where: { $0.path == target })
        else { return }
        if let extra = extraTargets[target] {
            guard try extra == file || Self.areEqual(extra, file) else {
                throw Self.failure(
                    "Two files would go to one place: '\(target.printable)'",
                    "give the extra file another FILE:DIR, or export without --complete")
            }
            return
        }
        let member = Array("\(BundleIndex.folder)/complete".utf8) + target.bytes
        others.append(BundlePack.Source(member: member, source: file.bytes))
        placements.append(BundleIndex.Placement(member: member, target: target.printable, kind: kind))
    }
}
