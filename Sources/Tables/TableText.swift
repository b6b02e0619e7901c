/// The escapes of tab-separated records: `\\`, `\t`, `\n` and `\r`.
public enum TableText {
    /// Appends `text` with backslash, tab and line ends escaped.
    public static func appendEscaped(_ text: String, to result: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            var rest = bytes[...]
            while let place = rest.firstIndex(where: { escape(of: $0) != nil }) {
                result += rest[..<place]
                result += [0x5c, escape(of: rest[place]) ?? 0x5c]
                rest = rest[(place + 1)...]
            }
            result += rest
        }
    }

    public static func escaped(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        appendEscaped(text, to: &result)
        return result
    }

    /// What stands after the backslash for a byte that cannot stand for itself.
    private static func escape(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x5c: 0x5c
        case 0x09: 0x74
        case 0x0a: 0x6e
        case 0x0d: 0x72
        default: nil
        }
    }

    /// Whether a value may be stored: line ends and tabs are the only control characters in it, and none turns the
    /// direction of the text around it. Keys and lists of groups are one line.
    ///
    /// Logs hold what people typed, and what is kept for others is theirs, so these take any but NUL.
    public static func isPlain(_ text: String, in schema: TableSchema, column: String) -> Bool {
        var text = text
        if schema.isNumbered || schema.name == KeptCells.table { return !text.utf8.contains(0) }
        let isLine = schema.keys.contains(column) || (column == "groups" && schema.name == "nodelist")
        return text.withUTF8 { bytes in
            for (index, byte) in bytes.enumerated() {
                switch byte {
                case 0x09, 0x0a, 0x0d: if isLine { return false }
                case ..<0x20, 0x7f: return false
                case 0xc2, 0xe2: if isControl(bytes[index...]) { return false }
                default: break
                }
            }
            return true
        }
    }

    /// Whether UTF-8 text begins with a C1 control (U+0080 to U+009F) or one of the embeddings, overrides and isolates
    /// of bidirectional text (U+202A to U+202E, U+2066 to U+2069), which show other text than is there.
    private static func isControl(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let head = Array(bytes.prefix(3))
        if head[0] == 0xc2 { return head.count > 1 && head[1] < 0xa0 }
        guard head.count > 2 else { return false }
        return (head[1] == 0x80 && (0xaa...0xae).contains(head[2]))
            || (head[1] == 0x81 && (0xa6...0xa9).contains(head[2]))
    }

    /// The text that `escaped` stands for; nil when a backslash is followed by anything else.
    static func unescaped(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.contains(0x5c) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = bytes.startIndex
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            guard byte == 0x5c else {
                result.append(byte)
                continue
            }
            guard position < bytes.endIndex else { return nil }
            switch bytes[position] {
            case 0x5c: result.append(0x5c)
            case 0x74: result.append(0x09)
            case 0x6e: result.append(0x0a)
            case 0x72: result.append(0x0d)
            default: return nil
            }
            position += 1
        }
        return result[...]
    }
}
