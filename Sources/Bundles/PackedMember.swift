internal import Archive
internal import Support
internal import SystemPackage

/// One entry of a bundle that is to be written.
struct PackedMember {
    enum Content {
        case folder
        case bytes([UInt8])
        /// A file of the host with what it was when it was listed.
        case file(FilePath, FileStatus)
        case link([UInt8])
        /// The index of the image that was packed just before, and its signature.
        case index
    }

    /// Which image it belongs to.
    var pack: Int
    /// Relative to the image's folder; empty for the folder itself.
    var name: [UInt8]
    var content: Content
    var permissions: UInt32
    var modified: Int64
    /// Whether others than its owner and group cannot read it where it is.
    var isPrivate = false

    /// Everything that a bundle of `packs` holds, in the order of writing: the manifest first, the index last.
    static func list(_ packs: [BundlePack]) throws -> [PackedMember] {
        var result: [PackedMember] = []
        for (number, pack) in packs.enumerated() {
            var listing = Listing(pack: number)
            for source in pack.sources { try listing.add(source) }
            for (name, text) in pack.texts.sorted(by: { $0.key < $1.key }) {
                try listing.add(Array(name.utf8), .bytes(Array(text.utf8)), 0o644, 0)
            }
            // One time for what has none of its own, so that the same files give the same bundle.
            let time = try SourceTime.current() ?? listing.members.map(\.modified).max() ?? 0
            result.append(
                PackedMember(pack: number, name: [], content: .folder, permissions: 0o755, modified: time))
            result.append(
                PackedMember(
                    pack: number, name: Array("manifest.xml".utf8), content: .bytes(Array(pack.xml.utf8)),
                    permissions: 0o644, modified: time))
            result += listing.members.map { member in
                var member = member
                if member.modified == 0 { member.modified = time }
                return member
            }
            result.append(PackedMember(pack: number, name: [], content: .index, permissions: 0o644, modified: time))
        }
        return result
    }
}

/// Collects members of one image, folders before what they hold, no name twice.
private struct Listing {
    let pack: Int
    var members: [PackedMember] = []
    private var folders: Set<[UInt8]> = []
    private var names: Set<[UInt8]> = [
        Array("manifest.xml".utf8), Array(BundleIndex.name.utf8), Array(BundleIndex.signatureName.utf8),
    ]

    init(pack: Int) { self.pack = pack }

    mutating func add(_ source: BundlePack.Source) throws {
        let path = FilePath(bytes: source.source.bytes)
        guard let status = try path.targetStatus() else { throw FileError("open", path, .noSuchFileOrDirectory) }
        let name = source.member.bytes
        switch status.kind {
        case .regular:
            try add(
                name, .file(path, status), status.permissions, status.modified.seconds,
                isPrivate: status.permissions & 0o004 == 0)
        case .directory:
            let isClosed = status.permissions & 0o001 == 0
            try add(name, .folder, status.permissions & 0o777, status.modified.seconds)
            try TreeWalk(path).run { entry in
                let inner = name + [0x2f] + entry.path.bytes
                let modified = entry.status.modified.seconds
                switch entry.status.kind {
                case .directory:
                    let permissions = entry.status.permissions & 0o777
                    try add(inner, .folder, permissions, modified, isPrivate: permissions & 0o001 == 0)
                case .regular:
                    try add(
                        inner, .file(path.joined(entry.path), entry.status), entry.status.permissions, modified,
                        isPrivate: isClosed || entry.status.permissions & 0o004 == 0)
                case .symbolicLink:
                    let target = try entry.parent.linkTarget(at: entry.name)
                    guard LinkTarget(target).staysWithin(entry.path.bytes) else {
                        throw BundleError.notAFile(path.joined(entry.path))
                    }
                    try add(inner, .link(target), 0o777, modified)
                default: throw BundleError.notAFile(path.joined(entry.path))
                }
                return .enter
            }
        default: throw BundleError.notAFile(path)
        }
    }

    mutating func add(
        _ name: [UInt8], _ content: PackedMember.Content, _ permissions: UInt32, _ modified: Int64,
        isPrivate: Bool = false
    ) throws {
        try MemberName.check(name)
        try addParents(of: name)
        if case .folder = content {
            if folders.contains(name) { return }
            folders.insert(name)
        }
        guard names.insert(name).inserted else { throw BundleError.refused(.duplicate, member: name) }
        guard permissions & 0o6000 == 0 else { throw BundleError.refused(.setID, member: name) }
        members.append(
            PackedMember(
                pack: pack, name: name, content: content, permissions: permissions, modified: modified,
                isPrivate: isPrivate))
    }

    private mutating func addParents(of name: [UInt8]) throws {
        guard let slash = name.lastIndex(of: 0x2f) else { return }
        let parent = Array(name[..<slash])
        if folders.contains(parent) { return }
        try add(parent, .folder, 0o755, 0)
    }
}

/// The time that reproducible output shall bear.
enum SourceTime {
    static func current() throws -> Int64? {
        guard let text = Environment.current.text("SOURCE_DATE_EPOCH"), !text.isEmpty else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw BundleError.badPlan("SOURCE_DATE_EPOCH is no number of seconds: '\(text)'")
        }
        return number
    }
}
