internal import ArgumentParser
internal import CommandShell
internal import Hooks
internal import Profiles
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct PostinstallRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postinstall-run", abstract: "Run one postinstall script of an osimage.")

    @Option(help: "Distribution and version.") var osver: String
    @Option(help: "Architecture.") var arch: String
    @Option(help: "Profile.") var profile: String
    @Option(help: "Name of the osimage.") var image: String?
    @Option(help: "The kernel's version, instead of the newest.") var kernelver: String?
    @Option(help: "pkglist, pkgdir, otherpkglist or otherpkgdir of the osimage, as NAME=VALUE.") var set: [String] = []
    @Option(help: "A variable for the script, as NAME=VALUE.") var env: [String] = []
    @Argument(help: "The folder that holds rootimg/.", completion: .directory) var rootimgdir: String
    @Argument(parsing: .postTerminator, help: "The script and the user's arguments.") var script: [String] = []

    func validate() throws {
        guard !script.isEmpty else { throw ValidationError("give the script after --") }
    }

    func run() throws {
        let settings = Settings.current()
        let folder = try ImageFolder(FilePath(rootimgdir))
        guard folder.tree.isDirectory else { throw ImageStateError.noTree(folder.tree) }
        let lock = try ImageLock(folder.path)
        let path = FilePath(script[0])
        guard path.isExecutableFile else {
            throw CommandFailure([
                Diagnostic(
                    "postinstall script \(settings.root.stored(path).printable) is not executable",
                    remedy: "run chmod +x on it")
            ])
        }
        var tool = Tool(
            path, [Word(folder.tree), Word(osver), Word(arch), Word(profile)] + script.dropFirst().map { Word($0) })
        tool.environment = try environment(folder, settings)
        tool.directory = directory(folder, settings)
        lock.lend(to: &tool)
        let outcome = try ScriptRunner(ownsChildren: true).run(Script(tool, label: Word(path.lastName)))
        guard outcome.isSuccess else {
            throw CommandFailure([
                Diagnostic(
                    "postinstall script \(settings.root.stored(path).printable) failed: it \(outcome.told)",
                    remedy: outcome.lastLines.isEmpty ? "it printed nothing" : outcome.lastLines)
            ])
        }
    }

    /// The script's own words come first, then what xCAT's scripts are told; empty values are left out.
    private func environment(_ folder: ImageFolder, _ settings: Settings) throws -> Environment {
        var result = try settings.scriptEnvironment.merging(EnvironmentOption.variables(env)).merging(
            settings.childEnvironment)
        let kernel = kernelver ?? (try? KernelChoice(tree: folder.tree).version)
        let values: [(String, String?)] = [
            ("IMG_NAME", image), ("IMG_ARCH", arch), ("IMG_OSVER", osver), ("IMG_KERNELVERSION", kernel),
            ("IMG_PROFILE", profile),
        ]
        for (name, value) in values { result[name] = value.map { Word($0) } }
        result["IMG_ROOTIMGDIR"] = Word(folder.tree)
        for entry in set {
            let parts = entry.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { result["IMG_\(parts[0].uppercased())"] = Word(parts[1]) }
        }
        return result
    }

    /// xCAT's scripts stand in the folder of their distribution's genimage.
    private func directory(_ folder: ImageFolder, _ settings: Settings) -> FilePath {
        let search = ProfileSearch(installFolder: "/install") { try? settings.host($0) }
        let place = search.platform(of: OSName(osver), in: .netboot)
            .map { settings.dataFolder.joined("netboot").joined($0) }
        return place.flatMap { $0.isDirectory ? $0 : nil } ?? folder.path
    }
}
