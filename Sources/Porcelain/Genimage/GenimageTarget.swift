internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

#if canImport(Glibc)
    internal import Glibc
#endif

/// The image to build: its definition with the values of the command line, checked before anything changes.
struct GenimageTarget {
    let image: String
    let osvers: String
    let osarch: String
    let profile: String
    /// All paths of the host.
    let rootimgdir: FilePath
    let pkglists: [FilePath]
    let otherpkglists: [FilePath]
    let pkgdirs: [String]
    let otherpkgdirs: [String]
    let keyFolder: FilePath
    /// Where driver updates come from: packages, driver disks, folders.
    let driverSources: [FilePath]
    /// Each with the user's arguments.
    let postinstalls: [[String]]
    /// `NAME=VALUE` words of environvar.
    let variables: [String]
    /// Attributes of the definition as stored, with the values of the command line.
    let attributes: [String: String]
    /// Rows to write: what the command line changes, and what the definition lacks.
    let updates: TableBatch
    /// What takes the command line's changes back when nothing was built with them.
    let restoration: TableBatch
    /// Words for people about these.
    let notices: [String]
    let isStatelite: Bool
    /// Whether it is a statelite image in the folder of a diskless one, whose packages are not its to remove.
    let isGuest: Bool

    init(_ request: GenimageRequest, _ cluster: Cluster) throws {
        let name = try Self.name(request, cluster)
        image = name
        let new = try request.image == nil ? UnnamedImages(name, request, cluster) : nil
        guard let definition = try cluster.findOsimage(name) ?? new?.image else {
            throw Self.failure(
                "Cannot find image '\(name)' from the osimage table.",
                "see lsdef -t osimage for the names, or run copycds")
        }
        guard let osvers = definition.osvers, let osarch = definition.osarch, let profile = definition.profile,
            let provmethod = definition.provmethod
        else {
            throw Self.failure(
                "osimage.osvers, osimage.osarch, osimage.profile and osimage.provmethod must be specified for the image \(name) in the database.",
                "set them with chdef -t osimage \(name)")
        }
        guard ["netboot", "statelite"].contains(provmethod) else {
            throw Self.failure(
                "'\(name)' cannot be used to build diskless image. Make sure osimage.provmethod is 'netboot'.",
                "see lsdef -t osimage for images with provmethod netboot")
        }
        (self.osvers, self.osarch, self.profile) = (osvers, osarch, profile)
        var attributes = definition.attributes
        var updates: [Cell] = []
        var former: [Cell] = []
        var notices: [String] = []
        for (column, value) in request.overrides where attributes[column] != value {
            if request.image != nil {
                notices.append("The \(column) is different from the value in linuximage table, will update it.")
            }
            former.append(Cell(column, attributes[column] ?? ""))
            attributes[column] = value
            updates.append(Cell(column, value))
        }
        let overrides = updates
        guard let folder = try definition.rootimgdir(cluster) else {
            throw Self.failure("osimage has no rootimgdir: '\(name)'", nil)
        }
        if attributes["rootimgdir"] == nil {
            attributes["rootimgdir"] = folder.printable
            updates.append(Cell("rootimgdir", folder.printable))
        }
        let settings = cluster.settings
        rootimgdir = try settings.root.host(folder)
        isStatelite = provmethod == "statelite"
        let host =
            try isStatelite
            ? cluster.osimageNames().compactMap { try cluster.findOsimage($0) }.first {
                try $0.provmethod == "netboot" && $0.rootimgdir(cluster) == folder
            } : nil
        isGuest = host != nil
        if let host, request.populateFlags.contains("--fresh") {
            throw Self.failure(
                "--fresh would lose the packages of \(host.name), whose root image \(name) shares.",
                "run genimage --fresh \(host.name), then genimage \(name)")
        }
        pkglists = try Self.files(definition.list("pkglist"), "The pkglist specified", cluster)
        guard !pkglists.isEmpty else {
            throw Self.failure(
                "A .pkglist file must be specified for image '\(name)' in the linuximage table.",
                "set it with chdef -t osimage \(name) pkglist=FILE")
        }
        otherpkglists = try Self.files(definition.list("otherpkglist"), "The otherpkglist specified", cluster)
        pkgdirs = try Self.folders(definition.pkgdirs(cluster) + Self.kernelFolders(attributes), cluster)
        otherpkgdirs =
            try Self.haveEntries(otherpkglists) ? Self.folders(definition.otherpkgdirs(cluster), cluster) : []
        keyFolder = try settings.root.host(try cluster.installFolder.joined("custom/keys"))
        driverSources = try DriverUpdates(definition, cluster).files
        postinstalls = try definition.list("postinstall").map { entry in
            let words = entry.split(whereSeparator: \.isWhitespace).map(String.init)
            let file = try Self.files([words[0]], "The postinstall_filename specified", cluster)[0]
            return [file.printable] + words.dropFirst()
        }
        variables = definition.list("environvar").filter { $0.contains("=") }
        (self.attributes, self.notices) = (attributes, notices)
        var batch = new?.rows ?? TableBatch()
        if !updates.isEmpty { batch.append(.set("linuximage", matches: [Cell("imagename", name)], values: updates)) }
        self.updates = batch
        var restoration = TableBatch()
        if request.image != nil, !former.isEmpty {
            let key = [Cell("imagename", name)]
            restoration.append(.expect("linuximage", matches: key, values: overrides))
            restoration.append(.set("linuximage", matches: key, values: former))
        }
        self.restoration = restoration
    }

    /// The folders of lists that name nothing need not hold anything.
    private static func haveEntries(_ lists: [FilePath]) throws -> Bool {
        try lists.contains { list in
            try list.readText().split(whereSeparator: \.isNewline).contains { line in
                let text = line.drop { $0.isWhitespace }
                return !text.isEmpty && (text.first != "#" || text.hasPrefix("#INCLUDE"))
            }
        }
    }

    private static func name(_ request: GenimageRequest, _ cluster: Cluster) throws -> String {
        if let image = request.image {
            guard request.osver == nil, request.arch == nil, request.profile == nil else {
                throw failure("-o, -p and -a options are not allowed when a image name is specified.", nil)
            }
            return image
        }
        guard let osver = request.osver, let profile = request.profile else {
            throw failure("-o and -p are needed without an image name.", "see genimage -h")
        }
        return UnnamedImages.name(osver, request.arch ?? machine, "netboot", profile)
    }

    /// Architecture of this machine as osarch spells it.
    static var machine: String {
        var names = utsname()
        uname(&names)
        let name = withUnsafeBytes(of: &names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return name.wholeMatch(of: /i.86/) == nil ? name : "x86"
    }

    private static func files(_ stored: [String], _ what: String, _ cluster: Cluster) throws -> [FilePath] {
        try stored.map { name in
            let path = try cluster.settings.host(FilePath(name))
            guard path.isRegularFile else {
                throw failure("\(what) '\(name)' does not exist!", "create it, or name another file in the definition")
            }
            return path
        }
    }

    private static func folders(_ stored: [String], _ cluster: Cluster) throws -> [String] {
        try stored.map { $0.contains("://") ? $0 : try cluster.settings.root.host(FilePath($0)).printable }
    }

    /// Further kernels count only when one is asked for.
    private static func kernelFolders(_ attributes: [String: String]) -> [String] {
        guard attributes["kernelver"] != nil, let folder = attributes["kerneldir"] else { return [] }
        return [folder]
    }

    static func failure(_ problem: String, _ remedy: String?) -> CommandFailure {
        CommandFailure([Diagnostic(problem, remedy: remedy)])
    }
}
