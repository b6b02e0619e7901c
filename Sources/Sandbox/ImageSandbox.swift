public import Support
public import SystemPackage

/// A run of one command around or inside a root image, in private mount, PID, IPC and (unless allowed) network namespaces.
///
/// The work is done by the program `catboat-launch`. It gets the read end of a pipe whose only write end is ours, so when this process
/// dies, the command, everything it started and every mount vanish.
public struct ImageSandbox: Sendable {
    /// Where the command sees itself.
    public enum View: Sendable, Equatable {
        /// Its root is the image; nothing of the host is in reach.
        case inside
        /// On the host, which is read-only, with the image prepared for programs that enter it with chroot.
        case around
        /// As `around`, but only `/run` of the image is prepared: for mmdebstrap, which mounts the rest itself.
        case bare
        /// On the host as it is, with an overlay in the image's place: what the command changes there goes to `upper/` of this
        /// folder, which has `work/` as well, on the same file system. The command inherits the lock.
        case overlaid(FilePath)
    }

    /// Media of a build are at this place, numbered from 1, on both sides of the image's root.
    public static let mediaFolder = FilePath("/run/catboat/media")
    /// Inert programs (`stubs`) are here; put it first in `PATH`.
    public static let programFolder = FilePath("/run/catboat/bin")

    public var image: FilePath
    public var view: View
    public var allowsNetwork = false
    /// fsync and its kin do nothing. The caller synchronizes the file system once, at the end.
    public var suppressesSync = false
    /// Folders shown read-only at `/run/catboat/media/1`, `2`, …
    public var media: [FilePath] = []
    /// Other folders shown read-only at `/run/catboat/<name>`.
    public var folders: [String: FilePath] = [:]
    /// Folders shown writable at `/run/catboat/<name>`.
    public var writableFolders: [String: FilePath] = [:]
    /// Names of programs that shall do nothing.
    public var stubs: [String] = []
    /// Working directory of the command, as the command sees it.
    public var directory: FilePath?
    public var environment: Environment
    private let launcher: FilePath

    /// - Parameters:
    ///   - image: path of the tree on the host; an operand or resolved beneath the root folder by the caller.
    ///   - execPath: the folder of `catboat-launch`.
    public init(
        _ image: FilePath, view: View, execPath: FilePath, environment: Environment = ImageSandbox.cleanEnvironment
    ) {
        self.image = image
        self.view = view
        self.environment = environment
        launcher = execPath.joined("catboat-launch")
    }

    /// What programs in a sandbox see of the environment: nothing of ours but the terminal.
    ///
    /// `SYSTEMD_OFFLINE`: systemctl does not try to start or reload anything.
    public static var cleanEnvironment: Environment {
        var result = Environment([
            "PATH": Word("\(programFolder.printable):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            "HOME": "/root", "SYSTEMD_OFFLINE": "1",
        ])
        for name in ["TERM", "SOURCE_DATE_EPOCH"] { result[name] = Environment.current[name] }
        return result
    }

    /// Runs `command` to its end.
    @discardableResult
    public func run(
        _ command: [Word], holding lock: borrowing ImageLock, input: Tool.Stream = .null,
        output: Tool.Stream = .inherited,
        errors: Tool.Stream = .inherited, whileRunning poll: ((RunningTool) throws -> Void)? = nil
    ) throws -> Tool.Ending {
        let liveness = try Pipe(for: launcher)
        defer { liveness.close() }
        let running = try tool(command, liveness: liveness.reader, lock: lock.descriptor)
            .start(input: input, output: output, errors: errors)
        try poll?(running)
        return try running.wait()
    }

    /// Runs `command` and captures both its streams; an exit status is a result, not an error.
    public func capture(
        _ command: [Word], holding lock: borrowing ImageLock, input: [UInt8] = [], limit: Int = 64 << 20
    ) throws(ToolError) -> Tool.Captured {
        let liveness = try Pipe(for: launcher)
        defer { liveness.close() }
        return try tool(command, liveness: liveness.reader, lock: lock.descriptor).capture(input: input, limit: limit)
    }

    /// The launcher's command line as a value. `liveness` and `lock` become its descriptors 10 and 11.
    func tool(_ command: [Word], liveness: FileDescriptor, lock: FileDescriptor) -> Tool {
        var words: [Word] = ["--root", Word(image)]
        switch view {
        case .inside: words.append("--inside")
        case .bare: words.append("--bare")
        case .overlaid(let stage): words += ["--overlay", Word(stage)]
        case .around: break
        }
        if allowsNetwork { words.append("--network") }
        if suppressesSync { words.append("--suppress-sync") }
        for folder in media { words += ["--media", Word(folder)] }
        for (name, folder) in folders.sorted(by: { $0.key < $1.key }) { words += ["--bind", Word("\(name)=", folder)] }
        for (name, folder) in writableFolders.sorted(by: { $0.key < $1.key }) {
            words += ["--bind-writable", Word("\(name)=", folder)]
        }
        for name in stubs { words += ["--stub", Word(name)] }
        if let directory { words += ["--directory", Word(directory)] }
        words += ["--liveness", "10", "--"] + command
        var tool = Tool(launcher, words, environment: environment)
        tool.descriptors = [10: liveness, 11: lock]
        if case .overlaid = view { tool.environment[ImageLock.variable] = "11" }
        return tool
    }
}
