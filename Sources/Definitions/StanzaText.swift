#if canImport(Glibc)
    internal import Glibc
#endif

/// How lines and values look in stanzas, for reading and for writing; see stanza(5).
public enum StanzaText {
    /// The first line of what `lsdef -z` writes.
    public static let heading = "# <xCAT data object stanza file>\n"

    /// A value as it stands behind `=`, so that reading gives it back: in quotes where reading would take off its ends.
    /// - Returns: nil for a value of several lines, which a stanza cannot hold.
    public static func value(_ value: String) -> String? {
        if value.utf8.contains(0x0a) { return nil }
        guard let first = value.utf8.first, let last = value.utf8.last else { return "" }
        let isChanged = isBlank(first) || isBlank(last) || (value.utf8.count > 1 && first == quote && last == quote)
        return isChanged ? "\"\(value)\"" : value
    }

    /// Whether a line `name:` is read as the header of an object of this name.
    public static func canBeName(_ name: String) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last else { return false }
        return first != comment && !isBlank(first) && !isBlank(last) && !name.hasPrefix("default-")
            && !name.utf8.contains { $0 == UInt8(ascii: "=") || $0 == 0x0a }
    }

    /// Bytes of one line, which live as long as the text that is read.
    typealias Line = Slice<UnsafeBufferPointer<UInt8>>

    /// Calls `body` with each line, without blanks at its ends, and its number, which counts from 1.
    static func forEachLine(of text: String, _ body: (_ number: Int, _ line: Line) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            var number = 0
            var rest = bytes[...]
            while let base = rest.baseAddress {
                number += 1
                let length = memchr(base, 0x0a, rest.count).map { UnsafeRawPointer($0) - UnsafeRawPointer(base) }
                let line = rest.prefix(length ?? rest.count)
                body(number, line.trimmed)
                rest = rest.dropFirst(line.count + 1)
            }
        }
    }

    static let comment = UInt8(ascii: "#")
    static let quote = UInt8(ascii: "\"")

    /// Whether a byte does not count at the ends of lines, names and values.
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
}

extension StanzaText.Line {
    /// Where the line is; nil when nothing is left of it.
    fileprivate var baseAddress: UnsafePointer<UInt8>? {
        isEmpty ? nil : base.baseAddress.map { $0 + startIndex }
    }

    var trimmed: Self {
        guard let first = firstIndex(where: { !StanzaText.isBlank($0) }),
            let last = lastIndex(where: { !StanzaText.isBlank($0) })
        else { return self[startIndex..<startIndex] }
        return self[first...last]
    }

    /// Whether a pair of quotes is around it.
    var isQuoted: Bool { count > 1 && first == StanzaText.quote && last == StanzaText.quote }

    var text: String { String(decoding: self, as: UTF8.self) }
}
