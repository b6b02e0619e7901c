internal import Archive
public import Digests
internal import Support
internal import SystemPackage

/// What a bundle may unpack to.
public struct BundleLimits: Sendable, Equatable {
    /// Bytes of all files; nil: 100 times the bundle, 64 MiB at least.
    public var size: UInt64?
    /// Files, links and folders, those included that only names of others imply.
    public var members = 200_000

    public init(size: UInt64? = nil) { self.size = size }

    /// Bytes that all files of a bundle may have.
    /// - Parameter compressed: bytes of the bundle itself.
    func bytes(ofBundle compressed: UInt64) -> UInt64 {
        let (product, isTooLarge) = compressed.multipliedReportingOverflow(by: 100)
        return size ?? max(64 << 20, isTooLarge ? .max : product)
    }
}

/// Takes the members of a bundle as they come.
protocol BundleSink: AnyObject {
    func folder(_ name: [UInt8]) throws
    /// - Parameter read: gives the data block by block, 0 at its end.
    func file(_ member: UnpackedMember, _ read: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> Digest
    func link(_ member: UnpackedMember, to target: [UInt8]) throws
    /// A second name of a file that came before; its content counts as a file of its own.
    func copy(_ member: UnpackedMember, of original: [UInt8]) throws
}

/// A file or link of a bundle.
public struct UnpackedMember: Sendable, Equatable {
    /// Relative to the top of the archive.
    public var name: [UInt8]
    /// Bytes; of a link, of its target.
    public var size: UInt64
    /// As the archive has them.
    public var permissions: UInt32
    public var digest: Digest?
    public var isLink = false
}

/// A folder of a bundle.
public struct UnpackedFolder: Sendable, Equatable {
    /// Relative to the top of the archive.
    public var name: [UInt8]
    /// As the archive has them; 755 of a folder that only names of others imply.
    public var permissions: UInt32
}

/// Reads a bundle from front to back and lets nothing pass that could do harm: see `BundleError.Refusal`.
///
/// Like xCAT it passes over hidden names at the top; not over `.catboat`, which belongs to an image that is the top.
final class BundleReader {
    private let path: FilePath
    private let descriptor: FileDescriptor
    private let limit: UInt64
    private let memberLimit: Int
    private let isStream: Bool
    private var total: UInt64 = 0
    /// Kinds of all names so far.
    private var kinds: [[UInt8]: FileStatus.Kind] = [[]: .directory]
    private var isListed: Set<[UInt8]> = []
    private(set) var members: [UnpackedMember] = []
    private var positions: [[UInt8]: Int] = [:]
    /// Permission bits of all folders but the top.
    private var folderModes: [[UInt8]: UInt32] = [:]

    /// - Parameter path: `-` is standard input, whose size nobody knows.
    init(_ path: FilePath, limits: BundleLimits) throws {
        self.path = path == "-" ? "standard input" : path
        memberLimit = limits.members
        if path == "-" {
            guard let size = limits.size else { throw BundleError.unknownSize }
            (descriptor, limit, isStream) = (.standardInput, size, true)
            return
        }
        isStream = false
        descriptor = try FileError.wrap("open", path) {
            try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        }
        let status: FileStatus
        do {
            status = try descriptor.status(of: path)
            guard status.kind == .regular else { throw BundleError.notAFile(path) }
        } catch {
            try? descriptor.close()
            throw error
        }
        limit = limits.bytes(ofBundle: UInt64(clamping: status.size))
    }

    /// Sorted by name.
    var folders: [UnpackedFolder] {
        folderModes.map { UnpackedFolder(name: $0.key, permissions: $0.value) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    deinit { if !isStream { try? descriptor.close() } }

    func run(_ sink: some BundleSink) throws {
        // Headers and padding come on top.
        let (bound, isTooLarge) = limit.addingReportingOverflow(512 << 20)
        let reader = TarReader(BoundedSource(try plainSource(), limit: isTooLarge ? .max : bound))
        while let header = try reader.next() { try take(header, reader, sink) }
        if members.isEmpty { throw BundleError.noManifest }
    }

    /// The bundle without its compression, which its first bytes tell.
    private func plainSource() throws -> any ByteSource {
        var head = [UInt8](repeating: 0, count: 6)
        var count = 0
        while count < head.count {
            let got = try FileError.wrap("read", path) {
                try head.withUnsafeMutableBytes { try descriptor.read(into: .init(rebasing: $0[count...])) }
            }
            if got == 0 { break }
            count += got
        }
        if Self.isBzip2(head[..<count]) { throw BundleError.bzip2(path) }
        let file = FileSource(descriptor, path)
        var source: any ByteSource = file
        if isStream {
            source = HeadedSource(Array(head[..<count]), file)
        } else {
            _ = try FileError.wrap("read", path) { try descriptor.seek(offset: 0, from: .start) }
        }
        switch Decompression.method(of: Array(head[..<count])) {
        case .xz where isStream: throw BundleError.compressedStream
        case .xz: return try ProgramSource.xz(descriptor, width: 1)
        case let method?: return try Decompression.reader(method, source)
        case nil: return source
        }
    }

    /// `BZh`, the level and the mark of the first block; a member's name could begin with less.
    private static func isBzip2(_ head: ArraySlice<UInt8>) -> Bool {
        head.count == 6 && head.starts(with: "BZh".utf8) && head.suffix(2).elementsEqual([0x31, 0x41])
    }

    private func take(_ header: ArchiveMember, _ reader: TarReader, _ sink: some BundleSink) throws {
        let name = try MemberName.normal(header.path)
        // The archive's own top.
        if name.isEmpty {
            guard header.kind == .directory else { throw BundleError.refused(.emptyName, member: header.path) }
            return
        }
        guard isListed.count < memberLimit else { throw BundleError.tooManyMembers(limit: memberLimit) }
        guard isListed.insert(name).inserted else { throw BundleError.refused(.duplicate, member: name) }
        if Self.isHidden(name) { return }
        try enterParents(of: name, sink)
        if let known = kinds[name] {
            // Only folders are made before they are listed.
            guard known == .directory, header.kind == .directory else {
                throw BundleError.refused(.duplicate, member: name)
            }
            folderModes[name] = header.permissions & 0o777
            return
        }
        if header.hardLink == nil, header.kind == .directory {
            try enter(name, .directory)
            folderModes[name] = header.permissions & 0o777
            return try sink.folder(name)
        }
        guard header.kind == .regular || header.kind == .symbolicLink else {
            throw BundleError.refused(.special, member: name)
        }
        if header.kind == .regular, header.permissions & 0o6000 != 0 {
            throw BundleError.refused(.setID, member: name)
        }
        guard header.extents == nil else { throw BundleError.refused(.sparse, member: name) }
        try enter(name, header.kind)
        var member = UnpackedMember(name: name, size: header.size, permissions: header.permissions)
        if let original = header.hardLink {
            try take(&member, copyOf: MemberName.normal(original), sink)
        } else if header.kind == .symbolicLink {
            try take(&member, linkTo: header.linkTarget, sink)
        } else {
            try account(member)
            member.digest = try sink.file(member) { try reader.read(into: $0) }
        }
        positions[name] = members.count
        members.append(member)
    }

    private static func isHidden(_ name: [UInt8]) -> Bool {
        name.first == UInt8(ascii: ".") && !name.prefix { $0 != 0x2f }.elementsEqual(BundleIndex.folder.utf8)
    }

    /// Notes a name; folders that are only implied count against the limit too.
    private func enter(_ name: [UInt8], _ kind: FileStatus.Kind) throws(BundleError) {
        // The top is one of them, but no member.
        guard kinds.count <= memberLimit else { throw .tooManyMembers(limit: memberLimit) }
        kinds[name] = kind
    }

    private func take(_ member: inout UnpackedMember, copyOf original: [UInt8], _ sink: some BundleSink) throws {
        // These are read, and the text of the original is not kept.
        guard !MemberName.describesImage(member.name) else {
            throw BundleError.refused(.hardLinked, member: member.name)
        }
        guard let position = positions[original], !members[position].isLink else {
            throw BundleError.refused(.linkToNothing, member: member.name)
        }
        member.size = members[position].size
        member.permissions = members[position].permissions
        member.digest = members[position].digest
        try account(member)
        try sink.copy(member, of: original)
    }

    private func take(_ member: inout UnpackedMember, linkTo target: [UInt8], _ sink: some BundleSink) throws {
        // extra/… of an image, or of a bundle whose top is the image: links are for folders that travel whole.
        let parts = member.name.split(separator: 0x2f)
        let isExtra: (ArraySlice<UInt8>) -> Bool = { $0.elementsEqual("extra".utf8) }
        let start = parts.count > 2 && isExtra(parts[0]) ? 1 : parts.count > 3 && isExtra(parts[1]) ? 2 : 0
        guard start > 0 || isInKit(parts) else { throw BundleError.refused(.linkOutsideExtra, member: member.name) }
        let inner = Array(parts[(start > 0 ? start : 2)...].joined(separator: [0x2f]))
        guard LinkTarget(target).staysWithin(inner) else {
            throw BundleError.refused(.linkEscapes, member: member.name)
        }
        member.isLink = true
        member.size = UInt64(target.count)
        member.permissions = 0o777
        member.digest = Digest.of(target)
        try sink.link(member, to: target)
    }

    /// Folders of kits travel whole too: they lie in a folder of the image, which is neither ours nor `extra`.
    private func isInKit(_ parts: [ArraySlice<UInt8>]) -> Bool {
        parts.count > 2 && !parts[1].elementsEqual(BundleIndex.folder.utf8) && !parts[1].elementsEqual("extra".utf8)
    }

    private func account(_ member: UnpackedMember) throws(BundleError) {
        let (sum, isTooLarge) = total.addingReportingOverflow(member.size)
        guard !isTooLarge, sum <= limit else { throw .tooLarge(member: member.name, limit: limit) }
        total = sum
    }

    private func enterParents(of name: [UInt8], _ sink: some BundleSink) throws {
        var end = name.startIndex
        while let slash = name[end...].firstIndex(of: 0x2f) {
            let parent = Array(name[..<slash])
            end = slash + 1
            if let kind = kinds[parent] {
                guard kind == .directory else { throw BundleError.refused(.notInFolder, member: name) }
                continue
            }
            try enter(parent, .directory)
            folderModes[parent] = 0o755
            try sink.folder(parent)
        }
    }
}

/// What was read already, then the rest.
private final class HeadedSource: ByteSource {
    private var head: ArraySlice<UInt8>
    private let rest: any ByteSource

    init(_ head: [UInt8], _ rest: any ByteSource) { (self.head, self.rest) = (head[...], rest) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !head.isEmpty else { return try rest.read(into: buffer) }
        let part = head.prefix(buffer.count)
        buffer.copyBytes(from: part)
        head = head.dropFirst(part.count)
        return part.count
    }
}

/// A source that ends with an error beyond a number of bytes, so that no archive decompresses for ever.
private final class BoundedSource: ByteSource {
    private let source: any ByteSource
    private let limit: UInt64
    private var count: UInt64 = 0

    init(_ source: any ByteSource, limit: UInt64) {
        self.source = source
        self.limit = limit
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let got = try source.read(into: buffer)
        count += UInt64(got)
        guard count <= limit else { throw BundleError.tooLarge(member: Array("archive".utf8), limit: limit) }
        return got
    }
}
