/// The escapes of tab-separated records: `\\`, `\t`, `\n` and `\r`.
public enum TableText {
    /// Appends `text` with backslash, tab and line ends escaped.
    public static func appendEscaped(_ text: String, to result: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case 0x5c: result += [0x5c, 0x5c]
            case 0x09: result += [0x5c, 0x74]
            case 0x0a: result += [0x5c, 0x6e]
            case 0x0d: result += [0x5c, 0x72]
            default: result.append(byte)
            }
        }
    }

    public static func escaped(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        appendEscaped(text, to: &result)
        return result
    }

    /// Whether a value may be stored: line ends and tabs are the only control characters in it.
    ///
    /// Logs hold what people typed, and what is kept for others is theirs, so these take any but NUL.
    public static func isPlain(_ text: String, in schema: TableSchema) -> Bool {
        !text.utf8.contains { byte in
            byte == 0
                || (!schema.isNumbered && schema.name != KeptCells.table
                    && (byte == 0x7f || (byte < 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d)))
        }
    }

    /// The text that `escaped` stands for; nil when a backslash is followed by anything else, or the bytes are not UTF-8.
    static func unescaped(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.contains(0x5c) else { return String(validating: bytes, as: UTF8.self) }
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
        return String(validating: result, as: UTF8.self)
    }
}
