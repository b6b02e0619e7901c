internal import Digests
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What people changed in a tree since genimage left it, by comparison with the listing that genimage recorded.
///
/// A later genimage changes the tree as well. So it notes these changes when it begins (`remember`), and takes them over into the listing
/// that it records at its end: a change by hand stays known until the tree is built anew.
public struct HandChanges: Sendable, Equatable {
    /// Records of a path, as in the listing that genimage recorded and as in the tree; nil where there is no such entry.
    struct Change: Sendable, Equatable {
        var path: [UInt8]
        var recorded: [UInt8]?
        var present: [UInt8]?
    }

    /// Sorted by path.
    let changes: [Change]

    /// `+ path`, `- path` or `~ path`, sorted by path.
    public var lines: [String] {
        changes.map { change in
            let sign = change.recorded == nil ? "+" : change.present == nil ? "-" : "~"
            return "\(sign) /\(String(decoding: change.path, as: UTF8.self))"
        }
    }

    /// Changes up to now; nil when no listing was recorded, so that nothing can be said.
    public init?(_ folder: ImageFolder) throws {
        guard folder.listingFile.exists else { return nil }
        let recorded = Self.records(try folder.listingFile.readBytes(limit: 1 << 30))
        let present = Self.records(try TreeListing(folder.tree).bytes)
        changes = Set(recorded.keys).union(present.keys)
            .filter { recorded[$0] != present[$0] && !Self.isOfProgram($0) }
            .sorted { $0.lexicographicallyPrecedes($1) }
            .map { Change(path: $0, recorded: recorded[$0], present: present[$0]) }
    }

    /// Notes the changes before genimage makes its own. An interrupted run's note stays: the tree is no longer as people left it.
    public static func remember(_ folder: ImageFolder) throws {
        guard !folder.changesFile.exists, let changes = try HandChanges(folder) else { return }
        var bytes: [UInt8] = []
        for change in changes.changes {
            for field in [change.path, change.recorded ?? [], change.present ?? []] { bytes += field + [0] }
        }
        try AtomicFile.write(bytes, to: folder.changesFile)
    }

    /// What packimage makes anew each time, who the image is and its postscripts, and what a look at the packages leaves.
    private static func isOfProgram(_ path: [UInt8]) -> Bool {
        let path = FilePath(bytes: path)
        return path == "opt/xcat/xcatinfo" || path.starts(with: "xcatpost")
            || ["rpmdb.sqlite-shm", "rpmdb.sqlite-wal", ".rpm.lock"].contains(path.lastName)
    }

    /// Does what changes files of a tree that people change too: those that nobody had changed until then count as
    /// recorded afterwards.
    /// - Parameter paths: of files or symbolic links, relative to the top.
    static func adopting(_ paths: [FilePath], in folder: ImageFolder, _ body: () throws -> Void) throws {
        guard folder.listingFile.exists else { return try body() }
        var recorded = records(try folder.listingFile.readBytes(limit: 1 << 30))
        let unchanged = try paths.filter { try recorded[$0.bytes] == record(of: $0, in: folder.tree) }
        try body()
        let before = recorded
        for path in unchanged { recorded[path.bytes] = try record(of: path, in: folder.tree) }
        guard recorded != before else { return }
        try AtomicFile.write(bytes(recorded), to: folder.listingFile)
    }

    /// As in a listing; nil where there is no file and no symbolic link.
    private static func record(of path: FilePath, in tree: FilePath) throws -> [UInt8]? {
        let file = tree.joined(path)
        guard let status = try file.status(), [.regular, .symbolicLink].contains(status.kind) else { return nil }
        let isFile = status.kind == .regular
        return TreeListing.Record(
            path: path, type: isFile ? "f" : "l", permissions: status.permissions, owner: status.owner,
            group: status.group, size: isFile ? "\(status.size)" : "",
            linkTarget: isFile ? [] : try FileDescriptor(rawValue: AT_FDCWD).linkTarget(at: file), attributes: [],
            digest: isFile ? try Digest.ofFile(file).description : ""
        ).bytes
    }

    private static func bytes(_ records: [[UInt8]: [UInt8]]) -> [UInt8] {
        Array(records.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { $0.value + [0] }.joined())
    }

    /// The listing to record for a tree that genimage has finished: entries that people changed, and genimage did not, stay as they were
    /// recorded before.
    static func listing(_ folder: ImageFolder) throws -> [UInt8] {
        let listing = try TreeListing(folder.tree).bytes
        guard folder.changesFile.exists else { return listing }
        var records = records(listing)
        let fields = try folder.changesFile.readBytes(limit: 1 << 30).split(
            separator: 0, omittingEmptySubsequences: false
        ).map(Array.init)
        for start in stride(from: 0, to: fields.count - 2, by: 3)
        where (records[fields[start]] ?? []) == fields[start + 2] {
            records[fields[start]] = fields[start + 1].isEmpty ? nil : fields[start + 1]
        }
        return bytes(records)
    }

    /// By path.
    private static func records(_ listing: [UInt8]) -> [[UInt8]: [UInt8]] {
        var result: [[UInt8]: [UInt8]] = [:]
        for record in listing.split(separator: 0) { result[Array(record.prefix { $0 != 0x09 })] = Array(record) }
        return result
    }
}
