internal import ArgumentParser
internal import CommandShell
internal import Digests
internal import Netboot
internal import Ramdisk
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct RootimgFinishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rootimg-finish", abstract: "Do the generic steps of a root image, and clean it.")

    enum Stage: String, ExpressibleByArgument, CaseIterable { case begin, populate, complete, adopt, pack }

    @Option(help: "begin, populate, complete, adopt or pack.") var stage: Stage
    @Option(help: "Profile, for the comment in fstab.") var profile = ""
    @Option(help: "Architecture, for the comment in fstab.") var arch = ""
    @Option(help: "An interface that gets its address by DHCP.") var interface: [String] = []
    @Option(help: "Size of /tmp and /var/tmp, e.g. 10m.") var tmplimit: String?
    @Option(help: "With pack: the osimage's name, for xcatinfo.") var image: String?
    @Option(help: "Commit of the recipe: with complete and adopt the tree's, with pack for the image's UUID.")
    var recipe: String?
    @Option(help: "With complete: version of the kernel beside the tree.") var kernelver: String?
    @Option(help: "With pack: what the osimage adds to kernel command lines, for the build record.")
    var commandLine: String?
    @Option(help: "With pack: a folder that becomes /xcatpost.", completion: .directory) var postscripts: String?
    @Option(help: "With pack: the time zone, e.g. Etc/UTC.") var timezone: String?
    @Option(help: "With pack: root's password as a hash for /etc/shadow; - reads it from standard input.") var rootHash:
        String?
    @Option(help: "With pack: a folder to make with the build record.", completion: .directory) var record: String?
    @Argument(help: "The folder that holds rootimg/.", completion: .directory) var rootimgdir: String

    func validate() throws {
        for name in interface
        where name.isEmpty || name.utf8.contains(where: { $0 == 0x2f || $0 <= 0x20 || $0 == 0x7f }) {
            throw ValidationError("not the name of an interface: '\(name)'")
        }
        if stage == .adopt, recipe == nil { throw ValidationError("adopt needs --recipe") }
        if let tmplimit, tmplimit.wholeMatch(of: /[0-9]+[kKmMgG%]?/) == nil {
            throw ValidationError("not a size: '\(tmplimit)'")
        }
    }

    func run() throws {
        let settings = Settings.current()
        let folder = try ImageFolder(FilePath(rootimgdir))
        let lock = try ImageLock(folder.path)
        let finisher = try ImageFinisher(folder, dataFolder: settings.dataFolder)
        switch stage {
        case .begin: try finisher.begin()
        case .populate:
            var options = ImageFinisher.Options()
            options.profile = profile
            options.arch = arch
            options.interfaces = interface
            options.temporarySize = tmplimit
            try finisher.populate(options)
        case .complete: try finisher.complete(recipe: recipe, kernel: kernelver)
        case .adopt: try finisher.adopt(recipe: recipe ?? "")
        case .pack:
            try finisher.prepareForPacking()
            try pack(folder)
        }
        withExtendedLifetime(lock.descriptor) {}
    }

    /// Prints the tree digest.
    private func pack(_ folder: ImageFolder) throws {
        var options = PackStage.Options()
        options.image = image ?? ""
        guard !options.image.utf8.contains(where: { $0 < 0x20 || $0 == 0x27 }) else {
            throw PackStageError.badName(options.image)
        }
        options.recipe = recipe ?? ""
        options.time = try SourceDate.current() ?? 0
        options.postscripts = postscripts.map { FilePath($0) }
        options.timezone = timezone
        options.rootHash = try rootHash == "-" ? readHash() : rootHash
        let listing = try PackStage(folder).run(options)
        if let record { try write(listing, folder, to: FilePath(record)) }
        try Console.print(listing.digest.description)
    }

    private func readHash() throws -> String {
        let bytes = try FileDescriptor.standardInput.readToEnd(limit: 4096, of: "standard input")
        return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }

    /// The part of the build record that is known before packing; image-publish adds the rest.
    private func write(_ listing: TreeListing, _ folder: ImageFolder, to record: FilePath) throws {
        try record.removeTree()
        try record.createDirectories(permissions: 0o700)
        let packages = try InstalledPackages(tree: folder.tree).packages
        let list = packages.map { "\($0.name)\t\($0.version)\t\($0.architecture)\n" }.joined()
        try AtomicFile.write(list.utf8, to: record.joined("packages"))
        var lines: [UInt8] = []
        for entry in listing.records { lines += entry.bytes + [0x0a] }
        try AtomicFile.write(lines, to: record.joined("files"))
        try AtomicFile.write("tree\t\(listing.digest)\n".utf8, to: record.joined("digests"))
        let state = try ImageState.read(folder)
        try BuildFacts(
            commandLine: commandLine.map { KernelArguments.bootWords(of: $0).joined(separator: " ") },
            kernel: state?.kernel, treeRecipe: state?.recipe
        ).write(to: record)
    }
}
