public import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

extension BlockSource {
    /// Runs `tool` with all blocks on its standard input, until it ends.
    ///
    /// - Throws: `ToolError.failed` when it does not succeed; what the source throws, after the tool was killed.
    public mutating func feed(_ tool: Tool, output: Tool.Stream) throws {
        let pipe = try FileDescriptor.pipe()
        let running: RunningTool
        do {
            running = try tool.start(input: .descriptor(pipe.readEnd), output: output)
        } catch {
            try? pipe.readEnd.close()
            try? pipe.writeEnd.close()
            throw error
        }
        try? pipe.readEnd.close()
        // A program that stops reading is judged by its exit status, not by our broken pipe.
        let previous = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, previous) }
        do {
            while let block = try next() { _ = try pipe.writeEnd.writeAll(block) }
            try pipe.writeEnd.close()
        } catch let error as Errno where error == .brokenPipe {
            try? pipe.writeEnd.close()
        } catch {
            // Ended by a signal: a half stream must not look like a whole one.
            running.signal(SIGKILL)
            try? pipe.writeEnd.close()
            _ = try? running.wait()
            throw error
        }
        let ending = try running.wait()
        guard ending.isSuccess else { throw ToolError.failed(tool, ending, lastLines: "see what it says above") }
    }
}

extension Tool {
    /// xz(1) from standard input to standard output. The bytes do not depend on `threads`.
    public static func xz(level: Int, threads: Int) -> Tool {
        // Blocks of a fixed size, and `+` keeps one thread from writing a single block.
        let width = "\(threads == 1 ? "+" : "")\(threads)"
        return Tool(
            "xz", ["--compress", "--stdout", "--block-size=25165824", Word("--threads=\(width)"), Word("-\(level)")])
    }
}
