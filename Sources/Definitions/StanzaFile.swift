/// Objects as text, the form that `lsdef -z` writes and `mkdef -z` and `chdef -z` read; see stanza(5).
public struct StanzaFile: Sendable {
    /// One object of the file.
    public struct Stanza: Sendable {
        public var name: String
        /// Of its first header, counted from 1.
        public var line: Int
        /// `objtype`; nil when the stanza has none.
        public var type: String?
        /// Attributes in the order of the file; a later one of the same name has replaced the earlier.
        public internal(set) var values: [(name: String, value: String)] = []
        /// Lines that are neither a header nor an attribute.
        public internal(set) var badLines: [BadLine] = []

        mutating func set(_ attribute: String, _ value: String) {
            if let index = values.firstIndex(where: { $0.name == attribute }) {
                values[index].value = value
            } else {
                values.append((attribute, value))
            }
        }
    }

    public struct BadLine: Hashable, Sendable {
        /// Counted from 1.
        public var number: Int
        public var text: String

        public init(number: Int, text: String) { (self.number, self.text) = (number, text) }
    }

    /// Objects in the order of their first header.
    public private(set) var stanzas: [Stanza] = []
    /// Bad lines before any header.
    public private(set) var badLines: [BadLine] = []

    /// What the lines that follow belong to.
    private enum Place {
        case nothing
        case defaults(type: String)
        case stanza(Int)
    }

    public init(_ text: String) {
        var defaults: [String: [(name: String, value: String)]] = [:]
        var place = Place.nothing
        var positions: [String: Int] = [:]
        StanzaText.forEachLine(of: text) { number, line in
            if line.isEmpty || line.first == StanzaText.comment { return }
            if let name = Self.header(line) {
                place = self.place(named: name, line: number, &positions)
            } else if let (name, value) = Self.attribute(line) {
                switch place {
                case .nothing: badLines.append(BadLine(number: number, text: line.text))
                case .defaults(let type): defaults[type, default: []].append((name, value))
                case .stanza(let index): assign(name, value, to: index, defaults)
                }
            } else {
                let bad = BadLine(number: number, text: line.text)
                if case .stanza(let index) = place { stanzas[index].badLines.append(bad) } else { badLines.append(bad) }
            }
        }
    }

    /// Puts other values in place of those of all stanzas.
    public mutating func replaceValues(_ value: (_ attribute: String, _ value: String) -> String) {
        for index in stanzas.indices {
            for (place, old) in stanzas[index].values.enumerated() {
                stanzas[index].values[place].value = value(old.name, old.value)
            }
        }
    }

    /// Where the lines below a header go; an object whose name comes again continues.
    private mutating func place(named name: String, line: Int, _ positions: inout [String: Int]) -> Place {
        if name.hasPrefix("default-") { return .defaults(type: String(name.dropFirst(8))) }
        if let known = positions[name] { return .stanza(known) }
        positions[name] = stanzas.count
        stanzas.append(Stanza(name: name, line: line))
        return .stanza(stanzas.count - 1)
    }

    private mutating func assign(
        _ name: String, _ value: String, to index: Int, _ defaults: [String: [(name: String, value: String)]]
    ) {
        guard name == "objtype" else { return stanzas[index].set(name, value) }
        stanzas[index].type = value
        for (name, value) in defaults[value] ?? [] { stanzas[index].set(name, value) }
    }

    /// The name before the last colon of a line that ends with one and has no `=`; nil for any other line.
    private static func header(_ line: StanzaText.Line) -> String? {
        guard line.last == UInt8(ascii: ":"), !line.contains(UInt8(ascii: "=")) else { return nil }
        let name = line.dropLast().trimmed
        return name.isEmpty ? nil : name.text
    }

    private static func attribute(_ line: StanzaText.Line) -> (String, String)? {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = line[..<equals].trimmed
        guard !name.isEmpty, !name.contains(UInt8(ascii: " ")), !name.contains(UInt8(ascii: ":")) else { return nil }
        var value = line[(equals + 1)...].trimmed
        if value.isQuoted { value = value.dropFirst().dropLast() }
        return (name.text, value.text)
    }
}
