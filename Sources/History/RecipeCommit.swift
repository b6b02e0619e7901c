internal import Definitions
internal import Support
internal import SystemPackage

extension HistoryRepository {
    /// What a request to commit came to.
    public struct Outcome {
        /// The newest commit of the kind asked for.
        public var commit: GitCommit
        /// Whether it was made just now.
        public var isNew: Bool
    }

    /// Keeps an image's recipe, provided that it changed.
    ///
    /// Files below custom that another user owns than the one who runs this are committed first, each owner's as that
    /// owner's edit; everything else follows in one commit. Files that a recipe no longer has and that are gone from
    /// the disk are removed.
    /// - Returns: the newest recipe commit of the image.
    ///
    /// - Parameter reverted: the commit whose state was brought back; the new commit says so.
    public func keep(
        _ recipe: Recipe, message: String? = nil, reverting reverted: GitCommit? = nil
    ) throws(HistoryError) -> Outcome {
        try write { writer in
            let image = recipe.image
            let changes = try RecipeChanges(recipe, since: writer.tree, custom: custom)
            var byOthers: [FilePath] = []
            for (owner, files) in changes.editsByOwner where owner != people.runner && reverted == nil {
                byOthers += files.map(\.path)
                var update = GitTreeUpdate()
                for file in files { try file.put(into: &update, git) }
                _ = try writer.commit(
                    update,
                    HistoryMessage(
                        subject: "\(image): edit \(RecipeChanges.names(files.map(\.path)))", image: image, kind: .edit),
                    author: people.person(owner))
            }
            var update = GitTreeUpdate()
            let folder = FilePath("osimage").joined(image)
            update.put(folder.joined("stanza"), try git.writeBlob(recipe.stanza), mode: GitTreeUpdate.plainFile)
            update.put(folder.joined("recipe"), try git.writeBlob(recipe.list), mode: GitTreeUpdate.plainFile)
            for file in changes.changed { try file.put(into: &update, git) }
            for path in changes.removed { update.remove(path) }
            let made = try writer.commit(
                update,
                HistoryMessage(
                    subject: reverted.map { "\(image): revert to \($0.id.short)" }
                        ?? changes.subject(without: byOthers),
                    body: message ?? "", image: image, kind: reverted == nil ? .recipe : .revert,
                    trailers: reverted.map { [("Catboat-Reverts-To", $0.id.description)] } ?? []),
                author: people.person(people.runner))
            if let made { return Outcome(commit: made, isNew: true) }
            guard let last = try lastCommit(of: image, [.recipe, .revert], from: writer.tip) else {
                // A tree that holds the recipe without a commit that says so: somebody rewrote the history.
                throw HistoryError.noSuchImage(image, revision: reference)
            }
            return Outcome(commit: last, isNew: false)
        }
    }

    /// The newest commit about an image of one of these kinds, at or before `start`.
    func lastCommit(
        of image: String, _ kinds: Set<HistoryMessage.Kind>, from start: GitCommit?
    ) throws(HistoryError) -> GitCommit? {
        var found: GitCommit?
        try walk(from: start) { commit in
            let trailers = commit.trailers
            guard trailers.contains(where: { $0.key == HistoryMessage.imageKey && $0.value == image }),
                let kind = trailers.first(where: { $0.key == HistoryMessage.kindKey }),
                HistoryMessage.Kind(rawValue: kind.value).map(kinds.contains) == true
            else { return true }
            found = commit
            return false
        }
        return found
    }
}

/// What differs between a recipe and the newest tree.
private struct RecipeChanges {
    struct ChangedFile {
        var path: FilePath
        var bytes: [UInt8]
        var mode: UInt32
        var owner: UInt32
        var isInCustom: Bool

        func put(into update: inout GitTreeUpdate, _ git: GitRepository) throws(GitError) {
            update.put(path, try git.writeBlob(bytes), mode: mode)
        }
    }

    private(set) var changed: [ChangedFile] = []
    private(set) var removed: [FilePath] = []
    private let image: String
    private let isFirst: Bool
    private let changedAttributes: [String]

    init(_ recipe: Recipe, since tree: GitTree?, custom: FilePath) throws {
        image = recipe.image
        let folder = FilePath("osimage").joined(recipe.image)
        let old = try tree?.subtree(folder)
        let oldStanza = try old?.blob("stanza")
        isFirst = oldStanza == nil
        changedAttributes = Self.attributes(oldStanza ?? [], recipe.stanza)
        var kept: Set<FilePath> = []
        for file in recipe.files {
            guard let (bytes, mode) = file.content.stored else { continue }
            let path = file.placeInRepository(image: recipe.image)
            kept.insert(path)
            let entry = try tree?.entry(path)
            if let entry, entry.mode == mode, entry.id == (try GitRepository.blobID(bytes)) { continue }
            changed.append(
                ChangedFile(
                    path: path, bytes: bytes, mode: mode, owner: file.owner ?? 0, isInCustom: file.customPath != nil))
        }
        let before = RecipeText.keptFiles(try old?.blob("recipe") ?? [], image: recipe.image)
        let listed = Set(recipe.files.compactMap(\.customPath))
        for path in before.subtracting(kept) {
            // A file of custom that this image only stopped using may be another image's.
            let isOutside = path.starts(with: folder)
            if isOutside || listed.contains(path) || !custom.joined(path).exists { removed.append(path) }
        }
        removed.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// Changed files below custom, by owner, lowest number first.
    var editsByOwner: [(UInt32, [ChangedFile])] {
        Dictionary(grouping: changed.filter(\.isInCustom), by: \.owner).sorted { $0.key < $1.key }
    }

    /// - Parameter byOthers: files whose edits have commits of their own.
    func subject(without byOthers: [FilePath]) -> String {
        if isFirst { return "\(image): first recipe" }
        let edited = changed.map(\.path).filter { !byOthers.contains($0) }
        var parts: [String] = []
        if !changedAttributes.isEmpty { parts.append("define \(changedAttributes.joined(separator: ", "))") }
        if !edited.isEmpty { parts.append("edit \(Self.names(edited))") }
        if !removed.isEmpty { parts.append("remove \(Self.names(removed))") }
        if parts.isEmpty { parts = [byOthers.isEmpty ? "other files" : "take up \(Self.names(byOthers))"] }
        return "\(image): \(parts.joined(separator: "; "))"
    }

    /// The last components, at most three of them.
    static func names(_ paths: [FilePath]) -> String {
        let names = paths.prefix(3).map { $0.lastName.printable }.joined(separator: ", ")
        return paths.count > 3 ? "\(names) and \(paths.count - 3) more" : names
    }

    /// Names of attributes whose values differ between two stanzas.
    private static func attributes(_ old: [UInt8], _ new: [UInt8]) -> [String] {
        let (old, new) = (KeptStanza.attributes(old), KeptStanza.attributes(new))
        return Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
    }
}
