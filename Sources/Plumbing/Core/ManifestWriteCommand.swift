internal import ArgumentParser
internal import Bundles
internal import CommandShell
internal import Support
internal import SystemPackage

struct ManifestWriteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest-write", abstract: "Write the manifest of a bundle from a description of its image.")

    @Flag(help: "Print what bundle-pack reads instead of the manifest alone.") var pack = false

    func run() throws {
        let text = try FileDescriptor.standardInput.readToEnd(limit: 256 << 20, of: "standard input")
        let packs = try BundleDescription.read(text).map { try $0.pack() }
        if pack { return try Console.write(BundlePack.json(packs)) }
        guard packs.count == 1 else {
            throw ValidationError("standard input describes \(packs.count) images: only --pack writes several")
        }
        try Console.write(packs[0].xml.utf8)
    }
}
