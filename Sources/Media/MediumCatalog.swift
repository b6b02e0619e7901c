internal import Digests
internal import Support
internal import SystemPackage

/// Everything that is on a medium: the names, and the text of the files that say what it is and how to check it.
struct MediumCatalog {
    /// Sorted by the bytes of the path, each path once.
    let entries: [MediumEntry]
    /// Small files that were kept; see `isKept`.
    let texts: [FilePath: [UInt8]]
    /// What looks like an index of RPM packages and can be read; see `PackageIndex`.
    let packages: [FilePath: PackageIndex]
    /// Bytes of all files.
    let totalSize: Int64
    private let indices: [FilePath: Int]

    static let entryLimit = 1_000_000
    static let textLimit: Int64 = 16 << 20

    init(_ source: any MediumSource) throws {
        var found: [FilePath: MediumEntry] = [:]
        var texts: [FilePath: [UInt8]] = [:]
        var packages: [FilePath: PackageIndex] = [:]
        var total: Int64 = 0
        try source.visit { entry, content in
            found[entry.path] = entry
            guard found.count <= Self.entryLimit else { throw MediumError.tooMany(source.path, limit: Self.entryLimit) }
            let (sum, overflow) = total.addingReportingOverflow(entry.size)
            guard !overflow, sum <= source.byteLimit ?? .max else { throw MediumError.tooLarge(source.path) }
            total = sum
            let isText = entry.size <= Self.textLimit && Self.isKept(entry.path, size: entry.size)
            let isIndex = entry.size <= PackageIndex.sizeLimit && PackageIndex.isIndex(entry.path)
            guard entry.size > 0, isText || isIndex else { return }
            var bytes: [UInt8] = []
            try content { bytes += $0 }
            if isText { texts[entry.path] = bytes }
            if isIndex { packages[entry.path] = PackageIndex(packed: bytes) }
        }
        entries = found.values.sorted { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) }
        self.texts = texts
        self.packages = packages
        totalSize = total
        indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.path, $0) })
        try checkLinks(source.path)
    }

    subscript(path: FilePath) -> MediumEntry? { indices[path].map { entries[$0] } }

    /// SHA-256 over all names, kinds, sizes and link targets, and over the texts (checksum lists among them).
    var fingerprint: Digest {
        var stream = DigestStream()
        for entry in entries {
            let kind: [UInt8] =
                switch entry.kind {
                case .directory: Array("d".utf8)
                case .file(let size): Array("f\(size)".utf8)
                case .link(let target): Array("l".utf8) + target.bytes
                // A folder copied from an image may have lost its hard links: the same medium all the same.
                case .hardLink(let first): Array("f\(size(of: first))".utf8)
                }
            stream.update(entry.path.bytes + [0] + kind + [0])
            if let text = texts[entry.path] { stream.update(Digest.of(text).bytes) }
        }
        return stream.finish()
    }

    private func size(of path: FilePath) -> Int64 { self[path]?.size ?? 0 }

    /// Files worth keeping in memory: what names the medium, its checksums, its signed indexes and keys.
    static func isKept(_ path: FilePath, size: Int64) -> Bool {
        let parts = path.components.map(\.string)
        guard let name = parts.last else { return false }
        if parts.count == 1 {
            return [
                ".discinfo", ".treeinfo", "content", "md5sum.txt", "CHECKSUMS", "SHA256SUMS", "README.diskdefines",
            ].contains(name) || isKey(name, size)
        }
        if parts.count == 2 {
            return parts[0] == ".disk" || (parts[0].hasPrefix("media.") && ["media", "products"].contains(name))
                || isKey(name, size)
        }
        if parts.count == 3, parts[0] == "dists" { return ["Release", "InRelease", "Release.gpg"].contains(name) }
        return ["repomd.xml", "repomd.xml.asc", "repomd.xml.key"].contains(name)
            && parts.suffix(2).first == "repodata"
    }

    private static func isKey(_ name: String, _ size: Int64) -> Bool {
        size <= 1 << 20
            && ([".asc", ".gpg", ".pgp"].contains { name.hasSuffix($0) } || name.hasPrefix("RPM-GPG-KEY"))
    }
}

// MARK: Symbolic links

extension MediumCatalog {
    enum Resolution: Equatable {
        case path(FilePath)
        /// It leads above the top, or to an absolute path.
        case outside
        case loop
    }

    /// Where `path` leads when the links of the medium are followed; names that do not exist stay as they are.
    func resolve(_ path: FilePath) -> Resolution {
        var pending = path.bytes.split(separator: 0x2f).map { Array($0) }.reversed().map { $0 }
        var resolved: [[UInt8]] = []
        var steps = 0
        while let part = pending.popLast() {
            if part == [0x2e] { continue }
            if part == [0x2e, 0x2e] {
                guard resolved.popLast() != nil else { return .outside }
                continue
            }
            resolved.append(part)
            guard case .link(let target)? = self[FilePath(bytes: resolved.joined(separator: [0x2f]))]?.kind else {
                continue
            }
            steps += 1
            guard steps <= 40 else { return .loop }
            if target.isAbsolute { return .outside }
            resolved.removeLast()
            pending += target.bytes.split(separator: 0x2f).map { Array($0) }.reversed()
        }
        return .path(FilePath(bytes: resolved.joined(separator: [0x2f])))
    }

    private func checkLinks(_ medium: FilePath) throws(MediumError) {
        for entry in entries {
            guard case .link(let target) = entry.kind else { continue }
            switch resolve(entry.path) {
            case .path: continue
            case .outside: throw .escapingLink(medium, name: entry.path, target: target)
            case .loop: throw .linkLoop(medium, name: entry.path)
            }
        }
    }
}
