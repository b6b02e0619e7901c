internal import Crypto
public import SystemPackage
public import Support

/// A SHA-256 digest, written `sha256:<64 hex digits>` (FIPS 180-4).
public struct Digest: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// nil unless `bytes` are 32.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// From `sha256:<hex>` or the bare hex digits; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let digits = Array((text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]).utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16),
                digits[index] != UInt8(ascii: "+"), digits[index] != UInt8(ascii: "-")
            else { return nil }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    public var hex: String { Hex.text(bytes) }
    public var description: String { "sha256:\(hex)" }

    public static func < (left: Digest, right: Digest) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

    /// The digest of bytes in memory.
    public static func of(_ bytes: some Sequence<UInt8>) -> Digest {
        var hasher = DigestStream()
        hasher.update(Array(bytes))
        return hasher.finish()
    }

    /// The digest of a file, read in blocks.
    public static func ofFile(_ path: FilePath) throws(FileError) -> Digest {
        let descriptor = try FileError.wrap("open", path) {
            try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        return try ofFile(descriptor, path)
    }

    /// The digest of an open file from its current position; `path` is for the error.
    public static func ofFile(_ descriptor: FileDescriptor, _ path: FilePath) throws(FileError) -> Digest {
        try FileError.wrap("read", path) {
            var hasher = DigestStream()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try descriptor.read(into: buffer)
                if count == 0 { return hasher.finish() }
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }
}

/// SHA-256 of bytes that come in blocks.
public struct DigestStream {
    private var hasher = SHA256()

    public init() {}
    public mutating func update(_ bytes: [UInt8]) { hasher.update(data: bytes) }
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }
    /// The digest of all bytes so far.
    public func finish() -> Digest {
        // SHA-256 always gives 32 bytes.
        Digest(bytes: Array(hasher.finalize()))!
    }
}

/// MD5 of bytes that come in blocks: for comparing with the md5sum.txt of install media, never for trust.
public struct MD5Stream {
    private var hasher = Insecure.MD5()

    public init() {}
    public mutating func update(_ bytes: [UInt8]) { hasher.update(data: bytes) }
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }
    /// 32 lower-case hex digits.
    public func finish() -> String { Hex.text(Array(hasher.finalize())) }
}

/// Bytes as hex digits.
public enum Hex {
    /// Two lower-case digits a byte.
    public static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            result.append(digits[Int(byte >> 4)])
            result.append(digits[Int(byte & 15)])
        }
        return String(decoding: result, as: UTF8.self)
    }
}
