internal import CommandShell
internal import Definitions
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

/// The steps of packimage in their order; each is plumbing.
struct PackimageSteps {
    private let target: PackimageTarget
    private let cluster: Cluster
    private let appliesSynclists: Bool
    private let runsHooks: Bool

    init(_ target: PackimageTarget, _ cluster: Cluster, appliesSynclists: Bool, runsHooks: Bool) {
        (self.target, self.cluster) = (target, cluster)
        (self.appliesSynclists, self.runsHooks) = (appliesSynclists, runsHooks)
    }

    /// What was packed is put here, beside the outputs.
    private var staged: FilePath { stage.joined(target.format.fileName) }
    private var record: FilePath { stage.joined("record") }
    private var stage: FilePath { target.rootimgdir.joined(".stage") }

    func run() throws {
        let lock = try ImageLock(target.rootimgdir)
        // A packed root that gave a set which is kept already, or none, would stay as a second copy.
        defer {
            try? stage.removeTree()
            withExtendedLifetime(lock.descriptor) {}
        }
        try run(lock)
    }

    private func run(_ lock: borrowing ImageLock) throws {
        for warning in target.warnings { Console.warning(warning) }
        try hook("pre-packimage", lock)
        let recipe = try RecipeCommit(step("profile-commit", [Word(target.image)], lock).captured())
        let dated = recipe.environment

        try synchronize(lock)
        try prepare(recipe.name, lock, dated)
        try announce()
        let digest = try pack(lock, dated)
        try verify(digest, lock, dated)
        let sets = try runsHooks ? digests(lock) : []
        let packed = ["packed=\(staged.printable)", "packed_digest=\(digest)"]
        try hook("pre-publish", lock, facts: packed + sets)
        try publish(lock)
        let made: [Word] = target.treeRecipe.map { ["--tree-recipe", Word($0)] } ?? []
        try step("profile-commit", ["--build-record", Word(record)] + made + [Word(target.image)], lock)
            .run(output: .null)
        try hook("post-packimage", lock, facts: ["packed_digest=\(digest)"] + sets)
    }

    private func synchronize(_ lock: borrowing ImageLock) throws {
        guard appliesSynclists, !target.synclists.isEmpty else { return }
        var words: [Word] = target.variables.flatMap { [Word("--env"), Word($0)] }
        if let folder = target.stateFolder { words += ["--nodesyncfiledir", Word(folder)] }
        words.append(Word(target.rootimg))
        try step("synclist-apply", words + target.synclists.map { Word($0) }, lock).run(output: .null)
    }

    private func prepare(_ commit: String, _ lock: borrowing ImageLock, _ dated: Environment) throws {
        var words: [Word] = ["--stage", "pack", "--image", Word(target.image), "--recipe", Word(commit)]
        let postscripts = try cluster.settings.root.host(try cluster.installFolder.joined("postscripts"))
        if postscripts.isDirectory { words += ["--postscripts", Word(postscripts)] }
        if let zone = target.timezone { words += ["--timezone", Word(zone)] }
        // Not as an argument: other users of this machine can read those.
        let hash = try RootPassword(cluster, tree: target.rootimg).hash
        if hash != nil { words += ["--root-hash", "-"] }
        words += ["--command-line", Word(target.commandLine), "--record", Word(record), Word(target.rootimgdir)]
        try step("rootimg-finish", words, lock, input: hash.map { Array("\($0)\n".utf8) }).adding(dated)
            .run(output: .null)
    }

    private func announce() throws {
        try Console.print("Packing contents of \(cluster.settings.root.stored(target.rootimg).printable)")
        try Console.print("archive method:\(target.format.method)")
        if target.format.method != "squashfs" { try Console.print("compress method:\(target.format.compressor)") }
        try Console.print("")
    }

    /// What xCAT leaves out of every image: traces of a tree in statelite form.
    private static let implicit = [
        "./etc/init.d/statelite", "./etc/rc.sysinit.backup", "./.statelite*", "./.default*", "./.statebackup*",
    ]

    private var listing: [Word] {
        var words: [Word] = target.exlists.flatMap { [Word("--exlist"), Word($0)] }
        for pattern in Self.implicit { words += ["--exclude", Word(pattern)] }
        // As xCAT has it: the site's zone stays whatever a list leaves out.
        for file in target.zoneFiles { words += ["--include", Word(".", file)] }
        return words + ["-z", Word(target.rootimg)]
    }

    private func pack(_ lock: borrowing ImageLock, _ dated: Environment) throws -> String {
        var words: [Word] = ["--method", Word(target.format.method), "--compress", Word(target.format.compressor)]
        words += ["--output", Word(staged), "--files-from", "-", "-z", Word(target.rootimg)]
        let printed = try step("exlist-match", listing, lock).piped(to: "ramdisk-pack", words).adding(dated).captured()
        return String(printed.lines.first ?? "")
    }

    private func verify(_ digest: String, _ lock: borrowing ImageLock, _ dated: Environment) throws {
        var words: [Word] = ["--digest", Word(digest), "--tree", Word(target.rootimg)]
        words += ["--files-from", "-", "-z", Word(staged)]
        try step("exlist-match", listing, lock).piped(to: "ramdisk-verify", words).adding(dated).run(output: .null)
    }

    /// What nodes get now, when there is anything, and what they will get.
    private func digests(_ lock: borrowing ImageLock) throws -> [String] {
        let words = try publishing
        let bootFile = try cluster.tftpHostFolder.joined("xcat/osimage").joined(target.image).joined("boot.ipxe")
        let old =
            try bootFile.exists ? step("image-publish", ["--current"] + words, lock).captured().lines.first : nil
        let new = try step("image-publish", ["--dry-run"] + words, lock).captured().lines.first
        return [("old_digest", old), ("new_digest", new)].compactMap { name, digest in
            digest.map { "\(name)=\($0)" }
        }
    }

    private var publishing: [Word] {
        get throws {
            let tftpFolder = try cluster.settings.host(try cluster.tftpFolder)
            return [
                "--rootimgdir", Word(target.rootimgdir), "--tftpdir", Word(tftpFolder), "--stage", Word(staged),
                Word(target.image),
            ]
        }
    }

    private func publish(_ lock: borrowing ImageLock) throws {
        let policy = try SetPolicy(cluster).words
        try step("image-publish", ["--record", Word(record)] + policy + publishing, lock).run(output: .null)
    }

    private func hook(_ event: String, _ lock: borrowing ImageLock, facts: [String] = []) throws {
        guard runsHooks else { return }
        let words: [Word] =
            facts.flatMap { [Word("--fact"), Word($0)] } + ["--osimage", Word(target.image), Word(event)]
        try step("hook-run", words, lock).run()
    }

    private func step(
        _ verb: String, _ words: [Word], _ lock: borrowing ImageLock, input: [UInt8]? = nil
    ) -> Step {
        Step(verb, words, input: input, settings: cluster.settings).passing(lock.descriptor, as: ImageLock.variable)
    }
}
