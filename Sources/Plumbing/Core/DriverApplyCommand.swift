internal import Archive
internal import ArgumentParser
internal import CommandShell
internal import KernelModules
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct DriverApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "driver-apply", abstract: "Put drivers from standard input into a root image.")

    @Option(help: "Kernel version; default the newest in the image.") var kernelver: String?
    @Option(help: "Drivers to take besides the usual ones, separated by commas; may be given several times.")
    var driver: [String] = []
    @Flag(help: "Take every driver.") var all = false
    @Flag(help: "Take drivers that were made for another kernel, too.") var anyKernel = false
    @Flag(name: .customShort("z"), help: "End records with NUL.") var isNULSeparated = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "The folder that holds rootimg/.", completion: .directory) var rootimgdir: String

    func validate() throws {
        guard !(json && isNULSeparated) else { throw ValidationError("-z and --json exclude each other") }
    }

    private struct Record: Encodable {
        /// `driver` or `firmware`.
        var kind: String
        var name: String?
        var path: JSONName
        var replaced: Bool?

        var line: [UInt8] {
            let fields = [kind, name ?? "", replaced.map { $0 ? "replaced" : "added" } ?? ""].map { Array($0.utf8) }
            return Array((fields + [path.bytes]).joined(separator: [0x09]))
        }
    }

    func run() throws {
        let folder = try ImageFolder(FilePath(rootimgdir).absolute)
        let lock = try ImageLock(folder.path)
        let applier = try DriverApplier(folder, wanted: kernelver, execPath: Settings.current().execPath)
        let choice = DriverChoice(
            names: try driver.flatMap { InitrdDrivers.words(of: $0) } + applier.defaultDrivers, takesAll: all,
            takesAnyKernel: anyKernel)
        let applied = try applier.apply(FileSource(.standardInput, "standard input"), choice, holding: lock)
        let records =
            applied.modules.map {
                Record(kind: "driver", name: $0.name, path: JSONName($0.path.bytes), replaced: $0.replaced)
            } + applied.firmware.map { Record(kind: "firmware", path: JSONName($0.bytes)) }
        if json {
            try Console.write(JSONText.document("drivers", records))
        } else {
            try Console.records(records.map(\.line), isNULSeparated: isNULSeparated)
        }
        LeftOutDrivers(applied.choice, kernel: applier.kernel).tell(as: "driver-apply")
    }
}
