internal import Archive
internal import ArgumentParser
internal import CommandShell
internal import Digests
internal import Installers
internal import KernelModules
internal import RootImage
internal import Settings
internal import Support
internal import SystemPackage

struct InstallerPublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "installer-publish", abstract: "Put kernel and initramfs of an installer before the nodes.")

    @Option(help: "Distribution and version, e.g. rhels8.5.0.") var osver: String
    @Option(help: "Architecture.") var arch: String
    @Option(help: "Folder of a copied medium; the first that has an installer counts.", completion: .directory)
    var pkgdir: [String] = []
    @Option(help: "TFTP folder; /tftpboot by default.", completion: .directory) var tftpdir: String?
    @Option(help: "Drivers to add, as kmodule-extract prints them; - is standard input.", completion: .file())
    var driversFrom: String?
    @Option(help: "Drivers to take besides the usual ones, separated by commas; may be given several times.")
    var driver: [String] = []
    @Flag(help: "Take every driver.") var all = false
    @Flag(help: "Take only drivers that the initramfs has.") var updateOnly = false
    @Flag(help: "Take drivers that were made for another kernel, too.") var anyKernel = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "Osimage.") var osimage: String

    func validate() throws {
        guard !pkgdir.isEmpty else { throw ValidationError("--pkgdir must be given") }
        guard driversFrom != nil || !(all || updateOnly || anyKernel || !driver.isEmpty) else {
            throw ValidationError("--driver, --all, --update-only and --any-kernel need --drivers-from")
        }
        guard !(all && updateOnly) else { throw ValidationError("--all and --update-only exclude each other") }
    }

    private struct Record: Encodable {
        /// `file`, `kernel`, `driver` or `firmware`.
        var kind: String
        var name: JSONName
        var digest: String?

        init(_ kind: String, _ name: FilePath, _ digest: Digest? = nil) {
            (self.kind, self.name, self.digest) = (kind, JSONName(name.bytes), digest?.description)
        }

        var line: [UInt8] {
            Array(
                ([Array(kind.utf8), name.bytes] + [digest].compactMap { $0.map { Array($0.utf8) } }).joined(separator: [
                    0x09
                ]))
        }
    }

    func run() throws {
        let settings = Settings.current()
        let medium = try InstallerMedium(osver: osver, arch: arch, folders: pkgdir.map { FilePath($0).absolute })
        let boot = try InstallerBoot(
            medium, image: osimage,
            tftpFolder: try tftpdir.map { FilePath($0).absolute } ?? settings.root.host("/tftpboot"))
        let names = driver.flatMap { InitrdDrivers.words(of: $0) }
        let wish = DriverWish(
            DriverChoice(
                names: names + DefaultDrivers.network(arch), takesAll: all || updateOnly, takesAnyKernel: anyKernel),
            updatesOnly: updateOnly)
        let input = try driversFrom.map { name in
            if name == "-" { return FileDescriptor.standardInput }
            return try FileError.wrap("open", FilePath(name)) {
                try FileDescriptor.open(FilePath(name), .readOnly, options: .closeOnExec)
            }
        }
        let published = try boot.publish(
            drivers: input.map { FileSource($0, FilePath(driversFrom == "-" ? "standard input" : driversFrom ?? "")) },
            wish)
        try show(published)
    }

    private func show(_ published: InstallerBoot.Published) throws {
        var records = published.files.map { Record("file", $0.name, $0.digest) }
        if let addition = published.addition {
            records.append(Record("kernel", FilePath(addition.kernel)))
            records += addition.drivers.map { Record("driver", FilePath($0)) }
            records += addition.firmware.map { Record("firmware", $0) }
        }
        records.sort { $0.line.lexicographicallyPrecedes($1.line) }
        if json {
            try Console.write(JSONText.document("records", records))
        } else {
            try Console.records(records.map(\.line), isNULSeparated: false)
        }
        guard let addition = published.addition else { return }
        LeftOutDrivers(addition.choice, kernel: addition.kernel).tell(as: "installer-publish")
    }
}
