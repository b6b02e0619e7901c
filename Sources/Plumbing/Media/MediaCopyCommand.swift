internal import ArgumentParser
internal import CommandShell
internal import Media
internal import Support
internal import SystemPackage

struct MediaCopyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media-copy", abstract: "Copy an install medium into a folder and check it.")

    @Option(help: "The name that the medium is to have.") var name: String?
    @Option(help: "The architecture that the medium is to have.") var arch: String?
    @Option(help: ArgumentHelp("A keyring to trust.", valueName: "file"), completion: .file()) var keyring: [String] =
        []
    @Option(
        help: ArgumentHelp("Copy nothing if this folder holds the same medium.", valueName: "folder"),
        completion: .directory)
    var unlessCopiedTo: [String] = []
    @Option(
        help: ArgumentHelp("Make this symbolic link to the copy.", valueName: "path"), completion: .file())
    var link: [String] = []
    @Option(help: ArgumentHelp("Write progress as JSON Lines to this descriptor.", valueName: "number"))
    var progressFd: Int32?
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "An ISO image, a drive or a folder.", completion: .file()) var source: String
    @Argument(help: "The folder to copy to.", completion: .directory) var destination: String

    func run() throws {
        var options = MediumCopy.Options()
        options.claim = Claim(name: name, arch: arch)
        options.keyrings = keyring.map { FilePath($0) }
        options.unlessCopiedTo = unlessCopiedTo.map { FilePath($0) }
        options.links = link.map { FilePath($0) }
        options.progress = progressFd.map { FileDescriptor(rawValue: $0) }
        let summary = try MediumCopy(FilePath(source), options).run(to: FilePath(destination))
        if json {
            try Console.write(JSONText.document("copies", [summary]))
        } else {
            let fields = [
                summary.state.rawValue, summary.destination, summary.fingerprint, "\(summary.files)",
                "\(summary.bytes)",
                "\(summary.written)", summary.checkedBy.joined(separator: ","), "\(summary.unchecked)",
                summary.signature.state.rawValue, summary.signature.fingerprint ?? "",
            ]
            try Console.print(fields.joined(separator: "\t"))
        }
    }
}
