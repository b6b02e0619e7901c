public import SystemPackage

/// One argument of a program, or one file name: bytes without a NUL, in whatever encoding.
public struct Word: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    CustomStringConvertible
{
    public var bytes: [UInt8]

    public init(bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
    public init(_ text: some StringProtocol) { bytes = Array(text.utf8) }
    public init(_ path: FilePath) { bytes = path.bytes }
    public init(stringLiteral value: String) { self.init(value) }

    /// `option` directly followed by a path, e.g. `--root=` and a path that is not UTF-8.
    public init(_ option: String, _ path: FilePath) { bytes = Array(option.utf8) + path.bytes }

    public static func < (left: Word, right: Word) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

    /// For messages; bytes that are not UTF-8 show as U+FFFD.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// As a POSIX shell reads it back: bare when harmless, else in single quotes.
    public var shellQuoted: [UInt8] {
        let harmless = bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:=,@%+".utf8.contains(byte)
            }
        }
        if harmless, !bytes.isEmpty { return bytes }
        var quoted = [UInt8(ascii: "'")]
        for byte in bytes {
            if byte == UInt8(ascii: "'") { quoted += Array(#"'\''"#.utf8) } else { quoted.append(byte) }
        }
        return quoted + [UInt8(ascii: "'")]
    }
}

extension FilePath {
    /// The bytes of the path, without the terminating NUL.
    public var bytes: [UInt8] {
        withPlatformString { pointer in
            pointer.withMemoryRebound(to: UInt8.self, capacity: length) {
                Array(UnsafeBufferPointer(start: $0, count: length))
            }
        }
    }

    /// A path of exactly these bytes; they must hold no NUL.
    public init(bytes: some Sequence<UInt8>) {
        let terminated = bytes.map { CInterop.PlatformChar(bitPattern: $0) } + [0]
        self = terminated.withUnsafeBufferPointer { buffer in
            // A buffer of at least the terminator has a base address.
            FilePath(platformString: buffer.baseAddress!)
        }
    }

    /// For messages: never traps, and shows bytes that are not UTF-8 as U+FFFD.
    public var printable: String { String(decoding: bytes, as: UTF8.self) }

    /// `self` with one more relative component; an absolute `name` does not replace the path.
    public func joined(_ name: String) -> FilePath { joined(FilePath(name)) }

    /// `self` followed by `relative`, whose leading slashes are dropped.
    public func joined(_ relative: FilePath) -> FilePath {
        var result = self
        result.components.append(contentsOf: relative.components)
        return result
    }

    /// The last component by bytes, so that a name that is not UTF-8 stays what it is; empty for `/`.
    public var lastName: FilePath {
        let reversed = bytes.reversed().drop { $0 == 0x2f }
        return FilePath(bytes: reversed.prefix { $0 != 0x2f }.reversed())
    }
}
