internal import CommandShell
internal import Definitions
internal import Resolution
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// The image to pack: its definition, checked before anything changes.
struct PackimageTarget {
    let image: String
    let format: PackFormat
    /// Paths of the host.
    let rootimgdir: FilePath
    let exlists: [FilePath]
    let synclists: [FilePath]
    /// `NAME=VALUE` words of environvar.
    let variables: [String]
    /// Zone of the site that the image has; nil leaves the image's own.
    let timezone: String?
    /// Files of that zone in the image, which exclude lists do not leave out.
    let zoneFiles: [FilePath]
    /// site.nodesyncfiledir: where synclists keep originals in the image.
    let stateFolder: String?
    /// Commit of the recipe that genimage made the tree from, when it is known.
    let treeRecipe: String?
    /// addkcmdline, as nodeset takes it from the osimage.
    let commandLine: String
    /// Words for people about what will not be done.
    let warnings: [String]

    var rootimg: FilePath { rootimgdir.joined("rootimg") }

    init(_ name: String, _ format: PackFormat, _ cluster: Cluster) throws {
        guard let definition = try cluster.findOsimage(name) else {
            throw Self.failure(
                "Cannot find image '\(name)' from the osimage table.", "see lsdef -t osimage for the names")
        }
        guard try cluster.store.row("linuximage", ["imagename": name]) != nil else {
            throw Self.failure(
                "Cannot find \(name) from the linuximage table.", "see lsdef -t osimage \(name) for what is defined")
        }
        guard definition.provmethod == "netboot" else {
            throw Self.failure(
                "'\(name)' cannot be used to build diskless image. Make sure osimage.provmethod is 'netboot'.",
                "see lsdef -t osimage -w provmethod==netboot")
        }
        guard let folder = try definition.rootimgdir(cluster) else {
            throw Self.failure(
                "osimage has no rootimgdir: '\(name)'", "set it with chdef -t osimage \(name) rootimgdir=DIR")
        }
        image = name
        self.format = format
        rootimgdir = try cluster.settings.root.host(folder)
        guard rootimgdir.joined("rootimg").isDirectory else {
            throw Self.failure(
                "root image does not exist: '\(folder.joined("rootimg").printable)'", "run genimage \(name) first")
        }
        // A tree that genimage did not make has no note.
        let built = try BuiltTree(in: rootimgdir)
        guard built?.isFinished ?? true else {
            throw Self.failure(
                "root image is not finished: '\(folder.joined("rootimg").printable)'",
                "run genimage \(name), which takes up where it ended")
        }
        for required in ["kernel", "initrd-stateless.gz"] where !rootimgdir.joined(required).isRegularFile {
            throw Self.failure(
                "image has no \(required): '\(folder.joined(required).printable)'", "run genimage \(name) first")
        }
        treeRecipe = built?.recipe
        commandLine = definition["addkcmdline"] ?? "quiet"
        stateFolder = try cluster.site("nodesyncfiledir")
        exlists = try Self.files(definition.list("exlist"), "exlist", name, cluster)
        synclists = try Self.files(definition.list("synclists"), "synclist", name, cluster)
        variables = definition.list("environvar").filter { $0.contains("=") }
        let zone = try cluster.site("timezone")
        let tree = RootFolder(rootimgdir.joined("rootimg"))
        let zoneFile = try zone.map { try tree.host(FilePath("/usr/share/zoneinfo").joined($0)) }
        let hasZone = zoneFile?.isRegularFile ?? false
        timezone = hasZone ? zone : nil
        zoneFiles = hasZone ? Self.zonePaths(zone, zoneFile, tree) : []
        warnings =
            zone.map { hasZone ? [] : ["Unable to set timezone to '\($0)', check this is a valid timezone"] } ?? []
    }

    /// The zone's name and the file that it leads to, as patterns of exclude lists.
    private static func zonePaths(_ zone: String?, _ file: FilePath?, _ tree: RootFolder) -> [FilePath] {
        guard let zone, let file else { return [] }
        let named = FilePath("/usr/share/zoneinfo").joined(zone)
        let real = ((try? tree.path.resolved()).map { RootFolder($0) } ?? tree).stored(file)
        return named == real ? [named] : [named, real]
    }

    private static func files(
        _ stored: [String], _ what: String, _ image: String, _ cluster: Cluster
    ) throws -> [FilePath] {
        try stored.map { name in
            let path = try cluster.settings.host(FilePath(name))
            guard path.isRegularFile else {
                throw failure(
                    "\(what) not found: '\(name)'",
                    "create it, or correct \(what == "exlist" ? what : "synclists") of osimage '\(image)'")
            }
            return path
        }
    }

    static func failure(_ problem: String, _ remedy: String? = nil) -> CommandFailure {
        CommandFailure([Diagnostic(problem, remedy: remedy)])
    }
}
