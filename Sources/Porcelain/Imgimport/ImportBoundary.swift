internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// Where files of a bundle may go.
struct ImportBoundary {
    private let roots: [FilePath]
    private let closed: [FilePath]
    private let hooks: FilePath
    private let allowsOutside: Bool

    init(_ cluster: Cluster, allowsOutside: Bool) throws {
        let install = try cluster.installFolder
        roots = [install, try cluster.tftpFolder]
        // What decides whom Catboat trusts and what it runs, and its own files.
        let custom = install.joined("custom")
        closed = [
            custom.joined(".git"), custom.joined("config"), custom.joined("keys"), install.joined(".catboat"),
        ]
        hooks = custom.joined("hooks")
        self.allowsOutside = allowsOutside
    }

    /// A path of the manifest, checked.
    /// - Throws: when it is not absolute, climbs, or leads where bundles must not write.
    func checked(_ text: String) throws -> FilePath {
        let path = FilePath(text)
        guard path.isAbsolute, !path.components.contains(where: { $0.kind != .regular }), path != "/" else {
            throw ImportRequest.failure("The bundle names a path that is not plain: '\(text)'", "do not import it")
        }
        // Without doubled slashes.
        let plain = FilePath("/").joined(path)
        if closed.contains(where: { plain.starts(with: $0) }) || plain.components.contains(".packed") {
            throw ImportRequest.failure(
                "The bundle would change what only the site decides: '\(plain.printable)'", "do not import it")
        }
        guard allowsOutside || roots.contains(where: { plain.starts(with: $0) && plain != $0 }) else {
            throw ImportRequest.failure(
                "The bundle puts a file outside the site's folders: '\(plain.printable)'",
                "allow it with --allow-outside if you trust the bundle")
        }
        return plain
    }

    func isHook(_ path: FilePath) -> Bool { path.starts(with: hooks) }
}
