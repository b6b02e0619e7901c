internal import Bundles
internal import CommandShell
internal import Definitions
internal import Support
internal import SystemPackage
internal import Tables

/// What of a bundle will run as root.
extension ImportImage {
    /// Every such file once, with what it is: by the place it goes to, by what names it, here or in the bundle, or because
    /// it may be executed.
    func codeThatRuns(_ kits: [(kind: String, path: FilePath)]) throws -> [(kind: String, path: FilePath)] {
        var result: [(kind: String, path: FilePath)] = []
        var seen: Set<FilePath> = []
        func add(_ kind: String, _ path: FilePath) {
            if seen.insert(path).inserted { result.append((kind, path)) }
        }
        let named = try namedScripts()
        let boot = Set([manifest.kernel, manifest.ramdisk, manifest.rootimg].compactMap { $0 }.map { FilePath($0) })
        for file in files where !boot.contains(file.target) {
            if let kind = named[file.target] ?? boundary.codeKind(file.target) {
                add(kind, file.target)
            } else if try isExecutable(file) {
                add("executable", file.target)
            }
        }
        for (path, kind) in named.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) })
        where try ownScripts.keys.contains(path) && isHere(path) {
            add(kind, path)
        }
        for (kind, path) in kits { add(kind, path) }
        return result
    }

    private func isExecutable(_ file: File) throws -> Bool {
        guard case .link = file.origin else {
            let status = try file.source.status()
            return status?.kind == .regular && (status?.permissions ?? 0) & 0o111 != 0
        }
        return false
    }

    /// Scripts that this image names, also such as are here already.
    private var ownScripts: [FilePath: String] {
        Self.scripts(postinstall: manifest.list("postinstall"), partition: manifest.list("partitionfile"))
    }

    /// Scripts that any image names.
    private func namedScripts() throws -> [FilePath: String] {
        var result = ownScripts
        for row in try cluster.store.rows("linuximage") {
            let lists = ["postinstall", "partitionfile"].map { column in
                (row[column] ?? "").split(separator: ",").map { String($0.drop { $0.isWhitespace }) }
            }
            result.merge(Self.scripts(postinstall: lists[0], partition: lists[1])) { old, _ in old }
        }
        return result
    }

    private static func scripts(postinstall: [String], partition: [String]) -> [FilePath: String] {
        var result: [FilePath: String] = [:]
        for item in partition where item.hasPrefix("s:") {
            result[FilePath(ProfileChange.path(item, in: "partitionfile"))] = "partitionfile"
        }
        for item in postinstall { result[FilePath(ProfileChange.path(item, in: "postinstall"))] = "postinstall" }
        return result
    }

    /// Variables with which shells, interpreters and the linker run what the bundle likes, in scripts that are the site's.
    func checkVariables() throws {
        guard answer.signature != "signed" else { return }
        let names = manifest.list("environvar").map { String($0.prefix { $0 != "=" }) }
        let prefixes = ["LD_", "BASH_", "PERL", "PYTHON", "RUBY", "GIT_", "CATBOAT_", "GLIBC_", "MALLOC_", "GCONV_"]
        let whole: Set = [
            "ENV", "IFS", "PATH", "PS4", "SHELL", "SHELLOPTS", "BASHOPTS", "NODE_OPTIONS", "HOME", "TMPDIR",
        ]
        for name in names where whole.contains(name) || prefixes.contains(where: { name.hasPrefix($0) }) {
            throw ImportRequest.failure(
                "environvar of the bundle sets \(name), with which scripts of this site would run what it likes.",
                "import it signed by someone allowed to, or export it without")
        }
    }
}
