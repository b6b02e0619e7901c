internal import Support
public import SystemPackage

/// What will be packed: the entries of a tree in the order of the archive, hard links known.
///
/// The order is that of the bytes of the paths, the top first, so parents precede what they hold.
public struct PackPlan: Sendable {
    struct Entry: Sendable {
        /// Relative; the top is `.`.
        let path: [UInt8]
        let status: FileStatus
        /// 1 and up in the order of the archive, one number a file.
        var inode: UInt32 = 0
        /// Names of the file in the plan.
        var links: UInt32 = 1
        /// Index of the file's first name, when this is another one.
        var first: Int?
        /// Whether this is the last name of the file, the one that newc gives the data.
        var isLast = true
    }

    /// The tree on the host.
    public let tree: FilePath
    private(set) var entries: [Entry]

    /// All of `tree` without what is mounted below it.
    public init(tree: FilePath) throws {
        guard tree.isDirectory else { throw RamdiskError.noTree(tree) }
        var entries: [Entry] = []
        let top = try TreeFolder(tree).status(Self.top)
        entries.append(Entry(path: Self.top, status: top))
        try TreeWalk(tree).run { entry in
            entries.append(Entry(path: entry.path.bytes, status: entry.status))
            return .enter
        }
        self.init(tree: tree, entries: entries)
    }

    /// The listed paths of `tree`, in any order; a leading `./` does not count, nor a path listed twice.
    /// - Throws: `RamdiskError.missing` for a path that is not there, `.badPath` for one that leaves the tree.
    public init(tree: FilePath, paths: some Sequence<[UInt8]>) throws {
        guard tree.isDirectory else { throw RamdiskError.noTree(tree) }
        let folder = try TreeFolder(tree)
        var entries: [Entry] = []
        for path in Set(try paths.map { try Self.normalized($0) }) {
            do {
                entries.append(Entry(path: path, status: try folder.status(path)))
            } catch {
                throw error.errno == .noSuchFileOrDirectory ? RamdiskError.missing(folder.full(path)) : error
            }
        }
        self.init(tree: tree, entries: entries)
    }

    private init(tree: FilePath, entries: [Entry]) {
        self.tree = tree
        self.entries = entries.sorted { left, right in
            if left.path == Self.top || right.path == Self.top {
                return left.path == Self.top && right.path != Self.top
            }
            return left.path.lexicographicallyPrecedes(right.path)
        }
        numberFiles()
    }

    /// Bytes of all files as their readers see them.
    public var dataSize: UInt64 {
        entries.reduce(0) { $0 + ($1.status.kind == .regular && $1.isLast ? UInt64(max(0, $1.status.size)) : 0) }
    }

    public var count: Int { entries.count }

    static let top = [UInt8(ascii: ".")]

    private mutating func numberFiles() {
        struct File: Hashable {
            var device: UInt64
            var inode: UInt64
        }
        var names: [File: [Int]] = [:]
        for index in entries.indices {
            entries[index].inode = UInt32(truncatingIfNeeded: index + 1)
            let status = entries[index].status
            guard status.kind != .directory, status.linkCount > 1 else { continue }
            names[File(device: status.device, inode: status.inode), default: []].append(index)
        }
        for indices in names.values where indices.count > 1 {
            for index in indices {
                entries[index].inode = UInt32(truncatingIfNeeded: indices[0] + 1)
                entries[index].links = UInt32(indices.count)
                entries[index].first = index == indices[0] ? nil : indices[0]
                entries[index].isLast = index == indices[indices.count - 1]
            }
        }
    }

    private static func normalized(_ path: [UInt8]) throws(RamdiskError) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        let parts = path.split(separator: slash).filter { $0 != [0x2e] }
        guard !path.isEmpty, path.first != slash, !parts.contains([0x2e, 0x2e]), !path.contains(0) else {
            throw .badPath(path)
        }
        return parts.isEmpty ? top : Array(parts.joined(separator: [slash]))
    }
}
