internal import CLibgit2
internal import Support

#if canImport(Glibc)
    internal import Glibc
#endif

/// Who changed something, and when.
public struct GitPerson: Sendable, Equatable {
    public var name: String
    public var email: String

    public init(name: String, email: String) {
        // Git's commit format uses these characters itself.
        self.name = Self.cleaned(name)
        self.email = Self.cleaned(email)
    }

    private static func cleaned(_ text: String) -> String {
        let kept = text.filter { $0 != "<" && $0 != ">" && !$0.isNewline && $0 != "\0" }
        return kept.allSatisfy(\.isWhitespace) ? "unknown" : kept
    }
}

/// One commit of the history.
public final class GitCommit {
    let handle: OpaquePointer
    private let owner: GitRepository

    init(_ id: GitID, in owner: GitRepository) throws(GitError) {
        var commit: OpaquePointer?
        var oid = id.oid
        try GitError.check(git_commit_lookup(&commit, owner.handle, &oid), id.description, "git_commit_lookup")
        handle = commit!  // set whenever the status is not negative
        self.owner = owner
    }

    deinit { git_commit_free(handle) }

    public var id: GitID { GitID(git_commit_id(handle).pointee) }
    var treeID: GitID { GitID(git_commit_tree_id(handle).pointee) }
    func tree() throws(GitError) -> GitTree { try GitTree(treeID, in: owner) }

    /// Name of the first parent; nil for the first commit.
    public var parentID: GitID? { git_commit_parent_id(handle, 0).map { GitID($0.pointee) } }

    /// The first parent; nil for the first commit.
    func parent() throws(GitError) -> GitCommit? {
        try parentID.map { id throws(GitError) in try GitCommit(id, in: owner) }
    }

    /// Committer's time, seconds since 1970-01-01 UTC.
    public var time: Int64 { git_commit_time(handle) }

    public var author: GitPerson {
        guard let signature = git_commit_author(handle) else { return GitPerson(name: "", email: "") }
        return GitPerson(
            name: signature.pointee.name.map { String(cString: $0) } ?? "",
            email: signature.pointee.email.map { String(cString: $0) } ?? "")
    }

    /// The whole message.
    public var message: String { git_commit_message(handle).map { String(cString: $0) } ?? "" }

    /// Its first line.
    public var subject: String { String(message.prefix { !$0.isNewline }) }

    /// `Key: value` lines of the last paragraph.
    public var trailers: [(key: String, value: String)] {
        guard let text = git_commit_message(handle) else { return [] }
        // As bytes: a history of thousands of commits is read whole.
        let bytes = UnsafeRawBufferPointer(start: text, count: strlen(text))
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        let paragraph = lines.reversed().drop { $0.isEmpty }.prefix { !$0.isEmpty }.reversed()
        return paragraph.compactMap { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), !line[..<colon].contains(0x20) else { return nil }
            let value = line[line.index(after: colon)...]
            guard value.first == 0x20 else { return nil }
            return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value.dropFirst(), as: UTF8.self))
        }
    }

    /// The first trailer of that name.
    public func trailer(_ key: String) -> String? { trailers.first { $0.key == key }?.value }
}

extension GitRepository {
    /// Writes a commit and moves `reference` to it, provided that it still leads to `parent`.
    func commit(
        _ tree: GitID, over parent: GitCommit?, message: String, author: GitPerson, committer: GitPerson,
        time: Int64, reference: String
    ) throws(GitError) -> GitID {
        let tree = try GitTree(tree, in: self)
        let author = try GitSignature(author, time)
        let committer = try GitSignature(committer, time)
        var id = git_oid()
        var parents: [OpaquePointer?] = parent.map { [$0.handle] } ?? []
        let code = git_commit_create(
            &id, handle, reference, author.handle, committer.handle, nil, message, tree.handle, parents.count,
            &parents)
        try GitError.check(code, reference, "git_commit_create")
        return GitID(id)
    }
}

private final class GitSignature {
    let handle: UnsafeMutablePointer<git_signature>

    init(_ person: GitPerson, _ time: Int64) throws(GitError) {
        var signature: UnsafeMutablePointer<git_signature>?
        try GitError.check(
            git_signature_new(&signature, person.name, person.email, time, 0), person.name, "git_signature_new")
        handle = signature!  // set whenever the status is not negative
    }

    deinit { git_signature_free(handle) }
}
