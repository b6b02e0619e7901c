internal import Support

/// A value of a table that is computed from the node's name: `/LHS/RHS/`, `|LHS|RHS|` or `|RHS|`; see noderange(7).
public enum ValueExpression {
    /// What `value` is for `node`: itself unless it has the form of an expression.
    ///
    /// An expression that cannot be evaluated gives the empty text, which counts as not set.
    public static func evaluate(_ value: String, for node: String) -> String {
        do throws(PatternError) {
            guard let parsed = try Parsed(value, for: node) else { return value }
            return try parsed.evaluate(for: node)
        } catch {
            return ""
        }
    }

    /// Why an expression is hardly what was meant; nil when it gives something for one of the nodes, or is none.
    /// - Parameter nodes: those that the value is for; none when that is not known.
    public static func problem(_ value: String, for nodes: [String]) -> String? {
        var problem: String?
        for node in nodes.isEmpty ? ["node1"] : nodes {
            do throws(PatternError) {
                guard let parsed = try Parsed(value, for: node) else { return nil }
                let isMatch = try parsed.pattern.firstMatch(in: Array(node.utf8)) != nil
                if nodes.isEmpty { return nil }
                if !isMatch {
                    let advice = value.hasPrefix("/") ? "; a path is written without the slash at its end" : ""
                    problem = problem ?? "it does not match '\(node)', which becomes the value\(advice)"
                } else if parsed.text.isEmpty {
                    return nil
                } else if try !parsed.evaluate(for: node).isEmpty {
                    return nil
                } else {
                    problem = problem ?? "what stands in parentheses cannot be evaluated for '\(node)'"
                }
            } catch {
                return error.diagnostic.description
            }
        }
        return problem
    }

    /// An expression taken apart.
    private struct Parsed {
        var pattern: Pattern
        /// What takes the place of the match.
        var text: String
        /// Whether parentheses in `text` are evaluated.
        var isComputed: Bool

        /// Nil for a value that is no expression.
        init?(_ value: String, for node: String) throws(PatternError) {
            guard let first = value.utf8.first, first == slash || first == bar, value.utf8.count > 1,
                value.utf8.last == first
            else { return nil }
            if first == slash {
                let parts = value.split(separator: "/", omittingEmptySubsequences: false)
                guard parts.count == 4, !parts[1].isEmpty else { return nil }
                pattern = try Pattern(String(parts[1]))
                text = String(parts[2])
                isComputed = false
                return
            }
            let inner = value.dropFirst().dropLast()
            guard !inner.isEmpty else { return nil }
            guard let split = inner.firstIndex(of: "|") else {
                pattern = try easyPattern(for: node)
                text = String(inner)
                isComputed = true
                return
            }
            pattern = try Pattern(String(inner[..<split]))
            text = String(inner[inner.index(after: split)...])
            isComputed = text.utf8.contains(UInt8(ascii: "("))
        }

        func evaluate(for node: String) throws(PatternError) -> String {
            isComputed ? try expand(text, pattern, node) : try replace(pattern, in: node, with: text)
        }
    }

    private static let slash = UInt8(ascii: "/")
    private static let bar = UInt8(ascii: "|")

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
