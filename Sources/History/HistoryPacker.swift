internal import CLibgit2
internal import Support
internal import SystemPackage

/// Gathers loose objects into a pack, so that listings that hardly differ from build to build take hardly any space.
///
/// Each pack is made of the objects that are loose at that moment, and packs are never rewritten: the work does not grow
/// with the history. `git gc` may be run at any time and makes one pack of all. A process that is killed leaves the loose
/// objects, or the pack and some of them; both are sound.
struct HistoryPacker {
    /// So many loose objects are left as they are: those of some 40 builds.
    static let looseLimit = 256

    private let repository: GitRepository
    private let objects: FilePath

    init(_ repository: GitRepository) {
        self.repository = repository
        objects = repository.folder.joined("objects")
    }

    func packIfNeeded() throws {
        let loose = try looseObjects()
        guard loose.count > Self.looseLimit else { return }
        try pack(loose.map(\.id))
        for object in loose { try object.path.removeFile() }
    }

    private func looseObjects() throws(FileError) -> [(id: GitID, path: FilePath)] {
        var found: [(id: GitID, path: FilePath)] = []
        for folder in try objects.directoryNames() where folder.bytes.count == 2 {
            for name in try objects.joined(folder).directoryNames() {
                guard let id = GitID(folder.printable + name.printable) else { continue }
                found.append((id, objects.joined(folder).joined(name)))
            }
        }
        return found
    }

    private func pack(_ ids: [GitID]) throws(GitError) {
        var created: OpaquePointer?
        try GitError.check(
            git_packbuilder_new(&created, repository.handle), repository.subject, "git_packbuilder_new")
        defer { git_packbuilder_free(created) }
        for id in ids {
            var oid = id.oid
            try GitError.check(
                git_packbuilder_insert(created, &oid, nil), id.description, "git_packbuilder_insert")
        }
        try GitError.check(
            git_packbuilder_write(created, nil, 0, nil, nil), repository.subject, "git_packbuilder_write")
    }
}
