/// A regular expression in the dialect of Perl that xCAT's users write, matched against bytes by backtracking.
///
/// Known: literals, `.`, classes, `\d \D \w \W \s \S \b \B \A \z \Z`, `^ $`, groups (also `(?:…)`, `(?=…)`, `(?!…)`),
/// `|`, `* + ? {m,n}` with lazy forms, back references. The number of steps is bounded, so that no pattern hangs.
public struct Pattern: Sendable {
    public let text: String
    let root: Node
    /// Number of capturing groups.
    public let groupCount: Int
    private let ignoresCase: Bool

    /// - Throws: `PatternError`, with the byte offset.
    public init(_ text: String, ignoringCase: Bool = false) throws(PatternError) {
        var parser = PatternParser(text)
        self.text = text
        root = try parser.parse()
        groupCount = parser.groupCount
        ignoresCase = ignoringCase
    }

    indirect enum Node: Sendable {
        case empty
        case byte(UInt8)
        case set(ByteSet)
        case sequence([Node])
        case choice([Node])
        case group(Node, index: Int?)
        case repeated(Node, min: Int, max: Int, isLazy: Bool)
        case start
        case end
        case absoluteEnd
        case wordBoundary(Bool)
        case backReference(Int)
        case look(Node, isNegative: Bool)
    }

    /// Where a match is, and where its groups are; byte offsets.
    public struct Match: Sendable {
        public var range: Range<Int>
        /// Groups from `$1` on; nil for one that took no part.
        public var groups: [Range<Int>?]
    }

    /// The leftmost match anywhere in `subject`.
    /// - Throws: `PatternError.tooComplex` when the bound of steps is reached.
    public func firstMatch(in subject: [UInt8]) throws(PatternError) -> Match? {
        var matcher = PatternMatcher(subject, groupCount: groupCount, ignoringCase: ignoresCase)
        for start in 0...subject.count {
            if let match = matcher.match(root, at: start) { return match }
            if matcher.isExhausted { throw .tooComplex(text) }
        }
        return nil
    }

    /// Whether the pattern matches anywhere. A pattern that is too complex for the subject does not match.
    public func matches(_ subject: String) -> Bool {
        ((try? firstMatch(in: Array(subject.utf8))) ?? nil) != nil
    }
}

/// A set of bytes: a class of a pattern.
struct ByteSet: Sendable, Equatable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}
    init(_ ranges: ClosedRange<UInt8>...) { for range in ranges { for byte in range { insert(byte) } } }

    mutating func insert(_ byte: UInt8) {
        let bit: UInt64 = 1 << (UInt64(byte) & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    mutating func formUnion(_ other: ByteSet) {
        words.0 |= other.words.0
        words.1 |= other.words.1
        words.2 |= other.words.2
        words.3 |= other.words.3
    }

    func contains(_ byte: UInt8) -> Bool {
        let bit: UInt64 = 1 << (UInt64(byte) & 63)
        return switch byte >> 6 {
        case 0: words.0 & bit != 0
        case 1: words.1 & bit != 0
        case 2: words.2 & bit != 0
        default: words.3 & bit != 0
        }
    }

    var inverted: ByteSet {
        var result = ByteSet()
        result.words = (~words.0, ~words.1, ~words.2, ~words.3)
        return result
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

    static let digits = ByteSet(0x30...0x39)
    static let wordBytes = ByteSet(0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f...0x5f)
    static let blanks = ByteSet(0x09...0x0d, 0x20...0x20)
    static let notNewline = ByteSet(0x0a...0x0a).inverted
}
