internal import ArgumentParser
internal import CommandShell
internal import Ramdisk
internal import Support
internal import SystemPackage

struct RamdiskUnpackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ramdisk-unpack", abstract: "Unpack a packed root image into a tree.")

    @Option(help: "Kernel to put into the tree when it has none.", completion: .file()) var kernel: String?
    @Option(help: "Bytes that it may unpack to.") var maxSize: UInt64?
    @Argument(help: "Packed file.", completion: .file()) var file: String
    @Argument(help: "Tree to make.", completion: .directory) var tree: String

    func run() throws {
        let top = FilePath(tree).absolute
        var count = try RamdiskUnpacker.unpack(FilePath(file), into: top, limit: maxSize)
        if let kernel {
            do {
                if try LeftOutKernel.restore(FilePath(kernel), in: top) != nil { count += 1 }
            } catch {
                try? top.removeTree()
                throw error
            }
        }
        try Console.print("\(count)")
    }
}
