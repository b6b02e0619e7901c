internal import Digests
internal import RpmMetadata
internal import Support
internal import SystemPackage

/// The checksum of one file, as a list on the medium gives it.
struct Checksum: Hashable, Sendable {
    enum Algorithm: String, Sendable { case md5, sha256 }
    var algorithm: Algorithm
    /// Lower-case hex digits.
    var hex: String
    /// The list that says so, e.g. `md5sum.txt`.
    var origin: FilePath

    init?(_ hex: Substring, origin: FilePath) {
        switch hex.utf8.count {
        case 32: algorithm = .md5
        case 64: algorithm = .sha256
        default: return nil
        }
        guard hex.utf8.allSatisfy({ $0.isHexDigit }) else { return nil }
        self.hex = hex.lowercased()
        self.origin = origin
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
    }
}

/// Hashes blocks by whatever algorithm a checksum needs.
enum ChecksumStream {
    case md5(MD5Stream)
    case sha256(DigestStream)

    init(_ algorithm: Checksum.Algorithm) {
        self = algorithm == .md5 ? .md5(MD5Stream()) : .sha256(DigestStream())
    }

    mutating func update(_ block: UnsafeRawBufferPointer) {
        switch self {
        case .md5(var stream):
            stream.update(block)
            self = .md5(stream)
        case .sha256(var stream):
            stream.update(block)
            self = .sha256(stream)
        }
    }

    /// Lower-case hex digits.
    func finish() -> String {
        switch self {
        case .md5(let stream): stream.finish()
        case .sha256(let stream): stream.finish().hex
        }
    }
}

/// What a medium says about its own files: md5sum.txt, CHECKSUMS, SHA256SUMS, `.treeinfo`, repomd.xml and the lists of
/// packages that it names.
struct MediumChecksums {
    /// By the path of the file itself, links resolved.
    private(set) var sums: [FilePath: Checksum] = [:]
    /// Lists that were found, e.g. `md5sum.txt`.
    private(set) var lists: [FilePath] = []

    /// - Throws: `CopyError.missing` for a listed file that is not there; `.unsafeName` for a listed path that leads out.
    init(_ catalog: MediumCatalog, _ medium: FilePath) throws {
        for name in ["md5sum.txt", "CHECKSUMS", "SHA256SUMS"] {
            let list = FilePath(name)
            guard let text = catalog.texts[list] else { continue }
            lists.append(list)
            for (path, sum) in Self.parse(text, list) { try add(path, sum, catalog, medium) }
        }
        let treeInfo: FilePath = ".treeinfo"
        if let text = catalog.texts[treeInfo] {
            let sums = TreeInfo(String(decoding: text, as: UTF8.self)).checksums
            if !sums.isEmpty { lists.append(treeInfo) }
            for (path, sum) in sums {
                guard sum.hasPrefix("sha256:"), let checksum = Checksum(sum.dropFirst(7), origin: treeInfo) else {
                    continue
                }
                try add(FilePath(path), checksum, catalog, medium)
            }
        }
        for (path, text) in catalog.texts.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) })
        where path.lastName == "repomd.xml" {
            guard let repository = try? RepositoryIndex(text) else { continue }
            lists.append(path)
            let top = path.removingLastComponent().removingLastComponent()
            for file in repository.files {
                guard let checksum = Checksum(file.checksum[...], origin: path) else { continue }
                let index = top.joined(FilePath(file.location))
                try add(index, checksum, catalog, medium)
                for (package, sum) in catalog.packages[index]?.sums ?? [] {
                    guard let checksum = Checksum(sum, origin: index) else { continue }
                    try add(top.joined(package), checksum, catalog, medium)
                }
            }
        }
    }

    private mutating func add(
        _ listed: FilePath, _ sum: Checksum, _ catalog: MediumCatalog, _ medium: FilePath
    ) throws {
        guard let safe = MediumEntry.safePath(listed.bytes), !safe.isEmpty, case .path(let path) = catalog.resolve(safe)
        else { throw MediumError.unsafeName(medium, name: listed) }
        // The boot catalog is made while the image is written, after the sums.
        let name = path.lastName.printable
        if name == "boot.cat" || name == "boot.catalog" || path == sum.origin { return }
        guard catalog[path] != nil else { throw CopyError.missing(path, list: sum.origin) }
        // The stronger of two lists.
        if let present = sums[path], present.algorithm == .sha256, sum.algorithm == .md5 { return }
        sums[path] = sum
    }

    /// `<hex>  <path>` lines, the form of md5sum(1) and sha256sum(1); a `*` before the path means binary.
    static func parse(_ text: [UInt8], _ origin: FilePath) -> [(FilePath, Checksum)] {
        text.split(separator: 0x0a).compactMap { line in
            guard let space = line.firstIndex(of: 0x20) else { return nil }
            let hex = String(decoding: line[..<space], as: UTF8.self)
            var name = line[space...].drop { $0 == 0x20 }
            if name.first == 0x2a { name = name.dropFirst() }
            if name.last == 0x0d { name = name.dropLast() }
            if name.starts(with: [0x2e, 0x2f]) { name = name.dropFirst(2) }
            guard !name.isEmpty, let sum = Checksum(hex[...], origin: origin) else { return nil }
            return (FilePath(bytes: name), sum)
        }
    }
}
