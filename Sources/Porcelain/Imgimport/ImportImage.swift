internal import Bundles
internal import CommandShell
internal import Definitions
internal import Digests
internal import Settings
internal import Support
internal import SystemPackage

/// One image of a bundle: what it will be here, and where each of its files goes.
struct ImportImage {
    let answer: BundleRecord
    var manifest: BundleManifest
    private(set) var files: [File] = []
    /// Digests of `files` by target.
    private var digests: [FilePath: String] = [:]
    private(set) var trees: [Tree] = []
    /// Parents first.
    var folders: [Folder] = []
    /// Lines on standard output, in xCAT's order: path of a file, or other words.
    var lines: [String] = []
    /// Files that will run as root, with what they are.
    private(set) var code: [Code] = []
    var warnings: [String] = []
    /// A file with the packages of the root image, when the bundle says them.
    private(set) var packages: FilePath?
    /// The folder with what the exporting site knew of the build, when the bundle has it.
    private(set) var facts: FilePath?
    /// Rows of litefile.csv: file and options.
    private(set) var litefiles: [(file: String, options: String)] = []

    var name: String { manifest.imagename }
    var provmethod: String { manifest.osimage["provmethod"] ?? "" }

    let stage: FilePath
    let site: ImportSite
    var boundary: ImportBoundary { site.boundary }
    var cluster: Cluster { site.cluster }
    private var count: ImportCount { site.count }
    private let request: ImportRequest
    var members: [[UInt8]: BundleRecord.Member] = [:]
    /// Of the members.
    private let names: SortedNames
    /// Of the folders of the bundle.
    let folderNames: SortedNames
    /// Permission bits of these in octal.
    let folderModes: [[UInt8]: String]
    /// Members by kind and target, where the index places them.
    private var placed: [[String]: [UInt8]] = [:]
    /// What a path of the bundle's manifest became here.
    var moved: [String: String] = [:]
    let original: BundleManifest
    /// For a copy under another profile.
    private var profileChange: ProfileChange?
    /// Variables that scripts and package managers get from the bundle, as `NAME=VALUE`.
    var variables: [String] = []
    /// Of the same.
    var seenVariables: Set<String> = []
    /// Where the copies of included files are.
    private(set) var includeCopies: [FilePath: FilePath] = [:]
    let place: StandardPlace

    init(
        _ answer: BundleRecord, _ manifest: BundleManifest, stage: FilePath, _ request: ImportRequest,
        _ site: ImportSite
    ) throws {
        let manifest = manifest.withoutForeignBootFiles
        (self.answer, self.manifest, original) = (answer, manifest, manifest)
        (self.request, self.site) = (request, site)
        self.stage = answer.folder.bytes.isEmpty ? stage : stage.joined(FilePath(bytes: answer.folder.bytes))
        place = StandardPlace(try site.cluster.installFolder, site.cluster.settings)
        for member in answer.members { members[member.name.bytes] = member }
        for placement in (answer.index?.placements ?? []).reversed() {
            placed[[placement.kind, placement.target]] = placement.member.bytes
        }
        names = SortedNames(members.keys)
        folderModes = Dictionary(answer.folders.map { ($0.name.bytes, $0.mode) }) { first, _ in first }
        folderNames = SortedNames(folderModes.keys)
        try checkFields()
        try checkMedia()
        leaveOut()
        try nameBootFiles()
        try checkPaths()
        moveStandardFiles()
        changeProfile()
        try checkNames()
        try checkGroups()
        try nameRootFolder()
        try checkColumns()
        try checkBootFolder()
        try noteVariables(manifest.list("environvar"), in: "environvar")
        tellOfRecipe()
        try addFiles()
        try checkLists()
        try addPlacements()
        let kits = try addKits()
        try addRoot()
        try addExtras()
        try followIncludes()
        try noteVariablesOfLists()
        code = try codeThatRuns(kits)
        try readLitefile()
        if let member = members[Array(BundleIndex.packagesName.utf8)], member.size <= 16 << 20, !member.isLink {
            packages = self.stage.joined(FilePath(bytes: member.name.bytes))
        }
        if members.keys.contains(where: { $0.starts(with: "\(BundleIndex.recordFolder)/".utf8) }) {
            facts = self.stage.joined(BundleIndex.recordFolder)
        }
    }

    // MARK: - What it becomes

    /// Files of xCAT's own folder go to the site's.
    private mutating func moveStandardFiles() {
        for column in BundleManifest.fileColumns {
            let items = manifest.list(column)
            let changed = items.map { item -> String in
                let path = ProfileChange.path(item, in: column)
                guard let range = item.firstRange(of: path), path.hasPrefix("/") else { return item }
                let standard = place.standard(FilePath(path)).printable
                moved[path] = standard
                return item[..<range.lowerBound] + standard + item[range.upperBound...]
            }
            guard changed != items else { continue }
            let value = changed.joined(separator: ",")
            if manifest.osimage[column] != nil { manifest.osimage[column] = value }
            if manifest.linuximage[column] != nil { manifest.linuximage[column] = value }
        }
    }

    private mutating func changeProfile() {
        guard let new = request.profile, let old = manifest.osimage["profile"],
            new != old || request.name != nil
        else { return }
        guard let folder = try? cluster.installFolder else { return }
        let placed = answer.index?.placements.contains { $0.kind == "partitionfile" } ?? false
        let change = ProfileChange(
            from: old, to: new, name: request.name, installFolder: folder, renamesPartitions: placed)
        profileChange = change
        var renamed: [(String, String)] = []
        change.apply(to: &manifest) { renamed.append(($0, $1)) }
        for (from, to) in renamed {
            // Chains: shipped place, site's place, new name.
            for key in moved.keys where moved[key] == from { moved[key] = to }
            moved[from] = moved[from] == nil || moved[from] == from ? to : moved[from]
        }
    }

    private mutating func tellOfRecipe() {
        guard answer.index?.recipeChanged == true else { return }
        warnings.append(
            "The lists of \(name) were changed since its root image was built; genimage and packimage make one of them."
        )
    }

    /// What the diskless and the statelite image of a profile have in common.
    var kind: [String] { ["osvers", "osarch", "profile"].map { manifest.osimage[$0] ?? "" } }

    /// Whether they are the diskless and the statelite image of one profile, which share a folder.
    func isPair(with other: ImportImage) -> Bool {
        kind == other.kind && Set([provmethod, other.provmethod]) == ["netboot", "statelite"]
    }

    /// Where the root image is, as the row and as the boot files say.
    var rootFolders: [FilePath] {
        guard provmethod != "install" else { return [] }
        let row = manifest.column("rootimgdir").map { FilePath("/").joined(FilePath($0)) }
        let boot = manifest.kernel.map { FilePath("/").joined(FilePath($0)).removingLastComponent() }
        return [row, boot].compactMap { $0 }
    }

    private func here(_ path: String) -> String { moved[path] ?? path }

    // MARK: - Files

    private mutating func addFiles() throws {
        let boot = [original.kernel, original.ramdisk, original.rootimg]
        for path in boot.compactMap({ $0 }) { try add(path, kind: "", isRequired: true) }
        // Unpacked, not placed.
        if let tree = original.rootimgtree { lines.append(here(tree)) }
        if let litefile = original.litefile { try add(litefile, kind: "", isRequired: false) }
        for column in BundleManifest.fileColumns {
            for item in original.list(column) {
                let path = ProfileChange.path(item, in: column)
                guard path.hasPrefix("/") else {
                    warnings.append("\(column) names no absolute path: \(item)")
                    continue
                }
                try add(path, kind: column, isRequired: false)
            }
        }
    }

    /// Every list of the image is where a list may be, whatever became of its name.
    private func checkLists() throws {
        for column in BundleManifest.fileColumns {
            for item in manifest.list(column) {
                let path = ProfileChange.path(item, in: column)
                guard path.hasPrefix("/") else { continue }
                _ = try boundary.checkedFile(path, image: name, own: rootFolders)
            }
        }
    }

    func checkedRoot(_ path: String) throws -> FilePath {
        try boundary.checkedRoot(here(path), image: name, provmethod: provmethod, kind: kind)
    }

    /// The packed root image, beside whose place its tree goes.
    private func checkedTreePlace(_ path: String) throws -> FilePath {
        let target = try checkedRoot(path)
        guard rootFolders.contains(target.removingLastComponent()) else {
            throw ImportRequest.failure(
                "The bundle puts a root image elsewhere than its kernel: '\(target.printable)'", "do not import it")
        }
        return target
    }

    /// Names of members in a folder of the bundle, sorted.
    func names(below folder: [UInt8]) -> ArraySlice<[UInt8]> { names.below(folder) }

    private func member(of path: String, kind: String) -> [UInt8] {
        placed[[kind, path]] ?? FilePath(path).lastName.bytes
    }

    private mutating func add(_ path: String, kind: String, isRequired: Bool) throws {
        // Kernel, ramdisk and root image have no kind: they are what the root image's folder is for.
        let target =
            try kind.isEmpty
            ? checkedRoot(path) : boundary.checkedFile(here(path), image: name, own: rootFolders)
        guard digest(of: target) == nil else { return }
        guard let member = members[member(of: path, kind: kind)], !member.isLink else {
            guard !isRequired, try cluster.settings.host(target).isRegularFile else {
                throw ImportRequest.failure(
                    "The bundle does not have the file \(FilePath(path).lastName.printable), which its manifest names.",
                    "export the image again")
            }
            warnings.append("The bundle does not have \(path); the file that is there stays.")
            return
        }
        lines.append(target.printable)
        try append(member, to: target, isShown: true)
    }

    /// Whether hooks come without the right to execute.
    var arrivesDisabled: Bool { !request.enablesHooks && answer.signature != "signed" }

    func digest(of target: FilePath) -> String? { digests[target] }

    mutating func append(
        _ member: BundleRecord.Member, to target: FilePath, isShown: Bool, isExtra: Bool = false
    ) throws {
        // It would run what it leads to, which has the right to.
        guard !member.isLink || !boundary.isHook(target) else {
            throw ImportRequest.failure(
                "The bundle brings a hook that is a link: '\(target.printable)'", "do not import it")
        }
        var mode: String?
        if boundary.isHook(target), arrivesDisabled {
            // Without the right to execute it does not run.
            mode = UInt32(member.mode, radix: 8).map { String($0 & 0o644, radix: 8) }
        }
        try add(
            File(
                source: stage.joined(FilePath(bytes: member.name.bytes)), target: target, sha256: member.sha256 ?? "",
                mode: mode, isShown: isShown, isExtra: isExtra))
    }

    /// Another content for a file of the bundle.
    mutating func replace(_ index: Int, by source: FilePath, _ digest: Digest) {
        (files[index].source, files[index].sha256) = (source, digest.description)
        digests[files[index].target] = digest.description
    }

    private mutating func add(_ file: File) throws {
        try count.take()
        digests[file.target] = file.sha256
        files.append(file)
    }

    /// What `--complete` brought: includes, the partition file, postscripts, hooks.
    private mutating func addPlacements() throws {
        let isColumn: (String) -> Bool = { BundleManifest.fileColumns.contains($0) }
        let old = try cluster.installFolder.joined("custom/hooks/osimage").joined(original.imagename)
        for placement in answer.index?.placements ?? [] where !isColumn(placement.kind) {
            var path = FilePath(here(placement.target))
            if placement.kind == "hook", path.removePrefix(old) {
                path = try cluster.installFolder.joined("custom/hooks/osimage").joined(name).joined(path)
            } else if placement.kind == "include", let profileChange, place.standard(path) == path {
                // What the lists of the old profile include stays theirs.
                let copy = FilePath(profileChange.renamed(path.printable))
                includeCopies[path] = copy
                path = copy
            }
            let target = try boundary.checkedFile(path.printable, image: name, own: rootFolders)
            guard let member = members[placement.member.bytes], !member.isLink else {
                throw ImportRequest.failure("The bundle does not have \(placement.target), which its index names.")
            }
            guard digest(of: target) == nil else { continue }
            lines.append(target.printable)
            try append(member, to: target, isShown: true)
        }
    }

    /// Whether a path leads to a file of this site.
    func isHere(_ path: FilePath) throws -> Bool { (try? cluster.settings.host(path))?.isRegularFile ?? false }

    /// - Returns: what of them will run as root.
    private mutating func addKits() throws -> [Code] {
        let kits = try ImportKits(self)
        trees += kits.trees
        warnings += kits.warnings
        for file in kits.files {
            guard let known = digest(of: file.target) else {
                try add(file)
                continue
            }
            guard known == file.sha256 else { throw Self.collision(file.target) }
        }
        return kits.code
    }

    static func collision(_ target: FilePath) -> CommandFailure {
        ImportRequest.failure("The bundle puts two files to one place: '\(target.printable)'")
    }

    private mutating func addRoot() throws {
        guard provmethod != "install" else { return }
        if provmethod == "statelite", let path = original.rootimgtree {
            let target = try checkedTreePlace(path)
            guard members[target.lastName.bytes]?.isLink == false else {
                throw ImportRequest.failure("The bundle does not have the file rootimgtree.gz.")
            }
            lines.append("Extracting rootimgtree.gz. It will take a while.")
            trees.append(
                Tree(
                    source: stage.joined(target.lastName), isPacked: true, inner: "rootimg",
                    target: target.removingLastComponent().joined("rootimg")))
        } else if request.unpacksTree, let path = original.rootimg {
            let target = try checkedTreePlace(path)
            lines.append("Extracting \(target.lastName.printable). It will take a while.")
            trees.append(
                Tree(
                    source: stage.joined(FilePath(path).lastName), isPacked: true,
                    target: target.removingLastComponent().joined("rootimg"),
                    kernel: original.kernel.map { stage.joined(FilePath($0).lastName) }))
        }
    }

    // MARK: - litefile.csv

    private mutating func readLitefile() throws {
        guard provmethod == "statelite" else { return }
        guard let path = original.litefile, let member = members[FilePath(path).lastName.bytes] else {
            return warnings.append("Could not find litefile.csv.")
        }
        litefiles = try LitefileRows.read(try stage.joined(FilePath(bytes: member.name.bytes)).readText())
        lines += [
            "Updating the litefile table.",
            "The litetree and statelite tables are untouched. You can update them if needed.",
        ]
    }
}
