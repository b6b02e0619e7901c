internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

struct GenimageCommand: PeerCommand {
    static let configuration = CommandConfiguration(
        commandName: "genimage", abstract: "Build or update the root image of an osimage.")

    static let namesUnknownOptions = true

    @Option(name: .customShort("o"), help: "Distribution and version, without an image name.") var osver: String?
    @Option(name: .customShort("a"), help: "Architecture, without an image name; this machine's by default.") var arch:
        String?
    @Option(name: .customShort("p"), help: "Profile, without an image name.") var profile: String?
    @Option(name: .customShort("i"), help: "Interface that nodes boot from.") var nic: String?
    @Option(name: .customShort("n"), help: "More drivers for the initramfs, separated by commas.") var netdrivers:
        String?
    @Option(name: .customShort("r"), help: "More interfaces, separated by commas, that get addresses by DHCP.")
    var otherifce: String?
    @Option(name: .customShort("k"), help: "The kernel's version, instead of the newest.") var kernelver: String?
    @Option(name: .customShort("g"), help: "Version of the kernel's package (SLES).") var krpmver: String?
    @Option(name: .customShort("l"), help: "Largest size of the root file system, e.g. 2g.") var rootlimit: String?
    @Option(name: .customShort("t"), help: "Size of /tmp and /var/tmp, e.g. 10m.") var tmplimit: String?
    @Option(help: "A folder of packages with further kernels.", completion: .directory) var kerneldir: String?
    @Option(help: "Mode of /.statelite.") var permission: String?
    @Flag(help: "Let the package manager ask questions.") var interactive = false
    @Flag(help: "Print the steps, do nothing.") var dryrun = false
    @Flag(help: "Leave the packages, build the initramfs again.") var onlyinitrd = false
    @Flag(help: "Take drivers for any kernel from driver packages.") var ignorekernelchk = false
    @Flag(help: "Do not update packages that are there.") var noupdate = false
    @Flag(help: "Print what would change, change nothing; exit 1 if anything would.") var plan = false
    @Flag(help: "Install exactly the packages of the last build.") var locked = false
    @Flag(help: "Build the tree anew.") var fresh = false
    @Flag(help: "With --fresh: lose what was changed by hand.") var discardChanges = false
    @Flag(help: "Keep packages whose names left the lists.") var keepRemoved = false
    @Flag(inversion: .prefixedNo, help: "Run hooks.") var hooks = true
    @Flag(name: .shortAndLong, help: "Print the version.") var version = false
    @Argument(
        help: "The osimage.",
        completion: .custom { _, _, prefix in
            ((try? Cluster.open().osimageNames()) ?? []).filter { $0.hasPrefix(prefix) }
        })
    var imagename: [String] = []

    func run() throws {
        if version { return try Console.print("Version \(CommandShell.version)") }
        let settings = Settings.current()
        let cluster = try Cluster.open(settings)
        var request = GenimageRequest(self)
        if request.image == nil, osver == nil, profile == nil, arch == nil {
            try GenimageDialog(cluster).fill(&request)
        }
        try Console.print("Generating image: ")
        let target = try GenimageTarget(request, cluster)
        let steps = try GenimageSteps(target, request.locked(to: target, settings), settings)
        if dryrun { return try steps.show() }
        if plan { return try steps.plan() }
        try steps.run()
    }
}

/// What the command line asks for, apart from how it is parsed.
struct GenimageRequest {
    var image: String?
    var osver: String?
    var arch: String?
    var profile: String?
    /// Columns of linuximage and the values given for them.
    var overrides: [(column: String, value: String)] = []
    var rootlimit: String?
    var tmplimit: String?
    /// Flags that `rootimg-populate` takes as they are.
    var populateFlags: [Word] = []
    var onlyInitramfs = false
    /// Drivers that were made for another kernel are taken, too.
    var ignoresKernel = false
    var runsHooks = true
    /// Packages and versions of the last build, and no others.
    var isLocked = false

    init() {}

    init(_ command: GenimageCommand) {
        // xCAT ignores further operands.
        image = command.imagename.first
        (osver, arch, profile) = (command.osver, command.arch, command.profile)
        let given: [(String, String?)] = [
            ("nodebootif", command.nic), ("netdrivers", command.netdrivers), ("otherifce", command.otherifce),
            ("kernelver", command.kernelver), ("krpmver", command.krpmver), ("kerneldir", command.kerneldir),
            ("permission", command.permission),
        ]
        for case (let column, let value?) in given { overrides.append((column, value)) }
        (rootlimit, tmplimit) = (command.rootlimit, command.tmplimit)
        for (flag, isGiven) in [
            ("--fresh", command.fresh), ("--discard-changes", command.discardChanges),
            ("--keep-removed", command.keepRemoved),
            ("--noupdate", command.noupdate), ("--interactive", command.interactive),
        ] where isGiven {
            populateFlags.append(Word(flag))
        }
        onlyInitramfs = command.onlyinitrd
        ignoresKernel = command.ignorekernelchk
        runsHooks = command.hooks
        isLocked = command.locked
    }
}
