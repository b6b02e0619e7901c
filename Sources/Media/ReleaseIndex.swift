internal import Digests
internal import Support
internal import SystemPackage

/// The SHA-256 sums of a Debian Release file: of the indexes, which in turn hold those of the packages.
enum ReleaseIndex {
    /// Path below the Release file's folder, and the digits.
    static func sums(_ release: [UInt8]) -> [(path: FilePath, size: Int64, hex: Substring)] {
        var isInside = false
        var sums: [(FilePath, Int64, Substring)] = []
        for line in String(decoding: release, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if line.first != " " {
                isInside = line.hasPrefix("SHA256:")
                continue
            }
            let fields = line.split(separator: " ")
            guard isInside, fields.count == 3, let size = Int64(fields[1]) else { continue }
            sums.append((FilePath(String(fields[2])), size, fields[0]))
        }
        return sums
    }

    /// The sums of all indexes that are on the medium, by their path from the top.
    ///
    /// An index that is empty beside a compressed one is left out: `DebianCopy` makes it anew.
    static func sums(on catalog: MediumCatalog) -> [FilePath: Checksum] {
        var found: [FilePath: Checksum] = [:]
        for (release, text) in catalog.texts where release.lastName == "Release" && release.components.count == 3 {
            for (path, size, hex) in sums(text) {
                guard let safe = MediumEntry.safePath(path.bytes) else { continue }
                let full = release.removingLastComponent().joined(safe)
                guard let entry = catalog[full], case .file(let present) = entry.kind, present > 0 || size == 0 else {
                    continue
                }
                found[full] = Checksum(hex, origin: release)
            }
        }
        return found
    }
}
