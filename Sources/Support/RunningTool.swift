internal import CLinux
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A program that was started. `wait` must be called once.
public final class RunningTool {
    public let pid: CInt
    private let program: FilePath

    init(_ tool: Tool, _ streams: [Tool.Stream]) throws(ToolError) {
        let located = try tool.located()
        program = tool.program
        var map = [CInt](repeating: -1, count: max(3, Int(tool.descriptors.keys.max() ?? 2) + 1))
        for (index, stream) in streams.enumerated() {
            switch stream {
            case .null: break
            case .inherited: map[index] = CInt(index)
            case .descriptor(let descriptor): map[index] = descriptor.rawValue
            }
        }
        for (number, descriptor) in tool.descriptors { map[Int(number)] = descriptor.rawValue }

        let arguments = CStringArray([(tool.argumentZero ?? Word(tool.program)).bytes] + tool.words.map(\.bytes))
        let environment = CStringArray(tool.environment.entries)
        var pid: pid_t = 0
        func spawn(_ directory: UnsafePointer<CChar>?) -> CInt {
            located.withPlatformString { program in
                catboat_spawn(
                    &pid, program, arguments.pointers, environment.pointers, directory, map, CInt(map.count),
                    tool.hasOwnGroup ? 1 : 0)
            }
        }
        var code = tool.directory.map { $0.withPlatformString { spawn($0) } } ?? spawn(nil)
        // A process that another thread is just starting has the descriptor with which a script was written until it
        // runs its own program: such a file is busy for a moment.
        for _ in 0..<50 where code == ETXTBSY {
            usleep(20_000)
            code = tool.directory.map { $0.withPlatformString { spawn($0) } } ?? spawn(nil)
        }
        guard code == 0 else { throw .cannotStart(tool.program, Errno(rawValue: code)) }
        self.pid = pid
        // Too late for what the program has already, in time for what it is made to ask for. It may have ended.
        if let limit = tool.memoryLimit { _ = catboat_limit_memory(pid, limit) }
    }

    /// Waits for the program to end.
    public func wait() throws(ToolError) -> Tool.Ending {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0 {
            guard Errno.latest == .interrupted else { throw .cannotWait(program, .latest) }
        }
        let signal = catboat_termination_signal(status)
        return signal != 0 ? .signaled(signal) : .exited(catboat_exit_status(status))
    }

    /// Whether the program has ended, without waiting; nil while it runs.
    public func poll() throws(ToolError) -> Tool.Ending? {
        var status: CInt = 0
        let result = waitpid(pid, &status, WNOHANG)
        if result == 0 { return nil }
        guard result > 0 else { throw .cannotWait(program, .latest) }
        let signal = catboat_termination_signal(status)
        return signal != 0 ? .signaled(signal) : .exited(catboat_exit_status(status))
    }

    /// Waits until any program that this process started has ended; `wait` or `poll` says which and how.
    public static func waitForAny() {
        var info = siginfo_t()
        while waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) < 0 && Errno.latest == .interrupted {}
    }

    public func signal(_ number: CInt) { kill(pid, number) }

    /// Signals the program and its children; only for a tool that has its own group.
    public func signalGroup(_ number: CInt) { kill(-pid, number) }
}

/// A NULL-terminated array of C strings for `exec`.
final class CStringArray {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [[UInt8]]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, bytes) in strings.enumerated() {
            let string = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
            for (offset, byte) in bytes.enumerated() { string[offset] = CChar(bitPattern: byte) }
            string[bytes.count] = 0
            pointers[index] = string
        }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { pointers[index]?.deallocate() }
        pointers.deallocate()
    }
}

/// A pipe whose ends are closed on exec.
public struct Pipe: Sendable {
    public let reader: FileDescriptor
    public let writer: FileDescriptor

    /// `program` is for the error.
    public init(for program: FilePath) throws(ToolError) {
        var ends: [CInt] = [0, 0]
        guard catboat_pipe(&ends) == 0 else { throw .cannotStart(program, .latest) }
        reader = FileDescriptor(rawValue: ends[0])
        writer = FileDescriptor(rawValue: ends[1])
    }

    public func close() {
        try? reader.close()
        try? writer.close()
    }
}

/// Feeds one program and drains both of its streams at once, so that no full pipe can stop it.
enum Capture {
    static func run(_ tool: Tool, input: [UInt8], limit: Int) throws(ToolError) -> Tool.Captured {
        let feed = try Pipe(for: tool.program)
        let output = try Pipe(for: tool.program)
        let errors = try Pipe(for: tool.program)
        let running: RunningTool
        do {
            running = try tool.start(
                input: .descriptor(feed.reader), output: .descriptor(output.writer), errors: .descriptor(errors.writer))
        } catch {
            for pipe in [feed, output, errors] { pipe.close() }
            throw error
        }
        for end in [feed.reader, output.writer, errors.writer] { try? end.close() }
        var drain = Drain(input: input, feed: feed.writer, output: output.reader, errors: errors.reader, limit: limit)
        let withinLimit = withoutBrokenPipeSignal { drain.run() }
        if !withinLimit { running.signal(SIGKILL) }
        let ending = try running.wait()
        guard withinLimit else { throw .tooMuchOutput(tool.program, limit: limit) }
        return Tool.Captured(output: drain.captured, errors: drain.capturedErrors, ending: ending)
    }
}

private struct Drain {
    var input: [UInt8]
    var feed: FileDescriptor
    let output: FileDescriptor
    let errors: FileDescriptor
    let limit: Int
    var captured: [UInt8] = []
    var capturedErrors: [UInt8] = []
    private static let errorLimit = 65536

    init(input: [UInt8], feed: FileDescriptor, output: FileDescriptor, errors: FileDescriptor, limit: Int) {
        (self.input, self.feed, self.output, self.errors, self.limit) = (input, feed, output, errors, limit)
    }

    /// False when the output exceeds the limit.
    mutating func run() -> Bool {
        var written = 0
        var polls = [
            pollfd(fd: feed.rawValue, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        defer { for entry in polls where entry.fd >= 0 { close(entry.fd) } }
        _ = fcntl(feed.rawValue, F_SETFL, O_NONBLOCK)
        var buffer = [UInt8](repeating: 0, count: 65536)
        func finish(_ index: Int) {
            close(polls[index].fd)
            polls[index].fd = -1
        }
        if input.isEmpty { finish(0) }
        while polls.contains(where: { $0.fd >= 0 }) {
            if poll(&polls, nfds_t(polls.count), -1) < 0 {
                if Errno.latest == .interrupted { continue }
                return false
            }
            if polls[0].fd >= 0, polls[0].revents != 0 {
                let count = input[written...].withUnsafeBytes {
                    write(feed.rawValue, $0.baseAddress, min($0.count, 65536))
                }
                if count > 0 { written += count }
                if (count < 0 && Errno.latest != .resourceTemporarilyUnavailable) || written == input.count {
                    finish(0)
                }
            }
            for index in 1...2 where polls[index].fd >= 0 && polls[index].revents != 0 {
                let count = read(polls[index].fd, &buffer, buffer.count)
                if count <= 0 {
                    finish(index)
                } else if index == 1 {
                    guard captured.count + count <= limit else { return false }
                    captured += buffer[..<count]
                } else {
                    capturedErrors += buffer[..<count]
                    if capturedErrors.count > 2 * Self.errorLimit {
                        capturedErrors.removeFirst(capturedErrors.count - Self.errorLimit)
                    }
                }
            }
        }
        return true
    }
}
