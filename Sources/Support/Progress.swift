public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// How far long work has come: a line on a terminal, or JSON Lines on a descriptor for programs.
public final class Progress {
    public enum Unit: String, Sendable { case bytes, files, packages }

    private let label: String
    private let unit: Unit
    private let total: UInt64?
    private let descriptor: FileDescriptor?
    private let isTerminal: Bool
    private var done: UInt64 = 0
    private var last: ContinuousClock.Instant?

    /// - Parameters:
    ///   - total: in units; nil when unknown.
    ///   - descriptor: for `--progress-fd`; nil shows it on standard error when that is a terminal.
    public init(_ label: String, unit: Unit, total: UInt64?, descriptor: FileDescriptor? = nil) {
        self.label = label
        self.unit = unit
        self.total = total
        self.descriptor = descriptor
        isTerminal = descriptor == nil && isatty(2) == 1
    }

    /// Adds to what is done, and shows it at most ten times a second.
    public func advance(_ amount: UInt64) {
        done += amount
        guard descriptor != nil || isTerminal else { return }
        let now = ContinuousClock.now
        if let last, now - last < .milliseconds(100) { return }
        last = now
        show(final: false)
    }

    /// Shows the last state and ends the line.
    public func finish() {
        guard descriptor != nil || isTerminal else { return }
        show(final: true)
    }

    private func show(final: Bool) {
        if let descriptor {
            let total = total.map { ",\"total\":\($0)" } ?? ""
            let line =
                "{\"done\":\(done),\"final\":\(final),\"step\":\(JSONText.quoted(label))\(total),\"unit\":\"\(unit.rawValue)\"}\n"
            _ = try? descriptor.writeAll(line.utf8)
            return
        }
        let share = total.map { $0 == 0 ? "100%" : "\(min(100, done * 100 / $0))%" } ?? "\(done) \(unit.rawValue)"
        _ = try? FileDescriptor.standardError.writeAll("\r\(label): \(share)\u{1b}[K\(final ? "\n" : "")".utf8)
    }
}
