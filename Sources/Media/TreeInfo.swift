/// `.treeinfo` of EL and Leap media: `[section]`, `key = value` (productmd).
struct TreeInfo {
    private var values: [String: String] = [:]
    private(set) var checksums: [(path: String, sum: String)] = []

    init(_ text: String) {
        var section = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = String(line.dropFirst().dropLast())
            } else if let equals = line.firstIndex(of: "="), !line.hasPrefix("#"), !line.hasPrefix(";") {
                let key = line[..<equals].trimmed
                let value = String(line[line.index(after: equals)...].trimmed)
                values["\(section).\(key)"] = value
                if section == "checksums" { checksums.append((String(key), value)) }
            }
        }
    }

    /// `info["general", "family"]`; nil when it is not set or empty.
    subscript(section: String, key: String) -> String? {
        values["\(section).\(key)"].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Substring {
    var trimmed: Substring {
        var text = drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
