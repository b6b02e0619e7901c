internal import Definitions
internal import Support
public import SystemPackage

/// One image at one moment: of the past, or as it is now.
public struct ImageSnapshot {
    /// A file of the recipe.
    public struct File: Equatable {
        /// `sha256:<hex>`; nil when nothing is known of its bytes.
        public var digest: String?
        /// `kept`, `digest`, `skipped` or `missing`.
        public var status: String
        public var isExecutable: Bool
        /// A link to /dev/null.
        public var isMask: Bool
        public var isOutside: Bool
    }

    public let image: String
    /// The commit; nil for the present.
    public let commit: GitCommit?
    public let stanza: [UInt8]
    /// By path: below custom, or absolute.
    public let files: [FilePath: File]
    private let content: (FilePath) throws(HistoryError) -> [UInt8]?
    private let results: (FilePath) throws(HistoryError) -> [UInt8]?

    /// The image as a commit holds it.
    /// - Throws: `HistoryError.noSuchImage`.
    public init(_ image: String, at commit: GitCommit, in history: HistoryRepository) throws(HistoryError) {
        let image = try Recipe.checked(image)
        let folder = FilePath("osimage").joined(image)
        let tree = try HistoryError.wrap { try commit.tree() }
        guard let stanza = try HistoryError.wrap({ try tree.blob(folder.joined("stanza")) }) else {
            throw .noSuchImage(image, revision: commit.id.short)
        }
        self.image = image
        self.commit = commit
        self.stanza = stanza
        let files = RecipeText.files(try HistoryError.wrap { try tree.blob(folder.joined("recipe")) ?? [] })
        self.files = files
        content = { path throws(HistoryError) in
            guard let file = files[path], file.status == "kept" else { return nil }
            let place = file.isOutside ? folder.joined("outside").joined(path) : path
            return try HistoryError.wrap { try tree.blob(place) }
        }
        results = { name throws(HistoryError) in try HistoryError.wrap { try tree.blob(folder.joined(name)) } }
    }

    /// The image as it is now, with the results of its last build.
    public init(_ recipe: Recipe, _ history: HistoryRepository?) throws(HistoryError) {
        image = recipe.image
        commit = nil
        stanza = recipe.stanza
        files = RecipeText.files(recipe.list)
        var bytes: [FilePath: [UInt8]] = [:]
        for file in recipe.files {
            if let (content, _) = file.content.stored { bytes[file.customPath ?? file.path] = content }
        }
        content = { [bytes] path throws(HistoryError) in bytes[path] }
        let tree = try HistoryError.wrap { try history?.tip()?.tree() }
        let folder = FilePath("osimage").joined(recipe.image)
        results = { name throws(HistoryError) in try HistoryError.wrap { try tree?.blob(folder.joined(name)) } }
    }

    /// The bytes of a file that is kept; nil for any other.
    public func bytes(of path: FilePath) throws(HistoryError) -> [UInt8]? { try content(path) }

    /// A file of the build record, e.g. `packages`; nil when there is none.
    public func result(_ name: FilePath) throws(HistoryError) -> [UInt8]? { try results(name) }

    /// Attributes of the stanza.
    public var attributes: [String: String] { KeptStanza.attributes(stanza) }
}

extension RecipeText {
    /// The files of a recipe's list.
    static func files(_ list: [UInt8]) -> [FilePath: ImageSnapshot.File] {
        var files: [FilePath: ImageSnapshot.File] = [:]
        for line in list.split(separator: 0x0a) {
            let fields = line.split(separator: 0x09, maxSplits: 4, omittingEmptySubsequences: false)
            guard fields.count == 5 else { continue }
            files[FilePath(bytes: unescaped(fields[4]))] = ImageSnapshot.File(
                digest: fields[2].elementsEqual("-".utf8) ? nil : String(decoding: fields[2], as: UTF8.self),
                status: String(decoding: fields[0], as: UTF8.self), isExecutable: fields[1].elementsEqual("755".utf8),
                isMask: fields[1].elementsEqual("mask".utf8),
                isOutside: fields[3].elementsEqual("outside".utf8))
        }
        return files
    }
}
