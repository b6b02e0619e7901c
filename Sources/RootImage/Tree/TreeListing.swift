internal import CLinux
public import Digests
internal import Support
public import SystemPackage

/// What a tree holds, without times: one record for each entry.
///
/// A record is path, type, mode, owner, group, size or device, link target, extended attributes and digest, separated by tabs; records
/// are sorted by the bytes of the path. In each field a backslash, tab, newline and NUL are written `\\`, `\t`, `\n`, `\0`. The listing of a tree is its records, each ended by
/// NUL; the SHA-256 of that is the tree digest.
public struct TreeListing: Sendable {
    public struct Record: Sendable, Hashable {
        /// Relative to the top; `.` is the top itself.
        public var path: FilePath
        /// `f`, `d`, `l`, `c`, `b`, `p` or `s`, as in find(1).
        public var type: Character
        public var permissions: UInt32
        public var owner: UInt32
        public var group: UInt32
        /// Bytes of a regular file, `major:minor` of a device node, else empty.
        public var size: String
        public var linkTarget: [UInt8]
        /// `name=hex` joined with commas, sorted by name.
        public var attributes: [UInt8]
        /// `sha256:<hex>` of a regular file's bytes, else empty.
        public var digest: String

        public var bytes: [UInt8] {
            let mode = String(permissions, radix: 8)
            let padded = String(repeating: "0", count: max(0, 4 - mode.count)) + mode
            return Self.escaped(path.bytes) + Array("\t\(type)\t\(padded)\t\(owner)\t\(group)\t\(size)\t".utf8)
                + Self.escaped(linkTarget) + [0x09]
                + Self.escaped(attributes) + [0x09] + Array(digest.utf8)
        }

        static func escaped(_ bytes: [UInt8]) -> [UInt8] {
            guard bytes.contains(where: { $0 == 0x5c || $0 == 0x09 || $0 == 0x0a }) else { return bytes }
            return bytes.flatMap { byte -> [UInt8] in
                switch byte {
                case 0x5c: Array(#"\\"#.utf8)
                case 0x09: Array(#"\t"#.utf8)
                case 0x0a: Array(#"\n"#.utf8)
                default: [byte]
                }
            }
        }
    }

    public let records: [Record]

    /// Lists `tree`, not crossing into other file systems.
    /// - Parameter leftOut: paths, relative to the top, that are not listed.
    public init(_ tree: FilePath, leavingOut leftOut: Set<FilePath> = []) throws {
        var records: [Record] = []
        let top = try FileError.wrap("open directory", tree) {
            try FileDescriptor.open(tree, .readOnly, options: [.directory, .closeOnExec])
        }
        defer { try? top.close() }
        records.append(try Self.record(".", top.status(of: tree), tree, nil))
        try TreeWalk(tree).run { entry in
            if leftOut.contains(entry.path) { return .skip }
            records.append(try Self.record(entry.path, entry.status, tree, entry))
            return .enter
        }
        self.records = records.map { ($0.path.bytes, $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
    }

    /// The NUL-separated form.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        for record in records {
            result += record.bytes
            result.append(0)
        }
        return result
    }

    /// The tree digest.
    public var digest: Digest {
        var stream = DigestStream()
        for record in records { stream.update(record.bytes + [0]) }
        return stream.finish()
    }

    private static func record(_ path: FilePath, _ status: FileStatus, _ tree: FilePath, _ entry: TreeWalk.Entry?)
        throws -> Record
    {
        var record = Record(
            path: path, type: type(status.kind), permissions: status.permissions, owner: status.owner,
            group: status.group, size: "",
            linkTarget: [], attributes: [], digest: "")
        let place = entry.map { Self.procPath($0) } ?? tree
        record.attributes = try attributes(of: place)
        switch status.kind {
        case .regular:
            record.size = "\(status.size)"
            if let entry {
                let file = try entry.parent.open(at: entry.name)
                defer { try? file.close() }
                record.digest = try Digest.ofFile(file, path).description
            }
        case .symbolicLink: record.linkTarget = try entry.map { try $0.parent.linkTarget(at: $0.name) } ?? []
        case .characterDevice, .blockDevice:
            record.size = "\(catboat_major(status.specialDevice)):\(catboat_minor(status.specialDevice))"
        default: break
        }
        return record
    }

    /// A name for calls that take no directory descriptor; only its last component can be a symbolic link.
    private static func procPath(_ entry: TreeWalk.Entry) -> FilePath {
        FilePath("/proc/self/fd/\(entry.parent.rawValue)").joined(entry.name)
    }

    private static func type(_ kind: FileStatus.Kind) -> Character {
        switch kind {
        case .regular: "f"
        case .directory: "d"
        case .symbolicLink: "l"
        case .characterDevice: "c"
        case .blockDevice: "b"
        case .fifo: "p"
        case .socket: "s"
        }
    }

    /// Extended attributes but for those of the file system's own bookkeeping.
    static func attributes(of path: FilePath) throws(FileError) -> [UInt8] {
        let names = try ExtendedAttributes.names(of: path)
        var parts: [[UInt8]] = []
        for name in names where !name.hasPrefix("system.nfs") && name != "security.selinux" {
            parts.append(Array("\(name)=\(Hex.text(try ExtendedAttributes.value(name, of: path)))".utf8))
        }
        return Array(parts.joined(separator: [UInt8(ascii: ",")]))
    }
}

/// Extended attributes of a file itself, symbolic links not followed: xattr(7).
enum ExtendedAttributes {
    /// Sorted; empty where the file system has none.
    static func names(of path: FilePath) throws(FileError) -> [String] {
        let size = path.withPlatformString { catboat_llistxattr($0, nil, 0) }
        if size <= 0 {
            if size == 0 || Errno.latest == .notSupported { return [] }
            throw FileError("list attributes of", path, .latest)
        }
        var buffer = [CChar](repeating: 0, count: size)
        let count = path.withPlatformString { path in
            buffer.withUnsafeMutableBufferPointer { catboat_llistxattr(path, $0.baseAddress, $0.count) }
        }
        try FileError.check("list attributes of", path, count)
        return buffer[..<count].split(separator: 0).map {
            String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }.sorted()
    }

    static func value(_ name: String, of path: FilePath) throws(FileError) -> [UInt8] {
        let size = path.withPlatformString { path in name.withCString { catboat_lgetxattr(path, $0, nil, 0) } }
        try FileError.check("read attribute \(name) of", path, size)
        var buffer = [UInt8](repeating: 0, count: size)
        let count = path.withPlatformString { path in
            name.withCString { name in
                buffer.withUnsafeMutableBytes { catboat_lgetxattr(path, name, $0.baseAddress, $0.count) }
            }
        }
        try FileError.check("read attribute \(name) of", path, count)
        return Array(buffer[..<count])
    }

    static func set(_ name: String, _ value: [UInt8], of path: FilePath) throws(FileError) {
        let result = path.withPlatformString { path in
            name.withCString { name in value.withUnsafeBytes { catboat_lsetxattr(path, name, $0.baseAddress, $0.count) }
            }
        }
        try FileError.check("set attribute \(name) of", path, result)
    }
}
