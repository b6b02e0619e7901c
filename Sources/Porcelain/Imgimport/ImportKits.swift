internal import Bundles
internal import CommandShell
internal import Definitions
internal import Digests
internal import Settings
internal import Support
internal import SystemPackage

/// The kits of an image: their folders, what nodes get from them, and where the image finds their repositories.
struct ImportKits {
    private(set) var trees: [ImportImage.Tree] = []
    private(set) var files: [ImportImage.File] = []
    private(set) var code: [ImportImage.Code] = []
    private(set) var warnings: [String] = []

    private let manifest: BundleManifest
    private let image: ImportImage
    private var boundary: ImportBoundary { image.boundary }
    private var cluster: Cluster { image.cluster }
    private static let limit = 1000

    init(_ image: ImportImage) throws {
        (self.image, manifest) = (image, image.manifest)
        guard manifest.kits.count <= Self.limit, manifest.list("kitcomponents").count <= Self.limit else {
            throw ImportRequest.failure("The bundle has more than \(Self.limit) kits.", "export the image without them")
        }
        for kit in manifest.kits {
            guard let folder = kit["kitdir"] else { continue }
            try addFolder(folder, image.stage)
        }
        try addRepositories()
    }

    private mutating func addFolder(_ folder: String, _ stage: FilePath) throws {
        let name = FilePath(folder).lastName
        let prefix = name.bytes + [0x2f]
        let paths = image.names(below: name.bytes)
        let inner = paths.map { Array($0.dropFirst(prefix.count)) }
        let target = try boundary.checkedTree(folder, image: image.name, own: image.rootFolders, names: inner)
        guard !trees.contains(where: { $0.target.lastName == name }) else {
            throw ImportRequest.failure(
                "Two kits of the bundle have a folder called \(name.printable).", "move one of them, and export again")
        }
        var tree = ImportImage.Tree(source: stage.joined(name), isPacked: false, target: target)
        for (path, name) in zip(paths, inner) {
            guard let member = image.members[path] else { continue }
            tree.digests[name] = member.sha256
            if member.isLink { try image.checkLink(path, FilePath(bytes: name)) }
        }
        guard !tree.digests.isEmpty else {
            throw ImportRequest.failure("The bundle does not have the kit folder \(name.printable).")
        }
        trees.append(tree)
        code.append(ImportImage.Code(kind: "kit", name: target.printable))
        try addScripts(tree, prefix)
    }

    /// Nodes get a kit's other files from the site's postscripts; deployment parameters and lists are read in the kit.
    /// Plugins stay where they are.
    private mutating func addScripts(_ kit: ImportImage.Tree, _ prefix: [UInt8]) throws {
        let inner = Array("other_files/".utf8)
        for name in kit.digests.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) where name.starts(with: inner) {
            let file = FilePath(bytes: name.dropFirst(inner.count))
            let text = file.printable
            guard file.components.count == 1, !text.hasPrefix("."), !text.hasSuffix(".env"), !text.hasSuffix(".exlist"),
                let member = image.members[prefix + name], !member.isLink
            else { continue }
            let target = try cluster.installFolder.joined("postscripts").joined(file)
            files.append(
                ImportImage.File(
                    source: kit.source.joined(FilePath(bytes: name)),
                    target: try checkedFile(target.printable), sha256: member.sha256 ?? "", isShown: false,
                    origin: .copy))
            code.append(ImportImage.Code(kind: "postscript", name: target.printable))
        }
    }

    private func checkedFile(_ path: String) throws -> FilePath {
        try boundary.checkedFile(path, image: image.name, own: image.rootFolders)
    }

    /// Whether a kit of the bundle has a folder with something in it there.
    private func isFolder(_ place: FilePath) -> Bool {
        trees.contains { tree in
            var rest = place
            guard rest.removePrefix(tree.target) else { return false }
            return tree.digests.keys.contains { $0.starts(with: rest.bytes + [0x2f]) }
        }
    }

    /// Packages of the image's kit components are found below its otherpkgdir.
    private mutating func addRepositories() throws {
        guard let folder = manifest.list("otherpkgdir").first(where: { $0.hasPrefix("/") }) else { return }
        for component in manifest.list("kitcomponents") {
            guard let row = manifest.kitcomps.first(where: { $0["kitcompname"] == component }),
                let name = row["kitreponame"],
                let kit = manifest.kits.first(where: { $0["kitname"] == row["kitname"] })?["kitdir"]
            else { continue }
            let repository = manifest.kitrepos.first { $0["kitreponame"] == name }?["kitrepodir"]
            let place = try checkedFile(repository ?? "\(kit)/repos/\(name)")
            guard !name.contains("/"), !name.hasPrefix("."), isFolder(place) else {
                throw ImportRequest.failure(
                    "The repository \(name) of the bundle is not in the folder of its kit: '\(place.printable)'",
                    "do not import it")
            }
            let target = try checkedFile("\(folder)/\(name)")
            guard boundary.codeKind(target) == nil else {
                throw ImportRequest.failure(
                    "A repository of the bundle would become a \(boundary.codeKind(target) ?? ""): '\(target.printable)'",
                    "do not import it")
            }
            // What is there and no link was not made for a kit.
            let present = try image.site.places.of(target).status()?.kind
            guard present == nil || present == .symbolicLink else {
                warnings.append("\(target.printable) is no link; it stays, and does not lead to \(place.printable).")
                continue
            }
            files.append(
                ImportImage.File(
                    source: place, target: target, sha256: Digest.of(place.bytes).description, isShown: false,
                    origin: .link(place)))
        }
    }
}
