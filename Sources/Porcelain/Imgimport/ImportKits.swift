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
    private(set) var code: [(kind: String, path: FilePath)] = []
    private(set) var warnings: [String] = []

    private let manifest: BundleManifest
    private let members: [[UInt8]: BundleRecord.Member]
    private let boundary: ImportBoundary
    private let cluster: Cluster

    init(
        _ manifest: BundleManifest, _ members: [[UInt8]: BundleRecord.Member], stage: FilePath,
        _ boundary: ImportBoundary, _ cluster: Cluster
    ) throws {
        (self.manifest, self.members, self.boundary, self.cluster) = (manifest, members, boundary, cluster)
        for kit in manifest.kits {
            guard let folder = kit["kitdir"] else { continue }
            try addFolder(try boundary.checked(folder), stage)
        }
        try addRepositories()
    }

    private mutating func addFolder(_ target: FilePath, _ stage: FilePath) throws {
        let name = target.lastName
        let prefix = name.bytes + [0x2f]
        var tree = ImportImage.Tree(source: stage.joined(name), isPacked: false, target: target)
        for (path, member) in members where path.starts(with: prefix) {
            tree.digests[Array(path.dropFirst(prefix.count))] = member.sha256
        }
        guard !tree.digests.isEmpty else {
            throw ImportRequest.failure("The bundle does not have the kit folder \(name.printable).")
        }
        trees.append(tree)
        code.append(("kit", target))
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
                let member = members[prefix + name], !member.isLink
            else { continue }
            let target = try cluster.installFolder.joined("postscripts").joined(file)
            files.append(
                ImportImage.File(
                    source: kit.source.joined(FilePath(bytes: name)),
                    target: try boundary.checked(target.printable), sha256: member.sha256 ?? "", isShown: false,
                    origin: .copy))
            code.append(("postscript", target))
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
            let place = try boundary.checked(repository ?? "\(kit)/repos/\(name)")
            let target = try boundary.checked("\(folder)/\(name)")
            guard try RealPlace.of(target, cluster.settings).status()?.kind != .directory else {
                warnings.append("\(target.printable) is a folder; it stays, and does not lead to \(place.printable).")
                continue
            }
            files.append(
                ImportImage.File(
                    source: place, target: target, sha256: Digest.of(place.bytes).description, isShown: false,
                    origin: .link(place)))
        }
    }
}
