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
        defer { if let tree { try? tree.removeFile() } }
        if let tree { description.sources.append(source("rootimgtree.gz", tree)) }
        if target.litefile != nil { try Console.print("Getting litefile settings") }
        for item in target.items { try Console.print(item.path.printable) }
        if isVerbose { for other in description.placements { try Console.print(other.target) } }
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
        guard let root = target.manifest.rootimg, let folder = target.rootimgdir,
            let set = try PackedRoot.folder(of: FilePath(root).lastName.printable, in: folder)?.lastName.printable
        else { return nil }
        return try HistoryAnswers.commits(["-n", "1", "--digest", Word(set), Word(target.image)]).first
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
    private var output: FilePath { request.remote == nil ? request.output.absolute : request.output }

    /// rootimgtree.gz beside the bundle: a member's size stands before its data. nil unless statelite.
    private func packTree() throws -> FilePath? {
        guard target.provmethod == "statelite", let folder = target.rootimgdir else { return nil }
        var paths = Array("rootimg\0".utf8)
        try TreeWalk(folder.joined("rootimg")).run { entry in
            paths += Array("rootimg/".utf8) + entry.path.bytes + [0]
            return .enter
        }
        let place = try request.remote == nil ? output.removingLastComponent() : temporary
        try place.createDirectories()
        let file = place.joined(".\(output.lastName.printable).tmp-tree")
        try step(
            "ramdisk-pack", ["--output", Word(file), "--files-from", "-", "-z", Word(folder)], input: paths
        ).run(output: .null)
        return file
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
                "Failed to compress archive!  (Maybe there was no space left?)", "see what it says above")
        }
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

extension Word {
    /// Sixteen hex digits that nobody has used before.
    static var unique: String {
        var generator = SystemRandomNumberGenerator()
        let digits = String(generator.next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
