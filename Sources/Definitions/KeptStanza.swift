/// The stanza of one object as the history keeps it: what `lsdef -z` prints, but that a value may have several lines,
/// of which all but the first begin with a TAB.
public enum KeptStanza {
    /// Attributes whose values look like secrets, with the reason.
    public static func secrets(in attributes: [String: String]) -> [String: String] {
        attributes.compactMapValues { SecretScreen.finding(in: Array($0.utf8), name: []) }
    }

    /// - Parameter leftOut: attributes whose values are not kept, with the reason.
    public static func text(
        _ name: String, type: String, _ attributes: [String: String], leftOut: [String: String] = [:]
    ) -> [UInt8] {
        let lines = attributes.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { name, value in
            leftOut[name].map { "\(leftOutMark)\(name): \($0)\n" }
                ?? "    \(name)=\(StanzaText.value(value) ?? value.replacing("\n", with: "\n\t"))\n"
        }
        return Array("\(StanzaText.heading)\n\(name):\n    objtype=\(type)\n\(lines.joined())".utf8)
    }

    private static let leftOutMark = "    # not kept: "

    /// Attributes whose values were not kept.
    public static func leftOut(_ text: [UInt8]) -> Set<String> {
        Set(
            text.split(separator: 0x0a).filter { $0.starts(with: leftOutMark.utf8) }.map { line in
                String(decoding: line.dropFirst(leftOutMark.utf8.count).prefix { $0 != 0x3a }, as: UTF8.self)
            })
    }

    /// Attributes and values, without objtype.
    public static func attributes(_ text: [UInt8]) -> [String: String] {
        var result: [String: String] = [:]
        var last: String?
        for line in text.split(separator: 0x0a, omittingEmptySubsequences: false) {
            if line.first == 0x09, let last {
                result[last]?.append("\n" + String(decoding: line.dropFirst(), as: UTF8.self))
                continue
            }
            last = nil
            guard line.first == 0x20, !line.starts(with: leftOutMark.utf8),
                let equals = line.firstIndex(of: UInt8(ascii: "="))
            else { continue }
            let name = String(decoding: line[..<equals].drop { $0 == 0x20 }, as: UTF8.self)
            result[name] = String(decoding: line[(equals + 1)...], as: UTF8.self)
            last = name
        }
        result["objtype"] = nil
        return result.mapValues { value in
            let isQuoted =
                value.utf8.count > 1 && value.hasPrefix("\"") && value.hasSuffix("\"") && !value.contains("\n")
            return isQuoted ? String(value.dropFirst().dropLast()) : value
        }
    }
}
