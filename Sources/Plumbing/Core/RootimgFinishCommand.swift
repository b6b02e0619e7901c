internal import ArgumentParser
internal import CommandShell
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct RootimgFinishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rootimg-finish", abstract: "Do the generic steps of a root image, and clean it.")

    enum Stage: String, ExpressibleByArgument, CaseIterable { case begin, populate, complete, pack }

    @Option(help: "begin, populate, complete or pack.") var stage: Stage
    @Option(help: "Profile, for the comment in fstab.") var profile = ""
    @Option(help: "Architecture, for the comment in fstab.") var arch = ""
    @Option(help: "An interface that gets its address by DHCP.") var interface: [String] = []
    @Option(help: "Size of /tmp and /var/tmp, e.g. 10m.") var tmplimit: String?
    @Argument(help: "The folder that holds rootimg/.", completion: .directory) var rootimgdir: String

    func validate() throws {
        for name in interface
        where name.isEmpty || name.utf8.contains(where: { $0 == 0x2f || $0 <= 0x20 || $0 == 0x7f }) {
            throw ValidationError("not the name of an interface: '\(name)'")
        }
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
        case .complete: try finisher.complete()
        case .pack: try finisher.prepareForPacking()
        }
        withExtendedLifetime(lock.descriptor) {}
    }
}
