/// An element of a manifest: a name with text, or with elements.
public struct XMLElement: Equatable, Sendable {
    public var name: String
    /// Text between the tags, elements left out.
    public var text: String
    public var children: [XMLElement]

    public init(_ name: String, text: String = "", children: [XMLElement] = []) {
        self.name = name
        self.text = text
        self.children = children
    }

    /// Text without white space around it; nil when nothing is left, which counts as no element.
    public var value: String? {
        let trimmed = text.trimmed
        return trimmed.isEmpty ? nil : trimmed
    }

    public func children(named name: String) -> [XMLElement] { children.filter { $0.name == name } }
    public func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// As XML::Simple writes it, which xCAT's importer is known to read: an element a line, indented by two blanks, ASCII.
    public func write(indent: String = "") -> String {
        guard !children.isEmpty else { return "\(indent)<\(name)>\(Self.escaped(text))</\(name)>\n" }
        return "\(indent)<\(name)>\n" + children.map { $0.write(indent: indent + "  ") }.joined()
            + "\(indent)</\(name)>\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // Parsers make a line feed of it.
            case "\r": result += "&#13;"
            default:
                if scalar.isASCII { result.unicodeScalars.append(scalar) } else { result += "&#\(scalar.value);" }
            }
        }
        return result
    }
}

extension StringProtocol {
    /// Without white space of XML around it.
    var trimmed: String {
        let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
        var rest = unicodeScalars[...]
        while let first = rest.first, isSpace(first) { rest.removeFirst() }
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(String.UnicodeScalarView(rest))
    }
}
