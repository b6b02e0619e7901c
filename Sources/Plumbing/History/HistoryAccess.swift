internal import CommandShell
internal import Definitions
internal import History
internal import Support
internal import SystemPackage

extension HistoryRepository {
    /// The site's history for reading.
    /// - Throws: `HistoryError.noHistory`.
    static func ofSite(_ cluster: Cluster) throws -> HistoryRepository {
        let custom = try cluster.profileFolder()
        guard let history = try existing(custom) else { throw HistoryError.noHistory(custom) }
        return history
    }

    /// A revision that the user named; a name that means nothing is a negative answer, status 1.
    func asked(_ text: String) throws -> GitCommit {
        do {
            return try commit(named: text)
        } catch {
            throw Self.negative(error)
        }
    }

    /// A commit that something else than the user names: nil when the history does not have it, e.g. was begun anew.
    func known(_ text: String) throws -> GitCommit? {
        do {
            return try commit(named: text)
        } catch HistoryError.unknownRevision {
            return nil
        }
    }

    /// An image of a revision; without one of that image, status 1.
    func snapshot(_ image: String, _ revision: String) throws -> ImageSnapshot {
        let commit = try asked(revision)
        do {
            return try ImageSnapshot(image, at: commit, in: self)
        } catch {
            throw Self.negative(error)
        }
    }

    /// The error of a name that means nothing, with status 1; any other as it is.
    static func negative(_ error: HistoryError) -> any Error {
        switch error {
        case .unknownRevision, .noSuchImage: CommandFailure([error.diagnostic], status: 1)
        default: error
        }
    }
}
