internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct CopycdsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copycds", abstract: "Copy install media and make osimages for them.")

    @Option(
        name: [.customShort("n"), .customLong("name"), .customLong("osver")],
        help: ArgumentHelp("The name of the distribution.", valueName: "name"))
    var name: String?
    @Option(name: .shortAndLong, help: "The architecture.") var arch: String?
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Copy to this folder.", valueName: "folder"), completion: .directory)
    var path: String?
    @Flag(name: .shortAndLong, help: "Only tell what the media are.") var inspection = false
    @Flag(name: [.customShort("o"), .customLong("noosimage")], help: "Make no osimages.") var makesNoOsimage = false
    @Flag(name: [.customShort("w"), .customLong("nonoverwrite")], help: "Stop when the medium was copied already.")
    var isNonoverwrite = false
    @Flag(name: .shortAndLong, help: "Accepted for old scripts; does nothing.") var specific = false
    @Flag(help: "Set all columns of the default osimages anew.") var reset = false
    @Option(help: ArgumentHelp("Trust this public key from now on.", valueName: "file"), completion: .file())
    var key: [String] = []
    @Flag(name: .customLong("no-hooks"), help: "Run no hooks.") var skipsHooks = false
    @Argument(help: "ISO images, drives or folders.", completion: .file()) var media: [String] = []

    func run() throws {
        let cluster = try Cluster.open()
        if media.isEmpty {
            if !key.isEmpty { return try keepKeys(cluster) }
            throw CommandFailure([Diagnostic("copycds needs at least one full path to ISO currently.")])
        }
        if inspection {
            try keepKeys(cluster)
            for (option, value) in [("name", name), ("arch", arch)] where value != nil {
                Console.warning(
                    "copycds: option --inspection specified, argument specified with option --\(option) is ignored")
            }
        }
        for (index, operand) in media.enumerated() {
            let file = FilePath(operand).absolute
            let medium = try InspectedMedium(file, name: inspection ? nil : name, arch: inspection ? nil : arch)
            if inspection {
                try Console.print(medium.inspection)
            } else {
                try copy(medium, cluster, keepingKeys: index == 0)
            }
        }
    }

    private func keepKeys(_ cluster: Cluster) throws {
        let folder = try cluster.settings.host(cluster.installFolder.joined("custom/keys"))
        for file in key {
            let kept = try Step("media-key-add", [Word(FilePath(file).absolute), Word(folder)]).captured()
            Console.note("Trusted from now on: \(kept.lines.first ?? "")")
        }
    }

    private func copy(_ medium: InspectedMedium, _ cluster: Cluster, keepingKeys: Bool) throws {
        let installFolder = try cluster.installFolder
        let top = path.map { FilePath($0).absolute } ?? installFolder.joined(medium.name).joined(medium.arch)
        if path != nil, !top.starts(with: installFolder) {
            Console.warning(
                "copycds: the specified path \"\(top.printable)\" is not a subdirectory under \(installFolder.printable). "
                    + "Nodes can fetch from it only when the web server shows it.")
        }
        let destination = medium.family == "sles" ? top.joined(medium.disc.isEmpty ? "1" : medium.disc) : top
        if medium.isLive {
            Console.warning(
                "\(medium.file.printable) is a live medium: it is not a complete repository, and images cannot be built from it alone."
            )
        }
        let rows = CopiedMediumRows(
            medium, folder: top, destination: destination, makesOsimages: !makesNoOsimage, isReset: reset)
        try refuseUnsupported(medium, rows, cluster)
        let hooks = SiteHooks(cluster, isOn: !skipsHooks)
        let call = SiteHooks.Call(
            arguments: try rows.imageNames(cluster),
            facts: [
                "medium=\(medium.file.printable)", "distribution=\(medium.name)-\(medium.arch)",
                "destination=\(destination.printable)",
            ])
        try hooks.run("pre-copycds", call)
        // Not before a hook could refuse.
        if keepingKeys { try keepKeys(cluster) }
        let copy = try MediumCopyStep(
            medium, to: destination, name: name, arch: arch, cluster, isNonoverwrite: isNonoverwrite,
            links: try links(medium, top, installFolder))
        guard try copy.run() else { return }
        try rows.store(cluster.settings)
        try hooks.run("post-copycds", call)
    }

    /// What a site may ask for: only media of these architectures, only media that osimages can be made for.
    private func refuseUnsupported(_ medium: InspectedMedium, _ rows: CopiedMediumRows, _ cluster: Cluster) throws {
        let archs = try (cluster.site("onlysupportarchs") ?? "").split { $0 == "," || $0.isWhitespace }
        if !archs.isEmpty, !archs.contains(medium.arch[...]) {
            throw CommandFailure([Diagnostic("\(medium.arch) is unsupported by this system")], status: 2)
        }
        guard try cluster.site("osimagerequired") != nil, try !rows.hasTemplate(cluster) else { return }
        throw CommandFailure(
            [Diagnostic("No Templates found to support \(medium.name)(\(medium.arch))")], status: 2)
    }

    /// Where else a disc of SLES is looked for, as stored: at its usual place with -p, and the Full medium as both discs.
    private func links(
        _ medium: InspectedMedium, _ top: FilePath, _ installFolder: FilePath
    ) throws -> [FilePath] {
        guard medium.family == "sles" else { return [] }
        let discs = [medium.disc.isEmpty ? "1" : medium.disc]
        let usual = installFolder.joined(medium.name).joined(medium.arch)
        let others = medium.isFull ? [top.joined("2")] : []
        if top == usual { return others }
        return others + (medium.isFull ? discs + ["2"] : discs).map { usual.joined($0) }
    }
}
