internal import Bundles
internal import CommandShell
internal import Definitions
internal import Digests
internal import Profiles
internal import Support
internal import SystemPackage
internal import Tables

/// What of a bundle will run as root.
extension ImportImage {
    /// Every such file once, with what it is: by the place it goes to, by what names it, here or in the bundle, or because
    /// it may be executed.
    func codeThatRuns(_ kits: [Code]) throws -> [Code] {
        var result: [Code] = []
        var seen: Set<String> = []
        func add(_ kind: String, _ name: String) {
            if seen.insert(name).inserted { result.append(Code(kind: kind, name: name)) }
        }
        for folder in Set(rootFolders) {
            for other in try boundary.sharers(of: folder, image: name, provmethod: provmethod, kind: kind) {
                add("root image also of osimage", other)
            }
        }
        // By where they really are: an earlier bundle may have brought a link on the way.
        func real(_ path: FilePath) -> FilePath { (try? site.places.of(path)) ?? path }
        let named = try namedScripts()
        let others = try site.files()
        let byPlace = Dictionary(named.map { (real($0.key), $0.value) }) { old, _ in old }
        let boot = Set([manifest.kernel, manifest.ramdisk, manifest.rootimg].compactMap { $0 }.map { FilePath($0) })
        for file in files where !boot.contains(file.target) {
            let place = real(file.target)
            if let kind = byPlace[place] ?? boundary.codeKind(file.target) {
                add(kind, file.target.printable)
            } else if let kind = others.kind(of: place, besides: name), try Self.changes(place, file) {
                add(kind, file.target.printable)
            } else if try isExecutable(file, replacing: place) {
                add("executable", file.target.printable)
            } else if isPackage(file.target) {
                add("package", file.target.printable)
            }
        }
        for (path, kind) in named.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) })
        where try ownScripts.keys.contains(path) && isHere(path) {
            add(kind, path.printable)
        }
        for code in kits { add(code.kind, code.name) }
        for repository in try newRepositories() { add("packages of", repository) }
        for variable in variables { add("variable", variable) }
        return result
    }

    /// Whether what is in a file's place is not that very file.
    private static func changes(_ place: FilePath, _ file: File) throws -> Bool {
        guard let kind = try place.status()?.kind, kind == .regular || kind == .symbolicLink else { return true }
        return try BundleInstaller.digest(place)?.description != file.sha256
    }

    /// Whether a file may be executed, takes the place of one that may, or begins as a script does.
    private func isExecutable(_ file: File, replacing place: FilePath) throws -> Bool {
        guard !file.isLink, let brought = try file.source.status(), brought.kind == .regular else { return false }
        let present = try place.status().flatMap { $0.kind == .regular ? $0.permissions : nil } ?? 0
        if (brought.permissions | present) & 0o111 != 0 { return true }
        let descriptor = try FileError.wrap("open", file.source) {
            try FileDescriptor.open(file.source, .readOnly, options: [.closeOnExec, .noFollow])
        }
        defer { try? descriptor.close() }
        var head: [UInt8] = [0, 0]
        let count = try FileError.wrap("read", file.source) {
            try head.withUnsafeMutableBytes { try descriptor.read(into: $0) }
        }
        return count == 2 && head.elementsEqual("#!".utf8)
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

    /// Refuses variables with which programs are known to run what they name, in scripts that are the site's, and notes
    /// others: some program may do so too. What the image has here already is no news.
    mutating func noteVariables(_ entries: [String], in what: String) throws {
        guard answer.signature != "signed", !entries.isEmpty else { return }
        let known = Set(
            (try cluster.findOsimage(name)?["environvar"] ?? "").split(separator: ",").map { Self.plain($0) })
        for entry in entries.map({ Self.plain($0) }) where !known.contains(entry) {
            guard seenVariables.insert(entry).inserted else { continue }
            let variable = entry.prefix { $0 != "=" }
            guard !VariableName.steersPrograms(variable) else {
                throw ImportRequest.failure(
                    "\(what) of the bundle sets \(variable), with which scripts of this site would run what it likes.",
                    "import it signed by someone allowed to, or export it without")
            }
            if VariableName.isProper(variable) { variables.append(entry) }
        }
    }

    /// As hooks get it.
    private static func plain(_ entry: some StringProtocol) -> String {
        let name = entry.prefix { $0 != "=" }
        return String(name.filter { !$0.isWhitespace }) + entry.dropFirst(name.count)
    }

    /// The same for `#ENV:…#` of everything that could be a list, or be included by one: the package manager gets it.
    mutating func noteVariablesOfLists() throws {
        guard answer.signature != "signed" else { return }
        for file in files where !file.isLink { try noteVariables(ofList: file.source, file.target) }
        for tree in trees where !tree.isPacked {
            for name in tree.digests.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                let name = FilePath(bytes: name)
                try noteVariables(ofList: tree.source.joined(name), tree.target.joined(name))
            }
        }
    }

    private mutating func noteVariables(ofList file: FilePath, _ target: FilePath) throws {
        // Longer ones are no lists: genimage refuses them.
        guard let status = try file.status(), status.kind == .regular, status.size <= Self.listLimit else { return }
        let bytes = try file.readBytes(limit: Int(Self.listLimit))
        try noteVariables(
            Pkglist.variables(inList: bytes).filter { $0.contains("=") }, in: target.printable)
    }

    /// Whether a file is a package, or of the index of a repository: scripts in packages run as root in images.
    private func isPackage(_ path: FilePath) -> Bool {
        let name = path.lastName.printable
        let isIndex = ["Packages", "Release", "InRelease"].contains { name.hasPrefix($0) }
        return isIndex || [".rpm", ".deb", ".udeb"].contains { name.hasSuffix($0) }
            || path.components.contains { $0.string == "repodata" }
    }

    /// Repositories and drivers that the image did not have here: elsewhere, or in folders of this host that are not the
    /// site's.
    private func newRepositories() throws -> [String] {
        let here = try cluster.findOsimage(name)
        let site = try cluster.installFolder
        return ["pkgdir", "otherpkgdir", "kerneldir", "driverupdatesrc"].flatMap { column in
            let known = Set((here?[column] ?? "").split(separator: ",").map { String($0.drop { $0.isWhitespace }) })
            return manifest.list(column).filter { item in
                let path = FilePath("/").joined(FilePath(ProfileChange.path(item, in: column)))
                let isOfSite = path.starts(with: site) && path.components.allSatisfy { $0.kind == .regular }
                return !known.contains(item) && (item.contains("://") || !isOfSite)
            }
        }
    }
}
