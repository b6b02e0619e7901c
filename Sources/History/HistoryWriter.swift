internal import CLibgit2
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Makes commits on top of the history, one after the other. Only within `HistoryRepository.write`.
struct HistoryWriter {
    let repository: HistoryRepository
    private(set) var tip: GitCommit?
    private(set) var tree: GitTree?
    private var changedPaths: Set<FilePath> = []

    init(_ repository: HistoryRepository) throws(GitError) {
        self.repository = repository
        let git = repository.git
        if let id = try git.target(of: repository.reference) {
            let commit = try GitCommit(id, in: git)
            tip = commit
            tree = try commit.tree()
        }
    }

    /// Commits `update`, unless it changes nothing.
    /// - Parameter isNews: whether what the message says is worth a commit in any case.
    /// - Returns: the new commit; nil when there was nothing to commit.
    mutating func commit(
        _ update: GitTreeUpdate, _ message: HistoryMessage, author: GitPerson, isNews: Bool = false
    ) throws(GitError) -> GitCommit? {
        let git = repository.git
        let new = try update.write(over: tree, in: git)
        guard isNews || new != tree?.id else { return nil }
        // Clocks of several management nodes differ; the order of commits is that of their times.
        let now = max(Int64(time(nil)), tip?.time ?? 0)
        let id = try git.commit(
            new, over: tip, message: message.text, author: author, committer: repository.people.catboat, time: now,
            reference: repository.reference)
        let commit = try GitCommit(id, in: git)
        tip = commit
        tree = try commit.tree()
        changedPaths.formUnion(update.changes.map(\.path))
        return commit
    }

    /// Brings the index of our own repository to the newest tree, so that Git clients see a clean state.
    ///
    /// When a client holds the index, or has another branch checked out, the index is left as it is.
    mutating func updateIndex(completely isComplete: Bool) throws(GitError) {
        guard let tree, !changedPaths.isEmpty || isComplete, repository.isOnOwnBranch else { return }
        do {
            let index = try GitIndex(repository.git)
            if isComplete || index.isEmpty {
                try index.read(tree)
            } else {
                for path in changedPaths { try index.update(path, tree.entry(path)) }
            }
            try index.write()
        } catch  where error.isContended {
            return
        }
        changedPaths = []
    }
}

/// A commit message: a subject, words, and trailers that programs read.
struct HistoryMessage {
    /// What a commit is about, in the trailer `Catboat-Kind`.
    enum Kind: String {
        /// Files that somebody edited by hand.
        case edit
        /// The image's recipe as a build uses it.
        case recipe
        /// What a build made.
        case build
        /// A state of the past brought back.
        case revert
    }

    var subject: String
    var body: String = ""
    var image: String
    var kind: Kind
    var trailers: [(key: String, value: String)] = []

    static let imageKey = "Catboat-Image"
    static let kindKey = "Catboat-Kind"
    static let recipeKey = "Catboat-Recipe"
    static let treeRecipeKey = "Catboat-Tree-Recipe"
    static let importedKey = "Catboat-Imported"

    var text: String {
        let all = [(Self.imageKey, image), (Self.kindKey, kind.rawValue)] + trailers
        let lines = all.map { "\($0.0): \(Diagnostic.escaped($0.1, keepingNewlines: false))" }.joined(separator: "\n")
        let subject = Diagnostic.escaped(subject, keepingNewlines: false)
        return ([subject, body, lines].filter { !$0.isEmpty }).joined(separator: "\n\n") + "\n"
    }
}

/// The index file of a repository.
private final class GitIndex {
    private let handle: OpaquePointer
    private let owner: GitRepository

    init(_ owner: GitRepository) throws(GitError) {
        var index: OpaquePointer?
        try GitError.check(git_repository_index(&index, owner.handle), owner.subject, "git_repository_index")
        handle = index!  // set whenever the status is not negative
        self.owner = owner
    }

    deinit { git_index_free(handle) }

    var isEmpty: Bool { git_index_entrycount(handle) == 0 }

    /// Replaces all entries by those of `tree`.
    func read(_ tree: GitTree) throws(GitError) {
        try GitError.check(git_index_read_tree(handle, tree.handle), owner.subject, "git_index_read_tree")
        for (path, entry) in try tree.subtree("osimage")?.files() ?? [] {
            try update(FilePath("osimage").joined(path), entry)
        }
    }

    /// Puts one file in, or takes it out. What is below `osimage/` is marked as not in the working tree.
    func update(_ path: FilePath, _ entry: GitTree.Entry?) throws(GitError) {
        guard let entry, !entry.isTree else {
            let code = path.withPlatformString { git_index_remove_bypath(handle, $0) }
            if code < 0 { git_error_clear() }
            return
        }
        var new = git_index_entry()
        new.mode = entry.mode
        new.id = entry.id.oid
        if path.starts(with: "osimage") { new.flags_extended = UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue) }
        let code = path.withPlatformString { name in
            new.path = name
            return git_index_add(handle, &new)
        }
        try GitError.check(code, path.printable, "git_index_add")
    }

    func write() throws(GitError) {
        try GitError.check(git_index_write(handle), owner.subject, "git_index_write")
    }
}

extension HistoryRepository {
    /// Whether Git clients are on the branch that holds the history.
    fileprivate var isOnOwnBranch: Bool {
        guard let head = try? git.folder.joined("HEAD").readText(limit: 4096) else { return false }
        return head.split(whereSeparator: \.isNewline).first == "ref: refs/heads/\(Self.ownBranch)"
    }
}
