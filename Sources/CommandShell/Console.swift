public import Support
internal import SystemPackage

/// Where commands write: results to standard output, words for people to standard error.
public enum Console {
    /// Writes result bytes. A reader that went away ends the process by SIGPIPE, as with any filter.
    public static func write(_ bytes: some Sequence<UInt8>) throws(FileError) {
        try FileDescriptor.standardOutput.writeWhole(bytes, to: "standard output")
    }

    /// Writes one line of a result.
    public static func print(_ line: String) throws(FileError) {
        try write(Array(line.utf8) + [0x0a])
    }

    /// Writes records, each ended by a newline, or by NUL when `isNULSeparated`.
    public static func records(_ records: [[UInt8]], isNULSeparated: Bool) throws(FileError) {
        var bytes: [UInt8] = []
        for record in records {
            bytes += record
            bytes.append(isNULSeparated ? 0 : 0x0a)
        }
        try write(bytes)
    }

    /// Says something to the person at the terminal. Nothing is lost if standard error is closed.
    public static func note(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll((Diagnostic.escaped(text, keepingNewlines: true) + "\n").utf8)
    }

    /// `Warning: …`, as xCAT's commands say it.
    public static func warning(_ text: String) { note(prefixed("Warning: ", text)) }

    /// `Error: …` on every line of the statement, then `hint: …` with the remedy.
    public static func error(_ diagnostic: Diagnostic) {
        note(prefixed("Error: ", diagnostic.statement))
        if let remedy = diagnostic.remedy { note(prefixed("hint: ", remedy)) }
    }

    private static func prefixed(_ mark: String, _ text: String) -> String {
        // xCAT marks the lines of a message one by one, but not of one that begins with a newline.
        text.hasPrefix("\n")
            ? mark + text
            : text.split(separator: "\n", omittingEmptySubsequences: false).map { mark + $0 }.joined(separator: "\n")
    }
}

/// Several problems that end a command, e.g. one for each node of a range.
public struct CommandFailure: Error {
    public var diagnostics: [Diagnostic]
    /// Exit status; nil for the usual one of the command's class.
    public var status: Int32?

    public init(_ diagnostics: [Diagnostic], status: Int32? = nil) {
        self.diagnostics = diagnostics
        self.status = status
    }
}
