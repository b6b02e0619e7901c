/// Turns the text of a regular expression into its tree.
struct PatternParser {
    private let text: String
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private(set) var groupCount = 0

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    mutating func parse() throws(PatternError) -> Pattern.Node {
        guard bytes.count <= 4096 else { throw .tooComplex(text) }
        let node = try choice()
        guard position == bytes.count else { throw failure("')' without '('") }
        return node
    }

    private func failure(_ reason: String) -> PatternError { .syntax(text, reason: reason) }
    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard peek == character.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func choice() throws(PatternError) -> Pattern.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth < 100 else { throw .tooComplex(text) }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> Pattern.Node {
        var parts: [Pattern.Node] = []
        while let byte = peek, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            parts.append(try quantified(try atom()))
        }
        return parts.count == 1 ? parts[0] : (parts.isEmpty ? .empty : .sequence(parts))
    }

    private mutating func quantified(_ atom: Pattern.Node) throws(PatternError) -> Pattern.Node {
        let bounds: (Int, Int)
        switch peek {
        case UInt8(ascii: "*"): bounds = (0, .max)
        case UInt8(ascii: "+"): bounds = (1, .max)
        case UInt8(ascii: "?"): bounds = (0, 1)
        case UInt8(ascii: "{"):
            guard let counts = counts() else { return atom }
            guard counts.0 <= counts.1, counts.0 <= 1000, counts.1 <= 1000 || counts.1 == .max else {
                throw failure("the counts of {} are not in order, or above 1000")
            }
            position -= 1
            bounds = counts
        default: return atom
        }
        position += 1
        let isLazy = take("?")
        if let next = peek, "*+".utf8.contains(next) { throw failure("nested quantifiers") }
        return .repeated(atom, min: bounds.0, max: bounds.1, isLazy: isLazy)
    }

    /// `{m}`, `{m,}` or `{m,n}`; leaves the position behind it. Anything else is literal text.
    private mutating func counts() -> (Int, Int)? {
        guard let close = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let parts = String(decoding: bytes[(position + 1)..<close], as: UTF8.self).split(
            separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= 2, let low = Int(parts[0]), low >= 0 else { return nil }
        var high = low
        if parts.count == 2 {
            if parts[1].isEmpty {
                high = .max
            } else {
                guard let number = Int(parts[1]), number >= 0 else { return nil }
                high = number
            }
        }
        position = close + 1
        return (low, high)
    }

    private mutating func atom() throws(PatternError) -> Pattern.Node {
        let byte = bytes[position]
        position += 1
        switch Character(UnicodeScalar(byte)) {
        case ".": return .set(.notNewline)
        case "^": return .start
        case "$": return .end
        case "(": return try group()
        case "[": return .set(try set())
        case "\\": return try escape()
        case "*", "+", "?": throw failure("quantifier follows nothing")
        default: return .byte(byte)
        }
    }

    private mutating func group() throws(PatternError) -> Pattern.Node {
        var index: Int?
        var look: Bool?
        if take("?") {
            if take(":") {
            } else if take("=") {
                look = false
            } else if take("!") {
                look = true
            } else {
                throw failure("unknown kind of group")
            }
        } else {
            groupCount += 1
            index = groupCount
        }
        let inner = try choice()
        guard take(")") else { throw failure("'(' without ')'") }
        if let look { return .look(inner, isNegative: look) }
        return .group(inner, index: index)
    }

    private mutating func escape() throws(PatternError) -> Pattern.Node {
        guard let byte = peek else { throw failure("it ends with a backslash") }
        position += 1
        switch Character(UnicodeScalar(byte)) {
        case "A": return .start
        case "z": return .absoluteEnd
        case "Z": return .end
        case "b": return .wordBoundary(true)
        case "B": return .wordBoundary(false)
        case "1"..."9": return .backReference(Int(byte - 0x30))
        default:
            if let set = Self.shorthand(byte) { return .set(set) }
            return .byte(Self.control(byte))
        }
    }

    private static func shorthand(_ byte: UInt8) -> ByteSet? {
        switch Character(UnicodeScalar(byte)) {
        case "d": .digits
        case "D": ByteSet.digits.inverted
        case "w": .wordBytes
        case "W": ByteSet.wordBytes.inverted
        case "s": .blanks
        case "S": ByteSet.blanks.inverted
        default: nil
        }
    }

    private static func control(_ byte: UInt8) -> UInt8 {
        switch Character(UnicodeScalar(byte)) {
        case "n": 0x0a
        case "t": 0x09
        case "r": 0x0d
        case "f": 0x0c
        case "e": 0x1b
        default: byte
        }
    }

    private mutating func set() throws(PatternError) -> ByteSet {
        let isNegated = take("^")
        var result = ByteSet()
        var isFirst = true
        while true {
            guard let byte = peek else { throw failure("'[' without ']'") }
            if byte == UInt8(ascii: "]"), !isFirst {
                position += 1
                return isNegated ? result.inverted : result
            }
            isFirst = false
            if byte == UInt8(ascii: "["), let named = namedClass() {
                result.formUnion(named)
                continue
            }
            position += 1
            var low = byte
            if byte == UInt8(ascii: "\\") {
                guard let escaped = peek else { throw failure("'[' without ']'") }
                position += 1
                if let shorthand = Self.shorthand(escaped) {
                    result.formUnion(shorthand)
                    continue
                }
                low = Self.control(escaped)
            }
            try insertRange(from: low, into: &result)
        }
    }

    private mutating func insertRange(from low: UInt8, into result: inout ByteSet) throws(PatternError) {
        guard peek == UInt8(ascii: "-"), position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "]") else {
            result.insert(low)
            return
        }
        position += 1
        var high = bytes[position]
        position += 1
        if high == UInt8(ascii: "\\"), let escaped = peek {
            position += 1
            high = Self.control(escaped)
        }
        guard low <= high else { throw failure("a range of [] is not in order") }
        for byte in low...high { result.insert(byte) }
    }

    /// `[:alpha:]` and its kin.
    private mutating func namedClass() -> ByteSet? {
        let names: [(String, ByteSet)] = [
            ("[:digit:]", .digits), ("[:space:]", .blanks), ("[:alpha:]", ByteSet(0x41...0x5a, 0x61...0x7a)),
            ("[:alnum:]", ByteSet(0x30...0x39, 0x41...0x5a, 0x61...0x7a)), ("[:upper:]", ByteSet(0x41...0x5a)),
            ("[:lower:]", ByteSet(0x61...0x7a)), ("[:word:]", .wordBytes),
        ]
        for (name, set) in names where bytes[position...].starts(with: name.utf8) {
            position += name.utf8.count
            return set
        }
        return nil
    }
}
