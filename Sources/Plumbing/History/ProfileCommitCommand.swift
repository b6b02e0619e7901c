internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import History
internal import Settings
internal import Support
internal import SystemPackage

struct ProfileCommitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile-commit", abstract: "Keep an image's recipe, or what a build made, in the history.")

    @Option(help: "A folder with what a build made.", completion: .directory) var buildRecord: String?
    @Option(help: "With a build record: the commit of the recipe that the tree was made from.")
    var treeRecipe: String?
    @Option(help: "With a build record: where it was imported from; it was not built here.") var imported: String?
    @Option(name: .shortAndLong, help: "Words for the commit.") var message: String?
    @Option(help: "Say that this revision was brought back.") var reverting: String?
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "The osimage.") var osimage: String

    func validate() throws {
        if buildRecord != nil, reverting != nil {
            throw ValidationError("--build-record and --reverting exclude each other")
        }
        if treeRecipe != nil || imported != nil, buildRecord == nil {
            throw ValidationError("--tree-recipe and --imported need --build-record")
        }
        if treeRecipe != nil, imported != nil {
            throw ValidationError("--tree-recipe and --imported exclude each other")
        }
    }

    func run() throws {
        let cluster = try Cluster.open()
        let history = try HistoryRepository.openOrCreate(cluster.profileFolder())
        let outcome: HistoryRepository.Outcome
        if let buildRecord {
            outcome = try history.keep(
                try BuildRecord(folder: FilePath(buildRecord)), of: osimage, message: message,
                treeRecipe: try treeRecipe.flatMap { try history.known($0) }, importedFrom: imported)
        } else {
            let recipe = try RecipeSource(osimage, cluster).recipe()
            outcome = try history.keep(
                recipe, message: message, reverting: try reverting.map { try history.asked($0) })
            for (name, reason) in try history.newlyLeftOut(of: recipe) {
                Console.note("profile-commit: left out of the history: '\(name.printable)': \(reason)")
            }
        }
        try Console.write(json ? CommitText.json([outcome.commit]) : line(outcome))
    }

    /// `COMMIT TAB SECONDS TAB new|unchanged`
    private func line(_ outcome: HistoryRepository.Outcome) -> [UInt8] {
        Array("\(outcome.commit.id)\t\(outcome.commit.time)\t\(outcome.isNew ? "new" : "unchanged")\n".utf8)
    }
}

extension Cluster {
    /// `<installdir>/custom` on the host.
    func profileFolder() throws -> FilePath { try settings.root.host(installFolder.joined("custom")) }
}
