/// Objects as text, the form that `lsdef -z` writes and `mkdef -z` and `chdef -z` read; see stanza(5).
public struct StanzaFile: Sendable {
    /// One object of the file.
    public struct Stanza: Sendable {
        public var name: String
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

    public init(_ text: String) {
        var defaults: [String: [(name: String, value: String)]] = [:]
        var current: Int?
        var defaultType: String?
        var number = 0
        var positions: [String: Int] = [:]
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") { continue }
            if let name = Self.header(line) {
                defaultType = name.hasPrefix("default-") ? String(name.dropFirst(8)) : nil
                current = nil
                if defaultType != nil { continue }
                if let known = positions[name] {
                    current = known
                } else {
                    current = stanzas.count
                    positions[name] = stanzas.count
                    stanzas.append(Stanza(name: name))
                }
            } else if let (name, value) = Self.attribute(line), current != nil || defaultType != nil {
                if let defaultType {
                    defaults[defaultType, default: []].append((name, value))
                } else if let current {
                    assign(name, value, to: current, defaults)
                }
            } else {
                let bad = BadLine(number: number, text: line)
                if let current { stanzas[current].badLines.append(bad) } else { badLines.append(bad) }
            }
        }
    }

    /// The file with only those stanzas for which `isWanted` holds.
    public func filtered(_ isWanted: (Stanza) -> Bool) -> StanzaFile {
        var copy = self
        copy.stanzas = stanzas.filter(isWanted)
        return copy
    }

    /// Puts other values in place of those of all stanzas.
    public mutating func replaceValues(_ value: (_ attribute: String, _ value: String) -> String) {
        for index in stanzas.indices {
            for (place, old) in stanzas[index].values.enumerated() {
                stanzas[index].values[place].value = value(old.name, old.value)
            }
        }
    }

    private mutating func assign(
        _ name: String, _ value: String, to index: Int, _ defaults: [String: [(name: String, value: String)]]
    ) {
        guard name == "objtype" else { return stanzas[index].set(name, value) }
        stanzas[index].type = value
        for (name, value) in defaults[value] ?? [] { stanzas[index].set(name, value) }
    }

    /// The name before the last colon of a line that ends with one and has no `=`; nil for any other line.
    private static func header(_ line: String) -> String? {
        guard line.hasSuffix(":"), !line.contains("=") else { return nil }
        let name = line.dropLast().trimmed
        return name.isEmpty ? nil : name
    }

    private static func attribute(_ line: String) -> (String, String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let name = line[..<equals].trimmed
        guard !name.isEmpty, !name.contains(" "), !name.contains(":") else { return nil }
        var value = line[line.index(after: equals)...].trimmed
        if value.count > 1, value.hasPrefix("\""), value.hasSuffix("\"") {
            value = String(value.dropFirst().dropLast()).trimmed
        }
        return (name, value)
    }
}
