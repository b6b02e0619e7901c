internal import ArgumentParser
internal import CommandShell
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct ImageCopyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image-copy", abstract: "Copy a root image and files, then run a command; all of it or nothing.")

    @Option(help: "The rootimgdir to copy.", completion: .directory) var tree: String?
    @Option(help: "The new rootimgdir, which must not exist.", completion: .directory) var to: String?
    @Option(help: "A file to copy; each with its --as.", completion: .file()) var file: [String] = []
    @Option(name: .customLong("as"), help: "The new file, which must not exist.", completion: .file())
    var copy: [String] = []
    @Argument(parsing: .postTerminator, help: "A command that decides: when it fails nothing stays copied.")
    var command: [String] = []

    func validate() throws {
        guard (tree == nil) == (to == nil) else { throw ValidationError("--tree and --to go together") }
        guard file.count == copy.count else { throw ValidationError("each --file needs an --as") }
    }

    func run() throws {
        var copies = ImageCopies()
        do {
            if let tree, let to { try copies.add(tree: FilePath(tree), to: FilePath(to).absolute) }
            for (file, copy) in zip(file, copy) { try copies.add(file: FilePath(file), as: FilePath(copy).absolute) }
            try copies.place()
            try decide()
        } catch {
            copies.remove()
            throw error
        }
    }

    private func decide() throws {
        guard let program = command.first else { return }
        var tool = Tool(FilePath(program), command.dropFirst().map { Word($0) })
        tool.environment = Environment.current.merging(Settings.current().childEnvironment)
        switch try tool.start(input: .inherited).wait() {
        case .exited(0): return
        case .exited(let status): throw ExitCode(status)
        case .signaled(let signal): throw ExitCode(128 + signal)
        }
    }
}
