internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Support

struct LiteimgCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "liteimg", abstract: "Refuse to make an image for statelite nodes, and say what to use instead.")

    @Flag(name: [.customShort("V"), .long], help: "Accepted; there is nothing more to say.") var verbose = false
    @Option(
        name: [.customShort("t"), .customLong("rootfstype")], help: "Kind of the root file system: nfs or ramdisk.",
        completion: .list(["nfs", "ramdisk"]))
    var rootfstype: String?
    @Option(name: .customShort("o"), help: "Distribution and version, without an image name.") var osver: String?
    @Option(name: .customShort("a"), help: "Architecture, without an image name.") var arch: String?
    @Option(name: .customShort("p"), help: "Profile, without an image name.") var profile: String?
    @Argument(
        help: "The osimage.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var imagename: String?

    func run() throws {
        let isUnnamed = imagename == nil
        guard !isUnnamed || (osver != nil && arch != nil && profile != nil) else { throw UsageFailure() }
        let name = imagename ?? UnnamedImages.name(osver ?? "", arch ?? "", "statelite", profile ?? "")
        guard let image = try Cluster.open().findOsimage(name) else {
            throw Self.failure(
                "Cannot find image '\(name)' from the osimage table.", "see lsdef -t osimage for the names")
        }
        guard image.provmethod?.contains("statelite") ?? false else {
            throw Self.failure(
                "Please make sure that osimage.provmethod is set to statelite before calling this command.",
                "netboot images are built with genimage and packimage")
        }
        throw Self.failure(
            "statelite nodes are not supported yet, and \(name) was not changed.",
            "nodes run from memory with an osimage of provmethod netboot: genimage, packimage and nodeset; "
                + "what they must keep goes to a file system that they mount. Definitions and tables of statelite stay "
                + "as they are, and imgexport takes them along.")
    }

    private static func failure(_ problem: String, _ remedy: String) -> CommandFailure {
        CommandFailure([Diagnostic(problem, remedy: remedy)])
    }
}
