internal import CLibdeflate
internal import CZstd

#if canImport(Glibc)
    internal import Glibc
#endif

/// Compresses one block to a stream of its own: a gzip member, or a zstd frame. Such streams may follow each other.
///
/// `@unchecked Sendable`: the library's context is used by one task at a time, because `ContextPool` hands each
/// compressor out to one task and takes it back afterwards.
final class BlockCompressor: @unchecked Sendable {
    private enum Context {
        case deflate(OpaquePointer)
        case zstd(OpaquePointer)
    }
    private let context: Context
    /// Holds a compressed block before it is copied at its true size.
    private var output = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Deflate of level 0, for blocks that do not get smaller; nil when every block is compressed.
    private var storing: OpaquePointer?

    /// - Parameter storesIncompressible: whether blocks that are compressed already are kept as they are, at the
    ///   speed of a copy.
    init(_ compression: Compression, storesIncompressible: Bool = false) throws(ArchiveError) {
        switch compression {
        case .gzip(let level):
            guard let compressor = libdeflate_alloc_compressor(CInt(level)) else {
                throw .codec("libdeflate", what: "no memory for level \(level)")
            }
            context = .deflate(compressor)
            if storesIncompressible { storing = libdeflate_alloc_compressor(0) }
        case .zstd(let level):
            guard let compressor = ZSTD_createCCtx() else { throw .codec("libzstd", what: "no memory") }
            context = .zstd(compressor)
            try Self.check(ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, CInt(level)))
            try Self.check(ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 1))
        case .xz: throw .codec("xz", what: "blocks of their own are not supported")
        }
    }

    deinit {
        if let storing { libdeflate_free_compressor(storing) }
        switch context {
        case .deflate(let compressor): libdeflate_free_compressor(compressor)
        case .zstd(let compressor): ZSTD_freeCCtx(compressor)
        }
        output.deallocate()
    }

    func compress(_ block: [UInt8]) throws(ArchiveError) -> [UInt8] {
        switch context {
        case .deflate(let compressor):
            let compressor = storing.flatMap { isIncompressible(block, compressor) ? $0 : nil } ?? compressor
            // The gzip header of libdeflate holds no name and no time.
            let bound = libdeflate_gzip_compress_bound(compressor, block.count)
            return try filling(bound) { output in
                block.withUnsafeBytes {
                    libdeflate_gzip_compress(compressor, $0.baseAddress, $0.count, output.baseAddress, output.count)
                }
            }
        case .zstd(let compressor):
            var code = 0
            let result = try filling(ZSTD_compressBound(block.count)) { output in
                code = block.withUnsafeBytes {
                    ZSTD_compress2(compressor, output.baseAddress, output.count, $0.baseAddress, $0.count)
                }
                return ZSTD_isError(code) != 0 ? 0 : code
            }
            try Self.check(code)
            return result
        }
    }

    /// Whether samples of the block do not lose a twentieth of their size: data that was compressed before.
    private func isIncompressible(_ block: [UInt8], _ compressor: OpaquePointer) -> Bool {
        let size = 8192
        guard block.count >= 4 * size else { return false }
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { output.deallocate() }
        return block.withUnsafeBytes { bytes in
            [0, (bytes.count - size) / 2, bytes.count - size].allSatisfy { start in
                let sample = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + size)])
                // 0: it does not fit.
                return libdeflate_deflate_compress(
                    compressor, sample.baseAddress, size, output.baseAddress, size - size / 20) == 0
            }
        }
    }

    /// - Parameter body: gives how many bytes it wrote; 0 means that it failed.
    private func filling(
        _ capacity: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) throws(ArchiveError) -> [UInt8] {
        if output.count < capacity {
            output.deallocate()
            output = .allocate(byteCount: capacity, alignment: 16)
        }
        let count = body(output)
        guard count > 0 else { throw .codec("compression", what: "block does not fit its own bound") }
        return Array(output[..<count])
    }

    private static func check(_ code: Int) throws(ArchiveError) {
        guard ZSTD_isError(code) != 0 else { return }
        throw .codec("libzstd", what: String(cString: ZSTD_getErrorName(code)))
    }
}
