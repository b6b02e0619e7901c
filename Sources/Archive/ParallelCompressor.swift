internal import Synchronization

/// Compresses blocks on several cores to one stream whose bytes do not depend on how many.
///
/// Each block becomes a gzip member or a zstd frame; `gzip -d`, `zstd -d`, the kernel and busybox read
/// such streams as one.
public struct ParallelCompressor: Sendable {
    public let compression: Compression
    /// Blocks compressed at the same time.
    public let width: Int
    private let storesIncompressible: Bool

    /// - Parameters:
    ///   - width: at least 1; nil takes the number of cores, 16 at most.
    ///   - storesIncompressible: with gzip, blocks of data that is compressed already are not compressed twice.
    public init(_ compression: Compression, width: Int? = nil, storesIncompressible: Bool = false) {
        self.compression = compression
        self.storesIncompressible = storesIncompressible
        self.width = max(1, width ?? min(16, Processors.usable))
    }

    /// Bytes of input that make a block: large enough that a fresh window costs next to nothing.
    public var blockSize: Int {
        switch compression {
        case .gzip: 1 << 20
        case .zstd, .xz: 2 << 20
        }
    }

    /// Compresses all blocks of `source` and hands the results to `emit` in order. At most `2 * width` blocks are held.
    /// - Throws: what `source` and `emit` throw, and `ArchiveError.codec`.
    public func compress(_ source: inout some BlockSource, emit: ([UInt8]) throws -> Void) async throws {
        let pool = ContextPool(compression, storesIncompressible)
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            var finished: [Int: [UInt8]] = [:]
            var (submitted, emitted) = (0, 0)
            while true {
                while submitted - emitted < 2 * width, let block = try source.next() {
                    group.addTask { [submitted] in
                        try Task.checkCancellation()
                        let compressor = try pool.take()
                        defer { pool.giveBack(compressor) }
                        return (submitted, try compressor.compress(block))
                    }
                    submitted += 1
                }
                guard let (sequence, bytes) = try await group.next() else { return }
                finished[sequence] = bytes
                while let ready = finished.removeValue(forKey: emitted) {
                    try emit(ready)
                    emitted += 1
                }
            }
        }
    }
}

/// Compressors that wait for work, so that each is set up once a worker, not once a block.
private final class ContextPool: Sendable {
    private let idle = Mutex<[BlockCompressor]>([])
    private let compression: Compression
    private let storesIncompressible: Bool

    init(_ compression: Compression, _ storesIncompressible: Bool) {
        (self.compression, self.storesIncompressible) = (compression, storesIncompressible)
    }

    func take() throws(ArchiveError) -> BlockCompressor {
        if let compressor = idle.withLock({ $0.popLast() }) { return compressor }
        return try BlockCompressor(compression, storesIncompressible: storesIncompressible)
    }

    func giveBack(_ compressor: BlockCompressor) { idle.withLock { $0.append(compressor) } }
}
