internal import Digests
internal import Support
internal import SystemPackage

/// A `Packages` index of a folder that has none, made from the packages themselves (the fields of deb-control(5), and those that
/// apt needs to fetch: Filename, Size, SHA256).
struct DebIndex {
    private let folder: FilePath
    private let debs: [FilePath]

    init(_ folder: FilePath, _ debs: [FilePath]) { (self.folder, self.debs) = (folder, debs) }

    /// - Parameter prefix: what leads from the index to the folder.
    func write(to index: FilePath, prefix: String) throws {
        let file = try AtomicFile(replacing: index)
        for deb in debs {
            let path = folder.joined(deb)
            let control = try Tool("dpkg-deb", ["--field", Word(path)]).output().output
            let size = try path.targetStatus()?.size ?? 0
            let digest = try Digest.ofFile(path).hex
            let body = control.reversed().drop { $0 == 0x0a }.reversed()
            try file.write(
                Array(body) + Array("\nFilename: \(prefix)/\(deb.printable)\nSize: \(size)\nSHA256: \(digest)\n\n".utf8)
            )
        }
        try file.commit()
    }
}
