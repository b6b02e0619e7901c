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

    /// Whether a value may be stored: line ends and tabs are the only control characters in it.
    ///
    /// Logs hold what people typed, and what is kept for others is theirs, so these take any but NUL.
    public static func isPlain(_ text: String, in schema: TableSchema) -> Bool {
        var text = text
        let takesControls = schema.isNumbered || schema.name == KeptCells.table
        return text.withUTF8 { bytes in
            !bytes.contains { byte in
                (byte < 0x20 || byte == 0x7f)
                    && (byte == 0 || (!takesControls && byte != 0x09 && byte != 0x0a && byte != 0x0d))
            }
        }
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
