internal import Bundles
internal import Digests
internal import Profiles
internal import Support
internal import SystemPackage

/// What the lists of a bundle include.
extension ImportImage {
    private static let listColumns = ["template", "pkglist", "otherpkglist", "exlist", "synclists"]

    /// Lists of a copy name the copies of what they include, and a list that includes what is not here is told of.
    mutating func followIncludes() throws {
        let moved = includeCopies
        let lists = Set(Self.listColumns.flatMap { manifest.list($0) }.map { FilePath($0) }).union(moved.values)
        let variables = manifest.osimage["environvar"] ?? ""
        for index in files.indices where lists.contains(files[index].target) {
            let (source, folder) = (files[index].source, files[index].target.removingLastComponent())
            guard let status = try source.status(), status.kind == .regular, status.size <= 16 << 20 else { continue }
            var includes = ListIncludes(try source.readBytes(limit: 16 << 20), variables: variables)
            if let bytes = includes.moved(from: folder, { moved[$0] }) {
                let copy = stage.joined(".list-\(index)")
                try AtomicFile.write(bytes, to: copy, permissions: status.permissions)
                (files[index].source, files[index].sha256) = (copy, Digest.of(bytes).description)
                includes = ListIncludes(bytes, variables: variables)
            }
            for path in includes.paths(from: folder) where !files.contains(where: { $0.target == path }) {
                if try !isHere(path) {
                    warnings.append("\(files[index].target.printable) includes \(path.printable), which is not here.")
                }
            }
        }
    }
}
