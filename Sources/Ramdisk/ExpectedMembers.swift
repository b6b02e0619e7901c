internal import Archive
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What an archive of a plan must hold, member by member, read from the tree again.
final class ExpectedMembers {
    private let plan: PackPlan
    private let folder: TreeFolder
    private let kind: PackedFile.Kind
    private let epoch: Int64?
    private var open: [[UInt8]: Int] = [:]
    private var seen: Set<Int> = []
    /// Inode numbers of the archive with those of the plan.
    private var inodes: [UInt32: UInt32] = [:]
    /// Inode numbers of the plan whose file a squashfs had.
    private var stored: Set<UInt32> = []
    /// What `.catboat/attributes` must say, collected from the members as they come.
    private var dumps: [Int: AttributeDump] = [:]
    private var isDumpSeen = false
    private let ours = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private let theirs = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

    init(_ plan: PackPlan, _ kind: PackedFile.Kind, epoch: Int64?) throws {
        self.plan = plan
        self.kind = kind
        self.epoch = epoch
        folder = try TreeFolder(plan.tree)
        for (index, entry) in plan.entries.enumerated() { open[entry.path] = index }
    }

    deinit {
        ours.deallocate()
        theirs.deallocate()
    }

    /// Entries that no member was seen for.
    var missing: [[UInt8]] {
        if kind == .squashfs, dumps.isEmpty, !isDumpSeen { try? collectAll() }
        var paths = plan.entries.indices.filter { !seen.contains($0) }.map { plan.entries[$0].path }
        if dumps.values.contains(where: { !$0.bytes.isEmpty }) { paths.append(AttributeDump.path) }
        return paths
    }

    /// Compares one member and reads its data.
    /// - Returns: what is different.
    func compare(_ member: ArchiveMember, _ reader: any ArchiveReader) throws -> [String] {
        if member.path == AttributeDump.folder, kind != .tar { return [] }
        if member.path == AttributeDump.path, kind != .tar { return try compareDump(member, reader) }
        guard let index = open[member.path] else { return ["unexpected"] }
        guard seen.insert(index).inserted else { return ["twice"] }
        let entry = plan.entries[index]
        // squashfs has an order of its own, and so another first name of a file.
        let teller = kind == .squashfs ? entry.first ?? index : index
        var expected = plan.member(teller, kind == .newc ? .newc : .tar, epoch: epoch)
        if kind == .squashfs {
            guard isStoredOnce(member, entry) else { return ["hard link"] }
            if member.hardLink != nil { return [] }
        }
        let needsLook = expected.hardLink == nil
        var descriptor: FileDescriptor?
        if needsLook {
            descriptor = try folder.openExisting(entry.path, entry.status.kind == .regular ? .read : .inspect)
        }
        defer { try? descriptor?.close() }
        if let descriptor {
            if entry.status.kind == .symbolicLink { expected.linkTarget = try descriptor.linkTarget(at: "") }
            if kind == .squashfs {
                expected.attributes = try folder.attributes(of: descriptor, entry.path).filter {
                    !Self.isDumped($0, entry.path)
                }
            } else if entry.first == nil {
                try collect(descriptor, index, &expected)
            }
        }
        var result = Self.differences(member, expected, kind)
        if kind == .newc, !isSameFile(member, expected) { result.append("hard link") }
        if result.isEmpty, expected.size > 0, let descriptor, try !isSameData(descriptor, entry.path, reader) {
            result.append("data")
        }
        return result
    }

    /// Whether the numbers that bind names of one file together say the same as the plan.
    private func isSameFile(_ found: ArchiveMember, _ expected: ArchiveMember) -> Bool {
        if inodes[found.inode, default: expected.inode] != expected.inode { return false }
        inodes[found.inode] = expected.inode
        return found.links == expected.links
    }

    /// Whether a name in a squashfs is bound to the names that the plan says.
    private func isStoredOnce(_ found: ArchiveMember, _ entry: PackPlan.Entry) -> Bool {
        if let first = found.hardLink { return open[first].map { plan.entries[$0].inode } == entry.inode }
        return stored.insert(entry.inode).inserted
    }

    /// Whether an attribute has no place in a squashfs but `.catboat/attributes`.
    private static func isDumped(_ attribute: ArchiveMember.Attribute, _ path: [UInt8]) -> Bool {
        path == PackPlan.top || attribute.name.starts(with: "system.".utf8)
    }

    private func collect(_ descriptor: FileDescriptor, _ index: Int, _ expected: inout ArchiveMember) throws {
        let path = plan.entries[index].path
        let attributes = try folder.attributes(of: descriptor, path)
        if attributes.isEmpty { return }
        switch kind {
        case .tar: expected.attributes = attributes
        case .newc: dumps[index, default: AttributeDump()].add(path, attributes)
        case .squashfs:
            dumps[index, default: AttributeDump()].add(path, attributes.filter { Self.isDumped($0, path) })
        }
    }

    private func compareDump(_ member: ArchiveMember, _ reader: any ArchiveReader) throws -> [String] {
        if kind == .squashfs { try collectAll() }
        let expected = dumps.sorted { $0.key < $1.key }.flatMap(\.value.bytes)
        dumps = [:]
        isDumpSeen = true
        let found = try reader.readData(member, limit: 256 << 20)
        return found == expected ? [] : ["attributes"]
    }

    /// squashfs lists `.catboat` before other members.
    private func collectAll() throws {
        for (index, entry) in plan.entries.enumerated() where entry.first == nil {
            let descriptor = try folder.openExisting(entry.path, .inspect)
            defer { try? descriptor.close() }
            var ignored = ArchiveMember(path: entry.path, kind: entry.status.kind)
            try collect(descriptor, index, &ignored)
        }
    }

    private static func differences(
        _ found: ArchiveMember, _ expected: ArchiveMember, _ kind: PackedFile.Kind
    ) -> [String] {
        if found.hardLink != expected.hardLink { return ["hard link"] }
        var result: [String] = []
        // tar has no type with another name of a file.
        if found.kind != expected.kind, expected.hardLink == nil { result.append("type") }
        if found.permissions != expected.permissions { result.append("mode") }
        if found.owner != expected.owner || found.group != expected.group { result.append("owner") }
        let modified =
            kind == .newc || kind == .squashfs ? Int64(UInt32(clamping: expected.modified)) : expected.modified
        if found.modified != modified { result.append("time") }
        if found.size != expected.size { result.append("size") }
        if found.linkTarget != expected.linkTarget { result.append("link target") }
        if found.device != expected.device { result.append("device number") }
        if kind != .newc, found.attributes != expected.attributes { result.append("attributes") }
        return result
    }

    private func isSameData(_ descriptor: FileDescriptor, _ path: [UInt8], _ reader: any ArchiveReader) throws -> Bool {
        let source = FileSource(descriptor, folder.full(path))
        while true {
            let count = try reader.read(into: theirs)
            if count == 0 { return try source.readFully(into: ours) == 0 }
            let part = UnsafeMutableRawBufferPointer(rebasing: ours[..<count])
            // `count` bytes are more than none, so both buffers have a base address.
            guard try source.readFully(into: part) == count,
                memcmp(part.baseAddress!, theirs.baseAddress!, count) == 0
            else { return false }
        }
    }
}
