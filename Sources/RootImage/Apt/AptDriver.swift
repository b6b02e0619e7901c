internal import Profiles
internal import Sandbox
internal import Support
internal import SystemPackage

/// Debian and Ubuntu: mmdebstrap makes a new tree, the host's apt with dpkg inside the tree does the rest.
///
/// Packages that no list names but that a node cannot do without are always there: the essential ones, `apt`, and `init` (systemd-sysv
/// unless the list has another). Recommended packages are left out unless asked for.
struct AptDriver: PackageDriver {
    /// Programs by which package scripts would build an initramfs. `INITRD=No` stops the kernel's and dracut's own scripts.
    private static let stubs = ["dracut", "update-initramfs", "mkinitramfs"]

    private let workspace: AptWorkspace
    private let settings: PackageSettings
    private let program: PackageProgram

    /// - Parameter folder: a temporary folder for the run, on the same file system as the tree.
    init(
        folder: FilePath, architecture: String, repositories: [AptRepository], keyrings: [FilePath], logFile: FilePath,
        _ settings: PackageSettings
    ) throws {
        workspace = try AptWorkspace(
            folder, architecture: architecture, repositories: repositories, keyrings: keyrings, settings)
        self.settings = settings
        program = PackageProgram(
            logFile: logFile, isInteractive: settings.isInteractive, progressMark: "Setting up ")
    }

    /// Debian's name of an architecture.
    static func architecture(_ name: String) throws(PackageError) -> String {
        switch name {
        case "x86_64", "amd64": "amd64"
        case "x86", "i386", "i486", "i586", "i686": "i386"
        case "aarch64", "arm64": "arm64"
        case "ppc64le", "ppc64el": "ppc64el"
        case "s390x", "riscv64", "armhf": name
        default: throw .unsupportedArchitecture(name)
        }
    }

    func packages(of tree: FilePath) throws -> [String: String] {
        try DpkgStatus(tree: tree, architecture: workspace.architecture).versions
    }

    func refresh(_ lock: borrowing ImageLock) throws {
        for repository in workspace.repositories {
            try AptSignature.check(repository, keys: workspace.folder.joined("etc/trusted.gpg.d"))
        }
        let captured = try sandbox(nil).capture(["apt-get", "-q", "update", "--error-on=any"], holding: lock)
        guard !captured.ending.isSuccess else { return }
        throw AptSignature.explain(String(decoding: captured.errors, as: UTF8.self))
    }

    // MARK: - Planning

    func simulation(of tree: FilePath?, _ lock: borrowing ImageLock) throws -> any PackageSimulation {
        let status =
            try tree.map { try DpkgStatus(tree: $0, architecture: workspace.architecture) }
            ?? DpkgStatus(architecture: workspace.architecture)
        var simulation = try self.simulation(of: tree, status, lock)
        if tree == nil { try simulation.install([], also: ["?essential"]) }
        return simulation
    }

    private func simulation(of tree: FilePath?, _ status: DpkgStatus, _ lock: borrowing ImageLock) throws
        -> AptSimulation
    {
        let automatic = try tree.map { try AptMarks.automatic(tree: $0) } ?? []
        let sandbox = sandbox(nil)
        let held = try HeldLock(lock)
        return try AptSimulation(
            status, automatic: automatic, folder: workspace.folder.joined("simulation"), place: AptWorkspace.place,
            apt: { try sandbox.capture($0, holding: held.lock) },
            prepare: { requests in
                try refusePatterns(requests, held.lock)
                return try pinned(requests, held.lock)
            })
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
        guard let kernelVersion = settings.kernelVersion else { return requests }
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

    func bootstrap(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        let sandbox = sandbox(tree, view: .bare)
        let preferences = FilePath("etc/apt/preferences.d").joined(AptWorkspace.lockName)
        let source = AptWorkspace.place.joined("etc/preferences.d").joined(AptWorkspace.lockName)
        let pins: [Word] =
            settings.locked != nil ? [Word("--setup-hook=copy-in \(source.printable) /etc/apt/preferences.d")] : []
        try program.run(
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
        if settings.locked != nil { try tree.joined(preferences).removeFile() }
        try AptTraces(tree).removeBuildPaths(workspace.repositories)
    }

    func repair(_ tree: FilePath, _ interruption: PackageInterruption, _ lock: borrowing ImageLock) throws {
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
        let useless = broken.filter { interruption.unwanted.contains($0) }
        if !useless.isEmpty {
            let words: [Word] =
                ["dpkg", "--purge", "--force-depends", "--force-remove-reinstreq"] + useless.map { Word($0) }
            try program.run(sandbox(tree), ["chroot", Word(tree)] + words, lock, mayFail: true)
        }
        // What cannot be configured yet is put right by apt.
        try configure(tree, lock)
        try program.run(sandbox(tree), apt("install", ["--fix-broken"], tree), lock)
        try traces.allowServices()
    }

    private func configure(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        try program.run(
            sandbox(tree), ["chroot", Word(tree), "dpkg", "--force-confold", "--force-confdef", "--configure", "-a"],
            lock, mayFail: true)
    }

    func begin(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        try AptMarks.keep(tree: tree, architecture: workspace.architecture)
        try AptTraces(tree).forbidServices()
    }

    func end(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        let traces = AptTraces(tree)
        try traces.allowServices()
        try traces.removeLeftovers()
        try AptMarks.forget(tree: tree)
    }

    func base(_ lock: borrowing ImageLock) throws -> [String] { try available(["apt", "init"], lock) }

    func run(_ call: PackageTransaction.Call, on tree: FilePath, _ lock: borrowing ImageLock) throws {
        let (verb, names): (String, [String])
        switch call.step {
        case .install(let requests, let base):
            (verb, names) = ("install", base + (try pinned(requests, lock)).map(\.name))
        case .remove(let unwanted):
            let installed = try packages(of: tree)
            (verb, names) = ("remove", unwanted.filter { installed[$0] != nil })
        case .upgrade: (verb, names) = ("upgrade", ["--with-new-pkgs"])
        case .tidy(let dropped, let removable): (verb, names) = ("purge", try unneeded(dropped, removable, tree, lock))
        }
        guard !names.isEmpty else { return }
        try program.run(sandbox(tree, call.environment), apt(verb, names, tree), lock)
    }

    private func unneeded(
        _ dropped: [String], _ removable: Set<String>, _ tree: FilePath, _ lock: borrowing ImageLock
    ) throws -> [String] {
        let status = try DpkgStatus(tree: tree, architecture: workspace.architecture)
        var simulation = try self.simulation(of: tree, status, lock)
        try AptMarks.markAutomatic(
            dropped.filter { status.versions[$0] != nil }, tree: tree, architecture: workspace.architecture)
        return try simulation.unneeded(dropped: dropped, removable: removable)
    }

    private func apt(_ verb: String, _ words: [String], _ tree: FilePath) -> [Word] {
        [
            "apt-get", "-q", settings.isInteractive ? "--show-progress" : "-y",
            "-o", Word("DPkg::Chroot-Directory=", tree),
            "-o", Word("Dir::State::status=", tree.joined("var/lib/dpkg/status")),
            "-o", Word("Dir::State::extended_states=", tree.joined("var/lib/apt/extended_states")),
            Word(verb),
        ] + words.map { Word($0) }
    }

    // MARK: - Running

    private func sandbox(
        _ tree: FilePath?, _ passVariables: [String: String] = [:], view: ImageSandbox.View = .around
    ) -> ImageSandbox {
        var sandbox = ImageSandbox(
            packagesOf: tree ?? workspace.emptyTree, view: tree == nil ? .bare : view, settings,
            passVariables: passVariables, allowsNetwork: workspace.needsNetwork, media: workspace.media,
            stubs: tree == nil ? [] : Self.stubs)
        sandbox.writableFolders = [AptWorkspace.place.lastName.printable: workspace.folder]
        sandbox.environment["APT_CONFIG"] =
            view == .bare && tree != nil ? nil : Word("\(AptWorkspace.place.printable)/apt.conf")
        sandbox.environment["DEBIAN_FRONTEND"] = settings.isInteractive ? "readline" : "noninteractive"
        sandbox.environment["DEBCONF_NONINTERACTIVE_SEEN"] = settings.isInteractive ? nil : "true"
        // Without it sudo's script refuses to be removed from a system whose root has no password, as is usual for an image.
        sandbox.environment["SUDO_FORCE_REMOVE"] = "yes"
        return sandbox
    }
}
