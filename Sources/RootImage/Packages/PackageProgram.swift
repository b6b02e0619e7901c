internal import Sandbox
internal import Support
internal import SystemPackage

/// Runs package managers in the sandbox: what they print goes to a log, is followed for a line of progress, and is quoted when they
/// fail.
struct PackageProgram: Sendable {
    let logFile: FilePath
    let isInteractive: Bool
    /// What a line of the log holds that tells of one more package; empty where no progress is shown.
    let progressMark: String
    /// Whether messages may lead people to the log.
    var keepsLog = true

    func run(_ sandbox: ImageSandbox, _ command: [Word], _ lock: borrowing ImageLock, mayFail: Bool = false) throws {
        let (ending, log) = try outcome(sandbox, command, lock, isInteractive: isInteractive)
        guard ending.isSuccess || mayFail else {
            throw PackageError.failed(
                command[0].description, ending, lastLines: try log.explanation(namesFile: keepsLog))
        }
    }

    /// For programs whose exit status and words must be understood; without a terminal unless `isInteractive`.
    func outcome(
        _ sandbox: ImageSandbox, _ command: [Word], _ lock: borrowing ImageLock, isInteractive: Bool = false
    ) throws -> (Tool.Ending, PackageLog) {
        let log = try PackageLog(logFile)
        if isInteractive {
            let ending = try sandbox.run(
                command, holding: lock, input: .inherited, output: .descriptor(.standardError))
            return (ending, log)
        }
        let stream = Tool.Stream.descriptor(log.descriptor)
        let ending = try sandbox.run(command, holding: lock, output: stream, errors: stream) {
            if !progressMark.isEmpty { try log.follow($0, mark: progressMark) }
        }
        return (ending, log)
    }
}

extension ImageSandbox {
    /// The sandbox of a package manager: variables of the osimage and of the pass for package scripts, proxies only with a network.
    init(
        packagesOf image: FilePath, view: View, _ settings: PackageSettings, passVariables: [String: String],
        allowsNetwork: Bool, media: [FilePath], stubs: [String]
    ) {
        self.init(image, view: view, execPath: settings.execPath)
        self.allowsNetwork = allowsNetwork
        self.media = media
        self.stubs = stubs
        suppressesSync = true
        environment = environment.merging(settings.variables)
        // Scripts of kernels and of dracut that would build an initramfs.
        environment["INITRD"] = "No"
        if allowsNetwork {
            for name in ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy"] {
                environment[name] = Environment.current[name]
            }
        }
        // The package manager is the host's: what is meant for the image's scripts shall not steer it.
        for (name, value) in passVariables where !VariableName.steersPrograms(name) {
            environment[name] = Word(value)
        }
    }
}
