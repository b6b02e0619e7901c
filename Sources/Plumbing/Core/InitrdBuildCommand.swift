internal import ArgumentParser
internal import CommandShell
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct InitrdBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "initrd-build", abstract: "Build the initramfs of a root image and take out its kernel.")

    @Option(help: "Kernel version; default the newest in the image.") var kernelver: String?
    @Option(help: "More drivers, separated by commas; may be given several times.") var driver: [String] = []
    @Option(help: "Interface to boot from when the kernel line names none.") var nic: String?
    @Option(help: "Size of the root's tmpfs when the kernel line gives none.") var rootlimit: String?
    @Option(
        help: "What brings up the network: network-manager, systemd-networkd or network-legacy.",
        completion: .list(InitrdPlan.Network.allCases.map(\.rawValue)))
    var network: String?
    @Flag(help: "Keep what is there when the same would be made again.") var ifChanged = false
    @Argument(help: "Folder of the root image.", completion: .directory) var rootimgdir: String

    func validate() throws {
        if let network, InitrdPlan.Network(rawValue: network) == nil {
            let names = InitrdPlan.Network.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--network must be one of \(names), not '\(network)'")
        }
    }

    func run() throws {
        let settings = Settings.current()
        let folder = FilePath(rootimgdir).absolute
        let lock = try ImageLock(folder)
        let plan = try InitrdPlan(
            tree: folder.joined("rootimg"), wantedKernel: kernelver,
            wantedDrivers: driver.flatMap { InitrdDrivers.words(of: $0) },
            wantedNetwork: network.flatMap(InitrdPlan.Network.init(rawValue:)))
        let words = try InitrdBuilder.BuiltInWords(rootlimit: rootlimit, nic: nic)
        let builder = InitrdBuilder(
            rootimgFolder: folder, dataFolder: settings.dataFolder, execPath: settings.execPath)
        let built = try builder.build(plan, words: words, always: !ifChanged, holding: lock)
        try Console.print("compression\t\(plan.compression.rawValue)")
        try Console.print("drivers\t\(plan.drivers.joined(separator: " "))")
        try Console.print("initrd-stateless.gz\t\(built.initramfsDigest)\t\(built.sizeInBytes)")
        try Console.print("kernel\t\(built.kernelDigest)\t\(plan.kernel.version)")
        try Console.print("network\t\(plan.network.rawValue)")
    }
}
