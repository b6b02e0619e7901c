internal import Support
public import SystemPackage

/// The `#INCLUDE:file#` lines of a list or template.
public struct ListIncludes: Sendable {
    private let text: String
    private let values: [String: String]

    /// - Parameter variables: the attribute `environvar`, for `$NAME` and `${NAME}`.
    public init(_ bytes: [UInt8], variables: String) {
        values = Dictionary(
            variables.split(separator: ",").compactMap { entry -> (String, String)? in
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return parts.count == 2 ? (parts[0].filter { !$0.isWhitespace }, String(parts[1])) : nil
            }, uniquingKeysWith: { $1 })
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Relative names are relative to `folder`, that of the list which is read first.
    public func paths(from folder: FilePath) -> [FilePath] {
        text.split(whereSeparator: \.isNewline).compactMap { line in Self.name(in: line).flatMap { path($0, folder) } }
    }

    /// The list with other names for included files.
    /// - Parameter place: where an included file is from now on; nil when it stays.
    /// - Returns: nil when nothing changes.
    public func moved(from folder: FilePath, _ place: (FilePath) -> FilePath?) -> [UInt8]? {
        var result = text
        for line in text.split(whereSeparator: \.isNewline).reversed() {
            guard let name = Self.name(in: line), let old = path(name, folder), let new = place(old) else { continue }
            let last = old.lastName.printable
            if name.hasPrefix("/"), !name.contains("$") {
                result.replaceSubrange(name.startIndex..<name.endIndex, with: new.printable)
            } else if name.hasSuffix(last) {
                let start = name.index(name.endIndex, offsetBy: -last.count)
                result.replaceSubrange(start..<name.endIndex, with: new.lastName.printable)
            }
        }
        return result == text ? nil : Array(result.utf8)
    }

    /// The name in a line, as written.
    private static func name(in line: Substring) -> Substring? {
        let line = line.drop { $0.isWhitespace }
        return line.hasPrefix("#INCLUDE:") ? line.dropFirst(9).prefix { $0 != "#" } : nil
    }

    private func path(_ name: Substring, _ folder: FilePath) -> FilePath? {
        let name = Self.expand(name, values)
        guard !name.isEmpty, !name.contains("\0") else { return nil }
        return name.hasPrefix("/") ? FilePath(name) : folder.joined(name)
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
