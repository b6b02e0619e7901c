internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// Kernel and initramfs of an installer, from the copied medium, with driver updates of the osimage.
struct InstallerSteps: GeninitrdSteps {
    private let image: Osimage
    private let cluster: Cluster
    private let osver: String
    private let arch: String
    /// Copied media on the host.
    private let folders: [FilePath]
    /// Drivers, and packages of kernels, on the host.
    private let drivers: [FilePath]
    private let kernels: [FilePath]
    private let ignoresKernel: Bool

    init(_ image: Osimage, ignoresKernel: Bool, _ cluster: Cluster) throws {
        guard let osver = image.osvers, let arch = image.osarch else {
            throw GeninitrdCommand.failure(
                "osvers and osarch of \(image.name) must be set", "set them with chdef -t osimage \(image.name)")
        }
        if ["debian", "ubuntu"].contains(where: { osver.lowercased().hasPrefix($0) }) {
            throw GeninitrdCommand.failure(
                "unknow osvers [\(osver)].",
                "the installers of Debian and Ubuntu take drivers from packages only: name them in pkglist or otherpkglist"
            )
        }
        (self.image, self.cluster, self.osver, self.arch) = (image, cluster, osver, arch)
        self.ignoresKernel = ignoresKernel
        folders = try image.pkgdirs(cluster).filter { !$0.contains("://") }.map {
            try cluster.settings.host(FilePath($0))
        }
        drivers = try DriverUpdates(image, cluster).files
        kernels = try Self.kernels(image, cluster)
    }

    private static func kernels(_ image: Osimage, _ cluster: Cluster) throws -> [FilePath] {
        try image.list("osupdatename").flatMap { name in
            guard let row = try cluster.store.row("osdistroupdate", ["osupdatename": name]) else {
                throw CommandFailure([DefinitionProblem.missing(name, "osdistroupdate").diagnostic])
            }
            return try (row["dirpath"] ?? "").split(separator: ",").flatMap {
                try KernelPackages(in: try cluster.settings.host(FilePath(String($0)))).files
            }
        }
    }

    func run() throws {
        let published = try JSONText.decode(Answer.self, step.answer().output).records
        func names(_ kind: String) -> [String] {
            published.filter { $0.kind == kind }.map { String(decoding: $0.name.bytes, as: UTF8.self) }
        }
        if let kernel = names("kernel").first {
            let drivers = names("driver")
            try Console.print(
                "Drivers for kernel \(kernel): \(drivers.isEmpty ? "none" : drivers.joined(separator: ", "))")
        }
        let folder = try cluster.tftpFolder.joined("xcat/osimage").joined(image.name)
        try Console.print("\(names("file").joined(separator: " and ")) of \(image.name) are in \(folder.printable).")
    }

    private struct Answer: Decodable {
        struct Record: Decodable {
            var kind: String
            var name: JSONName
        }
        var records: [Record]
    }

    private var step: Step {
        get throws {
            let netdrivers = NetDrivers(image["netdrivers"])
            var words: [Word] = ["--json", "--osver", Word(osver), "--arch", Word(arch)]
            for folder in folders { words += ["--pkgdir", Word(folder)] }
            words += ["--tftpdir", Word(try cluster.settings.host(try cluster.tftpFolder))]
            let sources = drivers + kernels
            guard !sources.isEmpty else {
                return Step("installer-publish", words + [Word(image.name)], settings: cluster.settings)
            }
            words += ["--drivers-from", "-"] + netdrivers.names.flatMap { [Word("--driver"), Word($0)] }
            if netdrivers.updatesAll {
                words.append("--all")
            } else if netdrivers.updatesOnly {
                words.append("--update-only")
            }
            if ignoresKernel { words.append("--any-kernel") }
            let flags: [Word] = ["--arch", Word(arch)] + (kernels.isEmpty ? [] : ["--kernel"])
            return Step("kmodule-extract", flags + sources.map { Word($0) }, settings: cluster.settings)
                .piped(to: "installer-publish", words + [Word(image.name)])
        }
    }
}
