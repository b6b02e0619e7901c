internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// The steps of genimage in their order; each is plumbing.
struct GenimageSteps {
    private let target: GenimageTarget
    private let request: GenimageRequest
    private let settings: Settings

    init(_ target: GenimageTarget, _ request: GenimageRequest, _ settings: Settings) {
        (self.target, self.request, self.settings) = (target, request, settings)
    }

    /// One step: a pipeline of plumbing commands.
    struct Part {
        var commands: [(verb: String, words: [Word])]
        var input: [UInt8]?

        init(_ verb: String, _ words: [Word], input: [UInt8]? = nil) {
            commands = [(verb, words)]
            self.input = input
        }
    }

    func run() throws {
        for notice in target.notices { try Console.print(notice) }
        let isNew = !target.rootimgdir.exists
        // The lock needs the folder; what else there is comes from plumbing.
        try target.rootimgdir.createDirectories()
        let lock = try ImageLock(target.rootimgdir)
        var isBuilt = false
        do {
            try hook("pre-genimage", lock)
            try define(lock)
            let commit = step(Part("profile-commit", [Word(target.image)]))
                .passing(lock.descriptor, as: ImageLock.variable)
            let recipe = try RecipeCommit(commit.captured())
            if request.onlyInitramfs {
                try step(beginPart, lock, recipe)
            } else {
                let isFirst = !target.rootimgdir.joined("rootimg").exists
                let populated = try populateStep().passing(lock.descriptor, as: ImageLock.variable)
                    .adding(recipe.environment).captured()
                isBuilt = true
                try show(populated, isFirst: isFirst)
                try step(finishPart, lock, recipe)
            }
            let drivers = try applyDrivers(lock, recipe)
            try hook("post-populate", lock)
            for part in postinstallParts { try step(part, lock, recipe) }
            let built = try step(initramfs(with: drivers)).passing(lock.descriptor, as: ImageLock.variable)
                .adding(recipe.environment).captured()
            try Console.print("the initial ramdisk for stateless is generated successfully.")
            try step(completePart(recipe, kernel: Self.kernel(built)), lock, recipe, output: .null)
        } catch {
            if isNew { removeEmptyFolder() }
            // What the packages were chosen by stays: the next genimage would choose others.
            if !isBuilt, !target.restoration.isEmpty {
                let restore = Part("table-set", ["-q", "--stdin"], input: target.restoration.bytes)
                try? step(restore, lock, output: .null)
            }
            throw error
        }
        try hook("post-genimage", lock)
        try Console.print(
            target.isStatelite
                ? "The root image of \(target.image) is ready. Nodes cannot boot statelite images yet: use one with provmethod netboot."
                : "The root image of \(target.image) is ready: run packimage \(target.image) to let nodes boot it.")
    }

    /// Prints what would change.
    func plan() throws {
        var step = try populateStep("--plan")
        if target.rootimgdir.exists {
            // Also under image-lock: the step borrows the lock that we hold or borrow.
            let lock = try ImageLock(target.rootimgdir)
            defer { withExtendedLifetime(lock.descriptor) {} }
            step = step.passing(lock.descriptor, as: ImageLock.variable)
            try answer(step.status())
        } else {
            try answer(step.status())
        }
    }

    private func answer(_ status: Tool.Ending) throws {
        guard case .exited(let code) = status, code == 0 || code == 1 else {
            throw StepError.failed("rootimg-populate", status)
        }
        throw ExitCode(code)
    }

    /// Prints the steps as commands.
    func show() throws {
        var parts: [Part] = [definePart].compactMap { $0 } + [Part("profile-commit", [Word(target.image)])]
        parts += request.onlyInitramfs ? [beginPart] : [populatePart, finishPart]
        parts += [driverPart].compactMap { $0 } + postinstallParts
        parts += [initramfs(with: []), completePart(nil, kernel: nil)]
        for part in parts {
            let pipeline = part.commands.map { command in
                [Word("catboat")] + settings.globalWords + [Word(command.verb)] + command.words
            }
            try Console.write(Trace.shellText(of: pipeline, input: part.input))
        }
    }

    // MARK: - Steps

    /// The pipeline of `populatePart`, one after the other: a mistake in the lists must end us before packages change.
    private func populateStep(_ options: Word...) throws -> Step {
        let (expand, populate) = (populatePart.commands[0], populatePart.commands[1])
        let list = try Step(expand.verb, expand.words, settings: settings).captured().output
        guard !list.isEmpty else {
            throw GenimageTarget.failure(
                "the package lists of \(target.image) name no package",
                "write names into \(target.pkglists[0].printable)")
        }
        return Step(populate.verb, populate.words + options, input: list, settings: settings)
    }

    /// Tells what packages came and went.
    private func show(_ populated: Tool.Captured, isFirst: Bool) throws {
        let changes = populated.lines
        if isFirst {
            try Console.print(
                "\(changes.count { !$0.hasPrefix("- ") }) packages are installed in \(settings.root.stored(target.rootimgdir).printable)/rootimg"
            )
        } else {
            for change in changes { try Console.print(String(change)) }
        }
    }

    /// Puts driver updates into the tree.
    /// - Returns: drivers that the initramfs has to hold besides those that are named.
    private func applyDrivers(_ lock: borrowing ImageLock, _ recipe: RecipeCommit) throws -> [String] {
        guard let driverPart else { return [] }
        let printed = try step(driverPart).passing(lock.descriptor, as: ImageLock.variable)
            .adding(recipe.environment).captured()
        let names = try AppliedDriver.names(printed)
        try Console.print("Drivers put into the image: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
        return netDrivers.updatesAll ? names : []
    }

    private func define(_ lock: borrowing ImageLock) throws {
        if let definePart { try step(definePart, lock) }
    }

    private func hook(_ event: String, _ lock: borrowing ImageLock) throws {
        guard request.runsHooks else { return }
        try step(Part("hook-run", [Word(event), "--osimage", Word(target.image)]), lock)
    }

    private func step(
        _ part: Part, _ lock: borrowing ImageLock, _ recipe: RecipeCommit? = nil, output: Tool.Stream = .inherited
    ) throws {
        try step(part).passing(lock.descriptor, as: ImageLock.variable).adding(recipe?.environment ?? Environment())
            .run(output: output)
    }

    private func step(_ part: Part) -> Step {
        var step = Step(part.commands[0].verb, part.commands[0].words, input: part.input, settings: settings)
        for command in part.commands.dropFirst() { step = step.piped(to: command.verb, command.words) }
        return step
    }

    // MARK: - Their command lines

    private var definePart: Part? {
        guard !target.updates.isEmpty else { return nil }
        return Part("table-set", ["--stdin"], input: target.updates.bytes)
    }

    private var environmentWords: [Word] { target.variables.flatMap { ["--env", Word($0)] } }

    private var populatePart: Part {
        var words: [Word] = ["--osver", Word(target.osvers), "--arch", Word(target.osarch), "--packages-from", "-"]
        for folder in target.pkgdirs { words += ["--pkgdir", Word(folder)] }
        for folder in target.otherpkgdirs { words += ["--otherpkgdir", Word(folder)] }
        if target.keyFolder.isDirectory { words += ["--keyring", Word(target.keyFolder)] }
        if let version = target.attributes["kernelver"] { words += ["--kernelver", Word(version)] }
        if let version = target.attributes["krpmver"] { words += ["--krpmver", Word(version)] }
        words += environmentWords + request.populateFlags
        if target.isGuest, !request.populateFlags.contains("--keep-removed") { words.append("--keep-removed") }
        words.append(Word(target.rootimgdir))
        var part = Part(
            "pkglist-expand",
            environmentWords + target.otherpkglists.flatMap { ["--other", Word($0)] } + target.pkglists.map { Word($0) }
        )
        part.commands.append(("rootimg-populate", words))
        return part
    }

    private var beginPart: Part { Part("rootimg-finish", ["--stage", "begin", Word(target.rootimgdir)]) }

    /// With the initramfs alone the tree is still what an older recipe made of it.
    private func completePart(_ recipe: RecipeCommit?, kernel: String?) -> Part {
        var words: [Word] = ["--stage", "complete"]
        if let recipe, !request.onlyInitramfs { words += ["--recipe", Word(recipe.name)] }
        if let kernel { words += ["--kernelver", Word(kernel)] }
        return Part("rootimg-finish", words + [Word(target.rootimgdir)])
    }

    /// The version in the record `kernel TAB DIGEST TAB VERSION` of initrd-build.
    private static func kernel(_ built: Tool.Captured) -> String? {
        let fields = built.lines.map { $0.split(separator: "\t") }.first { $0.first == "kernel" }
        return fields.flatMap { $0.count > 2 ? String($0[2]) : nil }
    }

    private var finishPart: Part {
        var words: [Word] = ["--stage", "populate", "--profile", Word(target.profile), "--arch", Word(target.osarch)]
        for name in list("otherifce") { words += ["--interface", Word(name)] }
        if let size = request.tmplimit { words += ["--tmplimit", Word(size)] }
        return Part("rootimg-finish", words + [Word(target.rootimgdir)])
    }

    /// One for each postinstall script, in their order.
    var postinstallParts: [Part] {
        target.postinstalls.map { script in
            var words: [Word] = [
                "--osver", Word(target.osvers), "--arch", Word(target.osarch), "--profile", Word(target.profile),
            ]
            words += ["--image", Word(target.image)]
            if let version = target.attributes["kernelver"] { words += ["--kernelver", Word(version)] }
            for name in ["pkglist", "pkgdir", "otherpkglist", "otherpkgdir"] {
                if let value = target.attributes[name] { words += ["--set", Word("\(name)=\(value)")] }
            }
            return Part(
                "postinstall-run", words + environmentWords + [Word(target.rootimgdir), "--"] + script.map { Word($0) })
        }
    }

    private var netDrivers: NetDrivers { NetDrivers(target.attributes["netdrivers"]) }

    private var driverPart: Part? {
        guard !target.driverSources.isEmpty else { return nil }
        var words: [Word] = ["--json"]
        if let version = target.attributes["kernelver"] { words += ["--kernelver", Word(version)] }
        for name in netDrivers.names { words += ["--driver", Word(name)] }
        if netDrivers.updatesAll { words.append("--all") }
        if request.ignoresKernel { words.append("--any-kernel") }
        var part = Part("kmodule-extract", ["--arch", Word(target.osarch)] + target.driverSources.map { Word($0) })
        part.commands.append(("driver-apply", words + [Word(target.rootimgdir)]))
        return part
    }

    private func initramfs(with drivers: [String]) -> Part {
        var words: [Word] = []
        if let version = target.attributes["kernelver"] { words += ["--kernelver", Word(version)] }
        for name in netDrivers.names + drivers.filter({ !netDrivers.names.contains($0) }) {
            words += ["--driver", Word(name)]
        }
        if let nic = target.attributes["nodebootif"] { words += ["--nic", Word(nic)] }
        if let size = request.rootlimit { words += ["--rootlimit", Word(size)] }
        if !request.onlyInitramfs { words.append("--if-changed") }
        return Part("initrd-build", words + [Word(target.rootimgdir)])
    }

    private func list(_ attribute: String) -> [String] {
        (target.attributes[attribute] ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter {
            !$0.isEmpty
        }
    }

    /// A first run that failed before it made anything leaves no folder.
    private func removeEmptyFolder() {
        let names = (try? target.rootimgdir.directoryNames()) ?? []
        guard names.allSatisfy({ $0.printable == ImageLock.fileName }) else { return }
        try? target.rootimgdir.removeTree()
    }
}
