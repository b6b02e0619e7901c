internal import Support
public import SystemPackage

/// What a build made, as plain text: `build.json`, `packages`, `files`, `digests`.
///
/// `digests` has a line `NAME TAB sha256:HEX` for the tree, the set and each packed file; those of `tree` and `set` become
/// trailers of the commit.
public struct BuildRecord: Sendable, Equatable {
    /// Names a record may have.
    public static let names: [FilePath] = ["build.json", "digests", "files", "packages"]
    /// 256 MiB: a listing of more than a million files.
    private static let sizeLimit = 256 << 20

    public private(set) var files: [(name: FilePath, bytes: [UInt8])]

    public static func == (left: BuildRecord, right: BuildRecord) -> Bool {
        left.files.map(\.name) == right.files.map(\.name) && left.files.map(\.bytes) == right.files.map(\.bytes)
    }

    /// Reads the files of a folder.
    /// - Throws: `HistoryError.badRecord` for a file of another name, and for a record without `digests`.
    public init(folder: FilePath) throws(HistoryError) {
        files = try HistoryError.wrap {
            guard folder.isDirectory else { throw HistoryError.badRecord(folder, "no such folder") }
            return try folder.directoryNames().map { name in
                guard Self.names.contains(name) else {
                    throw HistoryError.badRecord(folder.joined(name), "unknown file")
                }
                return (name, try folder.joined(name).readBytes(limit: Self.sizeLimit))
            }
        }
        guard let digests = files.first(where: { $0.name == "digests" }) else {
            throw .badRecord(folder, "'digests' is missing")
        }
        for line in digests.bytes.split(separator: 0x0a) {
            let fields = line.split(separator: 0x09)
            guard fields.count == 2, fields[1].starts(with: "sha256:".utf8), fields[1].count == 71 else {
                throw .badRecord(folder.joined("digests"), "a line is not NAME TAB sha256:HEX")
            }
        }
    }

    /// The digest of that name in `digests`.
    public func digest(_ name: String) -> String? {
        let digests = files.first { $0.name == "digests" }?.bytes ?? []
        for line in digests.split(separator: 0x0a) {
            let fields = line.split(separator: 0x09)
            if fields.count == 2, fields[0].elementsEqual(name.utf8) {
                return String(decoding: fields[1], as: UTF8.self)
            }
        }
        return nil
    }
}

extension HistoryRepository {
    /// Build commits whose record has a digest that begins with these hex digits, newest first.
    public func builds(
        with digest: String, image: String? = nil, from start: GitCommit? = nil
    ) throws(HistoryError) -> [GitCommit] {
        let prefix = Array((digest.hasPrefix("sha256:") ? digest : "sha256:" + digest).lowercased().utf8)
        return try log(image: image, kinds: [HistoryMessage.Kind.build.rawValue], from: start).filter { commit in
            guard let image = commit.trailer(HistoryMessage.imageKey),
                let digests = try? commit.tree().blob(FilePath("osimage").joined(image).joined("digests"))
            else { return false }
            return digests.split(separator: 0x0a).contains { line in
                line.split(separator: 0x09).last?.starts(with: prefix) == true
            }
        }
    }

    /// Keeps what a build made, provided that it differs from the record before. Of a set that the newest record has
    /// already an import tells nothing new, unless the recipe is another one.
    /// - Parameters:
    ///   - treeRecipe: commit of the recipe that the tree was made from, when it is known.
    ///   - origin: where it was imported from; nil for what was built here.
    /// - Returns: the newest build commit of the image.
    public func keep(
        _ record: BuildRecord, of image: String, message: String? = nil, treeRecipe: GitCommit? = nil,
        importedFrom origin: String? = nil
    ) throws(HistoryError) -> Outcome {
        let image = try Recipe.checked(image)
        return try write { writer in
            let folder = FilePath("osimage").joined(image)
            let recipe = try lastCommit(of: image, [.recipe, .revert], from: writer.tip)
            var isNews = false
            if origin != nil, let set = record.digest("set"),
                let last = try lastCommit(of: image, [.build], from: writer.tip), last.trailer("Catboat-Set") == set
            {
                // The same set may have come with another recipe: that is what counts as built from now on.
                isNews = recipe.map { $0.id.description != last.trailer(HistoryMessage.recipeKey) } ?? false
                if !isNews { return Outcome(commit: last, isNew: false) }
            }
            var update = GitTreeUpdate()
            for name in BuildRecord.names {
                if let file = record.files.first(where: { $0.name == name }) {
                    update.put(folder.joined(name), try git.writeBlob(file.bytes), mode: GitTreeUpdate.plainFile)
                } else {
                    update.remove(folder.joined(name))
                }
            }
            var trailers: [(key: String, value: String)] = []
            if let recipe {
                trailers.append((HistoryMessage.recipeKey, recipe.id.description))
            }
            if let treeRecipe { trailers.append((HistoryMessage.treeRecipeKey, treeRecipe.id.description)) }
            if let origin { trailers.append((HistoryMessage.importedKey, origin)) }
            for (key, name) in [("Catboat-Tree", "tree"), ("Catboat-Set", "set")] {
                if let digest = record.digest(name) { trailers.append((key, digest)) }
            }
            let what = record.digest("set") ?? record.digest("tree") ?? ""
            let made = try writer.commit(
                update,
                HistoryMessage(
                    subject: "\(image): \(origin == nil ? "build" : "import") \(what.prefix(19))", body: message ?? "",
                    image: image, kind: .build,
                    trailers: trailers),
                author: people.person(people.runner), isNews: isNews)
            if let made { return Outcome(commit: made, isNew: true) }
            guard let last = try lastCommit(of: image, [.build], from: writer.tip) else {
                throw HistoryError.noSuchImage(image, revision: reference)
            }
            return Outcome(commit: last, isNew: false)
        }
    }
}
