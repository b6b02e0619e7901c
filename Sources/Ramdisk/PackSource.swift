internal import Archive
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Reads a planned tree as the bytes of an archive, block by block. One file is open at a time.
struct PackSource: BlockSource {
    /// Where extended attributes go.
    enum Attributes {
        /// Into the member `.catboat/attributes`: newc.
        case member
        /// Into headers: tar.
        case headers
        /// Into headers, but ACLs into the member: a tar stream for squashfs, which has none.
        case headersWithoutLists
    }

    private let plan: PackPlan
    private let folder: TreeFolder
    private let format: ArchiveFormat
    private let placement: Attributes
    /// Later times are set back to this, in seconds since 1970.
    private let epoch: Int64?
    private let blockSize: Int
    private let progress: Progress?

    private var index = 0
    private var isEnded = false
    private var written: UInt64 = 0
    private var dump = AttributeDump()
    /// Bytes made but not yet given out.
    private var pending: [UInt8] = []
    private var pendingStart = 0
    private var data: OpenData?

    /// A file whose data is being read.
    private struct OpenData {
        let descriptor: FileDescriptor
        let entry: Int
        /// On the host, for errors.
        let path: FilePath
        var extents: ArraySlice<ArchiveMember.Extent>
        /// Bytes still to read of the first extent.
        var remaining: UInt64
        let stored: UInt64
    }

    init(
        _ plan: PackPlan, format: ArchiveFormat, attributes: Attributes, epoch: Int64?, blockSize: Int,
        progress: Progress?
    ) throws {
        self.plan = plan
        self.format = format
        self.placement = attributes
        self.epoch = epoch
        self.blockSize = blockSize
        self.progress = progress
        folder = try TreeFolder(plan.tree)
        if attributes != .headers,
            let entry = plan.entries.first(where: { $0.path == AttributeDump.path || $0.path == AttributeDump.folder })
        {
            throw RamdiskError.reserved(folder.full(entry.path))
        }
    }

    mutating func next() throws -> [UInt8]? {
        let block = try [UInt8](unsafeUninitializedCapacity: blockSize) { buffer, count in
            count = try fill(UnsafeMutableRawBufferPointer(buffer))
        }
        written += UInt64(block.count)
        return block.isEmpty ? nil : block
    }

    private mutating func fill(_ block: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < block.count {
            let space = UnsafeMutableRawBufferPointer(rebasing: block[filled...])
            if pendingStart < pending.count {
                filled += takePending(into: space)
            } else if data != nil {
                filled += try readData(into: space)
            } else if index < plan.entries.count {
                try begin(index)
                index += 1
            } else if !isEnded {
                try end(after: written + UInt64(filled))
            } else {
                break
            }
        }
        return filled
    }

    private mutating func takePending(into space: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(space.count, pending.count - pendingStart)
        pending.withUnsafeBytes {
            space.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[pendingStart..<(pendingStart + count)]))
        }
        pendingStart += count
        return count
    }

    private mutating func append(_ bytes: [UInt8]) {
        if pendingStart == pending.count {
            pending = bytes
            pendingStart = 0
        } else {
            pending += bytes
        }
    }

    private mutating func readData(into space: UnsafeMutableRawBufferPointer) throws -> Int {
        guard var open = data else { return 0 }
        guard open.remaining > 0 else {
            open.extents = open.extents.dropFirst()
            if let extent = open.extents.first {
                open.remaining = extent.length
                try seek(open, to: extent.offset)
                data = open
            } else {
                try close(open)
            }
            return 0
        }
        let count = min(space.count, Int(clamping: open.remaining))
        let part = UnsafeMutableRawBufferPointer(rebasing: space[..<count])
        let got = try FileError.wrap("read", open.path) { try open.descriptor.read(into: part) }
        guard got > 0 else { throw RamdiskError.changed(open.path) }
        open.remaining -= UInt64(got)
        data = open
        progress?.advance(UInt64(got))
        return got
    }

    private func seek(_ open: OpenData, to offset: UInt64) throws {
        _ = try FileError.wrap("read", open.path) { try open.descriptor.seek(offset: Int64(offset), from: .start) }
    }

    private mutating func close(_ open: OpenData) throws {
        let entry = plan.entries[open.entry]
        let status = try open.descriptor.status(of: open.path)
        try? open.descriptor.close()
        data = nil
        guard entry.isSame(status) else { throw RamdiskError.changed(open.path) }
        append([UInt8](repeating: 0, count: format.padding(after: open.stored)))
    }

    /// Writes the header of an entry and opens its data.
    private mutating func begin(_ index: Int) throws {
        let entry = plan.entries[index]
        var member = plan.member(index, format, epoch: epoch)
        // squashfs has 32 bits without a sign for it, and sqfstar takes no header of an earlier time.
        if placement == .headersWithoutLists { member.modified = Int64(UInt32(clamping: member.modified)) }
        if placement == .headersWithoutLists, entry.path == PackPlan.top { return try skipTop(entry) }
        let hasData = entry.hasData(format)
        // Other names of a file need no look at it; of a link newc has the target with each.
        let hasTarget = format == .newc && entry.status.kind == .symbolicLink
        if entry.first != nil, !hasData, !hasTarget { return append(try format.header(of: member)) }

        let path = folder.full(entry.path)
        let descriptor = try open(entry, path)
        var isKept = false
        defer { if !isKept { try? descriptor.close() } }
        if entry.status.kind == .symbolicLink { member.linkTarget = try descriptor.linkTarget(at: "") }
        if entry.first == nil { try addAttributes(of: descriptor, entry, to: &member) }
        var extents = [ArchiveMember.Extent(offset: 0, length: member.size)]
        // sqfstar finds holes itself, and fails on a file of nothing else.
        if hasData, placement == .headers,
            let runs = try SparseMap.runs(of: descriptor, entry.status, path)
        {
            member.extents = runs
            extents = runs
        }
        append(try format.header(of: member))
        if format == .newc, entry.status.kind == .symbolicLink {
            append(member.linkTarget)
            append([UInt8](repeating: 0, count: format.padding(after: UInt64(member.linkTarget.count))))
        }
        guard hasData, let first = extents.first, member.size > 0 else { return }
        let open = OpenData(
            descriptor: descriptor, entry: index, path: path, extents: extents[...], remaining: first.length,
            stored: extents.reduce(0) { $0 + $1.length })
        isKept = true
        data = open
        if first.offset > 0 || member.extents != nil { try seek(open, to: first.offset) }
    }

    /// sqfstar takes the top's mode and owner as options, and its attributes have only our member to go to.
    private mutating func skipTop(_ entry: PackPlan.Entry) throws {
        let descriptor = try open(entry, folder.full(entry.path))
        defer { try? descriptor.close() }
        dump.add(entry.path, try folder.attributes(of: descriptor, entry.path))
    }

    /// Opens an entry and makes sure that it is still what was planned.
    private func open(_ entry: PackPlan.Entry, _ path: FilePath) throws -> FileDescriptor {
        let descriptor = try folder.openExisting(entry.path, entry.status.kind == .regular ? .read : .inspect)
        if let now = try? descriptor.status(of: path), entry.isSame(now) { return descriptor }
        try? descriptor.close()
        throw RamdiskError.changed(path)
    }

    private mutating func addAttributes(
        of descriptor: FileDescriptor, _ entry: PackPlan.Entry, to member: inout ArchiveMember
    ) throws {
        let attributes = try folder.attributes(of: descriptor, entry.path)
        if attributes.isEmpty { return }
        switch placement {
        case .member: dump.add(entry.path, attributes)
        case .headers: member.attributes = attributes
        case .headersWithoutLists:
            member.attributes = attributes.filter { !$0.name.starts(with: "system.".utf8) }
            dump.add(entry.path, attributes.filter { $0.name.starts(with: "system.".utf8) })
        }
    }

    /// The last members and the end mark.
    private mutating func end(after length: UInt64) throws {
        isEnded = true
        var bytes: [UInt8] = []
        if !dump.bytes.isEmpty {
            var top = ArchiveMember(path: AttributeDump.folder, kind: .directory, permissions: 0o700)
            var file = ArchiveMember(path: AttributeDump.path, kind: .regular, permissions: 0o600)
            if format == .newc {
                top.inode = UInt32(truncatingIfNeeded: plan.entries.count + 1)
                file.inode = UInt32(truncatingIfNeeded: plan.entries.count + 2)
            }
            file.size = UInt64(dump.bytes.count)
            bytes += try format.header(of: top)
            bytes += try format.header(of: file)
            bytes += dump.bytes
            bytes += [UInt8](repeating: 0, count: format.padding(after: file.size))
        }
        append(bytes)
        append(format.trailer(after: length + UInt64(bytes.count)))
    }
}
