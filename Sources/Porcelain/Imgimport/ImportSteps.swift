internal import Bundles
internal import CommandShell
internal import Definitions
internal import Digests
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

/// The steps of imgimport in their order; each that changes something is plumbing.
struct ImportSteps {
    private let request: ImportRequest
    private let cluster: Cluster
    private let journals: BundleJournals
    private let id: String

    init(_ request: ImportRequest, _ cluster: Cluster) throws {
        (self.request, self.cluster) = (request, cluster)
        journals = try BundleJournals(cluster)
        id = Word.unique
    }

    private var stage: FilePath { journals.stage(id) }

    func run() throws {
        let place: String
        if let remote = request.remote {
            place = "\(remote):\(request.bundle)"
            try say("Obtaining the image bundle from the remote system \(place)")
        } else {
            let path = FilePath(request.bundle).absolute
            guard path.isRegularFile else { throw ImportRequest.failure("Cannot find \(path.printable)") }
            place = path.printable
        }
        if request.isVerbose { try say("Bundle file is located at \(place)") }
        try journals.prepare()
        let lock = try lockImports()
        defer { withExtendedLifetime(lock.descriptor) {} }
        try journals.recover(holding: lock)
        do {
            try run(place)
        } catch {
            // Of an import that was done nothing is left there, and one that stands unfinished needs it.
            if !journals.journals.joined(id).exists { try? stage.removeTree() }
            throw error
        }
        try? stage.removeTree()
    }

    private func lockImports() throws -> ImageLock {
        do {
            return try ImageLock(journals.folder)
        } catch ImageLockError.busy(_, let process) {
            throw ImportRequest.failure("Another import is under way, in process \(process).", "wait for its end")
        }
    }

    private func say(_ text: String) throws {
        if !request.isJSON { try Console.print(text) }
    }

    private func run(_ bundle: String) throws {
        let images = try unpacked()
        let rows = try ImportRows(images, request, cluster)
        let plan = try ImportPlan(images, rows, id: id, stage: stage, bundle: bundle, cluster)
        try tell(plan, images)
        guard !request.isDry else {
            if !rows.unknown.isEmpty { throw CommandFailure([], status: 1) }
            return
        }
        for image in images { try hook("pre-imgimport", image, bundle) }
        // What was changed here since the last build goes from the tables, not from the history.
        for image in images where try cluster.findOsimage(image.name) != nil {
            try step("profile-commit", [Word(image.name)]).run(output: .null)
        }
        try install(plan.plan)
        do {
            for image in images { try hook("post-imgimport", image, bundle) }
        } catch {
            let names = images.map(\.name).joined(separator: ", ")
            Console.note("The import of \(names) stands; only its post-imgimport hooks did not all run.")
            throw error
        }
        if !request.isJSON {
            for image in images { try Console.print("Successfully imported the image \(image.name).") }
        }
        if !rows.unknown.isEmpty { throw CommandFailure([], status: 1) }
    }

    // MARK: - The bundle

    private func unpacked() throws -> [ImportImage] {
        let installFolder = try cluster.installFolder
        let configuration = try cluster.settings.configuration(installFolder: installFolder)
        let configured = try cluster.site("bundlepolicy") ?? configuration["bundle.verify"] ?? "none"
        guard let known = VerificationPolicy(rawValue: configured) else {
            throw ImportRequest.failure(
                "Unknown policy for bundles: '\(configured)'", "set bundle.verify to none, warn or require")
        }
        let policy = request.mustBeSigned ? .require : known
        let signers =
            configuration["bundle.allowedSigners"].map { FilePath($0) }
            ?? installFolder.joined("custom/keys/allowed_signers")
        var words: [Word] = ["--json", "--verify", Word(policy.rawValue)]
        words += ["--allowed-signers", Word(try cluster.settings.host(signers))]
        if let limit = request.sizeLimit { words += ["--max-size", Word("\(limit)")] }
        let answers = try unbundle(words)
        let site = try ImportSite(cluster, allowsOutside: request.allowsOutside)
        var images: [ImportImage] = []
        for answer in answers {
            let image: ImportImage
            do {
                image = try self.image(answer, site)
            } catch {
                let folder = String(decoding: answer.folder.bytes, as: UTF8.self)
                if answers.count > 1 { Console.note("In the folder '\(folder)' of the bundle:") }
                throw error
            }
            guard !images.contains(where: { $0.name == image.name }) else {
                throw ImportRequest.failure(
                    "Two images of the bundle would become '\(image.name)'.", "import without -f or --name")
            }
            if policy == .warn, answer.signature != "signed" {
                Console.warning("The image \(image.name) is not signed by anybody who is allowed to.")
            }
            images.append(image)
        }
        return images
    }

    private func unbundle(_ words: [Word]) throws -> [BundleRecord] {
        var words = words
        if let remote = request.remote {
            let folder = try cluster.site("tmpdir").map { try cluster.settings.host(FilePath($0)) }
            words += [
                "--remote", Word(remote), "--tmpdir", Word(folder ?? FilePath(".").absolute), "--",
                Word(request.bundle),
            ]
        } else {
            try say("Unbundling image...")
            words += ["--", Word(FilePath(request.bundle).absolute)]
        }
        let printed: Tool.Captured
        do {
            printed = try step("bundle-unpack", words + [Word(stage)]).captured()
        } catch let error as StepError where error.status == 1 {
            throw ImportRequest.failure(
                "Unable to copy the image bundle \(request.bundle) from the remote host "
                    + "(Maybe passwordless ssh was not setup?)")
        } catch {
            let bundle = request.remote == nil ? FilePath(request.bundle).absolute : FilePath(request.bundle)
            throw ImportRequest.failure("Failed to extract bundle \(bundle.printable)", "see what it says above")
        }
        if request.remote != nil { try say("Unbundling image...") }
        return try BundleRecord.read(printed.output)
    }

    private func image(_ answer: BundleRecord, _ site: ImportSite) throws -> ImportImage {
        guard answer.hasManifest else {
            throw ImportRequest.failure("Failed to find manifest.xml file in image bundle")
        }
        let folder = answer.folder.bytes.isEmpty ? stage : stage.joined(FilePath(bytes: answer.folder.bytes))
        let read: [BundleRecord]
        do {
            let printed = try step("manifest-read", ["--json", Word(folder.joined("manifest.xml"))]).captured()
            read = try BundleRecord.read(printed.output)
        } catch {
            throw ImportRequest.failure(
                "invalid manifest.xml file inside the bundle.  Please verify the XML", "see what it says above")
        }
        guard let manifest = read.first?.manifest else {
            throw ImportRequest.failure("Failed to find manifest.xml file in image bundle")
        }
        return try ImportImage(answer, manifest, stage: stage, request, site)
    }

    // MARK: - Words for people

    private func tell(_ plan: ImportPlan, _ images: [ImportImage]) throws {
        let unknown = plan.unknownNodes
        if !unknown.isEmpty {
            Console.note(
                "Warning: The following nodes will be skipped because they are not in the nodelist table.\n  "
                    + unknown.joined(separator: "\n  "))
        }
        for image in images {
            for warning in image.warnings { Console.warning(warning) }
            if let line = plan.changeLine(image) { Console.note(line) }
            for line in plan.notes where image.name == images.first?.name { Console.note(line) }
            if !image.code.isEmpty {
                Console.note("The image \(image.name) brings code that will run as root:")
                for code in image.code {
                    let isOff = code.kind == "hook" && image.arrivesDisabled && !plan.isHere(code.name)
                    let name = Diagnostic.escaped(code.name, keepingNewlines: false)
                    Console.note("  \(code.kind) \(name)\(isOff ? " (disabled: see --enable-hooks)" : "")")
                }
            }
        }
        if request.isJSON { return try Console.write(plan.json) }
        for image in images {
            if request.isVerbose { try Console.print("Adding \(image.name)") }
            for line in image.lines {
                try show(line)
                if let backup = plan.backups[line] { try show("  Moving old \(line) to \(backup).") }
            }
            for (target, backup) in plan.hiddenBackups(image) { try show("  Moving old \(target) to \(backup).") }
            if request.isDry { for line in plan.hiddenLines(image) { try show("  \(line)") } }
        }
        if request.nodes != nil { try Console.print("Adding postscripts.") }
        if request.isDry { try Console.write(plan.rowLines) }
    }

    /// Names of a bundle must not look like lines of ours.
    private func show(_ line: String) throws {
        try Console.print(Diagnostic.escaped(line, keepingNewlines: false))
    }

    // MARK: - Changes

    private func install(_ plan: InstallPlan) throws {
        do {
            try step("bundle-install", ["--journals", Word(journals.journals)], input: plan.json).run(output: .null)
        } catch let error as StepError where error.status == 1 {
            throw ImportRequest.failure(
                "The import of \(plan.images.joined(separator: ", ")) stands, but it is not finished.",
                "see what it says above, then run catboat bundle-install --recover "
                    + journals.journals.joined(plan.id).printable)
        } catch {
            let journal = journals.journals.joined(plan.id)
            guard !journal.exists else {
                throw ImportRequest.failure(
                    "The import from \(request.bundle) was cut short.",
                    "see what it says above; the next import, or catboat bundle-install --recover "
                        + "\(journal.printable), undoes or completes it")
            }
            throw ImportRequest.failure(
                "Nothing was imported from \(request.bundle).", "see what it says above")
        }
    }

    private func hook(_ event: String, _ image: ImportImage, _ bundle: String) throws {
        guard request.runsHooks else { return }
        let fact = Word("bundle=\(bundle)")
        try step("hook-run", ["--osimage", Word(image.name), "--fact", fact, Word(event)]).run()
    }

    private func step(_ verb: String, _ words: [Word], input: [UInt8]? = nil) -> Step {
        Step(verb, words, input: input, settings: cluster.settings)
    }
}
