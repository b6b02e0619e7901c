internal import ArgumentParser
internal import CommandShell
internal import Netboot
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

struct RootimgRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rootimg-remove", abstract: "Remove the root image of an osimage and what nodes fetch of it.")

    @Option(help: "Folder of the root image; default that of the definition.", completion: .directory)
    var rootimgdir: String?
    @Option(help: "TFTP folder; default that of the site.", completion: .directory) var tftpdir: String?
    @Flag(help: "Remove also what nodes boot from.") var force = false
    @Flag(help: "Change nothing; print what would be removed.") var dryRun = false
    @Flag(help: "Print JSON.") var json = false
    @Flag(name: .customShort("z"), help: "End records with NUL.") var isNULSeparated = false
    @Argument(help: "Osimage.") var osimage: String

    func validate() throws {
        guard !(json && isNULSeparated) else { throw ValidationError("-z and --json exclude each other") }
    }

    private struct Record: Encodable {
        /// `removed`, `kept`, or `boots` of a node.
        var state: String
        /// `directory`, `file` or `node`.
        var kind: String
        /// A path as stored, or a node's name.
        var name: JSONName

        var line: [UInt8] { Array([Array(state.utf8), Array(kind.utf8), name.bytes].joined(separator: [0x09])) }
    }

    func run() throws {
        let settings = Settings.current()
        let place = try PublishedFolder(osimage: osimage, rootimgdir: rootimgdir, tftpdir: tftpdir, settings)
        let folder = try ImageFolder(place.rootimgFolder)
        let lock = try ImageLock(folder.path)
        defer { withExtendedLifetime(lock.descriptor) {} }
        let workspace = WorkspaceRemoval(folder)
        let withdrawal = try ImageWithdrawal(
            image: osimage, rootimgFolder: folder.path, tftpFolder: place.tftpFolder, sparesNodes: !force)
        // What nodes can fetch goes first, so that none gets half of it.
        let paths = withdrawal.removable + workspace.paths
        let records =
            try paths.map { try record("removed", $0, settings) }
            + withdrawal.kept.map { try record("kept", $0, settings) }
            + withdrawal.nodes.map { Record(state: "boots", kind: "node", name: JSONName(Array($0.utf8))) }
        try WorkspaceRemoval.refuseMounts(in: paths)
        if !dryRun {
            try workspace.sweep()
            try AtomicFile.sweep(withdrawal.bootFolder)
            for path in paths { try path.discard() }
        }
        let sorted = records.sorted { $0.line.lexicographicallyPrecedes($1.line) }
        if json { return try Console.write(JSONText.document("removals", sorted)) }
        try Console.records(sorted.map(\.line), isNULSeparated: isNULSeparated)
    }

    private func record(_ state: String, _ path: FilePath, _ settings: Settings) throws -> Record {
        let kind = try path.status()?.kind == .directory ? "directory" : "file"
        return Record(state: state, kind: kind, name: JSONName(settings.root.stored(path).bytes))
    }
}
