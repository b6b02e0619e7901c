public import Support
internal import SystemPackage

/// One program of the site to run under a contract: a hook, a postinstall script, a prescript.
public struct Script: Sendable, Equatable {
    /// What is run: program, words, environment, working directory, descriptors.
    public var tool: Tool
    /// Begins every line of the script's output, e.g. `10-size`.
    public var label: Word
    /// Fed to its standard input.
    public var input: [UInt8]
    /// After this the script and its children get SIGTERM; nil for no limit.
    public var timeLimit: Duration?
    /// From SIGTERM to SIGKILL.
    public var grace: Duration
    /// Bytes of output passed on; the rest is read and counted only.
    public var outputLimit: Int

    public init(
        _ tool: Tool, label: Word, input: [UInt8] = [], timeLimit: Duration? = nil, grace: Duration = .seconds(5),
        outputLimit: Int = 16 << 20
    ) {
        (self.tool, self.label, self.input) = (tool, label, input)
        (self.timeLimit, self.grace, self.outputLimit) = (timeLimit, grace, outputLimit)
    }
}

/// How a script ended.
public struct ScriptOutcome: Sendable, Equatable {
    /// Why the script was ended before it was done.
    public enum Cut: Sendable, Equatable {
        case timeLimit(Duration)
        /// This process got the signal while the script ran; it should die of it.
        case interrupted(CInt)
    }

    public var ending: Tool.Ending
    public var cut: Cut?
    /// The last lines of what it printed, for a message; long ones are cut.
    public var lastLines: String
    /// How many bytes it printed.
    public var outputSize: Int

    public init(ending: Tool.Ending, cut: Cut? = nil, lastLines: String = "", outputSize: Int = 0) {
        (self.ending, self.cut, self.lastLines, self.outputSize) = (ending, cut, lastLines, outputSize)
    }

    public var isSuccess: Bool { cut == nil && ending.isSuccess }

    /// What happened, for a message: `exited with status 3`.
    public var told: String {
        switch cut {
        case .timeLimit(let limit): "did not end within \(TimeLimit.text(limit))"
        case .interrupted(let signal): "was interrupted by signal \(signal)"
        case nil: ToolError.told(ending)
        }
    }
}

/// Time limits as the configuration writes them.
public enum TimeLimit {
    /// `90`, `90s`, `15m`, `2h`; `0` is no limit. nil when not understood.
    public static func parse(_ text: String) -> Duration?? {
        var digits = text[...]
        var scale = 1
        if let unit = ["s": 1, "m": 60, "h": 3600][String(text.suffix(1))] {
            digits = text.dropLast()
            scale = unit
        }
        guard !digits.isEmpty, digits.allSatisfy({ "0123456789".contains($0) }), let number = Int(digits),
            number <= 1_000_000
        else { return nil }
        return .some(number == 0 ? nil : .seconds(number * scale))
    }

    /// `90 s`, for a message.
    static func text(_ limit: Duration) -> String {
        let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
