internal import ArgumentParser
internal import CommandShell
internal import Ramdisk
internal import Support
internal import SystemPackage

struct RamdiskUnpackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ramdisk-unpack", abstract: "Unpack a packed root image into a tree.")

    @Argument(help: "Packed file.", completion: .file()) var file: String
    @Argument(help: "Tree to make.", completion: .directory) var tree: String

    func run() throws {
        let top = FilePath(tree).absolute
        try Console.print("\(try RamdiskUnpacker.unpack(FilePath(file), into: top))")
    }
}
