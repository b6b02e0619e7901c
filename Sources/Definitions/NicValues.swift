/// The packed form of a column of `nics`: `eth0!v1|v2,eth1!v3`, an entry for each interface.
public struct NicValues: Sendable, Equatable {
    /// Interfaces in the order of the text, with their values as they are.
    public var entries: [(nic: String, value: String)]

    public static func == (left: NicValues, right: NicValues) -> Bool {
        left.entries.elementsEqual(right.entries) { $0.nic == $1.nic && $0.value == $1.value }
    }

    /// - Parameter text: entries without `!` are kept with an empty interface name.
    public init(_ text: String) {
        entries = Self.items(of: text).map { item in
            guard let mark = item.firstIndex(of: "!") else { return ("", item) }
            return (String(item[..<mark]).trimmed, String(item[item.index(after: mark)...]))
        }
    }

    /// Items between commas; a comma between parentheses belongs to an expression.
    private static func items(of text: String) -> [String] {
        var items: [String] = []
        var item = ""
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth = max(0, depth - 1) }
            if character == ",", depth == 0 {
                items.append(item)
                item = ""
            } else {
                item.append(character)
            }
        }
        return (items + [item]).filter { !$0.trimmed.isEmpty }
    }

    /// Whether a value can be packed so that it comes back for this interface.
    public static func canHold(_ nic: String, _ value: String) -> Bool {
        !nic.contains { ",!()".contains($0) } && items(of: value + ",x").count == (value.isEmpty ? 1 : 2)
            && !value.hasPrefix(",") && !value.hasSuffix(",")
    }

    /// The packed text.
    public var packed: String {
        entries.map { $0.nic.isEmpty ? $0.value : "\($0.nic)!\($0.value)" }.joined(separator: ",")
    }

    /// Value of one interface; setting nil or the empty text removes it. New ones go last.
    public subscript(nic: String) -> String? {
        get { entries.first { $0.nic == nic }?.value }
        set {
            let index = entries.firstIndex { $0.nic == nic }
            switch (index, newValue ?? "") {
            case (let index?, ""): entries.remove(at: index)
            case (let index?, let value): entries[index].value = value
            case (nil, ""): break
            case (nil, let value): entries.append((nic, value))
            }
        }
    }

    /// Values that are expressions, evaluated for the node.
    func evaluated(for node: String) -> NicValues {
        var copy = self
        copy.entries = entries.map { ($0.nic, ValueExpression.evaluate($0.value, for: node)) }.filter { !$0.1.isEmpty }
        return copy
    }
}
