internal import Bundles
internal import CommandShell
internal import Definitions
internal import Digests
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// Everything that an import will do: files with what they meet, folders, rows.
struct ImportPlan {
    private(set) var plan: InstallPlan
    /// Stored paths of files and folders that are kept under another name, with that name.
    private(set) var backups: [String: String] = [:]
    let unknownNodes: [String]

    private struct FileRecord: Encodable {
        var image: String
        var target: String
        /// `new`, `replace` or `same`.
        var action: String
        var backup: String?
        var sha256: String
    }

    private struct Record: Encodable {
        struct Code: Encodable {
            var kind: String
            var path: String
        }

        var image: String
        var provmethod: String
        var signature: String
        var signer: String?
        var files: [FileRecord]
        var trees: [String]
        var code: [Code]
        var rows: [String]
        var unknownNodes: [String]
    }

    private var records: [FileRecord] = []
    private let images: [ImportImage]
    private let rows: ImportRows
    private let cluster: Cluster
    private var unpacked = 0

    init(_ images: [ImportImage], _ rows: ImportRows, id: String, stage: FilePath, _ cluster: Cluster) throws {
        (self.images, self.rows, self.cluster) = (images, rows, cluster)
        unknownNodes = rows.unknown
        plan = InstallPlan(id: id, images: images.map(\.name), stage: stage)
        plan.batch = String(decoding: rows.batch.bytes, as: UTF8.self)
        plan.proof = String(decoding: rows.proof.bytes, as: UTF8.self)
        var taken: [FilePath: String] = [:]
        for image in images {
            for file in image.files { try add(file, image, &taken) }
            for tree in image.trees { try add(tree, image) }
            try addFolder(of: image)
        }
    }

    private mutating func add(_ file: ImportImage.File, _ image: ImportImage, _ taken: inout [FilePath: String]) throws
    {
        let target = try cluster.settings.host(file.target)
        if let digest = taken[target] {
            // Images of one bundle may share lists.
            guard digest == file.sha256 else {
                throw ImportRequest.failure(
                    "Two images of the bundle bring different files for '\(file.target.printable)'.",
                    "import them with different profiles")
            }
            return
        }
        taken[target] = file.sha256
        let found: Digest?
        do {
            found = try BundleInstaller.digest(target)
        } catch {
            throw ImportRequest.failure(
                "Something other than a file is in the way: '\(file.target.printable)'", "move it away")
        }
        var record = FileRecord(
            image: image.name, target: file.target.printable, action: "new", backup: nil, sha256: file.sha256)
        if found?.description == file.sha256 {
            record.action = "same"
            return records.append(record)
        }
        var placement = InstallPlan.Placement(
            source: file.source, target: target, sha256: file.sha256, mode: file.mode)
        let made = FilePath(bytes: plan.stage.bytes).joined(".made-\(plan.placements.count)")
        switch file.origin {
        case .member: break
        case .copy:
            placement.copyOf = placement.source
            placement.source = JSONName(made.bytes)
        case .link(let place):
            placement.linkTo = JSONName(place.bytes)
            placement.source = JSONName(made.bytes)
        }
        if let found {
            let backup = Self.free(target)
            record.action = "replace"
            record.backup = cluster.settings.root.stored(backup).printable
            backups[file.target.printable] = record.backup
            placement.replaces = found.description
            placement.backup = JSONName(backup.bytes)
        }
        records.append(record)
        plan.placements.append(placement)
    }

    /// `NAME.ORIG`, or the first of `NAME.ORIG.1`, … that is free: older ones stay.
    private static func free(_ path: FilePath) -> FilePath {
        var name = FilePath(bytes: path.bytes + Array(".ORIG".utf8))
        var number = 0
        while name.exists {
            number += 1
            name = FilePath(bytes: path.bytes + Array(".ORIG.\(number)".utf8))
        }
        return name
    }

    private mutating func add(_ tree: ImportImage.Tree, _ image: ImportImage) throws {
        let target = try cluster.settings.host(tree.target)
        var source = tree.source
        if tree.isPacked {
            let trees = ImportTrees(cluster.settings)
            let folder = FilePath(bytes: plan.stage.bytes).joined(".tree-\(unpacked)")
            unpacked += 1
            try trees.unpack(tree.source, to: folder, kernel: tree.kernel)
            source = tree.inner.map { folder.joined($0) } ?? folder
            guard try source.status()?.kind == .directory else {
                throw ImportRequest.failure("\(tree.source.lastName.printable) of the bundle holds no root image.")
            }
            if target.isDirectory, try trees.areEqual(source, target) { return }
        } else if try Self.isThere(tree, target) {
            return
        }
        let backup = target.exists ? Self.free(target) : nil
        if let backup { backups[tree.target.printable] = cluster.settings.root.stored(backup).printable }
        plan.trees.append(InstallPlan.Tree(source: source, target: target, backup: backup))
    }

    /// Whether a folder holds the very files that the bundle brings for it.
    private static func isThere(_ tree: ImportImage.Tree, _ target: FilePath) throws -> Bool {
        guard target.isDirectory else { return false }
        var left = tree.digests
        var isSame = true
        try TreeWalk(target).run { entry in
            guard entry.status.kind != .directory else { return isSame ? .enter : .skip }
            guard isSame, let digest = left.removeValue(forKey: entry.path.bytes),
                [.regular, .symbolicLink].contains(entry.status.kind),
                try BundleInstaller.digest(target.joined(entry.path))?.description == digest
            else {
                isSame = false
                return .skip
            }
            return .enter
        }
        return isSame && left.isEmpty
    }

    /// The root image's folder is locked while files change there.
    private mutating func addFolder(of image: ImportImage) throws {
        guard image.provmethod != "install", let kernel = image.manifest.kernel else { return }
        let folder = try cluster.settings.host(FilePath("/").joined(FilePath(kernel)).removingLastComponent())
        if !plan.folders.contains(where: { $0.bytes == folder.bytes }) { plan.folders.append(JSONName(folder.bytes)) }
    }

    /// Backups of what has no line of its own.
    func hiddenBackups(_ image: ImportImage) -> [(target: String, backup: String)] {
        let hidden = image.files.filter { !$0.isShown }.map(\.target) + image.trees.map(\.target)
        return hidden.compactMap { path in backups[path.printable].map { (path.printable, $0) } }
    }

    /// The rows, one operation of table-set a line.
    var rowLines: [UInt8] { rows.batch.bytes }

    var json: [UInt8] {
        let lines = String(decoding: rows.batch.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        return JSONText.document(
            "imports",
            images.map { image in
                Record(
                    image: image.name, provmethod: image.provmethod, signature: image.answer.signature,
                    signer: image.answer.signer, files: records.filter { $0.image == image.name },
                    trees: image.trees.map(\.target.printable),
                    code: image.code.map { Record.Code(kind: $0.kind, path: $0.path.printable) }, rows: lines,
                    unknownNodes: unknownNodes)
            })
    }
}
