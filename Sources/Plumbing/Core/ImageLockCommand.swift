internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct ImageLockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image-lock", abstract: "Run a command that holds the lock of a root image.")

    @Option(help: "The root image folder, instead of an osimage.", completion: .directory) var rootimgdir: String?
    @Argument(help: "The osimage whose root image is locked.") var osimage: String?
    @Argument(parsing: .postTerminator, help: "The command and its arguments.") var command: [String] = []

    func validate() throws {
        guard (rootimgdir == nil) != (osimage == nil) else { throw ValidationError("give an osimage or --rootimgdir") }
        guard !command.isEmpty else { throw ValidationError("give the command after --") }
    }

    func run() throws {
        let folder = try ImageFolder(try rootimgdir.map { FilePath($0) } ?? definedFolder(osimage ?? ""))
        let lock = try ImageLock(folder.path)
        var tool = Tool(FilePath(command[0]), command.dropFirst().map { Word($0) })
        // The command speaks the user's language; LC_ALL=C is for programs whose messages we read.
        tool.environment["LC_ALL"] = Environment.current["LC_ALL"]
        lock.lend(to: &tool)
        switch try tool.start(input: .inherited).wait() {
        case .exited(let status): throw ExitCode(status)
        case .signaled(let signal): throw ExitCode(128 + signal)
        }
    }

    private func definedFolder(_ name: String) throws -> FilePath {
        let cluster = try Cluster.open()
        guard let folder = try cluster.osimage(name).rootimgdir(cluster) else {
            throw CommandFailure([
                Diagnostic("osimage has no rootimgdir", subject: name, remedy: "set it with chdef -t osimage")
            ])
        }
        return try cluster.settings.root.host(folder)
    }
}
