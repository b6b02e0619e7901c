internal import CLinux
public import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Runs one script in a process group of its own and passes its output on, line by line, with its label.
///
/// Standard output and standard error of the script are one stream and go to `output`. A script that closes its output,
/// reads no input or prints without end does no harm. What the script leaves running in its group when it ends is ended
/// too; at the time limit, or when this process gets SIGINT, SIGTERM or SIGHUP, the whole group gets SIGTERM and,
/// after the grace, SIGKILL.
public struct ScriptRunner: Sendable {
    private let output: FileDescriptor
    private let ownsChildren: Bool

    /// - Parameter ownsChildren: whether this process has no children but scripts. Then also what left the script's group,
    ///   by a session of its own, is ended.
    public init(output: FileDescriptor = .standardError, ownsChildren: Bool = false) {
        (self.output, self.ownsChildren) = (output, ownsChildren)
    }

    public func run(_ script: Script) throws(ToolError) -> ScriptOutcome {
        if ownsChildren { Orphans.adopt() }
        defer { if ownsChildren { Orphans.end() } }
        let signals = catboat_signals_catch()
        defer { if signals >= 0 { catboat_signals_release() } }
        let feed = try Pipe(for: script.tool.program)
        let printed: Pipe
        do {
            printed = try Pipe(for: script.tool.program)
        } catch {
            feed.close()
            throw error
        }
        var tool = script.tool
        tool.hasOwnGroup = true
        let running: RunningTool
        do {
            running = try tool.start(
                input: .descriptor(feed.reader), output: .descriptor(printed.writer),
                errors: .descriptor(printed.writer))
        } catch {
            feed.close()
            printed.close()
            throw error
        }
        try? feed.reader.close()
        try? printed.writer.close()
        let child = catboat_pidfd(running.pid)
        guard child >= 0 else {
            let reason = Errno.latest
            running.signalGroup(SIGKILL)
            _ = try running.wait()
            try? feed.writer.close()
            try? printed.reader.close()
            throw .cannotWait(script.tool.program, reason)
        }
        let previous = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, previous) }
        var watch = ScriptWatch(
            script, running, child: child, signals: signals, feed: feed.writer, printed: printed.reader,
            output: output)
        return try watch.run()
    }
}

/// The loop that feeds and drains one running script until it and its group have ended.
private struct ScriptWatch {
    private enum Phase: Equatable {
        case running
        /// SIGTERM was sent; SIGKILL follows at the deadline.
        case ending
        case killed
    }

    private let script: Script
    private let running: RunningTool
    private let signals: CInt
    private let output: FileDescriptor
    private var feed: CInt
    private var printed: CInt
    private let child: CInt
    private var written = 0
    private var hasEnded = false
    private var phase = Phase.running
    private var cut: ScriptOutcome.Cut?
    private var deadline: ContinuousClock.Instant?
    private var prefixer: LinePrefixer
    private let clock = ContinuousClock()

    /// How long we listen to what the script left behind: it got SIGTERM when the script ended.
    private static let afterlife = Duration.seconds(1)

    init(
        _ script: Script, _ running: RunningTool, child: CInt, signals: CInt, feed: FileDescriptor,
        printed: FileDescriptor, output: FileDescriptor
    ) {
        (self.script, self.running, self.child) = (script, running, child)
        (self.signals, self.output) = (signals, output)
        (self.feed, self.printed) = (feed.rawValue, printed.rawValue)
        prefixer = LinePrefixer(label: script.label.bytes, limit: script.outputLimit)
        deadline = script.timeLimit.map { clock.now + $0 }
        _ = fcntl(feed.rawValue, F_SETFL, O_NONBLOCK)
        _ = fcntl(printed.rawValue, F_SETFL, O_NONBLOCK)
        if script.input.isEmpty { close(&self.feed) }
    }

    mutating func run() throws(ToolError) -> ScriptOutcome {
        defer {
            close(&feed)
            close(&printed)
            Glibc.close(child)
        }
        while !(hasEnded && (printed < 0 || phase == .killed)) { step() }
        drain()
        // The script is not waited for yet, so that its number still means this group and no other.
        running.signalGroup(SIGKILL)
        emit(prefixer.finish())
        let ending = try running.wait()
        awaitGroup()
        let lastLines = ToolError.lastLines(of: prefixer.tail).split(separator: "\n")
            .map { $0.count > 200 ? "\($0.prefix(200))..." : String($0) }.joined(separator: "\n")
        return ScriptOutcome(ending: ending, cut: cut, lastLines: lastLines, outputSize: prefixer.size)
    }

    /// Gives what was killed the time to be gone; a second at most, since the kernel has its own pace.
    private func awaitGroup() {
        let end = clock.now + .seconds(1)
        while kill(-running.pid, 0) == 0, clock.now < end { usleep(2000) }
    }

    private mutating func step() {
        var polls = [
            pollfd(fd: feed, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: printed, events: Int16(POLLIN), revents: 0),
            pollfd(fd: hasEnded ? -1 : child, events: Int16(POLLIN), revents: 0),
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
        ]
        let count = poll(&polls, nfds_t(polls.count), waitingTime)
        if count > 0 {
            if polls[0].revents != 0 { feedSome() }
            if polls[1].revents != 0 { readSome() }
            if polls[2].revents != 0 { scriptEnded() }
            if polls[3].revents != 0 { heed() }
        }
        if let deadline, clock.now >= deadline { deadlinePassed() }
    }

    /// Milliseconds for poll(2), at most a minute.
    private var waitingTime: CInt {
        guard let deadline else { return -1 }
        let left = (deadline - clock.now) / .milliseconds(1)
        return CInt(max(0, min(60_000, left.rounded(.up))))
    }

    private mutating func scriptEnded() {
        hasEnded = true
        close(&feed)
        guard phase != .killed else { return }
        running.signalGroup(SIGTERM)
        // Within the grace of an earlier SIGTERM the rest of the group keeps its time.
        if phase == .running { deadline = clock.now + Self.afterlife }
        phase = .ending
    }

    private mutating func heed() {
        var number: UInt8 = 0
        guard read(signals, &number, 1) == 1 else { return }
        if phase == .running {
            end(.interrupted(CInt(number)))
        } else {
            // Whoever asks twice does not want to wait for the grace.
            deadline = clock.now
        }
    }

    private mutating func deadlinePassed() {
        switch phase {
        case .running: end(.timeLimit(script.timeLimit ?? .zero))
        case .ending:
            running.signalGroup(SIGKILL)
            phase = .killed
            deadline = nil
        case .killed: deadline = nil
        }
    }

    private mutating func end(_ reason: ScriptOutcome.Cut) {
        cut = reason
        running.signalGroup(SIGTERM)
        phase = .ending
        deadline = clock.now + script.grace
    }

    private mutating func feedSome() {
        let count = script.input[written...].withUnsafeBytes { write(feed, $0.baseAddress, min($0.count, 65536)) }
        if count > 0 { written += count }
        let failed = count < 0 && Errno.latest != .resourceTemporarilyUnavailable && Errno.latest != .interrupted
        if failed || written == script.input.count { close(&feed) }
    }

    private mutating func readSome() {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(printed, &buffer, buffer.count)
        if count > 0 {
            emit(prefixer.pass(buffer[..<count]))
        } else if count == 0 || (Errno.latest != .resourceTemporarilyUnavailable && Errno.latest != .interrupted) {
            close(&printed)
        }
    }

    /// What is still in the pipe after the group was killed; a process that left the group may hold it open.
    private mutating func drain() {
        var blocks = 0
        while printed >= 0, blocks < 64 {
            let before = prefixer.size
            readSome()
            if prefixer.size == before { return }
            blocks += 1
        }
    }

    private func emit(_ bytes: [UInt8]) {
        // A reader of our output that went away does not end the script.
        if !bytes.isEmpty { try? output.writeWhole(bytes, to: "standard error") }
    }

    private func close(_ descriptor: inout CInt) {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }
}
