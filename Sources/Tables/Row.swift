#if canImport(Glibc)
    internal import Glibc
#endif

/// A row of a table. A cell that is NULL or empty reads as not set.
public struct Row: Sendable {
    public let schema: TableSchema
    private let cells: [String?]

    public init(_ schema: TableSchema, _ cells: [String?]) {
        self.schema = schema
        self.cells = cells
    }

    /// The value of a column; nil when it is not set, or when the table has no such column.
    public subscript(column: String) -> String? {
        guard let position = schema.position(of: column) else { return nil }
        return self[position]
    }

    /// The value at a position of `schema.columns`.
    public subscript(position: Int) -> String? {
        guard let value = cells[position], !value.isEmpty else { return nil }
        return value
    }

    /// Whether readers see the row: `disable` is not set, or one of `0` and `no` in any case.
    public var isEnabled: Bool {
        switch self["disable"]?.lowercased() {
        case nil, "0", "no": true
        default: false
        }
    }

    /// Values of the key columns, empty where not set.
    public var keyValues: [String] { schema.keys.map { self[$0] ?? "" } }
}

/// A column and a value for it; the empty value stands for "not set".
public struct Cell: Hashable, Sendable {
    public var column: String
    public var value: String

    public init(_ column: String, _ value: String) {
        self.column = column
        self.value = value
    }
}

extension [Cell] {
    public init(_ pairs: KeyValuePairs<String, String>) { self = pairs.map { Cell($0.key, $0.value) } }

    /// `COLUMN=VALUE` pairs for a message.
    var told: String { map { "\($0.column)=\($0.value)" }.joined(separator: " ") }
}

extension Sequence<String> {
    /// Sorted by the bytes of their UTF-8 form, as all output is.
    public func sortedByBytes() -> [String] {
        var result = Array(self)
        // Rows come in this order mostly: then one look at each is enough.
        let isSorted = !zip(result, result.dropFirst()).contains { $1.precedesByBytes($0) }
        if !isSorted { result.sort { $0.precedesByBytes($1) } }
        return result
    }
}

extension String {
    /// Byte order, which differs from Swift's for text that is not ASCII.
    public func precedesByBytes(_ other: String) -> Bool {
        var (first, second) = (self, other)
        return first.withUTF8 { first in
            second.withUTF8 { second in
                guard let left = first.baseAddress, let right = second.baseAddress else {
                    return first.isEmpty && !second.isEmpty
                }
                let order = memcmp(left, right, min(first.count, second.count))
                return order < 0 || (order == 0 && first.count < second.count)
            }
        }
    }
}
