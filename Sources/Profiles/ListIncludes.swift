internal import Support
public import SystemPackage

/// The `#INCLUDE:file#` lines of a list or template.
public struct ListIncludes: Sendable {
    private let names: [String]

    /// - Parameter variables: the attribute `environvar`, for `$NAME` and `${NAME}`.
    public init(_ bytes: [UInt8], variables: String) {
        let values = Dictionary(
            variables.split(separator: ",").compactMap { entry -> (String, String)? in
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return parts.count == 2 ? (parts[0].filter { !$0.isWhitespace }, String(parts[1])) : nil
            }, uniquingKeysWith: { $1 })
        names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
            let line = line.drop { $0.isWhitespace }
            guard line.hasPrefix("#INCLUDE:") else { return nil }
            return Self.expand(line.dropFirst(9).prefix { $0 != "#" }, values)
        }
    }

    /// Relative names are relative to `folder`, that of the list which is read first.
    public func paths(from folder: FilePath) -> [FilePath] {
        names.filter { !$0.isEmpty && !$0.contains("\0") }.map { $0.hasPrefix("/") ? FilePath($0) : folder.joined($0) }
    }

    private static func expand(_ text: Substring, _ values: [String: String]) -> String {
        var result = ""
        var rest = text
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.first == "{"
            if isBraced { rest = rest.dropFirst() }
            let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            rest = rest[name.endIndex...]
            if isBraced, rest.first == "}" { rest = rest.dropFirst() }
            result += values[String(name)] ?? ""
        }
        return result + rest
    }
}
