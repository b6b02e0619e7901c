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
        var followed: Set<Int> = []
        for top in Self.listColumns.flatMap({ manifest.list($0) }).map({ FilePath($0) }) {
            // As genimage reads them: names are relative to the folder of the list that the image names.
            let folder = top.removingLastComponent()
            var pending = [top]
            while let list = pending.popLast() {
                guard let index = files.firstIndex(where: { $0.target == list }), followed.insert(index).inserted else {
                    continue
                }
                for path in try includes(ofFile: index, from: folder) {
                    if digest(of: path) != nil {
                        pending.append(path)
                    } else if try !isHere(path) {
                        warnings.append("\(list.printable) includes \(path.printable), which is not here.")
                    }
                }
            }
        }
    }

    /// What a list includes, after the names of files that have a copy were changed in it.
    private mutating func includes(ofFile index: Int, from folder: FilePath) throws -> [FilePath] {
        let source = files[index].source
        guard let status = try source.status(), status.kind == .regular, status.size <= 16 << 20 else { return [] }
        var includes = ListIncludes(
            try source.readBytes(limit: 16 << 20), variables: manifest.osimage["environvar"] ?? "")
        try noteVariables(ofList: try source.readBytes(limit: 16 << 20), files[index].target)
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
