internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// What `profile-diff --built` says: osimages as they are, against what was built of them.
enum BuiltImages {
    struct Image: Decodable {
        struct Change: Decodable {
            var level: String
            var name: JSONName
            /// `genimage` or `packimage`; nil when what was built stays right.
            var needs: String?
        }
        var name: String
        var build: String?
        var builtAt: String?
        var buildSet: String?
        var revert: String?
        /// `none`, `unfinished` or `finished`.
        var tree: String
        var treeAt: String?
        var treeRecipe: String?
        var treeIsPacked: Bool?
        var treeIsOther: Bool?
        var changes: [Change]

        /// Whether the root image is as genimage makes it of the recipe as it is now.
        var treeIsCurrent: Bool {
            tree == "finished" && treeRecipe != nil && !changes.contains { $0.needs == "genimage" }
        }
    }

    private struct Answer: Decodable {
        var osimages: [Image]
    }

    /// What differs now from the recipe at a commit.
    static func changes(of image: String, since commit: String) throws -> [Image.Change] {
        struct Answer: Decodable { var changes: [Image.Change] }
        let words: [Word] = ["--json", "--level", "attribute", "--level", "file", Word(image), Word(commit)]
        let answer = try Step("profile-diff", words).answer(accepting: [0, 1])
        // Status 1 without an answer: the plumbing has said why.
        guard !answer.output.isEmpty else { throw ExitCode(1) }
        return try JSONText.decode(Answer.self, answer.output).changes
    }

    /// By name; nothing when the site has no history.
    static func all(_ names: [String], _ cluster: Cluster) throws -> [String: Image] {
        guard !names.isEmpty, try cluster.settings.host(cluster.installFolder.joined("custom/.git")).exists else {
            return [:]
        }
        let output = try Step("profile-diff", ["--built", "--json"] + names.map { Word($0) }).answer().output
        let images = try JSONText.decode(Answer.self, output).osimages
        return Dictionary(images.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }
}
