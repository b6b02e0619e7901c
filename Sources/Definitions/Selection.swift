/// One term of a selection: `attr==value`, `attr!=value`, `attr=~regex`, `attr!~regex`.
public struct Selection: Sendable {
    public enum Operation: String, Sendable { case equals = "==", differs = "!=", matches = "=~", mismatches = "!~" }

    public let attribute: String
    public let operation: Operation
    public let value: String
    private let pattern: Pattern?

    /// - Throws: `DefinitionError.badSelection`, or `PatternError` for the expression.
    public init(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard let place = bytes.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "!") }), place > 0
        else { throw DefinitionError.badSelection }
        let next = place + 1 < bytes.count ? bytes[place + 1] : 0
        var width = 2
        switch (bytes[place], next) {
        case (UInt8(ascii: "="), UInt8(ascii: "=")): operation = .equals
        case (UInt8(ascii: "="), UInt8(ascii: "~")): operation = .matches
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): operation = .differs
        case (UInt8(ascii: "!"), UInt8(ascii: "~")): operation = .mismatches
        case (UInt8(ascii: "="), _):
            operation = .equals
            width = 1
        default: throw DefinitionError.badSelection
        }
        attribute = String(decoding: bytes[..<place], as: UTF8.self).trimmed
        var value = String(decoding: bytes[(place + width)...], as: UTF8.self).trimmed
        if operation == .matches || operation == .mismatches {
            if value.count > 1, value.hasPrefix("/"), value.hasSuffix("/") {
                value = String(value.dropFirst().dropLast())
            }
            pattern = try Pattern(value)
        } else {
            pattern = nil
        }
        self.value = value
    }

    /// All terms of a list.
    public static func parse(_ texts: [String]) throws -> [Selection] { try texts.map { try Selection($0) } }

    /// Whether a value satisfies the term.
    public func holds(for text: String) -> Bool {
        switch operation {
        case .equals: text == value
        case .differs: text != value
        case .matches: pattern?.matches(text) ?? false
        case .mismatches: !(pattern?.matches(text) ?? false)
        }
    }
}
