internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// Files and folders that were counted.
final class InodeSet {
    private struct Inode: Hashable {
        var device: UInt64
        var number: UInt64
    }

    private var known: Set<Inode> = []

    /// Whether it was not there before.
    func insert(_ status: FileStatus) -> Bool {
        known.insert(Inode(device: status.device, number: status.inode)).inserted
    }
}

/// What one osimage occupies: parts in an order in which each counts only what none before it counts, as hard links
/// are names of the same bytes.
struct ImageUsage {
    enum Kind: String, Encodable { case tree, set, boot, other, bundle }

    struct Part: Encodable {
        var kind: Kind
        /// The path as stored; of a set its digest.
        var name: JSONName
        /// Bytes of the disk, in whole blocks.
        var bytes: Int64
        /// Of a set: whether nodes get it.
        var isCurrent: Bool?
    }

    private(set) var parts: [Part] = []
    /// Bytes that no image counted before has.
    private(set) var unshared: Int64 = 0

    private let own = InodeSet()
    private let others: InodeSet
    private let root: RootFolder

    /// - Parameters:
    ///   - bundles: files on the host.
    ///   - others: what images before this one have; what this one has is added.
    init(_ image: Osimage, _ cluster: Cluster, bundles: [FilePath], _ others: InodeSet) throws {
        self.others = others
        root = cluster.settings.root
        if image.isDiskless, let folder = try image.rootimgdir(cluster).map({ try cluster.settings.host($0) }),
            folder.isDirectory
        {
            try add(.tree, folder.joined("rootimg"))
            let sets = folder.joined(".packed")
            if sets.isDirectory { for set in try PublishedSet.all(of: image, cluster) { try add(set, in: sets) } }
            try add(.boot, try cluster.tftpHostFolder.joined("xcat/osimage").joined(image.name))
            try add(.other, folder, leavingOut: ["rootimg"])
        }
        for bundle in bundles { try add(.bundle, bundle) }
    }

    private mutating func add(_ set: PublishedSet.Kept, in sets: FilePath) throws {
        let folder = sets.joined(String(set.digest.drop { $0 != ":" }.dropFirst()))
        guard let bytes = try count(folder, leavingOut: []) else { return }
        let name = JSONName(Array(set.digest.utf8))
        parts.append(Part(kind: .set, name: name, bytes: bytes, isCurrent: set.isCurrent))
    }

    private mutating func add(_ kind: Kind, _ path: FilePath, leavingOut: Set<FilePath> = []) throws {
        guard let bytes = try count(path, leavingOut: leavingOut), bytes > 0 || kind != .other else { return }
        parts.append(Part(kind: kind, name: JSONName(root.stored(path).bytes), bytes: bytes))
    }

    /// Bytes of a file or folder that were not counted for this image; nil when there is nothing of this name.
    private mutating func count(_ path: FilePath, leavingOut: Set<FilePath>) throws -> Int64? {
        guard let top = try path.status() else { return nil }
        var sum: Int64 = 0
        var fresh: Int64 = 0
        func take(_ status: FileStatus) {
            guard own.insert(status) else { return }
            sum += status.blocks * 512
            if others.insert(status) { fresh += status.blocks * 512 }
        }
        take(top)
        if top.kind == .directory {
            try TreeWalk(path).run { entry in
                if leavingOut.contains(entry.path) { return .skip }
                take(entry.status)
                return .enter
            }
        }
        unshared += fresh
        return sum
    }
}

/// Bundles of osimages, as far as their names tell: `<imagename>.tgz`, `<imagename>-<anything>.tgz` and the like.
struct BundleFolders {
    private let folders: [FilePath]
    private let images: [String]

    private static let suffixes = [".tgz", ".tar.gz", ".tar.xz", ".txz", ".tar.zst", ".tzst"]

    /// - Parameter given: folders on the host; without any that of the configuration.
    init(_ given: [String], _ cluster: Cluster) throws {
        images = try cluster.osimageNames()
        guard given.isEmpty else {
            folders = given.map { FilePath($0) }
            return
        }
        let install = try cluster.installFolder
        let configured = try cluster.settings.configuration(installFolder: install)["bundle.folder"]
        folders = [try cluster.settings.host(configured.map { FilePath($0) } ?? install.joined("bundles"))]
    }

    /// By image, sorted by name.
    func bundles() throws -> [String: [FilePath]] {
        var result: [String: [FilePath]] = [:]
        for folder in folders {
            for name in try folder.directoryNames() where folder.joined(name).isRegularFile {
                if let image = image(of: name.printable) { result[image, default: []].append(folder.joined(name)) }
            }
        }
        return result
    }

    /// Of several names that fit the longest: `a-b.tgz` is of `a-b`, if there is one.
    private func image(of file: String) -> String? {
        guard let suffix = Self.suffixes.first(where: { file.hasSuffix($0) }) else { return nil }
        let base = file.dropLast(suffix.count)
        return images.filter { image in
            let name = ExportRequest.fileName(of: image)
            return base == name || ["-", ".", "_"].contains { base.hasPrefix(name + $0) }
        }.max { $0.utf8.count < $1.utf8.count }
    }
}
