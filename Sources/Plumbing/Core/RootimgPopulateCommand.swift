internal import ArgumentParser
internal import CommandShell
internal import Profiles
internal import RootImage
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

struct RootimgPopulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rootimg-populate", abstract: "Install, update and remove packages of a root image.")

    @Argument(help: "The folder that holds rootimg/.", completion: .directory) var rootimgdir: String
    @Option(help: "Distribution and version, e.g. debian12.") var osver: String
    @Option(help: "Architecture, e.g. x86_64.") var arch: String
    @Option(help: "A copied medium, a folder of packages, or a URL (Debian: 'URL suite components').")
    var pkgdir: [String] = []
    @Option(help: "Where 'dir/name' of an otherpkglist finds dir.") var otherpkgdir: [String] = []
    @Option(help: "Keys that are trusted: a file or a folder.") var keyring: [String] = []
    @Option(help: "Records of pkglist-expand; - is standard input.") var packagesFrom = "-"
    @Option(help: "Begin with a copy of this tree.", completion: .directory) var base: String?
    @Option(help: "The kernel's version, instead of the newest.") var kernelver: String?
    @Option(help: "Version and release of the kernel's RPM packages, where they differ.") var krpmver: String?
    @Option(help: "A variable for package scripts, as NAME=VALUE.") var env: [String] = []
    @Option(help: "A list of package-list: exactly these packages and versions.", completion: .file())
    var locked: String?
    @Flag(help: "Print what would change, change nothing; exit 1 if anything would.") var plan = false
    @Flag(help: "Build the tree anew.") var fresh = false
    @Flag(help: "With --fresh: lose what was changed by hand.") var discardChanges = false
    @Flag(help: "Keep packages whose names left the lists.") var keepRemoved = false
    @Flag(help: "Do not update packages that are there.") var noupdate = false
    @Flag(
        inversion: .prefixedNo, help: "Install recommended packages too; dnf does so by default, others do not.")
    var recommends: Bool?
    @Flag(help: "Let the package manager ask questions.") var interactive = false

    func run() throws {
        let settings = Settings.current()
        let requests = try readRequests()
        let path = FilePath(rootimgdir)
        let isNew = !path.exists
        let folder = try ImageFolder(path, creating: true)
        let changes: [PackageChange]
        do {
            changes = try populate(folder, requests, settings)
        } catch {
            if isNew { removeIfUnused(folder) }
            throw error
        }
        if plan, isNew { removeIfUnused(folder) }
        try Console.records(changes.map { Array($0.record.utf8) }, isNULSeparated: false)
        if plan, !changes.isEmpty { throw ExitCode(1) }
    }

    private func populate(_ folder: ImageFolder, _ requests: [PackageRequest], _ settings: Settings) throws
        -> [PackageChange]
    {
        let lock = try ImageLock(folder.path)
        try folder.sweep()
        var options = Populator.Options()
        options.base = base.map { FilePath($0) }
        options.isFresh = fresh
        options.discardsChanges = discardChanges
        options.keepsRemoved = keepRemoved
        options.updates = !noupdate
        options.locked = try readLock()
        let family = try PackageFamily(osver: osver, arch: arch)
        let source = PackageSource(
            pkgdirs: pkgdir, otherpkgdirs: otherpkgdir, keyrings: keyring.map { FilePath($0) }, root: settings.root)
        var packages = PackageSettings(execPath: settings.execPath, dataFolder: settings.dataFolder)
        packages.requests = requests
        packages.kernelVersion = kernelver
        packages.kernelPackageVersion = krpmver
        packages.installsRecommends = recommends
        packages.isInteractive = interactive
        packages.variables = try EnvironmentOption.variables(env)
        packages.locked = options.locked
        let session = try family.session(folder, source: source, packages)
        let populator = Populator(folder, driver: session.driver, requests: requests, options: options)
        defer { session.end() }
        if plan { return try populator.plan(lock).changes }
        let changes = try populator.run(lock)
        for warning in session.driver.warnings { Console.warning("rootimg-populate: \(warning)") }
        return changes
    }

    private func readLock() throws -> PackageLock? {
        guard let locked else { return nil }
        guard let lock = PackageLock(try FilePath(locked).readBytes(limit: 64 << 20)) else {
            throw CommandFailure([
                Diagnostic("not a list of packages", subject: locked, remedy: "give what package-list printed")
            ])
        }
        return lock
    }

    private func readRequests() throws -> [PackageRequest] {
        let isStream = packagesFrom == "-"
        let file = FilePath(isStream ? "standard input" : packagesFrom)
        let bytes =
            isStream
            ? try FileDescriptor.standardInput.readToEnd(limit: 64 << 20, of: file) : try file.readBytes()
        // Whoever was to write them has failed: nothing asked for would mean that all must go.
        guard !bytes.isEmpty else {
            throw CommandFailure([
                Diagnostic(
                    "no packages are asked for", subject: file.printable,
                    remedy: "give what pkglist-expand prints; a list without names is not meant")
            ])
        }
        let separator: UInt8 = bytes.contains(0) ? 0 : 0x0a
        return try bytes.split(separator: separator).enumerated().map { index, record in
            guard let request = PackageRequest(record: Array(record)) else {
                throw CommandFailure(
                    [
                        Diagnostic(
                            "not a record of pkglist-expand", subject: "\(file.printable):\(index + 1)",
                            remedy: "see pkglist-expand(1)")
                    ])
            }
            return request
        }
    }

    /// A run that changed nothing leaves nothing, not even the folder.
    private func removeIfUnused(_ folder: ImageFolder) {
        let names = (try? folder.path.directoryNames()) ?? []
        guard names.allSatisfy({ [ImageLock.fileName, ".populate.log"].contains($0.printable) }) else { return }
        for name in names where name.printable == ImageLock.fileName { try? folder.path.joined(name).removeFile() }
        _ = folder.path.withPlatformString { rmdir($0) }
    }
}
