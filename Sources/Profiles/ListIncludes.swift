internal import Support
public import SystemPackage

/// The `#INCLUDE:file#` lines of a list or template.
public struct ListIncludes: Sendable {
    private let text: [UInt8]
    private let values: [String: String]
    /// Where in the text the names are.
    private let names: [Range<Int>]

    /// - Parameter variables: the attribute `environvar`, for `$NAME` and `${NAME}`.
    public init(_ bytes: [UInt8], variables: String) {
        values = Self.variables(variables)
        text = bytes
        names = ListLines.ranges(bytes).compactMap { range in
            let line = bytes[range].drop { $0 == 0x20 || $0 == 0x09 }
            guard line.starts(with: "#INCLUDE:".utf8) else { return nil }
            let name = line.dropFirst(9).prefix { $0 != UInt8(ascii: "#") }
            return name.startIndex..<name.endIndex
        }
    }

    /// The attribute `environvar` as names and values.
    public static func variables(_ environvar: String) -> [String: String] {
        Dictionary(
            environvar.split(separator: ",").compactMap { entry -> (String, String)? in
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return parts.count == 2 ? (parts[0].filter { !$0.isWhitespace }, String(parts[1])) : nil
            }, uniquingKeysWith: { $1 })
    }

    /// Relative names are relative to `folder`, that of the list which is read first.
    public func paths(from folder: FilePath) -> [FilePath] { names.compactMap { path($0, folder) } }

    /// The list with other names for included files.
    /// - Parameter place: where an included file is from now on; nil when it stays.
    /// - Returns: the list, nil when nothing changes, and the files whose names come from a variable and stay.
    public func moved(from folder: FilePath, _ place: (FilePath) -> FilePath?) -> (bytes: [UInt8]?, left: [FilePath]) {
        var result: [UInt8] = []
        var start = 0
        var left: [FilePath] = []
        /// Puts other bytes in the place of these.
        func replace(_ range: Range<Int>, by bytes: [UInt8]) {
            result += text[start..<range.lowerBound] + bytes
            start = range.upperBound
        }
        for range in names {
            guard let old = path(range, folder), let new = place(old) else { continue }
            let (name, last) = (text[range], old.lastName.bytes)
            if name.first == UInt8(ascii: "/"), !name.contains(UInt8(ascii: "$")) {
                replace(range, by: new.bytes)
            } else if name.suffix(last.count).elementsEqual(last) {
                replace(range.upperBound - last.count..<range.upperBound, by: new.lastName.bytes)
            } else {
                left.append(old)
            }
        }
        guard start > 0 else { return (nil, left) }
        result += text[start...]
        return (result == text ? nil : result, left)
    }

    private func path(_ range: Range<Int>, _ folder: FilePath) -> FilePath? {
        let name = Self.expand(Substring(String(decoding: text[range], as: UTF8.self)), values)
        guard !name.isEmpty, !name.contains("\0") else { return nil }
        let path = name.hasPrefix("/") ? FilePath(name) : folder.joined(name)
        // `..` by its name alone; where a symbolic link is on the way a list is not to be followed.
        return path.components.contains { $0.kind != .regular } ? path.lexicallyNormalized() : path
    }

    private static func expand(_ text: Substring, _ values: [String: String]) -> String {
        var result = ""
        var rest = text
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.first == "{"
            if isBraced { rest = rest.dropFirst() }
            let name = rest.prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
            rest = rest[name.endIndex...]
            if isBraced, rest.first == "}" { rest = rest.dropFirst() }
            result += values[String(name)] ?? ""
        }
        return result + rest
    }
}
