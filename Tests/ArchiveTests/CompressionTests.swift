import Archive
import Support
import SystemPackage
import TestSupport
import Testing

/// Blocks that compress neither perfectly nor not at all.
private struct Blocks: BlockSource {
    var count: Int
    let size: Int

    mutating func next() -> [UInt8]? {
        guard count > 0 else { return nil }
        count -= 1
        var state = UInt32(truncatingIfNeeded: count + 1)
        return (0..<size).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 28)
        }
    }

    var whole: [UInt8] {
        var copy = self
        var bytes: [UInt8] = []
        while let block = copy.next() { bytes += block }
        return bytes
    }
}

@Suite(.scratchDirectory) struct CompressionTests {
    private func compressed(_ method: Compression, width: Int) async throws -> [UInt8] {
        var source = Blocks(count: 9, size: 20_000)
        var bytes: [UInt8] = []
        try await ParallelCompressor(method, width: width).compress(&source) { bytes += $0 }
        return bytes
    }

    @Test(arguments: [Compression.gzip(level: 6), .zstd(level: 3)])
    func `the bytes do not depend on the width`(method: Compression) async throws {
        let serial = try await compressed(method, width: 1)
        for width in [2, 3, 8] { #expect(try await compressed(method, width: width) == serial) }
    }

    @Test(arguments: [(Compression.gzip(level: 6), "gzip"), (.zstd(level: 3), "zstd")])
    func `the outside program reads the stream`(method: Compression, program: String) async throws {
        let bytes = try await compressed(method, width: 2)
        let file = Scratch.directory.joined("f.\(method.suffix)")
        try AtomicFile.write(bytes, to: file)
        _ = try Tool(FilePath(program), ["-q", "-t", Word(file)]).output()
        let plain = try Tool(FilePath(program), ["-q", "-dc", Word(file)]).output()
        #expect(plain.output == Blocks(count: 9, size: 20_000).whole)
    }

    @Test(arguments: [Compression.gzip(level: 6), .zstd(level: 3)])
    func `our reader reads it, in steps of any size, and knows when it is cut`(method: Compression) async throws {
        let bytes = try await compressed(method, width: 2)
        #expect(Decompression.method(of: Array(bytes.prefix(8)))?.suffix == method.suffix)
        for step in [1, 100, 1 << 20] {
            let reader = try Decompression.reader(method, MemorySource(bytes, step: step))
            #expect(try readAll(reader) == Blocks(count: 9, size: 20_000).whole)
        }
        #expect(throws: ArchiveError.self) {
            _ = try readAll(Decompression.reader(method, MemorySource(Array(bytes.dropLast(5)))))
        }
    }

    @Test func `an error of the source ends the work`() async throws {
        struct Failing: BlockSource {
            var count = 3
            mutating func next() throws -> [UInt8]? {
                count -= 1
                if count == 0 { throw Errno.ioError }
                return [1]
            }
        }
        var source = Failing()
        await #expect(throws: Errno.ioError) {
            try await ParallelCompressor(.gzip(level: 6), width: 2).compress(&source) { _ in }
        }
    }

    private func readAll(_ source: any ByteSource) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 5000)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
