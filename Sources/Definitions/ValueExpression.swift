/// A value of a table that is computed from the node's name: `/LHS/RHS/`, `|LHS|RHS|` or `|RHS|`; see noderange(7).
public enum ValueExpression {
    /// What `value` is for `node`: itself unless it has the form of an expression.
    ///
    /// An expression that cannot be evaluated gives the empty text, which counts as not set.
    public static func evaluate(_ value: String, for node: String) -> String {
        guard let first = value.utf8.first, first == slash || first == bar, value.utf8.count > 1,
            value.utf8.last == first
        else { return value }
        do throws(PatternError) {
            return first == slash ? try substituted(value, node) : try computed(value, node)
        } catch {
            return ""
        }
    }

    private static let slash = UInt8(ascii: "/")
    private static let bar = UInt8(ascii: "|")

    private static func substituted(_ value: String, _ node: String) throws(PatternError) -> String {
        let parts = value.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[1].isEmpty else { return value }
        return try replace(try Pattern(String(parts[1])), in: node, with: String(parts[2]))
    }

    private static func computed(_ value: String, _ node: String) throws(PatternError) -> String {
        let inner = value.dropFirst().dropLast()
        guard !inner.isEmpty else { return value }
        guard let split = inner.firstIndex(of: "|") else {
            return try expand(String(inner), easyPattern(for: node), node)
        }
        let right = String(inner[inner.index(after: split)...])
        let pattern = try Pattern(String(inner[..<split]))
        guard right.contains("(") else { return try replace(pattern, in: node, with: right) }
        return try expand(right, pattern, node)
    }

    /// Evaluates each outermost `( … )` of `template`, then puts the result in place of the match.
    private static func expand(
        _ template: String, _ pattern: Pattern, _ node: String
    ) throws(PatternError) -> String {
        let name = Array(node.utf8)
        guard let match = try pattern.firstMatch(in: name) else { return node }
        let groups = match.groups.map { range in range.map { String(decoding: name[$0], as: UTF8.self) } ?? "" }
        var text = Array(template.utf8)
        // Results that hold parentheses again are evaluated again; the bound stops one that grows for ever.
        for _ in 0..<64 {
            guard let open = text.firstIndex(of: UInt8(ascii: "(")) else { break }
            guard let close = closing(text, from: open),
                let result = Arithmetic.evaluate(String(decoding: text[open...close], as: UTF8.self), groups)
            else { return "" }
            text.replaceSubrange(open...close, with: Array(result.utf8))
            guard text.count <= 16384 else { return "" }
        }
        return String(decoding: name[..<match.range.lowerBound] + text + name[match.range.upperBound...], as: UTF8.self)
    }

    private static func closing(_ text: [UInt8], from open: Int) -> Int? {
        var depth = 0
        var quote: UInt8?
        for position in open..<text.count {
            let byte = text[position]
            if let current = quote {
                if byte == current { quote = nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""): quote = byte
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return position }
            default: break
            }
        }
        return nil
    }

    /// `[\D0]*(\d+)` once for each run of digits of the name, then the rest of it.
    private static func easyPattern(for node: String) throws(PatternError) -> Pattern {
        var runs = 0
        var wasDigit = false
        for byte in node.utf8 {
            let isDigit = (0x30...0x39).contains(byte)
            if isDigit, !wasDigit { runs += 1 }
            wasDigit = isDigit
        }
        return try Pattern(String(repeating: #"[\D0]*(\d+)"#, count: runs) + ".*$")
    }

    private static func replace(
        _ pattern: Pattern, in node: String, with text: String
    ) throws(PatternError) -> String {
        let name = Array(node.utf8)
        guard let match = try pattern.firstMatch(in: name) else { return node }
        return String(
            decoding: name[..<match.range.lowerBound] + Array(text.utf8) + name[match.range.upperBound...],
            as: UTF8.self)
    }
}
