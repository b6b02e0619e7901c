/// A term of `tabdump -w`: values compared as strings, `=~` as SQL's LIKE.
public struct TableTerm: Sendable, Equatable {
    public enum Operation: String, Sendable, CaseIterable {
        case equals = "=="
        case differs = "!="
        case like = "=~"
        case unlike = "!~"
        case notLess = ">="
        case notGreater = "<="
        case greater = ">"
        case less = "<"
    }

    public let column: String
    public let operation: Operation
    public let value: String

    /// `COLUMN OPERATOR VALUE`; nil when there is no operator.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        for position in bytes.indices.dropFirst() {
            for operation in Operation.allCases where bytes[position...].starts(with: operation.rawValue.utf8) {
                column = String(decoding: bytes[..<position], as: UTF8.self)
                self.operation = operation
                value = String(
                    decoding: bytes[(position + operation.rawValue.utf8.count)...], as: UTF8.self)
                return
            }
        }
        return nil
    }

    /// Whether a row satisfies the term; a cell that is not set satisfies none.
    public func holds(for row: Row) -> Bool {
        guard let text = row[column] else { return false }
        switch operation {
        case .equals: return text == value
        case .differs: return text != value
        case .greater: return value.precedesByBytes(text)
        case .less: return text.precedesByBytes(value)
        case .notLess: return !text.precedesByBytes(value)
        case .notGreater: return !value.precedesByBytes(text)
        case .like: return Self.isLike(Array(text.utf8), Array(value.utf8))
        case .unlike: return !Self.isLike(Array(text.utf8), Array(value.utf8))
        }
    }

    /// LIKE: `%` for any bytes, `_` for one character, letters without regard to case, the whole value.
    static func isLike(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        var (position, place) = (0, 0)
        var (star, retry) = (-1, 0)
        while position < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "%") {
                (star, retry) = (place, position)
                place += 1
            } else if place < pattern.count, pattern[place] == UInt8(ascii: "_") {
                position += 1
                while position < text.count, text[position] & 0xc0 == 0x80 { position += 1 }
                place += 1
            } else if place < pattern.count, lowercased(pattern[place]) == lowercased(text[position]) {
                position += 1
                place += 1
            } else if star >= 0 {
                retry += 1
                (position, place) = (retry, star + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "%") }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte + 0x20 : byte }
}
