/// A pattern as `find -path` understands it: `fnmatch` over the whole path, where `*` and `?` match `/` and a leading
/// dot too. `?` and a bracket expression match one UTF-8 character, or one byte of a name that is not UTF-8.
public struct PathPattern: Sendable, Equatable {
    /// As it was written.
    public let text: [UInt8]
    /// What every match begins with; checked before anything else.
    private let prefix: [UInt8]
    /// What every match ends with, when `rest` is one star and text without wildcards.
    private let suffix: [UInt8]?
    private let rest: [Token]

    enum Token: Sendable, Equatable {
        case byte(UInt8)
        case anyCharacter
        case anyText
        case set(BracketSet)
    }

    public init(_ text: [UInt8]) {
        self.text = text
        let tokens = Self.tokens(text)
        var prefix: [UInt8] = []
        for token in tokens {
            guard case .byte(let byte) = token else { break }
            prefix.append(byte)
        }
        self.prefix = prefix
        rest = Array(tokens.dropFirst(prefix.count))
        let tail = rest.dropFirst().compactMap { token -> UInt8? in
            guard case .byte(let byte) = token else { return nil }
            return byte
        }
        suffix = rest.first == .anyText && tail.count == rest.count - 1 ? tail : nil
    }

    /// Whether the whole of `path` matches.
    public func matches(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard path.count >= prefix.count else { return false }
        for index in prefix.indices where prefix[index] != path[index] { return false }
        if let suffix {
            guard path.count >= prefix.count + suffix.count else { return false }
            let start = path.count - suffix.count
            for index in suffix.indices where suffix[index] != path[start + index] { return false }
            return true
        }
        return matchesRest(path)
    }

    public func matches(_ path: [UInt8]) -> Bool { path.withUnsafeBufferPointer { matches($0) } }

    /// Tries the tokens in order; on a mismatch the last star takes one byte more.
    private func matchesRest(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        var (position, token) = (prefix.count, 0)
        var retry: (position: Int, token: Int)?
        while true {
            if token < rest.count, case .anyText = rest[token] {
                token += 1
                if token == rest.count { return true }
                retry = (position, token)
                continue
            }
            if token < rest.count, let length = length(of: rest[token], in: path, at: position) {
                position += length
                token += 1
                continue
            }
            if token == rest.count, position == path.count { return true }
            guard let last = retry, last.position < path.count else { return false }
            retry = (last.position + 1, last.token)
            (position, token) = (last.position + 1, last.token)
        }
    }

    /// How many bytes of `path` the token takes at `position`; nil when it does not match there.
    private func length(of token: Token, in path: UnsafeBufferPointer<UInt8>, at position: Int) -> Int? {
        guard position < path.count else { return nil }
        switch token {
        case .byte(let byte): return path[position] == byte ? 1 : nil
        case .anyCharacter: return Character.decode(path, position).length
        case .set(let set):
            let character = Character.decode(path, position)
            return set.contains(character.value) ? character.length : nil
        case .anyText: return nil
        }
    }

    private static func tokens(_ text: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "*"):
                if tokens.last != .anyText { tokens.append(.anyText) }
            case UInt8(ascii: "?"): tokens.append(.anyCharacter)
            case UInt8(ascii: "\\") where index + 1 < text.count:
                index += 1
                tokens.append(.byte(text[index]))
            case UInt8(ascii: "["):
                if let (set, end) = BracketSet.parse(text, from: index) {
                    tokens.append(.set(set))
                    index = end
                } else {
                    tokens.append(.byte(text[index]))
                }
            default: tokens.append(.byte(text[index]))
            }
            index += 1
        }
        return tokens
    }

    /// One character of a path: a Unicode scalar, or a byte that is not UTF-8 as a value above them all.
    enum Character {
        static func decode(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> (value: UInt32, length: Int) {
            let first = bytes[position]
            if first < 0x80 { return (UInt32(first), 1) }
            let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
            guard first >= 0xc2, first < 0xf5, position + length <= bytes.count else {
                return (0x110000 + UInt32(first), 1)
            }
            var value = UInt32(first) & (0x7f >> UInt32(length))
            for index in (position + 1)..<(position + length) {
                guard bytes[index] & 0xc0 == 0x80 else { return (0x110000 + UInt32(first), 1) }
                value = value << 6 | UInt32(bytes[index] & 0x3f)
            }
            return (value, length)
        }
    }
}

/// A bracket expression of a pattern, e.g. `[a-z]`, `[!0-9]`, `[[:alpha:]_]`.
struct BracketSet: Sendable, Equatable {
    private var ranges: [ClosedRange<UInt32>] = []
    private var isNegated = false

    func contains(_ value: UInt32) -> Bool { ranges.contains { $0.contains(value) } != isNegated }

    /// Reads the expression that begins with the `[` at `start`.
    /// - Returns: the set and the index of its `]`; nil when it is not closed, so that the `[` means itself.
    static func parse(_ text: [UInt8], from start: Int) -> (BracketSet, Int)? {
        text.withUnsafeBufferPointer { text in
            var set = BracketSet()
            var index = start + 1
            if index < text.count, text[index] == UInt8(ascii: "!") || text[index] == UInt8(ascii: "^") {
                set.isNegated = true
                index += 1
            }
            let first = index
            while index < text.count {
                if text[index] == UInt8(ascii: "]"), index > first { return (set, index) }
                if let (ranges, next) = namedClass(text, index) {
                    set.ranges += ranges
                    index = next
                    continue
                }
                guard let (low, afterLow) = character(text, index) else { return nil }
                var (high, next) = (low, afterLow)
                if next + 1 < text.count, text[next] == UInt8(ascii: "-"), text[next + 1] != UInt8(ascii: "]"),
                    let (end, afterEnd) = character(text, next + 1)
                {
                    (high, next) = (end, afterEnd)
                }
                if low <= high { set.ranges.append(low...high) }
                index = next
            }
            return nil
        }
    }

    private static func character(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> (UInt32, Int)? {
        var index = index
        if text[index] == UInt8(ascii: "\\") {
            index += 1
            guard index < text.count else { return nil }
        }
        let (value, length) = PathPattern.Character.decode(text, index)
        return (value, index + length)
    }

    /// `[:name:]` inside the brackets. Classes are those of the C locale.
    private static func namedClass(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> ([ClosedRange<UInt32>], Int)? {
        guard index + 1 < text.count, text[index] == UInt8(ascii: "["), text[index + 1] == UInt8(ascii: ":") else {
            return nil
        }
        var end = index + 2
        while end < text.count, text[end] != UInt8(ascii: ":") { end += 1 }
        guard end + 1 < text.count, text[end + 1] == UInt8(ascii: "]") else { return nil }
        let name = String(decoding: text[(index + 2)..<end], as: UTF8.self)
        guard let ranges = classes[name] else { return nil }
        return (ranges, end + 2)
    }

    private static let classes: [String: [ClosedRange<UInt32>]] = [
        "alpha": [0x41...0x5a, 0x61...0x7a], "digit": [0x30...0x39], "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a],
        "upper": [0x41...0x5a], "lower": [0x61...0x7a], "space": [0x09...0x0d, 0x20...0x20],
        "blank": [0x09...0x09, 0x20...0x20], "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
        "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e], "print": [0x20...0x7e],
        "graph": [0x21...0x7e], "cntrl": [0x00...0x1f, 0x7f...0x7f],
    ]
}
