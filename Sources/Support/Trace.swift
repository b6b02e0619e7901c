public import SystemPackage

/// The trace that `CATBOAT_TRACE` asks for: shell commands that can be run again.
///
/// `1`, `2` and `true` mean standard error, `3`–`9` that descriptor, an absolute path a file to append to. Lines of
/// depth 1 begin with `+ `, deeper ones with `++ ` and so on; each is written with one `write`, so that processes do not mix.
public struct Trace: Sendable {
    private let sink: FileDescriptor
    private let path: FilePath
    /// 1 for commands that the command typed by the user starts.
    public let depth: Int

    /// nil when nothing is traced.
    public init?(_ environment: Environment = .current) {
        guard let wish = environment["CATBOAT_TRACE"], !wish.bytes.isEmpty else { return nil }
        depth = (environment.text("CATBOAT_TRACE_DEPTH").flatMap { Int($0) } ?? 0) + 1
        path = FilePath(bytes: wish.bytes)
        switch wish.description {
        case "1", "2", "true": sink = .standardError
        case "3", "4", "5", "6", "7", "8", "9": sink = FileDescriptor(rawValue: CInt(wish.description) ?? 2)
        default:
            guard wish.bytes.first == UInt8(ascii: "/"),
                let file = try? FileDescriptor.open(
                    path, .writeOnly, options: [.append, .create, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead])
            else { return nil }
            sink = file
        }
    }

    /// What a child needs to trace one level deeper.
    public var childEnvironment: Environment { Environment(["CATBOAT_TRACE_DEPTH": Word("\(depth)")]) }

    /// The descriptor that a child must inherit, when the trace goes to one above 2.
    public var inheritedDescriptor: FileDescriptor? {
        guard let number = CInt(path.printable), number > 2 else { return nil }
        return FileDescriptor(rawValue: number)
    }

    /// Records a pipeline that ended: `words` of each command, the bytes fed to the first, how long it took.
    /// - Parameter accepting: statuses that are answers; a replay by `sh -e` goes on after them, too.
    public func record(
        _ pipeline: [[Word]], input: [UInt8]?, elapsed: Duration, ending: Tool.Ending, accepting: Set<CInt> = [0]
    ) {
        let milliseconds = elapsed / .milliseconds(1)
        let seconds = "\(Int(milliseconds) / 1000).\(String(1000 + Int(milliseconds) % 1000).dropFirst())"
        let status =
            switch ending {
            case .exited(let status): "exit \(status)"
            case .signaled(let signal): "signal \(signal)"
            }
        var comment = " # \(seconds)s \(status)"
        if case .exited(let status) = ending, status != 0, accepting.contains(status) {
            comment = " || [ $? -eq \(status) ]" + comment
        }
        let line = Self.shellText(of: pipeline, input: input, comment: comment)
        let mark = Array(repeating: UInt8(ascii: "+"), count: depth) + [0x20]
        var marked: [UInt8] = []
        for part in line.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast() {
            marked += mark + part + [0x0a]
        }
        try? sink.writeWhole(marked, to: path)
    }

    /// A pipeline as lines for a shell, what is fed to its first command as a here-document; ends with a newline.
    public static func shellText(of pipeline: [[Word]], input: [UInt8]?, comment: String = "") -> [UInt8] {
        var text: [UInt8] = []
        for (index, words) in pipeline.enumerated() {
            if index > 0 { text += Array(" | ".utf8) }
            let assignments = words.prefix { $0.isAssignment }
            let quoted = assignments.map(\.quotedAssignment) + words.dropFirst(assignments.count).map(\.shellQuoted)
            text += Array(quoted.joined(separator: [0x20]))
            if index == 0, input != nil { text += Array(" <<'CATBOAT-EOF'".utf8) }
        }
        text += Array((comment + "\n").utf8)
        guard let input else { return text }
        text += input
        if !input.isEmpty, input.last != 0x0a { text.append(0x0a) }
        return text + Array("CATBOAT-EOF\n".utf8)
    }
}

extension Word {
    /// Whether a shell takes it for a variable's value when it stands before a command.
    fileprivate var isAssignment: Bool {
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals > 0 else { return false }
        return bytes[..<equals].allSatisfy { $0 == UInt8(ascii: "_") || ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7a }
    }

    /// The value is quoted, not the name: else a shell would look for a program.
    fileprivate var quotedAssignment: [UInt8] {
        let parts = bytes.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        return parts[0] + [UInt8(ascii: "=")] + Word(bytes: Array(parts[1])).shellQuoted
    }
}
