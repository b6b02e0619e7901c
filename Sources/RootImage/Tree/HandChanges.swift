internal import Support
internal import SystemPackage

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
        changes = Set(recorded.keys).union(present.keys).filter { recorded[$0] != present[$0] }
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
        return Array(records.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { $0.value + [0] }.joined())
    }

    /// By path.
    private static func records(_ listing: [UInt8]) -> [[UInt8]: [UInt8]] {
        var result: [[UInt8]: [UInt8]] = [:]
        for record in listing.split(separator: 0) { result[Array(record.prefix { $0 != 0x09 })] = Array(record) }
        return result
    }
}
