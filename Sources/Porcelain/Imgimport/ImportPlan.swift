internal import Bundles
internal import CommandShell
internal import Definitions
internal import Digests
internal import Resolution
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

    /// Of all files, in their order.
    private(set) var records: [FileRecord] = []
    private var budget: ImportBudget
    let images: [ImportImage]
    let rows: ImportRows
    let cluster: Cluster
    let places: RealPlaces
    private var unpacked = 0
    /// Files of the bundle that go into place; what needs one more gets a copy.
    private var spent: Set<FilePath> = []
    /// Folders of the kits that are defined here, with the kits' names.
    private let kitFolders: [FilePath: String]
    /// Where files and folders go: no copy that is kept may have such a name.
    private var targets: Set<FilePath> = []
    /// Folders that go into place as a whole, with what is in them.
    private var trees: [FilePath: [[UInt8]: String]] = [:]
    /// Folders on the way to what is no extra file.
    private var ways: Set<FilePath> = []
    /// Folders that are made for their own sake.
    private(set) var made: Set<FilePath> = []
    /// Files that are there already and stay.
    private(set) var left: Set<String> = []

    init(
        _ images: [ImportImage], _ rows: ImportRows, id: String, stage: FilePath, bundle: String, _ cluster: Cluster
    ) throws {
        (self.images, self.rows, self.cluster) = (images, rows, cluster)
        let places = RealPlaces(cluster.settings)
        self.places = places
        try rows.batch.checkValues()
        budget = try ImportBudget(images, limit: rows.request.sizeLimit)
        unknownNodes = rows.unknown
        let kits = try cluster.store.rows("kit").compactMap { row in
            row["kitdir"].map { (FilePath("/").joined(FilePath($0)), row["kitname"] ?? "") }
        }
        kitFolders = Dictionary(kits) { first, _ in first }
        plan = InstallPlan(id: id, images: images.map(\.name), stage: stage)
        plan.made = []
        // The rows are set with a mark, in one transaction: values could be those that were there, or be changed since.
        let mark = [Cell("id", id)]
        var batch = rows.batch
        batch.append(.set("catboat_imports", matches: mark, values: []))
        plan.batch = Self.text(batch)
        plan.proof = Self.text(TableBatch([.present("catboat_imports", matches: mark)]))
        plan.closing = Self.text(TableBatch([.delete("catboat_imports", matches: mark)]))
        for image in images {
            let paths = image.files.map(\.target) + image.trees.map(\.target)
            targets.formUnion(try paths.map { try places.of($0) })
        }
        ways = try Self.ways(images, places)
        try checkNeighbours()
        var taken: [FilePath: String] = [:]
        for image in images {
            for file in image.files { try add(file, image, &taken) }
            for tree in image.trees { try add(tree, image) }
            for folder in image.folders { try add(folder) }
            try addFolder(of: image)
        }
        try leaveToTrees()
        try checkWays()
        plan.finishes = try images.map { try finish($0, bundle) }
    }

    private static func text(_ batch: TableBatch) -> String { String(decoding: batch.bytes, as: UTF8.self) }

    /// Nodes that get a set of this image get the imported one from now on, others when nodeset says so; the history
    /// knows what nodes boot, also when it was not built here.
    private func finish(_ image: ImportImage, _ bundle: String) throws -> InstallPlan.Finish {
        let served = try cluster.tftpFolder.joined("xcat/osimage").joined(image.name).joined("boot.ipxe")
        let publishes = try image.provmethod == "netboot" && cluster.settings.host(served).exists
        // A set is in one folder.
        let parts = [image.manifest.kernel, image.manifest.ramdisk, image.manifest.rootimg].compactMap { $0 }
        let folders = Set(parts.map { FilePath("/").joined(FilePath($0)).removingLastComponent() })
        // A root image of another recipe than the one that comes with it is no build of it.
        let isBuilt = image.answer.index?.recipeChanged != true
        var finish = InstallPlan.Finish(image: image.name, publishes: publishes)
        guard isBuilt, folders.count == 1, let stored = folders.first else { return finish }
        if image.provmethod == "statelite" {
            finish.tree = JSONName(try places.folder(stored).bytes)
        }
        guard image.provmethod == "netboot" else { return finish }
        let origin = [FilePath(bundle).lastName.printable, image.answer.index?.profileCommit.map { "commit \($0)" }]
        finish.record = InstallPlan.Finish.Record(
            rootimgdir: try places.folder(stored), packages: image.packages,
            facts: image.facts, imported: origin.compactMap { $0 }.joined(separator: ", "))
        return finish
    }

    private mutating func add(_ file: ImportImage.File, _ image: ImportImage, _ taken: inout [FilePath: String]) throws
    {
        let target = try places.of(file.target)
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
            // A link to a folder stands for that folder.
            if !file.isLink, target.isDirectory, found?.description != file.sha256 {
                throw FileError("replace", target, .isDirectory)
            }
        } catch {
            throw ImportRequest.failure(
                "Something other than a file is in the way: '\(file.target.printable)'", "move it away")
        }
        var record = FileRecord(
            image: image.name, target: file.target.printable, action: "new", backup: nil, sha256: file.sha256)
        let isSame = found?.description == file.sha256
        if isSame {
            guard try hasOtherMode(file, target) else {
                record.action = "same"
                left.insert(record.target)
                return records.append(record)
            }
            record.action = "mode"
        }
        var placement = InstallPlan.Placement(
            source: file.source, target: target, sha256: file.sha256, mode: file.mode)
        let made = FilePath(bytes: plan.stage.bytes).joined(".made-\(plan.placements.count)")
        switch file.origin {
        case .member where spent.insert(file.source).inserted: break
        case .member, .copy:
            try budget.take(UInt64(clamping: file.source.status()?.size ?? 0), for: file.target)
            placement.copyOf = placement.source
            placement.source = JSONName(made.bytes)
        case .link(let place):
            placement.linkTo = JSONName(place.bytes)
            placement.source = JSONName(made.bytes)
        }
        if let found, isSame {
            placement.replaces = found.description
        } else if let found {
            let backup = free(target)
            record.action = "replace"
            record.backup = file.target.removingLastComponent().joined(backup.lastName).printable
            backups[file.target.printable] = record.backup
            placement.replaces = found.description
            placement.backup = JSONName(backup.bytes)
        }
        records.append(record)
        plan.placements.append(placement)
    }

    /// Whether a file that is there already may not be used as the bundle says. Hooks that do not run are left as they are:
    /// the site may have enabled them.
    private func hasOtherMode(_ file: ImportImage.File, _ target: FilePath) throws -> Bool {
        guard !file.isLink, file.mode == nil, let present = try target.status(), present.kind == .regular,
            let brought = try file.source.status(), brought.kind == .regular
        else { return false }
        // Whether others of the site may write there is the site's.
        return present.permissions & 0o755 != brought.permissions & 0o755
    }

    /// What a folder of the bundle brings anyway is not brought once more below it.
    private mutating func leaveToTrees() throws {
        for (number, tree) in plan.trees.enumerated() {
            let (top, source) = (FilePath(bytes: tree.target.bytes), FilePath(bytes: tree.source.bytes))
            guard !plan.trees[..<number].contains(where: { Self.isOne(FilePath(bytes: $0.target.bytes), top) }) else {
                throw ImportRequest.failure("Two folders of the bundle are in each other: '\(stored(top))'")
            }
            var placements = plan.placements
            try placements.removeAll { placement in
                var rest = FilePath(bytes: placement.target.bytes)
                guard rest.removePrefix(top) else { return false }
                guard try source.joined(rest).status()?.kind == .regular,
                    try BundleInstaller.digest(source.joined(rest))?.description == placement.sha256
                else {
                    throw ImportRequest.failure(
                        "The bundle brings a file for the folder of a kit or root image: '\(stored(top.joined(rest)))'",
                        "export the image without it, or with another FILE:DIR")
                }
                return true
            }
            plan.placements = placements
            plan.made?.removeAll { FilePath(bytes: $0.target.bytes).starts(with: top) }
        }
    }

    /// Whether no genimage is known to have been cut short there.
    private static func isWhole(_ folder: FilePath) -> Bool {
        do { return try BuiltTree(in: folder)?.isFinished ?? true } catch { return false }
    }

    /// Whether nodes fetch what is there, of this image or of others that may come.
    private static func isForNodes(_ folder: FilePath, _ cluster: Cluster) throws -> Bool {
        let install = try cluster.installFolder
        let shared = ["custom", "driverdisk", "kits", "post", "postscripts", "prescripts"].map { install.joined($0) }
        // netboot, and there the folders of releases and architectures.
        var rest = folder
        let isNetboot = rest.removePrefix(install.joined("netboot")) && rest.components.count < 3
        return isNetboot || shared.contains(folder)
    }

    private static func ways(_ images: [ImportImage], _ places: RealPlaces) throws -> Set<FilePath> {
        var result: Set<FilePath> = []
        for image in images {
            let targets = image.files.filter { !$0.isExtra }.map(\.target) + image.trees.map(\.target)
            for target in targets + image.rootFolders {
                var folder = try places.of(target)
                while !folder.components.isEmpty, result.insert(folder).inserted {
                    folder = folder.removingLastComponent()
                }
            }
        }
        return result
    }

    /// No image of the bundle puts anything into the root image's folder of another one, unless they are the two images of
    /// a profile and have it in common.
    private func checkNeighbours() throws {
        guard images.count > 1 else { return }
        var owners: [FilePath: [ImportImage]] = [:]
        for image in images {
            for folder in Set(image.rootFolders) { owners[try places.folder(folder), default: []].append(image) }
        }
        for image in images {
            let own = Set(try image.rootFolders.map { try places.folder($0) })
            let targets = image.files.map(\.target) + image.trees.map(\.target) + image.folders.map(\.target)
            for target in targets {
                var folder = try places.of(target)
                while !folder.components.isEmpty {
                    let others = (owners[folder] ?? []).filter { $0.name != image.name }
                    if let other = others.first(where: { !own.contains(folder) || !image.isPair(with: $0) }) {
                        throw ImportRequest.failure(
                            "An image of the bundle would change the root image of another one, \(other.name): "
                                + "'\(target.printable)'", "import them with different profiles")
                    }
                    folder = folder.removingLastComponent()
                }
            }
        }
    }

    /// A folder that is there already stays as it is.
    private mutating func add(_ folder: ImportImage.Folder) throws {
        let target = try places.of(folder.target)
        guard !target.isDirectory else { return }
        guard !targets.contains(target) else { throw Self.fileAndFolder(folder.target.printable) }
        guard try target.status() == nil else {
            throw ImportRequest.failure(
                "Something other than a folder is in the way: '\(folder.target.printable)'", "move it away")
        }
        if made.insert(target).inserted {
            // What others than this folder's files go through is open to all, as folders that are made are.
            let isOpen = try ways.contains(target) || Self.isForNodes(folder.target, cluster)
            plan.made?.append(InstallPlan.Folder(target: target, mode: isOpen ? "755" : folder.mode))
        }
    }

    /// No file of the bundle is on the way to another.
    private func checkWays() throws {
        let files = Set(plan.placements.map(\.target))
        let others = plan.trees.map(\.target) + (plan.made ?? []).map(\.target)
        for target in plan.placements.map(\.target) + others {
            var folder = FilePath(bytes: target.bytes).removingLastComponent()
            while !folder.components.isEmpty {
                guard !files.contains(JSONName(folder.bytes)) else { throw Self.fileAndFolder(stored(folder)) }
                folder = folder.removingLastComponent()
            }
        }
    }

    private static func fileAndFolder(_ path: String) -> any Error {
        ImportRequest.failure("The bundle brings a file and a folder for one place: '\(path)'", "do not import it")
    }

    private func stored(_ path: FilePath) -> String { cluster.settings.root.stored(path).printable }

    private static func isOne(_ one: FilePath, _ other: FilePath) -> Bool {
        one.starts(with: other) || other.starts(with: one)
    }

    /// The first name of a copy that is free: older ones stay, and no file of the bundle goes there.
    private func free(_ path: FilePath) -> FilePath {
        var number = 0
        var copy: FilePath { KeptCopy.replaced(path, number) }
        while copy.exists || targets.contains(copy) { number += 1 }
        return copy
    }

    private mutating func add(_ tree: ImportImage.Tree, _ image: ImportImage) throws {
        let target = try places.of(tree.target)
        var source = tree.source
        if tree.isPacked {
            let trees = ImportTrees(cluster.settings, limit: budget.left)
            let folder = FilePath(bytes: plan.stage.bytes).joined(".tree-\(unpacked)")
            unpacked += 1
            try trees.unpack(tree.source, to: folder, kernel: tree.kernel)
            try budget.take(Self.size(of: folder), for: tree.target)
            source = tree.inner.map { folder.joined($0) } ?? folder
            guard try source.status()?.kind == .directory else {
                throw ImportRequest.failure("\(tree.source.lastName.printable) of the bundle holds no root image.")
            }
            // What a genimage that was killed noted of it goes with it.
            let isWhole = Self.isWhole(target.removingLastComponent())
            if target.isDirectory, isWhole, try trees.areEqual(source, target) { return }
        } else {
            try checkKit(tree, target)
            if try Self.isThere(tree, target) { return }
            // Images of one bundle may have a kit in common.
            if let known = trees.updateValue(tree.digests, forKey: target), known == tree.digests { return }
        }
        let backup = target.exists ? free(target) : nil
        if let backup {
            let kept = tree.target.removingLastComponent().joined(backup.lastName)
            backups[tree.target.printable] = kept.printable
        }
        plan.trees.append(InstallPlan.Tree(source: source, target: target, backup: backup))
    }

    /// A folder that is there must be that of the very kit, also when nothing in it changes: it would be one from then on.
    private func checkKit(_ tree: ImportImage.Tree, _ target: FilePath) throws {
        guard target.exists else { return }
        let names = images.flatMap { $0.manifest.kits }.filter { FilePath($0["kitdir"] ?? "") == tree.target }
        guard let known = kitFolders[tree.target], names.allSatisfy({ $0["kitname"] == known }) else {
            throw ImportRequest.failure(
                "The bundle would replace a folder that is not one of its kit here: '\(tree.target.printable)'",
                "move it away if the kit shall be there")
        }
    }

    /// Bytes of all files of an unpacked tree.
    private static func size(of tree: FilePath) throws -> UInt64 {
        var size: UInt64 = 0
        try TreeWalk(tree).run { entry in
            if entry.status.kind == .regular { size += UInt64(clamping: entry.status.size) }
            return .enter
        }
        return size
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
        let stored = FilePath("/").joined(FilePath(kernel)).removingLastComponent()
        let folder = try places.folder(stored)
        if !plan.folders.contains(where: { $0.bytes == folder.bytes }) { plan.folders.append(JSONName(folder.bytes)) }
    }
}
