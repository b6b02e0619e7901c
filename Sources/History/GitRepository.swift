internal import CLibgit2
internal import Support
internal import SystemPackage

/// libgit2 set up once for this process: no configuration of a user or of the system, everything written is synced.
private enum GitLibrary {
    static let isReady: Bool = {
        guard git_libgit2_init() > 0 else { return false }
        for level in [
            GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_PROGRAMDATA,
        ] {
            _ = catboat_git_set_search_path(level.rawValue, "")
        }
        _ = catboat_git_set_flag(Int32(GIT_OPT_ENABLE_FSYNC_GITDIR.rawValue), 1)
        // A repository of the site's own may belong to another user than root. libgit2 runs nothing that a repository
        // names (no hooks, no filters), so its owner need not be ours.
        _ = catboat_git_set_flag(Int32(GIT_OPT_SET_OWNER_VALIDATION.rawValue), 0)
        return true
    }()
}

/// An open repository. Not for more than one thread at a time.
final class GitRepository {
    let handle: OpaquePointer
    /// Objects and references; of a linked worktree, those of the main repository.
    let folder: FilePath

    /// Opens the repository whose `.git` is `path`, without looking in folders above.
    init(_ path: FilePath) throws(GitError) {
        precondition(GitLibrary.isReady, "libgit2 cannot be initialised")
        var opened: OpaquePointer?
        let code = path.withPlatformString {
            git_repository_open_ext(&opened, $0, UInt32(GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue), nil)
        }
        try GitError.check(code, path.printable, "git_repository_open_ext")
        handle = opened!  // set whenever the status is not negative
        folder = FilePath(platformString: git_repository_commondir(handle))
    }

    deinit { git_repository_free(handle) }

    /// Makes an empty repository at `path`, whose files are `path/HEAD` and so on.
    static func create(_ path: FilePath, branch: String) throws(GitError) {
        precondition(GitLibrary.isReady, "libgit2 cannot be initialised")
        var options = git_repository_init_options()
        try GitError.check(
            git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION)), path.printable,
            "git_repository_init_options_init")
        options.flags = UInt32(
            GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_NO_DOTGIT_DIR.rawValue
                | GIT_REPOSITORY_INIT_MKDIR.rawValue)
        var made: OpaquePointer?
        let code = branch.withCString { branch in
            options.initial_head = branch
            return path.withPlatformString { git_repository_init_ext(&made, $0, &options) }
        }
        try GitError.check(code, path.printable, "git_repository_init_ext")
        git_repository_free(made)
    }

    var subject: String { folder.printable }

    // MARK: - Objects

    func writeBlob(_ bytes: [UInt8]) throws(GitError) -> GitID {
        var id = git_oid()
        let code = bytes.withUnsafeBytes { git_blob_create_from_buffer(&id, handle, $0.baseAddress, $0.count) }
        try GitError.check(code, subject, "git_blob_create_from_buffer")
        return GitID(id)
    }

    /// The object's name without writing it.
    static func blobID(_ bytes: [UInt8]) throws(GitError) -> GitID {
        precondition(GitLibrary.isReady, "libgit2 cannot be initialised")
        var id = git_oid()
        let code = bytes.withUnsafeBytes { git_odb_hash(&id, $0.baseAddress, $0.count, GIT_OBJECT_BLOB) }
        try GitError.check(code, "blob", "git_odb_hash")
        return GitID(id)
    }

    func readBlob(_ id: GitID) throws(GitError) -> [UInt8] {
        var blob: OpaquePointer?
        var oid = id.oid
        try GitError.check(git_blob_lookup(&blob, handle, &oid), id.description, "git_blob_lookup")
        defer { git_blob_free(blob) }
        let size = Int(git_blob_rawsize(blob))
        guard size > 0, let content = git_blob_rawcontent(blob) else { return [] }
        return Array(UnsafeRawBufferPointer(start: content, count: size))
    }

    // MARK: - References

    /// The commit that a reference leads to; nil when there is no such reference.
    func target(of reference: String) throws(GitError) -> GitID? {
        var id = git_oid()
        do {
            try GitError.check(git_reference_name_to_id(&id, handle, reference), reference, "git_reference_name_to_id")
        } catch  where error.isNotFound {
            return nil
        }
        return GitID(id)
    }

    /// Creates or moves a reference.
    func setReference(_ name: String, to id: GitID, message: String) throws(GitError) {
        var reference: OpaquePointer?
        var oid = id.oid
        try GitError.check(
            git_reference_create(&reference, handle, name, &oid, 1, message), name, "git_reference_create")
        git_reference_free(reference)
    }

    func removeReference(_ name: String) throws(GitError) {
        try GitError.check(git_reference_remove(handle, name), name, "git_reference_remove")
    }

    /// Names and targets of references below `prefix`, sorted.
    func references(below prefix: String) throws(GitError) -> [(name: String, id: GitID)] {
        var names = git_strarray()
        try GitError.check(git_reference_list(&names, handle), subject, "git_reference_list")
        defer { git_strarray_dispose(&names) }
        var found: [(name: String, id: GitID)] = []
        for index in 0..<names.count {
            guard let name = names.strings[index].map({ String(cString: $0) }), name.hasPrefix(prefix),
                let id = try target(of: name)
            else { continue }
            found.append((name, id))
        }
        return found.sorted { $0.name < $1.name }
    }

    // MARK: - Configuration

    func booleanSetting(_ key: String) throws(GitError) -> Bool {
        try withConfiguration { configuration throws(GitError) in
            var value: Int32 = 0
            do throws(GitError) {
                try GitError.check(git_config_get_bool(&value, configuration, key), key, "git_config_get_bool")
            } catch  where error.isNotFound {
                return false
            }
            return value != 0
        }
    }

    func setSettings(_ values: [(key: String, value: String)]) throws(GitError) {
        try withConfiguration { configuration throws(GitError) in
            for (key, value) in values {
                try GitError.check(git_config_set_string(configuration, key, value), key, "git_config_set_string")
            }
        }
    }

    private func withConfiguration<Result>(
        _ body: (OpaquePointer) throws(GitError) -> Result
    ) throws(GitError) -> Result {
        var configuration: OpaquePointer?
        try GitError.check(git_repository_config(&configuration, handle), subject, "git_repository_config")
        defer { git_config_free(configuration) }
        return try body(configuration!)  // set whenever the status is not negative
    }
}
