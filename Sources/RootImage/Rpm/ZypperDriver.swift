internal import Profiles
internal import Sandbox
internal import Support
internal import SystemPackage

/// SUSE Linux Enterprise and openSUSE: zypper, with its packages' scripts in the namespaces of the image.
final class ZypperDriver: PackageDriver {
    private let workspace: RpmWorkspace
    private let program: PackageProgram
    private let tools: RpmTools
    private var index: ZypperIndex?

    init(_ workspace: RpmWorkspace, _ program: PackageProgram) throws {
        guard Tool.isInstalled("zypper") else { throw ZypperError.notInstalled }
        // A kernel's release does not tell the version of its package here: 5.3.18-57-default is of kernel-default-5.3.18-57.3.
        guard workspace.settings.kernelVersion == nil || workspace.settings.kernelPackageVersion != nil else {
            throw ZypperError.noKernelPackageVersion
        }
        self.workspace = workspace
        self.program = program
        tools = RpmTools(workspace, program)
        try writeConfiguration()
    }

    var warnings: [String] { tools.warnings }

    private func writeConfiguration() throws {
        let folder = workspace.folder.joined("repos")
        try folder.createDirectories()
        for (number, repository) in workspace.repositories.enumerated() {
            let name = RpmWorkspace.identifier(number)
            // Signatures of packages are checked by us, before anything is installed.
            let text = """
                [\(name)]
                name=\(name)
                baseurl=\(workspace.address(of: repository))
                enabled=1
                autorefresh=0
                gpgcheck=0
                keeppackages=1
                type=rpm-md

                """
            try AtomicFile.write(text.utf8, to: folder.joined("\(name).repo"))
        }
        let configuration = """
            [main]
            arch = \(workspace.architecture)
            multiversion = provides:multiversion(kernel)
            history.logfile = \(RpmWorkspace.place.joined("history"))

            """
        try AtomicFile.write(configuration.utf8, to: workspace.folder.joined("zypp.conf"))
    }

    func refresh(_ lock: borrowing ImageLock) throws {
        let (ending, log) = try zypper(["refresh"], workspace.emptyTree, [:], lock)
        guard ending.isSuccess else { throw try failure(ending, log) }
    }

    func base(_ lock: borrowing ImageLock) throws -> [String] { [] }

    func packages(of tree: FilePath) throws -> [String: String] { try tools.versions(of: tree) }

    func simulation(of tree: FilePath?, _ lock: borrowing ImageLock) throws -> any PackageSimulation {
        let held = try HeldLock(lock)
        return try tools.simulation(of: tree) { step, scratch in
            let outcome = try self.resolve(step, scratch, held.lock)
            if outcome.installed.contains(where: \.isFromURL) {
                try self.download(step, scratch, held.lock)
            }
            return outcome
        } record: { outcome, scratch in
            try self.tools.record(outcome, in: scratch, held.lock)
        } check: { outcome in
            try self.workspace.keys.check(outcome.installed, self.workspace, held.lock)
        }
    }

    func bootstrap(_ tree: FilePath, _ lock: borrowing ImageLock) throws {}

    func repair(_ tree: FilePath, _ interruption: PackageInterruption, _ lock: borrowing ImageLock) throws {
        let names = try tools.repair(tree, interruption, lock)
        guard !names.isEmpty else { return }
        let (ending, log) = try zypper(
            ["install", "--force", "--auto-agree-with-licenses", "--no-recommends", "--"] + names.map { Word($0) },
            tree,
            [:], lock)
        // What no repository has any more stays as it is.
        guard Self.isDone(ending) || ending == .exited(104) else { throw try failure(ending, log) }
    }

    func begin(_ tree: FilePath, _ lock: borrowing ImageLock) throws { try tools.begin(tree, lock) }

    func run(_ call: PackageTransaction.Call, on tree: FilePath, _ lock: borrowing ImageLock) throws {
        let step = try tools.plain(call.step, on: tree)
        guard let words = try words(for: step, on: tree) else { return }
        try tools.carryOut(in: tree) {
            let (ending, log) = try zypper(words, tree, call.environment, lock, isReal: true)
            guard Self.isDone(ending) else { throw try failure(ending, log) }
            let answer = try ZypperAnswer(log.text())
            var outcome = try outcome(answer)
            outcome.failures = answer.scriptFailures
            return outcome
        }
    }

    func end(_ tree: FilePath, _ lock: borrowing ImageLock) throws { try tools.end(tree, lock) }

    // MARK: - Steps

    /// nil when there is nothing to do.
    private func words(for step: PackageStep, on tree: FilePath) throws -> [Word]? {
        let recommends: Word = workspace.installsRecommends ? "--recommends" : "--no-recommends"
        switch step {
        case .install(let requests, let also):
            let locked = (workspace.settings.locked?.packages ?? []).map {
                "\($0.name).\($0.architecture)=\($0.version)"
            }
            // An earlier build's packages are all that may come: the names of the lists would ask for newer ones.
            let names =
                try locked.isEmpty ? also + requests.flatMap { try capabilities(named(of: $0.name)) } : locked
            guard !names.isEmpty else { return nil }
            let oldToo: [Word] = locked.isEmpty ? [] : ["--oldpackage"]
            return ["install", "--auto-agree-with-licenses", recommends] + oldToo + ["--"] + names.map { Word($0) }
        case .remove(let names):
            let installed = try packages(of: tree)
            let present = names.filter { installed[$0] != nil }
            return present.isEmpty ? nil : ["remove", "--"] + present.map { Word($0) }
        case .upgrade, .tidy:
            // The packages of an earlier build are there already, and nothing newer may come.
            guard workspace.settings.locked == nil else { return nil }
            let update: [Word] = ["update", "--auto-agree-with-licenses", recommends]
            let held = Set(workspace.settings.requests.map(\.name).filter(Self.namesVersion).map(Self.bareName))
            guard !held.isEmpty else { return update }
            // What a list asks for in a version stays: all others are updated by name.
            let names = try packages(of: tree).keys.filter { !held.contains($0) && !$0.contains(":") }.sorted()
            return names.isEmpty ? nil : update + ["--"] + names.map { Word($0) }
        }
    }

    /// Whether a word asks for a version, or for none above one: not `name>=version`.
    private static func namesVersion(_ name: String) -> Bool {
        name.first { "<=>".contains($0) }.map { $0 != ">" } ?? false
    }
    private static func bareName(_ name: String) -> String { String(name.prefix { !"<=>".contains($0) }) }

    /// With a chosen kernel the names of its packages mean that one.
    private func named(of name: String) -> String {
        guard let release = workspace.kernelRelease, RpmWorkspace.kernelPackages.contains(name) else { return name }
        return "\(name == "kernel" ? "kernel-default" : name)=\(release)"
    }

    /// `@name` of a list is a pattern: since SLE 15 a package that says so. Only SUSE's own zypper knows patterns by their names.
    private func capabilities(_ name: String) throws -> [String] {
        let word = Self.capability(name)
        guard name.hasPrefix("@"), let packages = try readIndex().providers[word] else { return [word] }
        return packages.sorted()
    }

    private static func capability(_ name: String) -> String {
        name.hasPrefix("@") ? "pattern:\(name.dropFirst())" : name
    }

    private func resolve(_ step: PackageStep, _ tree: FilePath, _ lock: borrowing ImageLock) throws -> RpmOutcome {
        guard var words = try words(for: step, on: tree) else { return RpmOutcome() }
        words.insert("--dry-run", at: 1)
        let (ending, log) = try zypper(words, tree, [:], lock)
        guard Self.isDone(ending) else { throw try failure(ending, log) }
        var outcome = try outcome(ZypperAnswer(log.text()))
        if case .install(let requests, _) = step {
            let providers = try readIndex().providers
            for request in requests {
                let word = Self.capability(Self.bareName(request.name))
                outcome.selected[request.name] = (providers[word] ?? []).sorted()
            }
        }
        return outcome
    }

    private func download(_ step: PackageStep, _ tree: FilePath, _ lock: borrowing ImageLock) throws {
        guard var words = try words(for: step, on: tree) else { return }
        words.insert("--download-only", at: 1)
        let (ending, log) = try zypper(words, tree, [:], lock)
        guard Self.isDone(ending) else { throw try failure(ending, log) }
    }

    private func outcome(_ answer: ZypperAnswer) throws -> RpmOutcome {
        var outcome = RpmOutcome()
        for change in answer.changes {
            if let old = change.oldEdition {
                outcome.removed.append(
                    RpmPackage(name: change.name, version: old, architecture: change.oldArchitecture))
            }
            guard let edition = change.edition else { continue }
            let package = RpmPackage(name: change.name, version: edition, architecture: change.architecture)
            guard let location = try readIndex().locations[package] else {
                throw RepositoryError.unusable("pkgdir", reason: "its index does not have \(package.label)")
            }
            let repository = workspace.repositories[location.repository]
            let file: FilePath =
                switch repository.place {
                case .folder(let top, let below): top.joined(below).joined(location.path)
                case .url:
                    workspace.folder.joined("cache/packages").joined(RpmWorkspace.identifier(location.repository))
                        .joined(location.path)
                }
            outcome.installed.append(
                RpmOutcome.Installation(
                    package: package, file: file.printable, repository: repository.shown,
                    isFromURL: repository.top == nil))
        }
        return outcome
    }

    private func readIndex() throws -> ZypperIndex {
        if let index { return index }
        let wanted = workspace.settings.requests.map { Self.capability(Self.bareName($0.name)) }
        let raw = workspace.repositories.indices.map {
            workspace.folder.joined("cache/raw").joined(RpmWorkspace.identifier($0))
        }
        let made = try ZypperIndex(raw, wanted: Set(wanted))
        index = made
        return made
    }

    // MARK: - Running

    private func zypper(
        _ words: [Word], _ tree: FilePath, _ variables: [String: String], _ lock: borrowing ImageLock,
        isReal: Bool = false
    ) throws -> (Tool.Ending, PackageLog) {
        var sandbox = workspace.sandbox(tree, variables)
        let place = RpmWorkspace.place
        try workspace.writeMacros(database: tools.databasePlace(of: tree))
        sandbox.environment["ZYPP_CONF"] = Word(place.joined("zypp.conf"))
        sandbox.environment["ZYPP_LOGFILE"] = Word(place.joined("zypper.log"))
        let command: [Word] = [
            "zypper", "--xmlout", "--non-interactive", "--no-gpg-checks", "--no-refresh",
            "--root", Word(tree),
            "--reposd-dir", Word(place.joined("repos")),
            "--cache-dir", Word(place.joined("cache")),
        ]
        return try (isReal ? program : workspace.planner).outcome(sandbox, command + words, lock)
    }

    private static let scriptFailed: CInt = 107

    /// Also when a reboot or a restart of zypper would be due, or when a package script failed after its package was installed.
    private static func isDone(_ ending: Tool.Ending) -> Bool {
        [0, 102, 103, scriptFailed].contains { ending == .exited($0) }
    }

    /// Lines that say which repositories the packages named in a message come from.
    private func origins(_ text: String) throws -> [String] {
        try readIndex().locations.filter { text.contains($0.key.labelWithoutEpoch) }
            .map { "\($0.key.label) is in \(workspace.repositories[$0.value.repository].shown)" }
            .sorted().prefix(10).map { $0 }
    }

    private func failure(_ ending: Tool.Ending, _ log: PackageLog) throws -> any Error {
        let text = try log.text()
        let answer = try ZypperAnswer(text)
        if !answer.unknown.isEmpty {
            return tools.unknown(
                answer.unknown.map {
                    $0.hasPrefix("pattern:") ? "@\($0.dropFirst(8))" : String($0.prefix { $0 != "=" })
                })
        }
        let lines = (answer.problems + answer.errors).flatMap { $0.split(separator: "\n") }
        let words = workspace.readable(lines.filter { !PackageLog.isChatter($0) }.joined(separator: "\n"))
        if !answer.problems.isEmpty {
            let text = ([words] + (try origins(words))).joined(separator: "\n")
            return PackageError.unresolvable(text, workspace.requests(in: words))
        }
        let names = answer.errors.joined(separator: "\n")
        if ending == .exited(106) || names.contains("epository ") {
            return RepositoryError.unusable(workspace.place(namedIn: names), reason: words)
        }
        return PackageError.failed("zypper", ending, lastLines: words.isEmpty ? try log.explanation() : words)
    }
}

enum ZypperError: Diagnosable, Equatable {
    case notInstalled
    case noKernelPackageVersion

    var diagnostic: Diagnostic {
        switch self {
        case .noKernelPackageVersion:
            Diagnostic(
                "The -g flag for the rpm version of kernel packages needs to be specified when kernel version has been specified.",
                remedy: "give genimage -g VERSION-RELEASE, or set krpmver of the osimage")
        case .notInstalled:
            Diagnostic(
                "zypper is not on this machine, which builds root images of this distribution",
                remedy: "install the packages zypper and rpm")
        }
    }
}
