/// The lines of a list as bytes, for those that change it: where `Character.isNewline` ends them.
enum ListLines {
    static func ranges(_ bytes: [UInt8]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var (start, index) = (0, 0)
        while index < bytes.count {
            let length = newline(bytes, index)
            if length > 0 {
                result.append(start..<index)
                start = index + length
            }
            index += max(1, length)
        }
        result.append(start..<bytes.count)
        return result
    }

    /// Bytes of the line end at `index`; 0 when none is there.
    private static func newline(_ bytes: [UInt8], _ index: Int) -> Int {
        switch bytes[index] {
        case 0x0a...0x0d: 1
        // U+0085, U+2028 and U+2029.
        case 0xc2 where bytes[index...].starts(with: [0xc2, 0x85]): 2
        case 0xe2 where bytes[index...].starts(with: [0xe2, 0x80, 0xa8]): 3
        case 0xe2 where bytes[index...].starts(with: [0xe2, 0x80, 0xa9]): 3
        default: 0
        }
    }
}
