public import Support
public import SystemPackage
public import Testing

/// The commands under test, as a user runs them: real processes of the built or installed executables.
public struct Catboat: Sendable {
    public struct Result: Sendable, Equatable {
        public var status: CInt
        public var stdout: String
        public var stderr: String

        public init(status: CInt, stdout: String, stderr: String) {
            (self.status, self.stdout, self.stderr) = (status, stdout, stderr)
        }
    }

    /// The folder of the project.
    public static let projectFolder = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    /// Where the executables are: `CATBOAT_TEST_EXEC_PATH`, else beside the test bundle.
    public static let execPath: FilePath = {
        if let path = Environment.current["CATBOAT_TEST_EXEC_PATH"] { return FilePath(bytes: path.bytes) }
        return ((try? FilePath("/proc/self/exe").resolved()) ?? "/").removingLastComponent()
    }()

    /// `--root` of every command; the host's own files when nil.
    public var root: FilePath?
    public var environment = Environment()

    public init(root: FilePath? = nil) { self.root = root }

    /// `catboat VERB WORDS…` as a value.
    public func tool(_ verb: String, _ words: [Word] = []) -> Tool {
        var environment = Environment.current.merging(environment)
        for name in [
            "CATBOAT_TRACE", "CATBOAT_LOCK_FD", "CATBOAT_DB", "CATBOAT_ROOT", "CATBOAT_CONFIG_PARAMETERS",
            "CATBOAT_LIVENESS_FD",
        ]
        where self.environment[name] == nil {
            environment[name] = nil
        }
        let execPath = self.environment["CATBOAT_EXEC_PATH"].map { FilePath(bytes: $0.bytes) } ?? Self.execPath
        environment["CATBOAT_EXEC_PATH"] = Word(execPath)
        environment["CATBOAT_DATADIR"] =
            self.environment["CATBOAT_DATADIR"] ?? Word(Self.projectFolder.joined("share"))
        let globals: [Word] = root.map { [Word("--root"), Word($0)] } ?? []
        return Tool(execPath.joined("catboat"), globals + [Word(verb)] + words, environment: environment)
    }

    @discardableResult
    public func callAsFunction(_ verb: String, _ words: Word..., input: String = "") throws -> Result {
        try run(verb, words, input: Array(input.utf8))
    }

    @discardableResult
    public func run(_ verb: String, _ words: [Word], input: [UInt8] = []) throws -> Result {
        let captured = try tool(verb, words).capture(input: input)
        let status: CInt =
            switch captured.ending {
            case .exited(let status): status
            case .signaled(let signal): 128 + signal
            }
        return Result(
            status: status, stdout: String(decoding: captured.output, as: UTF8.self),
            stderr: String(decoding: captured.errors, as: UTF8.self))
    }

    /// Runs a command that must exit with 0.
    @discardableResult
    public func succeed(
        _ verb: String, _ words: Word..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Result {
        let result = try run(verb, words)
        try #require(
            result.status == 0, "\(verb) \(words): \(result.stdout)\(result.stderr)", sourceLocation: sourceLocation)
        return result
    }
}

extension Catboat {
    /// The same commands from copies that any user can reach: the project may lie where only root can.
    public func reachableByAll() throws -> Catboat {
        let folder = Scratch.directory.joined("reachable")
        try folder.createDirectories()
        try Scratch.directory.changePermissions(0o755)
        let programs = ["catboat", "catboat-media", "catboat-history", "catboat-launch"].map {
            Word(Self.execPath.joined($0))
        }
        _ = try Tool("cp", ["--reflink=auto", "-t", Word(folder)] + programs).output()
        _ = try Tool("cp", ["-r", Word(Self.projectFolder.joined("share")), Word(folder)]).output()
        var copy = self
        copy.environment["CATBOAT_EXEC_PATH"] = Word(folder)
        copy.environment["CATBOAT_DATADIR"] = Word(folder.joined("share"))
        return copy
    }

    /// Where the shell of an administrator looks for commands: in `execPath`, and in the staged installation.
    public static func searchPath(_ execPath: FilePath) -> String {
        var folders = [execPath.printable]
        if let prefix = Environment.current.text("CATBOAT_TEST_PREFIX") { folders.append("\(prefix)/bin") }
        if let present = Environment.current.text("PATH") { folders.append(present) }
        return folders.joined(separator: ":")
    }

    /// A folder with all commands by name: that of an installation, else one of links in the scratch directory.
    public static func namedExecPath() throws -> FilePath {
        if execPath.joined("table-get").exists { return execPath }
        let folder = Scratch.directory.joined("exec")
        try folder.createDirectories()
        for page in try projectFolder.joined("man/man1").directoryNames().map(\.printable)
        where !page.hasPrefix("catboat") {
            let name = String(page.dropLast(2))
            let executable =
                name.hasPrefix("profile-")
                ? "catboat-history"
                : ["media-", "kmodule-"].contains { name.hasPrefix($0) } ? "catboat-media" : "catboat"
            try folder.joined(name).createSymbolicLink(to: execPath.joined(executable))
        }
        for name in ["catboat", "catboat-history", "catboat-media", "catboat-launch", "catboat-setattr"] {
            try folder.joined(name).createSymbolicLink(to: execPath.joined(name))
        }
        return folder
    }
}
