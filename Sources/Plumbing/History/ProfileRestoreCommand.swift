internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import History
internal import Settings
internal import Support
internal import SystemPackage

struct ProfileRestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile-restore", abstract: "Bring the files of an image's recipe back.")

    @Flag(help: "Files outside custom too.") var outside = false
    @Flag(help: "Print what would be done.") var dryRun = false
    @Flag(name: .customShort("z"), help: "End records with NUL.") var nul = false
    @Argument(help: "The osimage.") var osimage: String
    @Argument(help: "The revision whose files to bring back.") var revision: String

    func run() throws {
        let cluster = try Cluster.open()
        let history = try HistoryRepository.ofSite(cluster)
        let past = try history.snapshot(osimage, revision)
        // An image that was removed has no present.
        let present =
            if try cluster.definition("osimage", osimage) != nil {
                try ImageSnapshot(RecipeSource(osimage, cluster).recipe(), history)
            } else {
                try ImageSnapshot(Recipe(image: osimage, stanza: [], files: []), history)
            }
        let restored = try history.restore(
            past, present: present, host: { try cluster.settings.root.host($0) }, restoresOutside: outside,
            isTrial: dryRun)
        try Console.records(restored.map(record), isNULSeparated: nul)
    }

    private func record(_ restored: HistoryRepository.Restored) -> [UInt8] {
        switch restored {
        case .written(let path): line("restored", path)
        case .removed(let path): line("removed", path)
        case .differsOutside(let path): line("differs", path)
        case .notKept(let path): line("unknown", path)
        }
    }

    private func line(_ word: String, _ path: FilePath) -> [UInt8] {
        Array("\(word)\t".utf8)
            + (nul ? path.bytes : Array(Diagnostic.escaped(path.printable, keepingNewlines: false).utf8))
    }
}
