internal import CLibgit2
internal import SystemPackage
internal import Support

/// A tree of the repository: one folder with the names in it.
final class GitTree {
    let handle: OpaquePointer
    private let owner: GitRepository

    init(_ id: GitID, in owner: GitRepository) throws(GitError) {
        var tree: OpaquePointer?
        var oid = id.oid
        try GitError.check(git_tree_lookup(&tree, owner.handle, &oid), id.description, "git_tree_lookup")
        handle = tree!  // set whenever the status is not negative
        self.owner = owner
    }

    deinit { git_tree_free(handle) }

    var id: GitID { GitID(git_tree_id(handle).pointee) }

    struct Entry: Equatable {
        /// One component.
        var name: [UInt8]
        var id: GitID
        /// As Git has it: 0o100644, 0o100755, 0o120000, 0o40000.
        var mode: UInt32
        var isTree: Bool { mode == GIT_FILEMODE_TREE.rawValue }
    }

    var entries: [Entry] {
        (0..<git_tree_entrycount(handle)).compactMap { index in
            git_tree_entry_byindex(handle, index).map { Self.entry($0) }
        }
    }

    /// The entry at a path of several components; nil when there is none.
    func entry(_ path: FilePath) throws(GitError) -> Entry? {
        var entry: OpaquePointer?
        do {
            let code = path.withPlatformString { git_tree_entry_bypath(&entry, handle, $0) }
            try GitError.check(code, path.printable, "git_tree_entry_bypath")
        } catch  where error.isNotFound {
            return nil
        }
        guard let entry else { return nil }
        defer { git_tree_entry_free(entry) }
        return Self.entry(entry)
    }

    func subtree(_ path: FilePath) throws(GitError) -> GitTree? {
        guard let entry = try entry(path), entry.isTree else { return nil }
        return try GitTree(entry.id, in: owner)
    }

    func blob(_ path: FilePath) throws(GitError) -> [UInt8]? {
        guard let entry = try entry(path), !entry.isTree else { return nil }
        return try owner.readBlob(entry.id)
    }

    /// Every file below, with its path from here, in Git's order.
    func files() throws(GitError) -> [(path: FilePath, entry: Entry)] {
        var result: [(path: FilePath, entry: Entry)] = []
        for entry in entries {
            let name = FilePath(bytes: entry.name)
            if entry.isTree {
                for (path, inner) in try GitTree(entry.id, in: owner).files() {
                    result.append((name.joined(path), inner))
                }
            } else {
                result.append((name, entry))
            }
        }
        return result
    }

    private static func entry(_ handle: OpaquePointer) -> Entry {
        Entry(
            name: git_tree_entry_name(handle).map { name in
                FilePath(platformString: name).bytes
            } ?? [],
            id: GitID(git_tree_entry_id(handle).pointee), mode: UInt32(git_tree_entry_filemode(handle).rawValue))
    }
}

/// Changes of a tree: files to put in or take out, by path.
struct GitTreeUpdate {
    enum Change {
        case put(GitID, mode: UInt32)
        case remove
    }

    static let plainFile: UInt32 = 0o100644
    static let executableFile: UInt32 = 0o100755
    static let symbolicLink: UInt32 = 0o120000

    private(set) var changes: [(path: FilePath, change: Change)] = []

    mutating func put(_ path: FilePath, _ id: GitID, mode: UInt32) { changes.append((path, .put(id, mode: mode))) }
    mutating func remove(_ path: FilePath) { changes.append((path, .remove)) }

    /// Writes the changed trees; folders that become empty vanish, a file gives way to a folder of its name.
    /// - Returns: the new top tree.
    func write(over tree: GitTree?, in repository: GitRepository) throws(GitError) -> GitID {
        let split = changes.map { (components: Self.split($0.path)[...], change: $0.change) }
        if let id = try Self.write(split, over: tree, in: repository) { return id }
        return try GitTreeBuilder(nil, in: repository).write()
    }

    private typealias Pending = (components: ArraySlice<[UInt8]>, change: Change)

    private static func split(_ path: FilePath) -> [[UInt8]] {
        path.bytes.split(separator: 0x2f).map { Array($0) }
    }

    private static func write(
        _ changes: [Pending], over tree: GitTree?, in repository: GitRepository
    ) throws(GitError) -> GitID? {
        let builder = try GitTreeBuilder(tree, in: repository)
        var deeper: [[UInt8]: [Pending]] = [:]
        var files: Set<[UInt8]> = []
        for pending in changes {
            guard let name = pending.components.first else { continue }
            if pending.components.count > 1 {
                deeper[name, default: []].append((pending.components.dropFirst(), pending.change))
            } else {
                switch pending.change {
                case .put(let id, let mode):
                    try builder.insert(name, id, mode)
                    files.insert(name)
                case .remove: builder.remove(name)
                }
            }
        }
        // Where a file was put, a folder gives way with all that was in it.
        for (name, pending) in deeper where !files.contains(name) {
            let subtree = try tree?.subtree(FilePath(bytes: name))
            if let id = try write(pending, over: subtree, in: repository) {
                try builder.insert(name, id, GIT_FILEMODE_TREE.rawValue)
            } else if subtree != nil {
                builder.remove(name)
            }
        }
        return builder.isEmpty ? nil : try builder.write()
    }
}

private final class GitTreeBuilder {
    private let handle: OpaquePointer
    private let owner: GitRepository

    init(_ source: GitTree?, in owner: GitRepository) throws(GitError) {
        var builder: OpaquePointer?
        try GitError.check(
            git_treebuilder_new(&builder, owner.handle, source?.handle), owner.subject, "git_treebuilder_new")
        handle = builder!  // set whenever the status is not negative
        self.owner = owner
    }

    deinit { git_treebuilder_free(handle) }

    var isEmpty: Bool { git_treebuilder_entrycount(handle) == 0 }

    func insert(_ name: [UInt8], _ id: GitID, _ mode: UInt32) throws(GitError) {
        var oid = id.oid
        let path = FilePath(bytes: name)
        let code = path.withPlatformString {
            git_treebuilder_insert(nil, handle, $0, &oid, git_filemode_t(rawValue: mode))
        }
        try GitError.check(code, path.printable, "git_treebuilder_insert")
    }

    func remove(_ name: [UInt8]) {
        // A name that is not there is as good as removed.
        if FilePath(bytes: name).withPlatformString({ git_treebuilder_remove(handle, $0) }) < 0 { git_error_clear() }
    }

    func write() throws(GitError) -> GitID {
        var id = git_oid()
        try GitError.check(git_treebuilder_write(&id, handle), owner.subject, "git_treebuilder_write")
        return GitID(id)
    }
}
