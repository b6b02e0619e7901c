public import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What a program prints to its standard output, which counts only when it ends well.
public final class ProgramSource: ByteSource {
    private let program: FilePath
    private let format: String
    private let output: FileDescriptor
    private let errors: FileDescriptor
    private var running: RunningTool?
    /// The end of what it printed to standard error.
    private var words: [UInt8] = []
    private static let wordLimit = 4096

    /// - Parameter format: what the program reads, for the error when it refuses that.
    public init(_ tool: Tool, input: Tool.Stream = .null, format: String) throws(ToolError) {
        (program, self.format) = (tool.program, format)
        let pipes = (output: try Pipe(for: tool.program), errors: try Pipe(for: tool.program))
        (output, errors) = (pipes.output.reader, pipes.errors.reader)
        do {
            running = try tool.start(
                input: input, output: .descriptor(pipes.output.writer), errors: .descriptor(pipes.errors.writer))
        } catch {
            pipes.output.close()
            pipes.errors.close()
            throw error
        }
        // Ours must be closed, or the end of what it prints is never seen.
        try? pipes.output.writer.close()
        try? pipes.errors.writer.close()
    }

    deinit {
        try? output.close()
        try? errors.close()
        // Not read to the end: it dies of the broken pipe.
        _ = try? running?.wait()
    }

    /// - Throws: `ArchiveError.malformed` at the end of a program that does not succeed.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let running else { return 0 }
        try waitForOutput()
        let count = try FileError.wrap("read from", program) { try output.read(into: buffer) }
        if count > 0 || buffer.isEmpty { return count }
        while try collectWords() {}
        self.running = nil
        let ending = try running.wait()
        guard ending.isSuccess else {
            let said = ToolError.lastLines(of: words).split(separator: "\n").last.map { ": \($0)" } ?? ""
            throw ArchiveError.malformed(
                format: format, what: "\(program.printable) \(ToolError.told(ending))\(said)")
        }
        return 0
    }

    /// Returns when there is output, or its end; a program that has much to say is not held up by that.
    private func waitForOutput() throws {
        var polls = [
            pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        while polls[0].revents == 0 {
            guard poll(&polls, nfds_t(polls.count), -1) >= 0 else {
                if Errno.latest == .interrupted { continue }
                throw FileError("read from", program, .latest)
            }
            if polls[1].revents != 0, try !collectWords() { polls[1].fd = -1 }
        }
    }

    /// False at the end.
    private func collectWords() throws -> Bool {
        var block = [UInt8](repeating: 0, count: Self.wordLimit)
        let count = try FileError.wrap("read from", program) {
            try block.withUnsafeMutableBytes { try errors.read(into: $0) }
        }
        words = (words + block[..<count]).suffix(Self.wordLimit)
        return count > 0
    }
}

extension ProgramSource {
    /// The plain bytes of an xz file.
    /// - Parameter descriptor: the compressed file, read from its current position by the child.
    public static func xz(_ descriptor: FileDescriptor, width: Int) throws(ToolError) -> ProgramSource {
        try ProgramSource(
            Tool("xz", ["--decompress", "--stdout", "--memlimit-decompress=2GiB", Word("--threads=\(width)")]),
            input: .descriptor(descriptor), format: "xz")
    }
}
