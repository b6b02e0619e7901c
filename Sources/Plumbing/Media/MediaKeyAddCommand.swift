internal import ArgumentParser
internal import CommandShell
internal import Media
internal import Support
internal import SystemPackage

struct MediaKeyAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media-key-add", abstract: "Keep an OpenPGP public key in a folder of trusted keys.")

    @Argument(help: "The key, armored or binary.", completion: .file()) var key: String
    @Argument(help: "The folder of trusted keys.", completion: .directory) var folder: String

    func run() throws {
        try Console.print(TrustedKeys(FilePath(folder)).add(FilePath(key)).printable)
    }
}
