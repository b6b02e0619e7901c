internal import Bundles
internal import Definitions
internal import Digests
internal import Profiles
internal import Settings
internal import Support
internal import SystemPackage

/// What the lists of a bundle include.
extension ImportImage {
    /// Bytes of a list.
    static let listLimit: Int64 = 16 << 20
    private static let listColumns = ["template", "pkglist", "otherpkglist", "exlist", "synclists"]

    /// Lists of a copy name the copies of what they include, and a list that includes what is not here is told of.
    mutating func followIncludes() throws {
        // With the folder that relative names are in.
        var seen: Set<[FilePath]> = []
        let places = Dictionary(files.indices.map { (files[$0].target, $0) }) { first, _ in first }
        for top in Self.listColumns.flatMap({ manifest.list($0) }).map({ FilePath($0) }) {
            // As genimage reads them: names are relative to the folder of the list that the image names.
            let folder = top.removingLastComponent()
            guard seen.insert([folder, top]).inserted else { continue }
            var pending = [top]
            while let list = pending.popLast() {
                guard let index = places[list] else { continue }
                for path in try includes(ofFile: index, from: folder) where seen.insert([folder, path]).inserted {
                    try site.count.take(include: list)
                    if places[path] != nil { pending.append(path) } else { try tell(of: path, in: list) }
                }
            }
        }
        try tellOfSources()
    }

    /// Files of this host that nodes would get, and that not everybody may read here.
    private mutating func tellOfSources() throws {
        for list in manifest.list("synclists").map({ FilePath($0) }) {
            guard let file = files.first(where: { $0.target == list }) else { continue }
            let variables = ListIncludes.variables(manifest.osimage["environvar"] ?? "")
            guard let read = try? Synclist(file.source, variables: variables) else {
                warnings.append("\(list.printable) cannot be read as a synclist; what it gives nodes is not known.")
                continue
            }
            let sources = try read.entries.flatMap(\.sources).map { FilePath(bytes: $0) }
                .filter { try cluster.isPrivate($0) }
            guard !sources.isEmpty else { continue }
            let more = sources.count > 5 ? " and \(sources.count - 5) more" : ""
            let names = sources.prefix(5).map(\.printable).joined(separator: ", ")
            warnings.append("\(list.printable) gives nodes what not everybody may read here: \(names)\(more)")
        }
    }

    /// An included file that the bundle does not bring.
    private mutating func tell(of path: FilePath, in list: FilePath) throws {
        guard !path.components.contains("rootimg") else {
            throw ImportRequest.failure(
                "\(list.printable) of the bundle includes a file of a root image: '\(path.printable)'",
                "do not import it")
        }
        if try !isHere(path) {
            warnings.append("\(list.printable) includes \(path.printable), which is not here.")
        } else if try cluster.isPrivate(path) {
            warnings.append("\(list.printable) includes \(path.printable), which not everybody may read here.")
        } else if try !isOfSite(path) {
            warnings.append("\(list.printable) includes \(path.printable) of this host.")
        }
    }

    /// Whether a path is below installdir, or of what comes with Catboat.
    private func isOfSite(_ path: FilePath) throws -> Bool {
        guard path.components.allSatisfy({ $0.kind == .regular }) else { return false }
        return try path.starts(with: cluster.installFolder) || place.standard(path) != path
    }

    /// What a list includes, after the names of files that have a copy were changed in it.
    private mutating func includes(ofFile index: Int, from folder: FilePath) throws -> [FilePath] {
        let source = files[index].source
        guard let status = try source.status(), status.kind == .regular, status.size <= Self.listLimit else {
            return []
        }
        var includes = ListIncludes(
            try source.readBytes(limit: Int(Self.listLimit)), variables: manifest.osimage["environvar"] ?? "")
        let moved = includes.moved(from: folder) { includeCopies[$0] }
        for path in moved.left {
            let (list, copy) = (files[index].target.printable, includeCopies[path]?.printable ?? "")
            warnings.append("\(list) includes \(path.printable) by a variable, and not its copy \(copy).")
        }
        if let bytes = moved.bytes {
            let copy = stage.joined(".list-\(index)")
            try AtomicFile.write(bytes, to: copy, permissions: status.permissions)
            replace(index, by: copy, Digest.of(bytes))
            includes = ListIncludes(bytes, variables: manifest.osimage["environvar"] ?? "")
        }
        return includes.paths(from: folder)
    }
}
