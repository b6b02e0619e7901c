internal import Bundles
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// The steps of imgexport in their order; each is plumbing.
struct ExportSteps {
    private let target: ExportTarget
    private let request: ExportRequest
    private let cluster: Cluster
    private let key: FilePath?
    private let runsHooks: Bool
    private let isVerbose: Bool

    init(
        _ target: ExportTarget, _ request: ExportRequest, _ cluster: Cluster, key: FilePath?, runsHooks: Bool,
        isVerbose: Bool
    ) {
        (self.target, self.request, self.cluster) = (target, request, cluster)
        (self.key, self.runsHooks, self.isVerbose) = (key, runsHooks, isVerbose)
    }

    func run() throws {
        if request.remote == nil, let kind = try output.targetStatus()?.kind, kind != .regular {
            throw ExportTarget.failure(
                "'\(output.printable)' is there and no file.", "name another file for the bundle, or remove it first")
        }
        try hook("pre-imgexport")
        if request.remote == nil, output.exists {
            Console.warning("\(output.printable) is there already; the new bundle replaces it.")
        }
        var description = try describe()
        if target.provmethod == "statelite" { try Console.print("Packing root image. It will take a while") }
        let tree = try packTree()
        defer { withExtendedLifetime(tree) {} }
        if let tree { description.sources.append(source("rootimgtree.gz", tree.path)) }
        if target.litefile != nil { try Console.print("Getting litefile settings") }
        for item in target.items { try Console.print(item.path.printable) }
        if isVerbose { for extra in target.manifest.extras { try Console.print("\(extra.src) for \(extra.dest)") } }
        // What comes along by --complete is named, all of it.
        let named = Set(target.items.map(\.path.printable))
        for other in description.placements where !named.contains(other.target) { try Console.print(other.target) }
        try Console.print("Compressing \(target.image) bundle.  Please be patient.")
        try pack(description)
        try hook("post-imgexport")
        try Console.print("Done!")
        if target.isIncomplete { throw CommandFailure([], status: 1) }
    }

    private func describe() throws -> BundleDescription {
        var description = BundleDescription(target.manifest, tool: "catboat \(CommandShell.version)")
        description.placements = target.placements
        for item in target.items where !item.member.isEmpty {
            description.sources.append(BundlePack.Source(member: item.member, source: item.host.bytes))
        }
        description.sources += target.others
        if let rows = target.litefile { description.texts["litefile.csv"] = rows }
        let recipe = try step("profile-commit", [Word(target.image)]).captured().lines.first ?? ""
        description.profileCommit = recipe.split(separator: "\t").first.map(String.init)
        let build = try buildOfSet()
        if try isRecipeChanged(since: build) {
            Console.warning(
                "The lists or attributes of \(target.image) were changed since its root image was built; "
                    + "the bundle has the changed ones: run genimage and packimage first to export what nodes boot")
            description.recipeChanged = true
        }
        if let packages = try packages(build) { description.texts[BundleIndex.packagesName] = packages }
        for name in build == nil ? [] : BundleIndex.recordNames {
            guard let text = try kept(name, build) else { continue }
            description.texts["\(BundleIndex.recordFolder)/\(name)"] = text
        }
        return description
    }

    private func source(_ member: String, _ file: FilePath) -> BundlePack.Source {
        BundlePack.Source(member: Array(member.utf8), source: file.bytes)
    }

    /// Packages of the root image with their versions; nil when nothing knows them.
    private func packages(_ build: HistoryAnswers.Commit?) throws -> String? {
        if let packed = try kept("packages", build) { return packed }
        guard let tree = target.rootimgdir?.joined("rootimg"), tree.isDirectory else { return nil }
        let databases = ["var/lib/dpkg/status", "var/lib/rpm", "usr/lib/sysimage/rpm"]
        guard databases.contains(where: { tree.joined($0).exists }) else { return nil }
        return try step("package-list", [Word(tree)]).captured().text
    }

    /// What the history says of the packed root: the tree may have been built anew since.
    private func buildOfSet() throws -> HistoryAnswers.Commit? {
        guard let root = target.manifest.rootimg, let folder = target.rootimgdir else { return nil }
        let published = try PackedRoot.folder(of: FilePath(root).lastName.printable, in: folder)
        guard let set = try published?.lastName.printable ?? unpublishedSet(in: folder) else { return nil }
        return try HistoryAnswers.commits(["-n", "1", "--digest", Word(set), Word(target.image)]).first
    }

    /// The digest of a set that was not published here; nil when the history cannot know it anyway.
    private func unpublishedSet(in folder: FilePath) throws -> String? {
        // All files are read for it: not without need.
        guard try !HistoryAnswers.commits(["-n", "1", "--kind", "build", Word(target.image)]).isEmpty else {
            return nil
        }
        let words: [Word] = ["--rootimgdir", Word(folder), "--dry-run", Word(target.image)]
        let printed = try step("image-publish", words).captured(accepting: [0, 1, 128])
        return printed.ending.isSuccess ? printed.lines.first.map(String.init) : nil
    }

    /// Whether the root image was built, or packed, from other lists and attributes than those of now.
    private func isRecipeChanged(since build: HistoryAnswers.Commit?) throws -> Bool {
        let isTree = target.provmethod == "statelite"
        guard isTree || build != nil else { return false }
        let known = try BuiltImages.all([target.image], cluster)[target.image]
        if isTree {
            guard let known, known.treeRecipe != nil else { return false }
            return known.changes.contains { $0.needs == "genimage" }
        }
        guard let build else { return false }
        // What counts for the newest build, unless genimage has made another tree since.
        if let known, known.build == build.commit, known.treeIsPacked != false {
            return known.changes.contains { $0.needs != nil }
        }
        let packed = build.trailers["Catboat-Recipe"] ?? build.commit
        let packing = changes(since: packed)
        if packing.contains(where: { $0.needs == "packimage" }) { return true }
        guard let tree = build.trailers["Catboat-Tree-Recipe"], tree != packed else {
            return packing.contains { $0.needs != nil }
        }
        return changes(since: tree).contains { $0.needs == "genimage" }
    }

    /// Nothing when the history does not tell: a bundle needs none of it.
    private func changes(since commit: String) -> [BuiltImages.Image.Change] {
        (try? BuiltImages.changes(of: target.image, since: commit)) ?? []
    }

    /// A file of a build's record; nil when it has none, or one that is no text.
    private func kept(_ name: String, _ build: HistoryAnswers.Commit?) throws -> String? {
        guard let build else { return nil }
        let words: [Word] = ["--at", Word(build.commit), Word(target.image), Word(name)]
        let printed = try step("profile-show", words).captured(accepting: [0, 1])
        guard !printed.output.isEmpty, printed.text.utf8.elementsEqual(printed.output) else { return nil }
        return printed.text
    }

    /// The bundle; on the other host when there is one.
    private var output: FilePath { request.remote == nil ? request.file : request.output }

    /// The folder on this host that the bundle is written to.
    private var folder: FilePath {
        get throws { try request.remote == nil ? output.removingLastComponent() : temporary }
    }

    /// rootimgtree.gz beside the bundle: a member's size stands before its data. nil unless statelite.
    private func packTree() throws -> PackedTree? {
        guard target.provmethod == "statelite", let folder = target.rootimgdir else { return nil }
        // Packing takes long: bundle-pack would find out only then.
        if let key { try BundleSigner(key: key).check() }
        var paths = Array("rootimg\0".utf8)
        try TreeWalk(folder.joined("rootimg")).run { entry in
            paths += Array("rootimg/".utf8) + entry.path.bytes + [0]
            return .enter
        }
        let place = try self.folder
        try place.createDirectories()
        let tree = try PackedTree(beside: place.joined(output.lastName))
        try step(
            "ramdisk-pack", ["--output", Word(tree.path), "--files-from", "-", "-z", Word(folder)], input: paths
        ).run(output: .null)
        return tree
    }

    private func pack(_ description: BundleDescription) throws {
        var words: [Word] = ["--output", Word(output), "--compress", Word(request.compress)]
        if let key { words += ["--sign", Word(key)] }
        if let remote = request.remote {
            words += ["--remote", Word(remote), "--name", Word(request.bundleName), "--tmpdir", Word(try temporary)]
        }
        let step = step("manifest-write", ["--pack"], input: BundleDescription.json([description]))
        let ending = try step.piped(to: "bundle-pack", words).status(output: .null)
        if let place = remotePlace, [.exited(0), .exited(1)].contains(ending) {
            try Console.print("Moving the image bundle to the remote system location \(place)")
        }
        switch ending {
        case .exited(0): return
        case .exited(1) where request.remote != nil:
            throw ExportTarget.failure(
                "Unable to copy the image bundle \(request.output.lastName.printable) to the remote host "
                    + "(Maybe passwordless ssh was not setup?)")
        default:
            throw ExportTarget.failure(
                lacksSpace(for: description)
                    ? "Failed to compress archive!  (Maybe there was no space left?)" : "Failed to write the bundle.",
                "see what it says above")
        }
    }

    /// Whether less is free than the files take: what was written of the bundle is gone again.
    private func lacksSpace(for description: BundleDescription) -> Bool {
        guard let free = try? folder.freeBytes() else { return false }
        var size: Int64 = 1 << 20
        for source in description.sources {
            let path = FilePath(bytes: source.source.bytes)
            size += ((try? path.targetStatus()) ?? nil)?.size ?? 0
            guard path.isDirectory else { continue }
            try? TreeWalk(path).run { entry in
                size += entry.status.size
                return .enter
            }
        }
        return free < size
    }

    /// Where a bundle on its way to another host has its folder.
    private var temporary: FilePath {
        get throws {
            try cluster.site("tmpdir").map { try cluster.settings.host(FilePath($0)) } ?? FilePath(".").absolute
        }
    }

    private var remotePlace: String? { request.remote.map { "\($0):\(request.output.printable)" } }

    private func hook(_ event: String) throws {
        guard runsHooks else { return }
        let fact = Word("bundle=\(remotePlace ?? output.printable)")
        try step("hook-run", ["--osimage", Word(target.image), "--fact", fact, Word(event)]).run()
    }

    private func step(_ verb: String, _ words: [Word], input: [UInt8]? = nil) -> Step {
        Step(verb, words, input: input, settings: cluster.settings)
    }
}

/// rootimgtree.gz of a statelite image, under a name that no other export has. It goes with this object.
private final class PackedTree {
    /// Never committed: its temporary name is all there is, and is removed also when a signal ends us.
    private let file: AtomicFile

    var path: FilePath { file.temporary }

    init(beside bundle: FilePath) throws { file = try AtomicFile(replacing: bundle, permissions: 0o600) }
}

extension Word {
    /// Sixteen hex digits that nobody has used before.
    static var unique: String {
        var generator = SystemRandomNumberGenerator()
        let digits = String(generator.next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
