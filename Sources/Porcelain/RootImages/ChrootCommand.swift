internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Sandbox
internal import Settings
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

struct ChrootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chroot", abstract: "Run a command, or a shell, inside the root image of an osimage.")

    @Flag(help: "Let it use the network, with the name servers of this machine.") var network = false
    @Option(help: "A folder to show read-only at /run/catboat/media/N.", completion: .directory) var media: [String] =
        []
    @Option(help: "A variable for it, as NAME=VALUE.") var env: [String] = []
    @Option(help: "Working directory inside the image.") var directory: String?
    @Argument(help: "The osimage.", completion: .custom { _, _, prefix in OsimageNames.starting(with: prefix) })
    var osimage: String
    @Argument(
        parsing: .captureForPassthrough, help: "The command and its arguments; without them root's shell.",
        completion: .custom { words, _, prefix in ImagePrograms.starting(with: prefix, words) })
    var command: [String] = []

    func run() throws {
        let settings = Settings.current()
        let folder = try RootImageFolder.host(osimage, Cluster.open(settings))
        let tree = folder.joined("rootimg")
        guard tree.isDirectory else {
            throw CommandFailure([
                Diagnostic("osimage has no root image yet", subject: osimage, remedy: "run genimage \(osimage) first")
            ])
        }
        var words: [Word] = network ? ["--network"] : []
        for folder in media { words += ["--media", Word(folder)] }
        for variable in env { words += ["--env", Word(variable)] }
        if let directory { words += ["--directory", Word(directory)] }
        let given = command.first == "--" ? Array(command.dropFirst()) : command
        let isAtTerminal = isatty(0) == 1
        let program: [Word]
        if given.isEmpty {
            program = [Word(try ImageShell(tree).path(osimage))]
            words += prompt
            if isAtTerminal { tellWhere() }
        } else {
            program = given.map { Word($0) }
        }
        // Also under image-lock: the step borrows the lock that we hold or borrow.
        let lock = try ImageLock(folder)
        defer { withExtendedLifetime(lock.descriptor) {} }
        let step = Step("rootimg-run", words + [Word(folder), "--"] + program, settings: settings)
            .passing(lock.descriptor, as: ImageLock.variable).readingOurInput()
        let ending = isAtTerminal ? try Interruption.leftToForeground { try step.status() } : try step.status()
        switch ending {
        case .exited(let status): throw ExitCode(status)
        case .signaled(let signal): Interruption.die(of: signal)
        }
    }

    /// Debian's shells show the one, all others the other.
    private var prompt: [Word] {
        // A shell expands its prompt: a name with anything else in it could be a command.
        guard osimage.utf8.allSatisfy(Self.isPlain) else { return [] }
        return ["--env", Word("debian_chroot=\(osimage)"), "--env", Word("PS1=(\(osimage)) # ")]
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func tellWhere() {
        Console.note(
            "This is the root image of \(osimage); exit leaves it. What you change stays in it, until "
                + "packimage \(osimage) nodes do not get it.")
    }
}

/// Where the root image of an osimage is.
enum RootImageFolder {
    /// rootimgdir of a diskless osimage on the host, whether it exists or not.
    static func host(_ osimage: String, _ cluster: Cluster) throws -> FilePath {
        let image = try cluster.osimage(osimage)
        guard image.isDiskless else {
            throw CommandFailure([
                Diagnostic(
                    "osimage has no root image, its provmethod is \(image.provmethod ?? "not set")", subject: osimage,
                    remedy: "see lsdef -t osimage -w provmethod==netboot")
            ])
        }
        guard let stored = try image.rootimgdir(cluster) else {
            throw CommandFailure([
                Diagnostic(
                    "osimage has no rootimgdir", subject: osimage,
                    remedy: "set it with chdef -t osimage \(osimage) rootimgdir=DIR")
            ])
        }
        return try cluster.settings.host(stored)
    }
}

/// The shell of a root image's root user.
struct ImageShell {
    private let root: RootFolder

    init(_ tree: FilePath) { root = RootFolder(tree) }

    /// As the image sees it: what its passwd names for root, if that is there, else bash or sh.
    func path(_ osimage: String) throws -> FilePath {
        let candidates = [ofRoot, "/bin/bash", "/bin/sh"].compactMap { $0 }
        guard let found = try candidates.first(where: { try root.host($0).isExecutableFile }) else {
            throw CommandFailure([
                Diagnostic(
                    "root image has no shell", subject: osimage,
                    remedy: "name a command, or add a shell to the package list")
            ])
        }
        return found
    }

    private var ofRoot: FilePath? {
        let text = try? root.host("/etc/passwd").readText(limit: 1 << 20)
        let line = text?.split(separator: "\n").first { $0.hasPrefix("root:") }
        let shell = line?.split(separator: ":", omittingEmptySubsequences: false).last.map(String.init)
        return shell.flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
    }
}

/// Names of programs of a root image, for completion.
enum ImagePrograms {
    /// - Parameter words: those of the command line, the osimage among them.
    static func starting(with prefix: String, _ words: [String]) -> [String] {
        guard let cluster = try? Cluster.open(),
            let osimage = words.dropLast().first(where: { (try? cluster.findOsimage($0)) ?? nil != nil }),
            words.dropLast().last == osimage, let folder = try? RootImageFolder.host(osimage, cluster)
        else { return [] }
        let root = RootFolder(folder.joined("rootimg"))
        let names = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].flatMap { place in
            (try? root.host(FilePath(place)).directoryNames()) ?? []
        }
        return Set(names.map(\.printable).filter { $0.hasPrefix(prefix) }).sorted()
    }
}
