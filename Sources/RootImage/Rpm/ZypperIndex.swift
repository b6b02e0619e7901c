internal import Archive
internal import RpmMetadata
internal import Support
internal import SystemPackage

/// Where the packages of the repositories are, and which ones provide what lists ask for: zypper tells neither.
struct ZypperIndex {
    struct Location {
        var repository: Int
        /// Relative to the repository.
        var path: String
    }

    private(set) var locations: [RpmPackage: Location] = [:]
    /// Names of packages, by a word of a list.
    private(set) var providers: [String: Set<String>] = [:]

    /// - Parameters:
    ///   - raw: folders of zypper's raw cache, one a repository.
    ///   - wanted: words of the lists, in zypper's form.
    init(_ raw: [FilePath], wanted: Set<String>) throws {
        for (number, folder) in raw.enumerated() {
            let index = try RepositoryIndex(folder.joined("repodata/repomd.xml").readBytes(limit: 16 << 20))
            guard let primary = index.file("primary") else { continue }
            let file = folder.joined(primary.location)
            try Self.visit(file) { package in
                let key = RpmPackage(
                    name: package.name, version: package.edition, architecture: package.architecture)
                if locations[key] == nil { locations[key] = Location(repository: number, path: package.location) }
                func offer(_ word: String) {
                    if wanted.contains(word) { providers[word, default: []].insert(package.name) }
                }
                offer(package.name)
                for file in package.files { offer(file) }
                for capability in package.provides {
                    offer(capability.name == "pattern()" ? "pattern:\(capability.version)" : capability.name)
                }
            }
        }
    }

    private static func visit(_ file: FilePath, _ visit: (PrimaryPackage) throws -> Void) throws {
        let descriptor = try FileError.wrap("open", file) {
            try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        }
        defer { try? descriptor.close() }
        let source = try Decompression.plain(descriptor, file)
        try PrimaryPackage.visit({ try source.read(into: $0) }, visit)
    }
}
