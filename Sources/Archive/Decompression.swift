internal import CZlib
internal import CZstd
internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Bytes of an open file from its current position.
public final class FileSource: ByteSource {
    private let descriptor: FileDescriptor
    private let path: FilePath

    /// - Parameter path: for errors.
    public init(_ descriptor: FileDescriptor, _ path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try FileError.wrap("read", path) { try descriptor.read(into: buffer) }
    }
}

/// A compressed source as its plain bytes.
public enum Decompression {
    /// The compression that a file beginning with `head` has; nil when it is none that we know.
    public static func method(of head: [UInt8]) -> Compression? {
        if head.starts(with: [0x1f, 0x8b]) { return Compression(name: "gzip") }
        if head.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return Compression(name: "zstd") }
        if head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) { return Compression(name: "xz") }
        return nil
    }

    /// The plain bytes of an open file, from its beginning, whatever compression it has, if any.
    ///
    /// - Parameter path: for errors.
    public static func plain(_ descriptor: FileDescriptor, _ path: FilePath) throws -> any ByteSource {
        var head = [UInt8](repeating: 0, count: 6)
        let count = try FileError.wrap("read", path) {
            try head.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: 0, into: $0) }
        }
        _ = try FileError.wrap("read", path) { try descriptor.seek(offset: 0, from: .start) }
        guard let method = method(of: Array(head[..<count])) else { return FileSource(descriptor, path) }
        if case .xz = method { return try ProgramSource.xz(descriptor, width: 1) }
        return try reader(method, FileSource(descriptor, path))
    }

    /// The plain bytes of gzip members or zstd frames. xz is a program: see `ProgramSource.xz`.
    public static func reader(_ method: Compression, _ source: some ByteSource) throws(ArchiveError) -> any ByteSource {
        switch method {
        case .gzip: try GzipSource(source)
        case .zstd: try ZstdSource(source)
        case .xz: throw .codec("xz", what: "streams of it are read by the program")
        }
    }
}

/// The plain bytes of gzip members that follow each other (RFC 1952).
final class GzipSource: ByteSource {
    private let source: any ByteSource
    /// On the heap: zlib remembers the address.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private var isInMember = true

    init(_ source: any ByteSource) throws(ArchiveError) {
        self.source = source
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw .codec("zlib", what: "status \(code)") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = min(buffer.count, 1 << 30)
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(wanted)
        while stream.pointee.avail_out == UInt32(wanted) {
            if stream.pointee.avail_in == 0 {
                let count = try source.read(into: input)
                if count == 0 {
                    guard !isInMember else { throw ArchiveError.truncated(format: "gzip") }
                    return 0
                }
                stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_in = UInt32(count)
            }
            if !isInMember {
                inflateReset(stream)
                isInMember = true
            }
            let code = inflate(stream, Z_NO_FLUSH)
            if code == Z_STREAM_END {
                isInMember = false
            } else if code != Z_OK {
                let text = stream.pointee.msg.map { String(cString: $0) } ?? "status \(code)"
                throw ArchiveError.malformed(format: "gzip", what: text)
            }
        }
        return wanted - Int(stream.pointee.avail_out)
    }
}

/// The plain bytes of zstd frames that follow each other (RFC 8878).
final class ZstdSource: ByteSource {
    private let source: any ByteSource
    private let context: OpaquePointer
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private var start = 0
    private var end = 0
    private var isInFrame = true

    init(_ source: any ByteSource) throws(ArchiveError) {
        guard let context = ZSTD_createDCtx() else { throw .codec("libzstd", what: "no memory") }
        self.context = context
        self.source = source
    }

    deinit {
        ZSTD_freeDCtx(context)
        input.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while output.pos == 0 {
            if start == end {
                start = 0
                end = try source.read(into: input)
                if end == 0 {
                    guard !isInFrame else { throw ArchiveError.truncated(format: "zstd") }
                    return 0
                }
            }
            var feed = ZSTD_inBuffer(src: input.baseAddress, size: end, pos: start)
            let code = ZSTD_decompressStream(context, &output, &feed)
            start = feed.pos
            guard ZSTD_isError(code) == 0 else {
                throw ArchiveError.malformed(format: "zstd", what: String(cString: ZSTD_getErrorName(code)))
            }
            isInFrame = code != 0
        }
        return output.pos
    }
}
