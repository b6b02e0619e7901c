internal import Crypto

/// A version-5 UUID: made from a name, so that the same name gives the same UUID (RFC 9562, 5.5).
public struct NameUUID: Hashable, Sendable, CustomStringConvertible {
    /// 16 bytes.
    public let bytes: [UInt8]

    /// - Parameter namespace: the 16 bytes of the UUID that the name belongs to.
    public init(_ name: some Sequence<UInt8>, namespace: NameUUID) {
        var hasher = Insecure.SHA1()
        hasher.update(data: namespace.bytes)
        hasher.update(data: Array(name))
        var bytes = Array(hasher.finalize().prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x50
        bytes[8] = bytes[8] & 0x3f | 0x80
        self.bytes = bytes
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// The namespace of domain names in RFC 9562, 6.6.
    public static let dns = NameUUID(bytes: [
        0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
    ])

    /// 36 characters in lower case.
    public var description: String {
        var parts: [String] = []
        var start = 0
        for length in [4, 2, 2, 2, 6] {
            parts.append(Hex.text(Array(bytes[start..<(start + length)])))
            start += length
        }
        return parts.joined(separator: "-")
    }
}
