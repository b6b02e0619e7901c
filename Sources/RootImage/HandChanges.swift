internal import Support
internal import SystemPackage

/// What people changed in a tree since genimage left it, by comparison with the listing that genimage recorded.
public struct HandChanges: Sendable, Equatable {
    /// `+ path`, `- path` or `~ path`, sorted by path. Folders whose only difference is what they hold are not among them.
    public let lines: [String]

    /// nil when no listing was recorded, so that nothing can be said.
    public init?(_ folder: ImageFolder) throws {
        guard folder.listingFile.exists else { return nil }
        let recorded = Self.records(try folder.listingFile.readBytes(limit: 1 << 30))
        let present = Self.records(try TreeListing(folder.tree).bytes)
        var result: [(path: [UInt8], line: String)] = []
        for path in Set(recorded.keys).union(present.keys) where recorded[path] != present[path] {
            let sign = recorded[path] == nil ? "+" : present[path] == nil ? "-" : "~"
            result.append((path, "\(sign) /\(String(decoding: path, as: UTF8.self))"))
        }
        lines = result.sorted { $0.path.lexicographicallyPrecedes($1.path) }.map(\.line)
    }

    private static func records(_ listing: [UInt8]) -> [[UInt8]: [UInt8]] {
        var result: [[UInt8]: [UInt8]] = [:]
        for record in listing.split(separator: 0) {
            result[Array(record.prefix { $0 != 0x09 })] = Array(record)
        }
        return result
    }
}
