public import Profiles
public import Sandbox
public import Support
public import SystemPackage

/// Debian and Ubuntu: mmdebstrap makes a new tree, the host's apt with dpkg inside the tree does the rest.
///
/// Packages that no list names but that a node cannot do without are always there: the essential ones, `apt`, and `init` (systemd-sysv
/// unless the list has another). Recommended packages are left out unless asked for.
public struct AptDriver: PackageDriver {
    /// Programs by which package scripts would build an initramfs. `INITRD=No` stops the kernel's and dracut's own scripts.
    private static let stubs = ["dracut", "update-initramfs", "mkinitramfs"]
    private static let base = ["apt", "init"]

    private let workspace: AptWorkspace
    private let execPath: FilePath
    private let logFile: FilePath
    private let kernelVersion: String?
    private let isInteractive: Bool
    private let variables: Environment
    private let isLocked: Bool

    /// - Parameters:
    ///   - folder: a temporary folder for the run, on the same file system as the tree.
    ///   - requests: of the lists; a version that one names is kept from upgrades.
    ///   - variables: of the osimage (`environvar`), for package scripts.
    public init(
        folder: FilePath, architecture: String, repositories: [AptRepository], keyrings: [FilePath],
        installsRecommends: Bool,
        kernelVersion: String?, isInteractive: Bool, variables: Environment, logFile: FilePath, execPath: FilePath,
        requests: [PackageRequest] = [], locked: PackageLock? = nil
    ) throws {
        guard !repositories.isEmpty else { throw AptRepositoryError.none }
        workspace = try AptWorkspace(
            folder, architecture: architecture, repositories: repositories, keyrings: keyrings,
            installsRecommends: installsRecommends,
            kernelVersion: kernelVersion, requests: requests, locked: locked)
        isLocked = locked != nil
        (self.execPath, self.logFile, self.kernelVersion) = (execPath, logFile, kernelVersion)
        (self.isInteractive, self.variables) = (isInteractive, variables)
    }

    /// Debian's name of an architecture.
    public static func architecture(_ name: String) throws(PackageError) -> String {
        switch name {
        case "x86_64", "amd64": "amd64"
        case "x86", "i386", "i486", "i586", "i686": "i386"
        case "aarch64", "arm64": "arm64"
        case "ppc64le", "ppc64el": "ppc64el"
        case "s390x", "riscv64", "armhf": name
        default: throw .unsupportedArchitecture(name)
        }
    }

    public func packages(of tree: FilePath) throws -> [String: String] {
        try DpkgStatus(tree: tree, architecture: workspace.architecture).versions
    }

    public func refresh(_ lock: borrowing ImageLock) throws {
        for repository in workspace.repositories {
            try AptSignature.check(repository, keys: workspace.folder.joined("etc/trusted.gpg.d"))
        }
        let captured = try sandbox(nil).capture(["apt-get", "-q", "update", "--error-on=any"], holding: lock)
        guard !captured.ending.isSuccess else { return }
        throw AptSignature.explain(String(decoding: captured.errors, as: UTF8.self))
    }

    // MARK: - Planning

    public func plan(_ transaction: PackageTransaction, on tree: FilePath?, _ lock: borrowing ImageLock) throws
        -> PackagePlan
    {
        let before =
            try tree.map { try DpkgStatus(tree: $0, architecture: workspace.architecture) }
            ?? DpkgStatus(architecture: workspace.architecture)
        var simulation = try self.simulation(of: tree, before, lock)
        if tree == nil { try simulation.install([], also: ["?essential"]) }
        try refusePatterns(transaction.installations, lock)
        let base = try available(Self.base, lock)
        for (index, pass) in transaction.passes.enumerated() {
            try simulation.remove(pass.removals.map(\.name))
            try simulation.install(try pinned(pass.installations, lock), also: index == 0 ? base : [])
            try simulation.remove(pass.laterRemovals.map(\.name))
        }
        if transaction.upgrades, tree != nil { try simulation.upgrade() }
        var selected: [String: String] = [:]
        for request in transaction.installations { selected[request.name] = simulation.package(for: request.name) }
        // A package may be wanted under another name than before.
        let dropped = transaction.dropped.filter { !selected.values.contains($0) }
        try simulation.remove(try simulation.unneeded(dropped: dropped, removable: transaction.removable))
        return PackagePlan(
            changes: PackageChange.between(before.versions, simulation.status.versions), selected: selected)
    }

    private func simulation(of tree: FilePath?, _ status: DpkgStatus, _ lock: borrowing ImageLock) throws
        -> AptSimulation
    {
        let automatic = try tree.map { try AptMarks.automatic(tree: $0) } ?? []
        let sandbox = sandbox(nil)
        // A second descriptor of the same lock: the closure outlives the borrow.
        let held = try ImageLock(sharing: lock)
        let box = LockBox(held)
        return try AptSimulation(
            status, automatic: automatic, folder: workspace.folder.joined("simulation"), place: AptWorkspace.place
        ) { words in
            try sandbox.capture(words, holding: box.lock)
        }
    }

    /// Apt takes a name that it does not know for a pattern if it could be one; a list has names.
    private func refusePatterns(_ requests: [PackageRequest], _ lock: borrowing ImageLock) throws {
        let suspects = requests.filter { $0.name.contains { ".+*?[]()^$|".contains($0) } }
        guard !suspects.isEmpty else { return }
        let names = suspects.map { String($0.name.prefix { $0 != "=" && $0 != ":" }) }
        let known = Set(try available(names, lock))
        let unknown = zip(suspects, names).filter { !known.contains($1) }.map(\.0)
        guard unknown.isEmpty else { throw PackageError.unknown(unknown) }
    }

    /// Those of `names` that a repository has.
    private func available(_ names: [String], _ lock: borrowing ImageLock) throws -> [String] {
        let captured = try sandbox(nil).capture(["apt-cache", "pkgnames"], holding: lock)
        let known = Set(captured.lines.map(String.init))
        return names.filter { known.contains($0) }
    }

    /// With a chosen kernel, names of kernel packages that mean "the newest" mean that one.
    private func pinned(_ requests: [PackageRequest], _ lock: borrowing ImageLock) throws -> [PackageRequest] {
        guard let kernelVersion else { return requests }
        return try requests.map { request in
            for prefix in ["linux-image-", "linux-headers-"] where request.name.hasPrefix(prefix) {
                let flavour = request.name.dropFirst(prefix.count)
                guard flavour.first.map({ !$0.isNumber }) ?? false else { continue }
                var copy = request
                copy.name = prefix + kernelVersion
                guard try available([copy.name], lock) == [copy.name] else {
                    throw PackageError.kernelNotFound(request.name, kernelVersion)
                }
                return copy
            }
            return request
        }
    }

    // MARK: - Changing

    public func bootstrap(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        let sandbox = sandbox(tree, view: .bare)
        let preferences = FilePath("etc/apt/preferences.d").joined(AptWorkspace.lockName)
        let source = AptWorkspace.place.joined("etc/preferences.d").joined(AptWorkspace.lockName)
        let pins: [Word] = isLocked ? [Word("--setup-hook=copy-in \(source.printable) /etc/apt/preferences.d")] : []
        try run(
            sandbox,
            ["mmdebstrap"] + pins + [
                "--mode=root",
                "--format=directory",
                "--variant=essential",
                Word("--architectures=\(workspace.architecture)"),
                Word("--keyring=\(AptWorkspace.place.printable)/etc/trusted.gpg.d"),
                // The launcher has mounted the tree's /run already.
                "--skip=check/empty",
                "--skip=cleanup/run",
                "--skip=check/signed-by",
                "",
                Word(tree),
                Word("\(AptWorkspace.place.printable)/etc/sources.list"),
            ], lock)
        if isLocked { try tree.joined(preferences).removeFile() }
        try AptTraces(tree).removeBuildPaths(workspace.repositories)
    }

    public func repair(_ tree: FilePath, unwanted: [String], _ lock: borrowing ImageLock) throws {
        let traces = AptTraces(tree)
        // What dpkg noted and had not yet put into its status file when it was killed.
        let hasJournal = try !RootFolder(tree).host("/var/lib/dpkg/updates").directoryNames().isEmpty
        if hasJournal {
            try traces.forbidServices()
            try configure(tree, lock)
        }
        let broken = try DpkgStatus(tree: tree, architecture: workspace.architecture).brokenPackages
        guard hasJournal || !broken.isEmpty else { return }
        try traces.forbidServices()
        let useless = broken.filter { unwanted.contains($0) }
        if !useless.isEmpty {
            let words: [Word] =
                ["dpkg", "--purge", "--force-depends", "--force-remove-reinstreq"] + useless.map { Word($0) }
            try run(sandbox(tree), ["chroot", Word(tree)] + words, lock, mayFail: true)
        }
        // What cannot be configured yet is put right by apt.
        try configure(tree, lock)
        try run(sandbox(tree), apt("install", ["--fix-broken"], tree), lock)
        try traces.allowServices()
    }

    private func configure(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        try run(
            sandbox(tree), ["chroot", Word(tree), "dpkg", "--force-confold", "--force-confdef", "--configure", "-a"],
            lock, mayFail: true)
    }

    public func apply(_ transaction: PackageTransaction, to tree: FilePath, isNew: Bool, _ lock: borrowing ImageLock)
        throws
    {
        let traces = AptTraces(tree)
        try traces.forbidServices()
        let base = try available(Self.base, lock)
        for (index, pass) in transaction.passes.enumerated() {
            let installed = try packages(of: tree)
            let removals = pass.removals.map(\.name).filter { installed[$0] != nil }
            if !removals.isEmpty { try run(sandbox(tree, pass), apt("remove", removals, tree), lock) }
            let names = (index == 0 ? base : []) + (try pinned(pass.installations, lock)).map(\.name)
            if !names.isEmpty { try run(sandbox(tree, pass), apt("install", names, tree), lock) }
            let later = pass.laterRemovals.map(\.name)
            let left = later.isEmpty ? [:] : try packages(of: tree)
            let laterRemovals = later.filter { left[$0] != nil }
            if !laterRemovals.isEmpty { try run(sandbox(tree, pass), apt("remove", laterRemovals, tree), lock) }
        }
        if transaction.upgrades, !isNew { try run(sandbox(tree), apt("upgrade", ["--with-new-pkgs"], tree), lock) }
        if !isNew { try removeUnneeded(transaction, tree, lock) }
        try traces.allowServices()
        try traces.removeLeftovers()
    }

    private func removeUnneeded(_ transaction: PackageTransaction, _ tree: FilePath, _ lock: borrowing ImageLock) throws
    {
        guard !transaction.dropped.isEmpty || !transaction.removable.isEmpty else { return }
        let status = try DpkgStatus(tree: tree, architecture: workspace.architecture)
        var simulation = try self.simulation(of: tree, status, lock)
        try AptMarks.markAutomatic(
            transaction.dropped.filter { status.versions[$0] != nil }, tree: tree, architecture: workspace.architecture)
        let names = try simulation.unneeded(dropped: transaction.dropped, removable: transaction.removable)
        guard !names.isEmpty else { return }
        try run(sandbox(tree), apt("purge", names, tree), lock)
    }

    private func apt(_ verb: String, _ words: [String], _ tree: FilePath) -> [Word] {
        [
            "apt-get", "-q", isInteractive ? "--show-progress" : "-y",
            "-o", Word("DPkg::Chroot-Directory=", tree),
            "-o", Word("Dir::State::status=", tree.joined("var/lib/dpkg/status")),
            "-o", Word("Dir::State::extended_states=", tree.joined("var/lib/apt/extended_states")),
            Word(verb),
        ] + words.map { Word($0) }
    }

    // MARK: - Running

    private func sandbox(_ tree: FilePath?, _ pass: PackageTransaction.Pass? = nil, view: ImageSandbox.View = .around)
        -> ImageSandbox
    {
        var sandbox = ImageSandbox(tree ?? workspace.emptyTree, view: tree == nil ? .bare : view, execPath: execPath)
        sandbox.allowsNetwork = workspace.needsNetwork
        sandbox.suppressesSync = true
        sandbox.media = workspace.media
        sandbox.writableFolders = [AptWorkspace.place.lastName.printable: workspace.folder]
        sandbox.stubs = tree == nil ? [] : Self.stubs
        sandbox.environment = sandbox.environment.merging(variables)
        sandbox.environment["APT_CONFIG"] =
            view == .bare && tree != nil ? nil : Word("\(AptWorkspace.place.printable)/apt.conf")
        sandbox.environment["DEBIAN_FRONTEND"] = isInteractive ? "readline" : "noninteractive"
        sandbox.environment["DEBCONF_NONINTERACTIVE_SEEN"] = isInteractive ? nil : "true"
        sandbox.environment["INITRD"] = "No"
        // Without it sudo's script refuses to be removed from a system whose root has no password, as is usual for an image.
        sandbox.environment["SUDO_FORCE_REMOVE"] = "yes"
        if workspace.needsNetwork {
            for name in ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy"] {
                sandbox.environment[name] = Environment.current[name]
            }
        }
        for (name, value) in pass?.environment ?? [:] { sandbox.environment[name] = Word(value) }
        return sandbox
    }

    private func run(_ sandbox: ImageSandbox, _ command: [Word], _ lock: borrowing ImageLock, mayFail: Bool = false)
        throws
    {
        let log = try PackageLog(logFile)
        let ending: Tool.Ending
        if isInteractive {
            ending = try sandbox.run(command, holding: lock, input: .inherited, output: .descriptor(.standardError))
        } else {
            let stream = Tool.Stream.descriptor(log.descriptor)
            ending = try sandbox.run(command, holding: lock, output: stream, errors: stream) { try log.follow($0) }
        }
        if mayFail { return }
        guard ending.isSuccess else {
            throw PackageError.failed(command[0].description, ending, lastLines: try log.explanation())
        }
    }
}

/// Lets a closure hold a lock.
private final class LockBox {
    let lock: ImageLock
    init(_ lock: consuming ImageLock) { self.lock = lock }
}
