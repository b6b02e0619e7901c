internal import CLibgit2
internal import Support
internal import SystemPackage

extension HistoryRepository {
    /// Where tags are: in a repository of the site's own they are kept apart from its tags.
    var tagFolder: String { isOwn ? "refs/tags/" : "refs/catboat/tags/" }

    /// The commit that a revision means: `IMAGE@{N}`, a tag, a commit's id or its first digits, or an image's newest.
    ///
    /// - Throws: `HistoryError.unknownRevision`, `.ambiguousRevision`.
    public func commit(named text: String) throws(HistoryError) -> GitCommit {
        if let steps = ImageSteps(text) {
            guard let commit = try log(image: steps.image, limit: steps.count + 1).dropFirst(steps.count).first else {
                throw .unknownRevision(text)
            }
            return commit
        }
        if let id = try tag(text) { return try HistoryError.wrap { try GitCommit(id, in: git) } }
        if let commit = try HistoryError.wrap({ try commit(startingWith: text) }) { return commit }
        if let commit = try log(image: text, limit: 1).first { return commit }
        throw .unknownRevision(text)
    }

    /// `IMAGE@{N}`: the image's commit before the last N.
    private struct ImageSteps {
        var image: String
        var count: Int

        init?(_ text: String) {
            guard text.hasSuffix("}"), let mark = text.utf8.lastRange(of: "@{"),
                let count = Int(text[mark.upperBound...].dropLast()), (0...1_000_000).contains(count),
                mark.lowerBound != text.startIndex
            else { return nil }
            image = String(text[..<mark.lowerBound])
            self.count = count
        }
    }

    private func commit(startingWith text: String) throws -> GitCommit? {
        guard (4...40).contains(text.utf8.count), text.allSatisfy(\.isHexDigit) else { return nil }
        var object: OpaquePointer?
        var id = git_oid()
        guard git_oid_fromstrn(&id, text, text.utf8.count) == 0 else { return nil }
        let code = git_object_lookup_prefix(&object, git.handle, &id, text.utf8.count, GIT_OBJECT_COMMIT)
        if code == GIT_EAMBIGUOUS.rawValue { throw HistoryError.ambiguousRevision(text) }
        if code == GIT_ENOTFOUND.rawValue {
            git_error_clear()
            return nil
        }
        try GitError.check(code, text, "git_object_lookup_prefix")
        defer { git_object_free(object) }
        guard let found = object.flatMap({ git_object_id($0) }) else { return nil }
        return try GitCommit(GitID(found.pointee), in: git)
    }

    /// Commits, newest first.
    ///
    /// - Parameters:
    ///   - image: only those about this image; nil for all.
    ///   - kinds: `edit`, `recipe`, `build`, `revert`; empty for all.
    ///   - start: the newest to look at; the tip when nil.
    public func log(
        image: String? = nil, kinds: Set<String> = [], from start: GitCommit? = nil, limit: Int = .max
    ) throws(HistoryError) -> [GitCommit] {
        var found: [GitCommit] = []
        guard limit > 0, let first = if let start { start } else { try tip() } else { return [] }
        try walk(from: first) { commit in
            if image != nil || !kinds.isEmpty {
                let trailers = commit.trailers
                if let image, !trailers.contains(where: { $0.key == HistoryMessage.imageKey && $0.value == image }) {
                    return true
                }
                let kind = trailers.first { $0.key == HistoryMessage.kindKey }?.value ?? ""
                if !kinds.isEmpty, !kinds.contains(kind) { return true }
            }
            found.append(commit)
            return found.count < limit
        }
        return found
    }

    /// Names of images that the newest tree holds, sorted by bytes.
    public func images() throws(HistoryError) -> [String] {
        try HistoryError.wrap {
            let tree = try tip()?.tree().subtree("osimage")
            return tree?.entries.filter(\.isTree).map { String(decoding: $0.name, as: UTF8.self) } ?? []
        }
    }

    // MARK: - Tags

    /// Tags and their commits, sorted by name.
    public func tags() throws(HistoryError) -> [(name: String, id: GitID)] {
        try HistoryError.wrap {
            try git.references(below: tagFolder).map { (String($0.name.dropFirst(tagFolder.count)), $0.id) }
        }
    }

    func tag(_ name: String) throws(HistoryError) -> GitID? {
        guard isTagName(name) else { return nil }
        return try HistoryError.wrap { try git.target(of: tagFolder + name) }
    }

    /// Names a commit.
    /// - Throws: `HistoryError.badTagName`, `.tagExists` unless `replaces`.
    public func setTag(_ name: String, to commit: GitCommit, replaces: Bool = false) throws(HistoryError) {
        guard isTagName(name) else { throw .badTagName(name) }
        try write { _ in
            if let present = try tag(name), !replaces, present != commit.id {
                throw HistoryError.tagExists(name, present)
            }
            try git.setReference(tagFolder + name, to: commit.id, message: "tag")
        }
    }

    /// - Throws: `HistoryError.unknownRevision` when there is no such tag.
    public func removeTag(_ name: String) throws(HistoryError) {
        guard isTagName(name), try tag(name) != nil else { throw .unknownRevision(name) }
        try write { _ in try git.removeReference(tagFolder + name) }
    }

    private func isTagName(_ name: String) -> Bool {
        var isValid: Int32 = 0
        let code = git_reference_name_is_valid(&isValid, tagFolder + name)
        return code == 0 && isValid == 1 && !name.hasPrefix("-") && !name.contains("..")
    }
}

extension String.UTF8View {
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        var position = endIndex
        while position > startIndex {
            position = index(before: position)
            if self[position...].starts(with: text.utf8) {
                return position..<index(position, offsetBy: text.utf8.count)
            }
        }
        return nil
    }
}
