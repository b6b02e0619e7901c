internal import CLibgit2
internal import Digests

/// Name of an object of Git: 20 bytes.
public struct GitID: Hashable, Comparable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    init(_ id: git_oid) {
        bytes = withUnsafeBytes(of: id) { Array($0.prefix(Self.size)) }
    }

    private static let size = 20

    /// 40 hex digits.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 2 * Self.size else { return nil }
        var id = git_oid()
        guard git_oid_fromstr(&id, String(text)) == 0 else { return nil }
        self.init(id)
    }

    var oid: git_oid {
        var id = git_oid()
        withUnsafeMutableBytes(of: &id) { $0.copyBytes(from: bytes) }
        return id
    }

    /// 40 lower-case hex digits.
    public var description: String { Hex.text(bytes) }
    /// The first 12 digits, for people.
    public var short: String { String(description.prefix(12)) }

    public static func < (left: GitID, right: GitID) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
