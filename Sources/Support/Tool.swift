public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A program to run, as a value: what is run, with which words, environment and descriptors.
///
/// Programs are started with an argument vector, never through a shell, and see no descriptor that is not
/// listed. Standard input is empty unless given. `LC_ALL=C` is set, so that messages can be recognised.
public struct Tool: Sendable, Equatable {
    /// A path, or a name that is looked up in `PATH`.
    public var program: FilePath
    /// What the program sees as its own name; the program's name unless set.
    public var argumentZero: Word?
    public var words: [Word]
    public var environment: Environment
    public var directory: FilePath?
    /// Descriptors above 2 that the child gets: its number → ours.
    public var descriptors: [CInt: FileDescriptor]
    /// Makes the child the leader of a new process group, so that `signalGroup` reaches its children.
    public var hasOwnGroup: Bool
    /// Bytes of address space that it may have, for a program that reads what may be hostile; nil for any.
    public var memoryLimit: UInt64?

    public init(_ program: FilePath, _ words: [Word] = [], environment: Environment = .current) {
        self.program = program
        self.words = words
        self.environment = environment
        self.environment["LC_ALL"] = "C"
        descriptors = [:]
        hasOwnGroup = false
    }

    /// Where a standard stream of the child goes or comes from.
    public enum Stream: Sendable {
        case null
        case inherited
        case descriptor(FileDescriptor)
    }

    /// How a program ended.
    public enum Ending: Sendable, Equatable {
        case exited(CInt)
        case signaled(CInt)

        public var isSuccess: Bool { self == .exited(0) }
    }

    /// Starts the program and returns at once.
    public func start(
        input: Stream = .null, output: Stream = .inherited, errors: Stream = .inherited
    ) throws(ToolError) -> RunningTool {
        try RunningTool(self, [input, output, errors])
    }

    /// Runs the program to its end, feeding it `input`.
    @discardableResult
    public func run(
        input: [UInt8]? = nil, output: Stream = .inherited, errors: Stream = .inherited
    ) throws(ToolError) -> Ending {
        guard let input else { return try start(output: output, errors: errors).wait() }
        let pipe = try Pipe(for: program)
        let running: RunningTool
        do {
            running = try start(input: .descriptor(pipe.reader), output: output, errors: errors)
        } catch {
            pipe.close()
            throw error
        }
        try? pipe.reader.close()
        // A child that stops reading early is judged by its exit status, not by our broken pipe.
        withoutBrokenPipeSignal { _ = try? pipe.writer.writeAll(input) }
        try? pipe.writer.close()
        return try running.wait()
    }

    /// What a program printed.
    public struct Captured: Sendable, Equatable {
        public var output: [UInt8]
        /// The end of what it printed to standard error, 64 KiB at most.
        public var errors: [UInt8]
        public var ending: Ending

        public init(output: [UInt8], errors: [UInt8], ending: Ending) {
            (self.output, self.errors, self.ending) = (output, errors, ending)
        }

        public var text: String { String(decoding: output, as: UTF8.self) }
        /// Lines of the output without the newline; an empty last line does not count.
        public var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: true) }
    }

    /// Runs the program to its end and captures both streams.
    /// - Throws: `ToolError.tooMuchOutput` above `limit` bytes of output; an exit status is a result, not an error.
    public func capture(input: [UInt8] = [], limit: Int = 64 << 20) throws(ToolError) -> Captured {
        try Capture.run(self, input: input, limit: limit)
    }

    /// Standard output of a program that must succeed.
    /// - Throws: `ToolError.failed` with its status and the last lines of standard error.
    public func output(input: [UInt8] = [], limit: Int = 64 << 20) throws(ToolError) -> Captured {
        let captured = try capture(input: input, limit: limit)
        guard captured.ending.isSuccess else {
            throw .failed(self, captured.ending, lastLines: ToolError.lastLines(of: captured.errors))
        }
        return captured
    }

    /// The file that would be run.
    func located() throws(ToolError) -> FilePath {
        if program.bytes.contains(UInt8(ascii: "/")) { return program }
        let path = environment.text("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        for directory in path.split(separator: ":") {
            let candidate = FilePath(String(directory)).joined(program)
            if candidate.isExecutableFile { return candidate }
        }
        throw .notFound(program)
    }

    /// Whether a program of this name is in `PATH`.
    public static func isInstalled(_ name: FilePath) -> Bool { (try? Tool(name).located()) != nil }
}

/// Why a program could not be run, or that it failed.
public enum ToolError: Diagnosable, Equatable {
    case notFound(FilePath)
    case cannotStart(FilePath, Errno)
    case cannotWait(FilePath, Errno)
    case failed(Tool, Tool.Ending, lastLines: String)
    case tooMuchOutput(FilePath, limit: Int)

    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let program):
            Diagnostic("program not found", subject: program.printable, remedy: "install it, or add its folder to PATH")
        case .cannotStart(let program, let errno):
            Diagnostic("cannot start program", subject: program.printable, remedy: errno.description)
        case .cannotWait(let program, let errno):
            Diagnostic("cannot wait for program", subject: program.printable, remedy: errno.description)
        case .failed(let tool, let ending, let lastLines):
            Diagnostic(
                "program \(Self.told(ending))", subject: Self.commandLine(tool),
                remedy: lastLines.isEmpty ? "it printed no error" : lastLines)
        case .tooMuchOutput(let program, let limit):
            Diagnostic("program printed more than \(limit) bytes", subject: program.printable)
        }
    }

    public static func told(_ ending: Tool.Ending) -> String {
        switch ending {
        case .exited(let status): "exited with status \(status)"
        case .signaled(let signal): "was ended by signal \(signal)"
        }
    }

    private static func commandLine(_ tool: Tool) -> String {
        let words = [Word(tool.program)] + tool.words
        let line = words.map { String(decoding: $0.shellQuoted, as: UTF8.self) }.joined(separator: " ")
        return line.count > 400 ? line.prefix(400) + "…" : line
    }

    /// The last five lines, for a message.
    public static func lastLines(of bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(5).joined(separator: "\n")
    }
}

/// Runs `body` with SIGPIPE ignored, so that a reader that went away is an error of the write.
func withoutBrokenPipeSignal<Result>(_ body: () throws -> Result) rethrows -> Result {
    let previous = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, previous) }
    return try body()
}
