internal import Profiles
internal import Sandbox
internal import Support
internal import SystemPackage
internal import Versions

/// What dnf and zypper have in common: the database of the tree, its copies, and the care for it before and after they work.
final class RpmTools {
    private let workspace: RpmWorkspace
    private let program: PackageProgram
    private(set) var warnings: [String] = []
    /// Whether a step since `begin` changed anything.
    private var hasChanged = false
    /// An interrupted run may have installed all and not settled the database.
    private var isRepairing = false

    init(_ workspace: RpmWorkspace, _ program: PackageProgram) {
        self.workspace = workspace
        self.program = program
    }

    /// Where the database of a tree is, or belongs if it has none.
    func databasePlace(of tree: FilePath) -> FilePath {
        ((try? RpmDatabase(tree: tree)) ?? nil)?.place ?? RpmDatabase.place(of: workspace.family)
    }

    func packages(of tree: FilePath) throws -> [RpmPackage] { try RpmDatabase(tree: tree)?.packages() ?? [] }

    func versions(of tree: FilePath) throws -> [String: String] {
        try packages(of: tree).versions(native: workspace.architecture)
    }

    /// The error for names that no repository has: a kernel's name may be known, but not in the version asked for.
    func unknown(_ names: [String]) -> PackageError {
        if let release = workspace.kernelRelease,
            let kernel = names.first(where: { RpmWorkspace.kernelPackages.contains($0) })
        {
            return .kernelNotFound(kernel, release)
        }
        // dnf leaves the profile of a module out, @nodejs:18/common, and zypper the version, name=1.0.
        let requests = workspace.settings.requests.filter { request in
            request.operation == .install
                && (names.contains(request.name)
                    || names.contains(String(request.name.prefix { !"/<=>".contains($0) })))
        }
        return requests.isEmpty
            ? .unresolvable("no repository has \(names.joined(separator: " "))") : .unknown(requests)
    }

    // MARK: - Simulation

    func simulation(
        of tree: FilePath?, resolve: @escaping (PackageStep, FilePath) throws -> RpmOutcome,
        record: @escaping (RpmOutcome, FilePath) throws -> Void, check: @escaping (RpmOutcome) throws -> Void
    ) throws -> RpmSimulation {
        let scratch = workspace.folder.joined("scratch")
        try scratch.removeTree()
        try scratch.createDirectories()
        if let tree { try copyState(tree, to: scratch) }
        return RpmSimulation(
            try tree.map { try packages(of: $0) } ?? [], architecture: workspace.architecture, scratch: scratch,
            resolve: { step, scratch in
                let step = try self.plain(step, on: scratch)
                guard !step.isEmpty else { return RpmOutcome() }
                let outcome = try resolve(step, scratch)
                do {
                    try check(outcome)
                } catch let error as RpmSignatureError {
                    throw RpmRefusal(error, self.workspace)
                }
                return outcome
            }, record: record)
    }

    /// The database, and which module streams are enabled.
    private func copyState(_ tree: FilePath, to scratch: FilePath) throws {
        if let database = try RpmDatabase(tree: tree) {
            try RpmDatabase.copyFiles(database.folder, to: scratch.joined(database.place))
        }
        let modules = try RootFolder(tree).host("/etc/dnf/modules.d")
        if modules.isDirectory { try RpmDatabase.copyFiles(modules, to: scratch.joined("etc/dnf/modules.d")) }
    }

    /// Brings an outcome into the database of a tree, and nothing else: no file, no script.
    func record(_ outcome: RpmOutcome, in tree: FilePath, _ lock: borrowing ImageLock) throws {
        let program = workspace.planner
        try workspace.writeMacros(database: databasePlace(of: tree))
        let common: [Word] = [
            "rpm", "--root", Word(tree), "--justdb", "--nodeps", "--noscripts",
            "--notriggers", "--nosignature", "--nodigest",
        ]
        let sandbox = workspace.sandbox(tree)
        if !outcome.removed.isEmpty {
            let labels = outcome.removed.map { Word($0.labelWithoutEpoch) }
            try program.run(sandbox, common + ["--erase", "--allmatches"] + labels, lock)
        }
        if !outcome.installed.isEmpty {
            let files = outcome.installed.map { Word($0.file) }
            try program.run(
                sandbox,
                common + [
                    "--install", "--oldpackage", "--replacepkgs", "--replacefiles", "--ignoresize", "--ignorearch",
                    "--ignoreos",
                ]
                    + files, lock)
        }
    }

    /// `step` in terms of what dnf and zypper both do: tidying is removing what nothing needs.
    func plain(_ step: PackageStep, on tree: FilePath) throws -> PackageStep {
        guard case .tidy(let dropped, let removable) = step else { return step }
        let suspects = Set(dropped).union(removable)
        let dependencies = try RpmDatabase(tree: tree)?.dependencies()
        return .remove(
            dependencies?.unneeded(suspects, keepsRecommended: workspace.installsRecommends) ?? [])
    }

    // MARK: - A real tree

    func begin(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        hasChanged = isRepairing
        try RpmDatabaseTransfer(workspace, program).makeWritable(tree, lock)
    }

    /// Does a step, and checks that it was done.
    ///
    /// A package that was being unpacked when a run was killed can fail once: rpm finds its files half there, fails, and
    /// clears them away.
    func carryOut(in tree: FilePath, _ step: () throws -> RpmOutcome) throws {
        let known = warnings
        do {
            try note(try step(), in: tree)
        } catch PackageError.missingAfterwards where isRepairing {
            warnings = known
            try note(try step(), in: tree)
        }
    }

    /// Takes note of a step that was done, and checks that it was.
    private func note(_ outcome: RpmOutcome, in tree: FilePath) throws {
        warnings += outcome.failures
        guard !outcome.isEmpty else { return }
        hasChanged = true
        let present = Set(try packages(of: tree))
        let missing = outcome.installed.map(\.package).filter { !present.contains($0) }
        guard missing.isEmpty else {
            throw PackageError.missingAfterwards(missing.map(\.label), reasons: outcome.failures)
        }
    }

    func end(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        guard hasChanged else { return }
        try indexModules(tree, lock)
        try RpmDatabaseTransfer(workspace, program).settle(tree, lock)
        isRepairing = false
    }

    /// Does what kernel-install leaves undone, which was kept from running: kernels whose modules have no index get one.
    private func indexModules(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        let folder = try RootFolder(tree).host("/lib/modules")
        guard folder.isDirectory, try ImagePrograms(tree).has("depmod") else { return }
        for version in try folder.directoryNames()
        where folder.joined(version).joined("kernel").isDirectory
            && !folder.joined(version).joined("modules.dep").exists
        {
            try program.run(
                workspace.sandbox(tree, view: .inside), ["depmod", "-a", Word(version)], lock)
        }
    }

    /// What an interrupted run may have left half done: entries of packages whose newer version is there as well go from the database.
    ///
    /// - Returns: names of packages to install once more, because their scripts may not have run.
    func repair(_ tree: FilePath, _ interruption: PackageInterruption, _ lock: borrowing ImageLock) throws -> [String] {
        try begin(tree, lock)
        isRepairing = true
        let present = try packages(of: tree)
        var stale: [RpmPackage] = []
        for (_, copies) in Dictionary(grouping: present, by: { [$0.name, $0.architecture] })
        where copies.count > 1 && !RpmWorkspace.kernelPackages.contains(copies[0].name) {
            stale += copies.sorted { VersionOrder.precedes($0.version, $1.version) }.dropLast()
        }
        if !stale.isEmpty {
            try record(RpmOutcome(removed: stale.sorted { $0.label < $1.label }), in: tree, lock)
            hasChanged = true
        }
        guard let before = interruption.before else { return [] }
        let versions = present.filter { !stale.contains($0) }.versions(native: workspace.architecture)
        let changed = versions.filter { before[$0.key] != $0.value }.keys.sorted()
        return changed
    }
}
