internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct GeninitrdCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "geninitrd", abstract: "Build the initramfs of an osimage again, with driver updates.")

    @Flag(help: "Take drivers for any kernel from driver packages.") var ignorekernelchk = false
    @Flag(inversion: .prefixedNo, help: "Run hooks.") var hooks = true
    @Argument(
        help: "The osimage.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var imagename: String?

    func run() throws {
        guard let imagename else { throw UsageFailure() }
        let cluster = try Cluster.open()
        guard let image = try cluster.findOsimage(imagename) else {
            throw Self.failure(
                "Cannot find image '\(imagename)' from the osimage table.", "see lsdef -t osimage for the names")
        }
        let steps: any GeninitrdSteps
        switch image.provmethod {
        case "install": steps = try InstallerSteps(image, ignoresKernel: ignorekernelchk, cluster)
        case "netboot", "statelite":
            steps = try DisklessInitrd(image, ignoresKernel: ignorekernelchk, runsHooks: hooks, cluster)
        default:
            throw Self.failure(
                "provmethod '\(image.provmethod ?? "")' of \(imagename) has no initramfs to be built.",
                "it must be install, netboot or statelite")
        }
        let site = SiteHooks(cluster, isOn: hooks)
        try site.run("pre-geninitrd", .init(image: imagename))
        try steps.run()
        try site.run("post-geninitrd", .init(image: imagename))
    }

    static func failure(_ problem: String, _ remedy: String? = nil) -> CommandFailure {
        CommandFailure([Diagnostic(problem, remedy: remedy)])
    }
}

/// What geninitrd does for one way of provisioning; what it needs was checked before.
protocol GeninitrdSteps {
    func run() throws
}

/// The initramfs of a diskless image: what genimage --onlyinitrd does.
struct DisklessInitrd: GeninitrdSteps {
    private let steps: GenimageSteps

    init(_ image: Osimage, ignoresKernel: Bool, runsHooks: Bool, _ cluster: Cluster) throws {
        var request = GenimageRequest()
        request.image = image.name
        request.onlyInitramfs = true
        request.ignoresKernel = ignoresKernel
        request.runsHooks = runsHooks
        let target = try GenimageTarget(request, cluster)
        guard try RootFolder(target.rootimgdir.joined("rootimg")).isFolder("/lib/modules") else {
            throw GeninitrdCommand.failure(
                "The genimage should be run before running geninitrd.", "run genimage \(image.name)")
        }
        steps = GenimageSteps(target, request, cluster.settings)
    }

    func run() throws { try steps.run() }
}

extension RootFolder {
    /// Whether a path of the tree leads to a folder.
    fileprivate func isFolder(_ stored: FilePath) throws -> Bool { try path.isDirectory && host(stored).isDirectory }
}
