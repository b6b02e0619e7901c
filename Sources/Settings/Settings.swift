public import Support
public import SystemPackage

/// What holds for one run of any command: the root, the configuration, where our own files are.
///
/// Given on the command line before the verb, handed to children in the environment.
public struct Settings: Sendable, Equatable {
    /// `--root`, `CATBOAT_ROOT`: beneath it absolute paths of the definitions are resolved.
    public var root: RootFolder
    /// `-c key=value` in order of appearance.
    public var overrides: [String]
    /// Where the plumbing is: `catboat --exec-path`.
    public var execPath: FilePath
    /// Shipped profiles, scripts and modules.
    public var dataFolder: FilePath

    public init(root: RootFolder, overrides: [String], execPath: FilePath, dataFolder: FilePath) {
        self.root = root
        self.overrides = overrides
        self.execPath = execPath
        self.dataFolder = dataFolder
    }

    /// From the environment of this process and the place of its executable.
    public static func current(_ environment: Environment = .current) -> Settings {
        let executable = (try? FilePath("/proc/self/exe").resolved()) ?? "/usr/bin/catboat"
        let folder = executable.removingLastComponent()
        let execPath =
            environment["CATBOAT_EXEC_PATH"].map { FilePath(bytes: $0.bytes) }
            ?? (folder.lastName == "bin" ? folder.removingLastComponent().joined("libexec/catboat") : folder)
        let prefix =
            folder.lastName == "catboat"
            ? folder.removingLastComponent().removingLastComponent() : folder.removingLastComponent()
        return Settings(
            root: RootFolder(environment["CATBOAT_ROOT"].map { FilePath(bytes: $0.bytes) } ?? "/"),
            overrides: environment.text("CATBOAT_CONFIG_PARAMETERS").map { $0.split(separator: "\n").map(String.init) }
                ?? [],
            execPath: execPath,
            dataFolder: environment["CATBOAT_DATADIR"].map { FilePath(bytes: $0.bytes) }
                ?? prefix.joined("share/catboat"))
    }

    /// What children need to run under the same settings.
    public var childEnvironment: Environment {
        var result = Environment()
        if !root.isHost { result["CATBOAT_ROOT"] = Word(root.path) }
        if !overrides.isEmpty { result["CATBOAT_CONFIG_PARAMETERS"] = Word(overrides.joined(separator: "\n")) }
        return result
    }

    /// What a script of xCAT's kind gets: the caller's environment, with the plumbing on its path.
    public var scriptEnvironment: Environment {
        var result = Environment.current.merging(childEnvironment)
        let path = Environment.current["PATH"]?.bytes ?? Array("/usr/sbin:/usr/bin:/sbin:/bin".utf8)
        result["PATH"] = Word(bytes: execPath.bytes + [0x3a] + path)
        return result
    }

    /// The options before the verb that give the same settings, for the trace.
    public var globalWords: [Word] {
        (root.isHost ? [] : [Word("--root"), Word(root.path)]) + overrides.flatMap { [Word("-c"), Word($0)] }
    }

    /// This machine's configuration, then `-c`. The site's own file is in `configuration(installFolder:)`.
    public func machineConfiguration() throws -> Configuration {
        try file("/etc/catboat/config").overruled(by: .words(overrides, origin: "-c"))
    }

    /// A configuration file, whose entries say where they are without the root.
    private func file(_ stored: FilePath, allowsStore: Bool = true) throws -> Configuration {
        try Configuration.file(root.host(stored), named: stored, allowsStore: allowsStore)
    }

    /// All configuration; `installFolder` as stored (without the root), usually `/install`.
    public func configuration(installFolder: FilePath) throws -> Configuration {
        let machine = try file("/etc/catboat/config")
        let site = try file(installFolder.joined("custom/config"), allowsStore: false)
        return machine.overruled(by: site).overruled(by: try .words(overrides, origin: "-c"))
    }

    /// Where the store is: `CATBOAT_DB`, `store.url` of this machine, else the SQLite file below the root.
    public func storeLocation(_ environment: Environment = .current) throws -> String {
        if let text = environment.text("CATBOAT_DB"), !text.isEmpty { return text }
        if let text = try machineConfiguration()["store.url"] { return text }
        return try root.host("/etc/catboat/site.sqlite").printable
    }

    /// The host path of an absolute path read from a table, list or manifest.
    ///
    /// A path below xCAT's data folder that does not exist there means the shipped file of the same name.
    public func host(_ stored: FilePath) throws(FileError) -> FilePath {
        let path = try root.host(stored)
        for prefix in ["/opt/xcat/share/xcat/", "/opt/xcat/share/xcat"] where stored.bytes.starts(with: prefix.utf8) {
            if path.exists { return path }
            return dataFolder.joined(FilePath(bytes: stored.bytes.dropFirst(prefix.utf8.count)))
        }
        return path
    }

    /// The host path of a hook; of one that is masked, the link to /dev/null itself.
    public func host(hook stored: FilePath) throws(FileError) -> FilePath {
        let name = try host(stored.removingLastComponent()).joined(stored.lastName)
        return name.isNullLink ? name : try host(stored)
    }
}
