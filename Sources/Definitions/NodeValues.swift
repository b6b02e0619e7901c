internal import Tables

/// Finds the values of a node: its own row first, then those of its groups from left to right; see lsdef(1).
final class NodeValues {
    private let cache: TableCache
    /// Columns whose values accumulate over the groups, with their delimiter (site.hierarchicalattrs).
    private let accumulating: [String: String]
    private var groupsOfNodes: [String: [String]] = [:]

    init(_ cache: TableCache, hierarchicalAttributes: String?) {
        self.cache = cache
        var accumulating: [String: String] = [:]
        for item in (hierarchicalAttributes ?? "").split(separator: ",") {
            let parts = item.split(separator: ":", maxSplits: 1)
            accumulating[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ","
        }
        self.accumulating = accumulating
    }

    /// The node and then its static groups in order.
    func levels(of node: String) throws(StoreError) -> [String] {
        if let levels = groupsOfNodes[node] { return levels }
        let text = try cache.rows("nodelist", "node", node).first?["groups"] ?? ""
        let levels = [node] + text.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
        groupsOfNodes[node] = levels
        return levels
    }

    /// Rows of `table` that may give the node a value, nearest first, each with the name it is keyed by.
    func rows(
        of node: String, in table: String, _ keyColumn: String, selector: Cell? = nil
    ) throws(StoreError) -> [(key: String, row: Row)] {
        var result: [(key: String, row: Row)] = []
        for level in table == "nodelist" ? [node] : try levels(of: node) {
            for row in try cache.rows(table, keyColumn, level) {
                if let selector, row[selector.column] != selector.value { continue }
                result.append((level, row))
                break
            }
        }
        return result
    }

    /// The value of a column from `rows`, inherited and evaluated; nil when it is not set.
    func value(
        of node: String, column: String, position: Int, isListing: Bool, _ rows: [(key: String, row: Row)]
    ) -> (text: String, key: String)? {
        if !isListing, let delimiter = accumulating[column] {
            return accumulated(node, position, delimiter, rows)
        }
        var joined = ""
        var firstKey: String?
        for (key, row) in rows {
            guard let text = row[position] else { continue }
            firstKey = firstKey ?? key
            guard text.hasSuffix(Self.marker) else {
                joined += text
                break
            }
            joined += text.dropLast(Self.marker.count)
        }
        guard let firstKey else { return nil }
        let text = ValueExpression.evaluate(joined, for: node)
        return text.isEmpty ? nil : (text, firstKey)
    }

    private static let marker = "+=NEXTRECORD"

    private func accumulated(
        _ node: String, _ position: Int, _ delimiter: String, _ rows: [(key: String, row: Row)]
    ) -> (text: String, key: String)? {
        var items: [String] = []
        var keys: [String] = []
        for (key, row) in rows {
            guard let text = row[position] else { continue }
            keys.append(key)
            let plain = text.hasSuffix(Self.marker) ? String(text.dropLast(Self.marker.count)) : text
            for item in ValueExpression.evaluate(plain, for: node).split(delimiter: delimiter)
            where !item.isEmpty && !items.contains(item) {
                items.append(item)
            }
        }
        return items.isEmpty ? nil : (items.joined(separator: delimiter), keys.joined(separator: ","))
    }
}

extension StringProtocol {
    /// Without blanks and tabs at both ends.
    var trimmed: String {
        let blanks: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard let first = firstIndex(where: { !blanks($0) }), let last = lastIndex(where: { !blanks($0) }) else {
            return ""
        }
        return String(self[first...last])
    }

    /// The parts between occurrences of `delimiter`.
    func split(delimiter: String) -> [String] {
        guard !delimiter.isEmpty else { return [String(self)] }
        var parts: [String] = []
        var rest = Array(utf8)[...]
        let needle = Array(delimiter.utf8)
        var part: [UInt8] = []
        while let byte = rest.first {
            if rest.starts(with: needle) {
                parts.append(String(decoding: part, as: UTF8.self))
                part = []
                rest = rest.dropFirst(needle.count)
            } else {
                part.append(byte)
                rest = rest.dropFirst()
            }
        }
        return parts + [String(decoding: part, as: UTF8.self)]
    }
}
