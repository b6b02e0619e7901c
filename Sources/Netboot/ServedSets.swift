public import Digests
internal import Support
public import SystemPackage

/// The sets that boot files name, whoever wrote them: they are served, however old they are.
public enum ServedSets {
    /// Boot files are small; kernels and root images are not read.
    private static let sizeLimit = 64 << 10
    private static let mark = Array("/.packed/".utf8)

    /// Digests in `/.packed/<hex>` of any small file below the TFTP folder.
    /// - Parameter folder: what is below it does not count.
    public static func digests(below tftpFolder: FilePath, except folder: FilePath? = nil) throws -> Set<Digest> {
        var found: Set<Digest> = []
        _ = try files(below: tftpFolder, except: folder) { bytes in
            found.formUnion(digests(in: bytes))
            return false
        }
        return found
    }

    /// Small files below the TFTP folder of which `holds` is true, in order of their paths.
    static func files(
        below tftpFolder: FilePath, except folder: FilePath?, where holds: ([UInt8]) -> Bool
    ) throws -> [FilePath] {
        guard tftpFolder.isDirectory else { return [] }
        var files: [FilePath] = []
        try TreeWalk(tftpFolder).run { entry in
            let path = tftpFolder.joined(entry.path)
            if path == folder { return .skip }
            guard entry.status.kind == .regular, entry.status.size <= sizeLimit else { return .enter }
            let file = try entry.parent.open(at: entry.name)
            defer { try? file.close() }
            if holds(try file.readToEnd(limit: sizeLimit, of: entry.path)) { files.append(path) }
            return .enter
        }
        return files
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
