internal import CLibgit2
public import Support

/// A call of libgit2 that failed.
public struct GitError: Diagnosable, Equatable {
    /// The function of libgit2, e.g. `git_commit_create`.
    public var function: String
    /// libgit2's code, negative.
    public var code: Int32
    /// libgit2's own words.
    public var message: String
    /// What it was about: a path, a revision.
    public var subject: String

    /// Nothing of that name exists.
    public var isNotFound: Bool { code == GIT_ENOTFOUND.rawValue }
    /// Another process holds a lock file of Git, or moved the reference meanwhile.
    public var isContended: Bool { code == GIT_ELOCKED.rawValue || code == GIT_EMODIFIED.rawValue }

    public var diagnostic: Diagnostic {
        let detail = message.isEmpty ? "code \(code)" : message
        let remedy =
            isContended
            ? "another program is changing the repository: \(detail); try again"
            : "\(function): \(detail); check the repository with git fsck"
        return Diagnostic("cannot use the history", subject: subject, remedy: remedy)
    }

    /// Takes libgit2's last message at once: it belongs to this thread and the next call may replace it.
    @discardableResult
    static func check(
        _ code: Int32, _ subject: @autoclosure () -> String, _ function: String
    ) throws(GitError) -> Int32 {
        guard code < 0 else { return code }
        let message = git_error_last().map { $0.pointee.message.map { String(cString: $0) } ?? "" } ?? ""
        git_error_clear()
        throw GitError(function: function, code: code, message: message, subject: subject())
    }
}
