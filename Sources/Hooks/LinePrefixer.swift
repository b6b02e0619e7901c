internal import Support

/// Puts a label in front of every line of a stream of bytes in any encoding.
struct LinePrefixer {
    private let mark: [UInt8]
    private var remaining: Int
    private var pending: [UInt8] = []
    private var isCut = false
    private(set) var size = 0
    /// The end of the stream, for messages.
    private(set) var tail: [UInt8] = []

    private static let longestLine = 8192
    private static let tailSize = 4096

    /// - Parameter limit: how many bytes of the stream are passed on.
    init(label: [UInt8], limit: Int) {
        // A name is a file's name: it must not move the cursor.
        let safe =
            String(validating: label, as: UTF8.self)
            .map { Array(Diagnostic.escaped($0, keepingNewlines: false).utf8) }
            ?? label.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
        mark = safe + Array(": ".utf8)
        remaining = limit
    }

    /// What to print after `bytes` came: whole lines. A line without end is broken at 8 KiB.
    mutating func pass(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        size += bytes.count
        tail = Array((tail + bytes.suffix(Self.tailSize)).suffix(Self.tailSize))
        guard !isCut else { return [] }
        pending += bytes.prefix(remaining)
        remaining -= min(remaining, bytes.count)
        var output: [UInt8] = []
        var start = 0
        while let end = pending[start...].firstIndex(of: 0x0a) {
            output += mark + pending[start...end]
            start = end + 1
        }
        while pending.count - start > Self.longestLine {
            output += mark + pending[start..<(start + Self.longestLine)] + [0x0a]
            start += Self.longestLine
        }
        pending.removeFirst(start)
        if remaining == 0 {
            isCut = true
            output += finish() + mark + Array("(further output is not shown)\n".utf8)
        }
        return output
    }

    /// What to print at the end: the last line, when it has no newline.
    mutating func finish() -> [UInt8] {
        guard !pending.isEmpty else { return [] }
        defer { pending = [] }
        return mark + pending + [0x0a]
    }
}
