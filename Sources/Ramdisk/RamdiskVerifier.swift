internal import Archive
public import Digests
internal import Support
public import SystemPackage

/// Reads a packed file back, and compares it with what was to be packed.
public struct RamdiskVerifier {
    /// One way in which the file is not what it should be.
    public struct Difference: Equatable, Sendable {
        /// A path of the tree; empty for the file as a whole.
        public var path: [UInt8]
        /// A word or two: `missing`, `unexpected`, `mode`, `data`, …
        public var what: String
    }

    public struct Report: Equatable, Sendable {
        /// Of the file as it is.
        public var digest: Digest
        public var members: Int
        /// In the order of the archive; at most `limit`.
        public var differences: [Difference]
    }

    /// No more differences than this are looked for.
    public static let limit = 100

    private let file: FilePath
    private let epoch: Int64?
    private var differences: [Difference] = []
    private var members = 0

    /// - Parameter epoch: the one that the file was packed with.
    public init(_ file: FilePath, epoch: Int64? = nil) {
        self.file = file
        self.epoch = epoch
    }

    /// - Parameters:
    ///   - digest: what the file must have; nil for any.
    ///   - plan: what must be in it; nil only reads it to the end mark.
    /// - Throws: when the file or the tree cannot be read. A file that is not valid is a difference.
    public consuming func verify(digest: Digest? = nil, against plan: PackPlan? = nil) throws -> Report {
        let found = try Digest.ofFile(file)
        if let digest, digest != found { differences.append(Difference(path: [], what: "digest")) }
        do {
            try compare(plan)
        } catch let error as ArchiveError {
            differences.append(Difference(path: [], what: error.description))
        }
        return Report(digest: found, members: members, differences: Array(differences.prefix(Self.limit)))
    }

    private mutating func compare(_ plan: PackPlan?) throws {
        let opened = try PackedFile(file)
        let expected = try plan.map { try ExpectedMembers($0, opened.kind, epoch: epoch) }
        while let member = try opened.reader.next() {
            members += 1
            if differences.count >= Self.limit { return }
            guard let expected else {
                try Self.readToEnd(opened.reader)
                continue
            }
            for what in try expected.compare(member, opened.reader) {
                differences.append(Difference(path: member.path, what: what))
            }
        }
        if let expected {
            for path in expected.missing { differences.append(Difference(path: path, what: "missing")) }
        }
    }

    private static func readToEnd(_ reader: any ArchiveReader) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while try reader.read(into: buffer) > 0 {}
    }
}

/// A packed file opened by what its first bytes say it is.
struct PackedFile {
    enum Kind { case newc, tar, squashfs }

    let kind: Kind
    let reader: any ArchiveReader
    private let descriptor: FileDescriptor

    init(_ file: FilePath) throws {
        descriptor = try FileError.wrap("open", file) {
            try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        }
        let head = try Self.head(FileSource(descriptor, file))
        if head.starts(with: "hsqs".utf8) {
            kind = .squashfs
            reader = try SquashfsReader(file, descriptor)
            return
        }
        guard let method = Decompression.method(of: head) else { throw RamdiskError.unknownFormat(file) }
        let plain = HeadedSource(try Self.plain(method, descriptor, file))
        let beginning = try plain.peek(512)
        if beginning.starts(with: "070701".utf8) {
            kind = .newc
            reader = NewcReader(plain)
        } else if beginning.count == 512, beginning[257..<262].elementsEqual("ustar".utf8) {
            kind = .tar
            reader = TarReader(plain)
        } else {
            throw RamdiskError.unknownFormat(file)
        }
    }

    private static func plain(_ method: Compression, _ descriptor: FileDescriptor, _ file: FilePath) throws
        -> any ByteSource
    {
        _ = try FileError.wrap("read", file) { try descriptor.seek(offset: 0, from: .start) }
        if case .xz = method { return try ProgramSource.xz(descriptor, width: Processors.usable) }
        return try Decompression.reader(method, FileSource(descriptor, file))
    }

    private static func head(_ source: FileSource) throws -> [UInt8] {
        var head = [UInt8](repeating: 0, count: 8)
        let count = try head.withUnsafeMutableBytes { try source.readFully(into: $0) }
        return Array(head[..<count])
    }
}

/// A source whose first bytes can be looked at before they are read.
final class HeadedSource: ByteSource {
    private let source: any ByteSource
    private var head: ArraySlice<UInt8> = []

    init(_ source: any ByteSource) { self.source = source }

    /// The first bytes, `count` unless there are fewer.
    func peek(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = try bytes.withUnsafeMutableBytes { try source.readFully(into: $0) }
        head = bytes[..<got]
        return Array(head)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if head.isEmpty { return try source.read(into: buffer) }
        let count = min(buffer.count, head.count)
        buffer.copyBytes(from: head.prefix(count))
        head = head.dropFirst(count)
        return count
    }
}
