internal import ArgumentParser
internal import CommandShell
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

struct RootimgRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rootimg-run", abstract: "Run a command inside a root image.")

    @Flag(help: "Let the command use the network.") var network = false
    @Option(help: "A folder to show read-only at /run/catboat/media/N.", completion: .directory) var media: [String] =
        []
    @Option(help: "A variable for the command, as NAME=VALUE.") var env: [String] = []
    @Option(help: "Working directory inside the image.") var directory: String?
    @Argument(help: "The folder that holds rootimg/.", completion: .directory) var rootimgdir: String
    @Argument(parsing: .postTerminator, help: "The command and its arguments.") var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("give the command after --") }
    }

    func run() throws {
        let folder = try ImageFolder(FilePath(rootimgdir))
        guard folder.tree.isDirectory else { throw ImageStateError.noTree(folder.tree) }
        let lock = try ImageLock(folder.path)
        var sandbox = ImageSandbox(folder.tree, view: .inside, execPath: Settings.current().execPath)
        sandbox.allowsNetwork = network
        sandbox.media = media.map { FilePath($0) }
        sandbox.directory = directory.map { FilePath($0) }
        sandbox.environment = sandbox.environment.merging(try EnvironmentOption.variables(env))
        let words = command.map { Word($0) }
        // At a terminal Ctrl-C is the command's: it may be a shell or an interpreter that goes on.
        let ending =
            isatty(0) == 1
            ? try Interruption.leftToForeground { try sandbox.run(words, holding: lock, input: .inherited) }
            : try sandbox.run(words, holding: lock, input: .inherited)
        switch ending {
        case .exited(let status): throw ExitCode(status)
        case .signaled(let signal): throw ExitCode(128 + signal)
        }
    }
}
