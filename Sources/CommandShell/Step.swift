internal import CommandList
public import Settings
public import Support
public import SystemPackage

/// One step of a porcelain: plumbing, or a pipeline of it, run as child processes and traced.
///
/// Children are started from the executable that holds the verb, with argv[0] = verb, under the same settings.
public struct Step {
    private var pipeline: [(verb: String, words: [Word])]
    private var input: [UInt8]?
    private var readsOurInput = false
    private var settings: Settings
    /// Descriptors that the children inherit, with the variable that tells them the number (e.g. `CATBOAT_LOCK_FD`).
    private var passed: [(variable: String, descriptor: FileDescriptor)] = []
    private var variables = Environment()
    /// What the trace shows of `variables`: passwords are not in it.
    private var tracedVariables = Environment()

    public init(_ verb: String, _ words: [Word], input: [UInt8]? = nil, settings: Settings = .current()) {
        pipeline = [(verb, words)]
        self.input = input
        self.settings = settings
    }

    /// Feeds what this step prints to another command.
    public func piped(to verb: String, _ words: [Word]) -> Step {
        var copy = self
        copy.pipeline.append((verb, words))
        return copy
    }

    /// Lets the first command read what we would read: the terminal, or a pipe.
    public func readingOurInput() -> Step {
        var copy = self
        copy.readsOurInput = true
        return copy
    }

    /// Lets the children inherit `descriptor`; `variable` holds its number there.
    public func passing(_ descriptor: FileDescriptor, as variable: String) -> Step {
        var copy = self
        copy.passed.append((variable, descriptor))
        return copy
    }

    /// Adds variables to the children's environment.
    /// - Parameter shown: what a trace may tell of them, when that is not everything.
    public func adding(_ environment: Environment, shown: Environment? = nil) -> Step {
        var copy = self
        copy.variables = variables.merging(environment)
        copy.tracedVariables = tracedVariables.merging(shown ?? environment)
        return copy
    }

    /// Runs the step; its output goes where ours goes.
    /// - Throws: `StepError` when any command of it does not exit with 0.
    public func run(output: Tool.Stream = .inherited) throws {
        let ending = try status(output: output)
        guard ending.isSuccess else { throw StepError.failed(pipeline.last?.verb ?? "", ending) }
    }

    /// Runs a step that says itself why it fails: when it exits with another status than 0, so do we, without a word more.
    public func runTelling() throws {
        switch try status() {
        case .exited(0): return
        case .exited: throw CommandFailure([])
        case .signaled(let signal): throw StepError.failed(pipeline.last?.verb ?? "", .signaled(signal))
        }
    }

    /// Runs the step and gives its ending: that of the first command of the pipeline that did not succeed, else success.
    /// - Parameter accepting: statuses that are answers, for the trace.
    public func status(output: Tool.Stream = .inherited, accepting: Set<CInt> = [0]) throws -> Tool.Ending {
        let trace = Trace()
        let start = ContinuousClock.now
        let liveness = try Liveness.reader()
        var running: [RunningTool] = []
        var reader: FileDescriptor?
        var feed: FileDescriptor?
        for (index, command) in pipeline.enumerated() {
            let isLast = index == pipeline.count - 1
            let onward = isLast ? nil : try Pipe(for: FilePath(command.verb))
            let incoming: Tool.Stream
            if index == 0, input != nil {
                let pipe = try Pipe(for: FilePath(command.verb))
                feed = pipe.writer
                reader = pipe.reader
                incoming = .descriptor(pipe.reader)
            } else {
                incoming = reader.map { .descriptor($0) } ?? (readsOurInput ? .inherited : .null)
            }
            running.append(
                try tool(command.verb, command.words, trace, liveness).start(
                    input: incoming, output: onward.map { .descriptor($0.writer) } ?? output))
            try? reader?.close()
            try? onward?.writer.close()
            reader = onward?.reader
        }
        if let feed, let input { Feeding.write(input, to: feed) }
        let endings = try running.map { try $0.wait() }
        let ending = endings.first { !$0.isSuccess } ?? .exited(0)
        trace?.record(
            traced, input: input, elapsed: ContinuousClock.now - start, ending: ending, accepting: accepting)
        return ending
    }

    /// Runs a single command and captures its standard output; its errors go where ours go.
    /// - Throws: `StepError.failed`, unless the status is in `accepting`.
    public func captured(accepting: Set<CInt> = [0]) throws -> Tool.Captured {
        let pipe = try Pipe(for: FilePath(pipeline[0].verb))
        // Drained by a thread of its own: the step may print more than a pipe holds.
        let collector = PipeCollector(pipe.reader)
        let ending: Tool.Ending
        do {
            ending = try status(output: .descriptor(pipe.writer), accepting: accepting)
        } catch {
            try? pipe.writer.close()
            _ = collector.finish()
            throw error
        }
        try? pipe.writer.close()
        let output = collector.finish()
        guard case .exited(let code) = ending, accepting.contains(code) else {
            throw StepError.failed(pipeline.last?.verb ?? "", ending)
        }
        return Tool.Captured(output: output, errors: [], ending: ending)
    }

    /// Runs steps of a single command side by side, at most `width` at once. Their output goes where ours goes.
    ///
    /// - Returns: their endings, in the order of `steps`.
    public static func run(_ steps: [Step], width: Int) throws -> [Tool.Ending] {
        let trace = Trace()
        let liveness = try Liveness.reader()
        var endings = [Tool.Ending?](repeating: nil, count: steps.count)
        var running: [(index: Int, tool: RunningTool, start: ContinuousClock.Instant)] = []
        var next = 0
        while next < steps.count || !running.isEmpty {
            while next < steps.count, running.count < max(1, width) {
                let command = steps[next].pipeline[0]
                let tool = steps[next].tool(command.verb, command.words, trace, liveness)
                running.append((next, try tool.start(), .now))
                next += 1
            }
            RunningTool.waitForAny()
            for (index, tool, start) in running {
                guard let ending = try tool.poll() else { continue }
                endings[index] = ending
                trace?.record(steps[index].traced, input: nil, elapsed: .now - start, ending: ending)
            }
            running.removeAll { endings[$0.index] != nil }
        }
        return endings.compactMap { $0 }
    }

    private var traced: [[Word]] {
        // Variables stand before each command, as a shell wants them.
        let assignments = tracedVariables.words
        return pipeline.map { assignments + [Word("catboat")] + settings.globalWords + [Word($0.verb)] + $0.words }
    }

    private func tool(_ verb: String, _ words: [Word], _ trace: Trace?, _ liveness: FileDescriptor) -> Tool {
        let executable = CommandList.entry(named: verb)?.executable ?? .main
        var environment = Environment.current.merging(settings.childEnvironment).merging(variables)
        if let trace { environment = environment.merging(trace.childEnvironment) }
        var tool = Tool(settings.execPath.joined(executable.rawValue), words, environment: environment)
        tool.argumentZero = Word(verb)
        tool.descriptors[19] = liveness
        tool.environment[Liveness.variable] = "19"
        for (offset, entry) in passed.enumerated() {
            let number = CInt(20 + offset)
            tool.descriptors[number] = entry.descriptor
            tool.environment[entry.variable] = Word("\(number)")
        }
        if let descriptor = trace?.inheritedDescriptor { tool.descriptors[descriptor.rawValue] = descriptor }
        return tool
    }
}

/// A step that did not succeed. The step itself has said why on standard error.
public enum StepError: Diagnosable, Equatable {
    case failed(String, Tool.Ending)

    public var diagnostic: Diagnostic {
        switch self {
        case .failed(let verb, let ending):
            // What a signal ended says nothing.
            if case .signaled = ending {
                Diagnostic("step \(ToolError.told(ending))", subject: verb)
            } else {
                Diagnostic("step \(ToolError.told(ending))", subject: verb, remedy: "see what it says above")
            }
        }
    }

    /// The exit status of the step; nil when a signal ended it.
    public var status: CInt? {
        if case .failed(_, .exited(let status)) = self { status } else { nil }
    }
}
