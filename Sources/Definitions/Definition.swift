/// One object with its attributes as the object commands show them.
public struct Definition: Sendable {
    /// A value and the cell it came from.
    public struct Value: Hashable, Sendable {
        public var text: String
        public var table: String
        /// The column that was matched, and what it held: the object, or the group that a node inherits from.
        public var keyColumn: String
        public var key: String
        public var column: String
    }

    public let type: String
    public let name: String
    /// Attributes that are set.
    public internal(set) var values: [String: Value]
    /// Attributes that are not set though their table has a row: they read as empty when selected on.
    public internal(set) var unset: Set<String>

    init(_ type: String, _ name: String) {
        self.type = type
        self.name = name
        values = [:]
        unset = []
    }

    /// The value of an attribute; nil when it is not set.
    public subscript(attribute: String) -> String? { values[attribute]?.text }

    /// All attributes that are set.
    public var attributes: [String: String] { values.mapValues(\.text) }
}

extension Definition {
    /// Puts `text` before the value of an attribute, or makes it the value.
    public mutating func prepend(_ text: String, to attribute: String, separator: String) {
        if let value = values[attribute] {
            values[attribute]?.text = text + separator + value.text
        } else {
            values[attribute] = Value(
                text: text, table: "postscripts", keyColumn: "node", key: "xcatdefaults", column: attribute)
        }
    }
}
