public import Digests
internal import Support
public import SystemPackage

/// The sets that boot files name, whoever wrote them: they are served, however old they are.
public enum ServedSets {
    /// Boot files are small; kernels and root images are not read.
    private static let sizeLimit = 64 << 10
    private static let mark = Array("/.packed/".utf8)

    /// Digests in `/.packed/<hex>` of any small file below the TFTP folder.
    public static func digests(below tftpFolder: FilePath) throws -> Set<Digest> {
        guard tftpFolder.isDirectory else { return [] }
        var found: Set<Digest> = []
        try TreeWalk(tftpFolder).run { entry in
            guard entry.status.kind == .regular, entry.status.size <= sizeLimit else { return .enter }
            let file = try entry.parent.open(at: entry.name)
            defer { try? file.close() }
            found.formUnion(digests(in: try file.readToEnd(limit: sizeLimit, of: entry.path)))
            return .enter
        }
        return found
    }

    static func digests(in bytes: [UInt8]) -> Set<Digest> {
        var found: Set<Digest> = []
        var rest = bytes[...]
        while let range = rest.firstRange(of: mark) {
            rest = rest[range.upperBound...]
            if let digest = Digest(String(decoding: rest.prefix(64), as: UTF8.self)) { found.insert(digest) }
        }
        return found
    }
}
