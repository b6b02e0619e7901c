internal import ForeignArchives
internal import RpmMetadata
internal import Support
internal import SystemPackage

/// The packages of an RPM repository with their SHA-256 sums: its `primary.xml`, compressed or not.
///
/// Ten thousand packages unpack to more than a hundred megabytes: it is read in blocks, one package at a time.
struct PackageIndex {
    /// Paths as the index has them, from the repository's top, and the digits.
    let sums: [(path: FilePath, hex: Substring)]

    /// Packed bytes that are read at most.
    static let sizeLimit: Int64 = 256 << 20

    /// Whether a file of a medium is called as such indexes are.
    static func isIndex(_ path: FilePath) -> Bool {
        let parts = path.components.suffix(2).map(\.string)
        guard parts.count == 2, parts[0] == "repodata" else { return false }
        return parts[1].hasPrefix("primary.xml") || parts[1].contains("-primary.xml")
    }

    /// - Parameter packed: the whole file.
    /// - Returns: nil when it cannot be read: comparing it with its own checksum will tell.
    init?(packed: [UInt8]) {
        var sums: [(path: FilePath, hex: Substring)] = []
        do {
            let archive = try ForeignArchive(BytesInput(packed), .compressed)
            guard try archive.next() != nil else { return nil }
            var block = UnsafeRawBufferPointer(start: nil, count: 0)
            try PrimaryPackage.visit { buffer in
                if block.isEmpty { block = try archive.block() }
                let part = UnsafeRawBufferPointer(rebasing: block.prefix(buffer.count))
                buffer.copyMemory(from: part)
                block = UnsafeRawBufferPointer(rebasing: block.dropFirst(part.count))
                return part.count
            } _: { package in
                // What lies on another disc is not ours to check.
                guard package.algorithm == "sha256", package.base.isEmpty else { return }
                sums.append((FilePath(package.location), package.checksum[...]))
            }
        } catch { return nil }
        self.sums = sums
    }
}
