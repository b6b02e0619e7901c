internal import CLibgit2
internal import CLinux
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The history of a site: the Git repository of `<installdir>/custom`.
///
/// Where there is none Catboat makes one, for root only, and commits to `main`. In a repository of the site's own it
/// writes `refs/catboat/history` and touches neither branches nor index nor files.
public final class HistoryRepository {
    let git: GitRepository
    /// `<installdir>/custom` on the host.
    public let custom: FilePath
    /// Whether Catboat made the repository.
    public let isOwn: Bool
    let people = HistoryPeople()

    static let ownBranch = "main"
    /// The reference that holds the history.
    var reference: String { isOwn ? "refs/heads/\(Self.ownBranch)" : "refs/catboat/history" }

    private init(_ git: GitRepository, custom: FilePath) throws(GitError) {
        self.git = git
        self.custom = custom
        isOwn = try git.booleanSetting("catboat.made")
    }

    /// Opens the repository of `custom` (a path of the host); nil when there is none.
    public static func existing(_ custom: FilePath) throws(HistoryError) -> HistoryRepository? {
        try HistoryError.wrap {
            let folder = custom.joined(".git")
            guard folder.exists else { return nil }
            let repository = try HistoryRepository(GitRepository(folder), custom: custom)
            if repository.isOwn, let status = try folder.status(), status.permissions != 0o700 {
                try folder.changePermissions(0o700)
            }
            return repository
        }
    }

    /// Opens the repository of `custom`, making folder and repository when missing.
    public static func openOrCreate(_ custom: FilePath) throws(HistoryError) -> HistoryRepository {
        if let repository = try existing(custom) { return repository }
        try HistoryError.wrap {
            try custom.createDirectories()
            try create(in: custom)
        }
        guard let repository = try existing(custom) else { throw .noHistory(custom) }
        return repository
    }

    /// Makes the repository beside its place and moves it there in one step; of two that do so at once one wins.
    private static func create(in custom: FilePath) throws {
        let temporary = try custom.joined(".git.tmp-").createUniqueDirectory()
        defer { try? temporary.removeTree() }
        try GitRepository.create(temporary, branch: ownBranch)
        let git = try GitRepository(temporary)
        try git.setSettings([
            ("core.bare", "false"), ("core.logallrefupdates", "true"), ("core.sparsecheckout", "true"),
            // Listings are large and packed soon.
            ("core.loosecompression", "1"),
            ("catboat.made", "true"),
        ])
        // What Catboat keeps of the images is not in the working tree.
        try AtomicFile.write("/*\n!/osimage/\n".utf8, to: temporary.joined("info/sparse-checkout"))
        try AtomicFile.write(
            "History of Catboat's images, see catboat-history(7)\n".utf8, to: temporary.joined("description"))
        try temporary.changePermissions(0o700)
        let target = custom.joined(".git")
        let result = temporary.withPlatformString { from in
            target.withPlatformString { catboat_rename_noreplace(from, $0) }
        }
        if result != 0, Errno.latest != .fileExists { throw FileError("create", target, .latest) }
        try custom.synchronizeDirectory()
    }

    // MARK: - Writing

    /// Runs `body` as the only writer, again when a Git client of the site was faster.
    func write<Result>(_ body: (inout HistoryWriter) throws -> Result) throws(HistoryError) -> Result {
        try HistoryError.wrap {
            let lock = try HistoryLock(git.folder, isOwn: isOwn)
            var attempts = 0
            while true {
                do {
                    var writer = try HistoryWriter(self)
                    try lock.begin()
                    let result = try body(&writer)
                    if isOwn { try writer.updateIndex(completely: lock.tookOver) }
                    // Saves space only: what cannot be packed now is sound as it is, and packed next time.
                    if isOwn { try? HistoryPacker(git).packIfNeeded() }
                    try lock.finish()
                    return result
                } catch let error as GitError where error.isContended && attempts < 20 {
                    attempts += 1
                    usleep(50_000)
                }
            }
        }
    }

    // MARK: - Reading

    /// The newest commit; nil when the history is empty.
    public func tip() throws(HistoryError) -> GitCommit? {
        try HistoryError.wrap { try git.target(of: reference).map { try GitCommit($0, in: git) } }
    }

    /// Commits from `start` to the first, newest first, as long as `body` wants more.
    public func walk(from start: GitCommit?, _ body: (GitCommit) throws -> Bool) throws(HistoryError) {
        try HistoryError.wrap {
            var next = start
            while let commit = next {
                guard try body(commit) else { return }
                next = try commit.parent()
            }
        }
    }
}
