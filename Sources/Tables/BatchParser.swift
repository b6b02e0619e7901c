public import Support

/// Why the text of a batch is not understood.
public enum BatchError: Diagnosable, Equatable {
    case badText(line: Int)
    case unknownOperation(String, line: Int)
    case noTable(line: Int)
    case notAPair(String, line: Int)
    case needsMatch(String, line: Int)
    case needsValues(String, line: Int)

    public var diagnostic: Diagnostic {
        switch self {
        case .badText(let line):
            Diagnostic(
                "bad escape, or text that is not UTF-8", subject: "line \(line)",
                remedy: #"write \\, \t, \n and \r, or use -z"#)
        case .unknownOperation(let word, let line):
            Diagnostic(
                "unknown operation", subject: word,
                remedy: "line \(line) must begin with set, insert, delete, clear, expect, present or absent")
        case .noTable(let line):
            Diagnostic("operation names no table", subject: "line \(line)", remedy: "put it after the operation")
        case .notAPair(let word, let line):
            Diagnostic("not COLUMN=VALUE", subject: word, remedy: "correct line \(line)")
        case .needsMatch(let operation, let line):
            Diagnostic("\(operation) names no row", subject: "line \(line)", remedy: "give COLUMN=VALUE of its key")
        case .needsValues(let operation, let line):
            Diagnostic("\(operation) has no value", subject: "line \(line)", remedy: "give COLUMN=VALUE after ':'")
        }
    }
}

extension TableBatch {
    /// Reads what `bytes` gives: an operation a line, fields separated by tabs. Empty lines and lines that begin with `#` count as nothing.
    /// - Parameter isNULSeparated: every field ends with NUL instead, an empty field ends the operation; nothing is escaped.
    public init(parsing text: [UInt8], isNULSeparated: Bool = false) throws(BatchError) {
        self.init()
        // Checked once: escapes and separators are ASCII, so that every piece of valid text is valid.
        guard String(validating: text, as: UTF8.self) != nil else {
            throw .badText(line: Self.firstBadRecord(text, isNULSeparated: isNULSeparated))
        }
        if isNULSeparated {
            try parseFields(text)
        } else {
            try parseLines(text)
        }
    }

    /// The number of the first line that is not UTF-8; without lines, of the first operation.
    private static func firstBadRecord(_ text: [UInt8], isNULSeparated: Bool) -> Int {
        if isNULSeparated {
            var number = 1
            var wasEmpty = true
            for field in text.split(separator: 0, omittingEmptySubsequences: false) {
                if String(validating: field, as: UTF8.self) == nil { break }
                if field.isEmpty, !wasEmpty { number += 1 }
                wasEmpty = field.isEmpty
            }
            return number
        }
        let lines = text.split(separator: 0x0a, omittingEmptySubsequences: false)
        return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
    }

    private mutating func parseLines(_ text: [UInt8]) throws(BatchError) {
        var line = 0
        var fields: [ArraySlice<UInt8>] = []
        for record in text.split(separator: 0x0a, omittingEmptySubsequences: false) {
            line += 1
            guard let first = record.first, first != UInt8(ascii: "#") else { continue }
            fields.removeAll(keepingCapacity: true)
            for field in record.split(separator: 0x09, omittingEmptySubsequences: false) {
                guard let text = TableText.unescaped(field) else { throw .badText(line: line) }
                fields.append(text)
            }
            append(try Self.operation(fields, line: line))
        }
    }

    private mutating func parseFields(_ text: [UInt8]) throws(BatchError) {
        var number = 1
        var fields: [ArraySlice<UInt8>] = []
        for field in text.split(separator: 0, omittingEmptySubsequences: false) {
            if field.isEmpty {
                if !fields.isEmpty { append(try Self.operation(fields, line: number)) }
                if !fields.isEmpty { number += 1 }
                fields = []
                continue
            }
            fields.append(field)
        }
        if !fields.isEmpty { append(try Self.operation(fields, line: number)) }
    }

    private static func operation(_ fields: [ArraySlice<UInt8>], line: Int) throws(BatchError) -> Operation {
        guard fields.count > 1, !fields[1].isEmpty else { throw .noTable(line: line) }
        let (word, table) = (text(fields[0]), text(fields[1]))
        let rest = fields[2...]
        let colon = rest.firstIndex { $0.count == 1 && $0.first == UInt8(ascii: ":") }
        let matches = try cells(rest[..<(colon ?? rest.endIndex)], line: line)
        let values = try colon.map { (colon) throws(BatchError) in try cells(rest[(colon + 1)...], line: line) } ?? []
        if word != "clear", matches.isEmpty { throw .needsMatch(word, line: line) }
        switch word {
        case "set": return .set(table, matches: matches, values: values)
        case "insert": return .insert(table, values: matches)
        case "delete": return .delete(table, matches: matches)
        case "clear": return .clear(table)
        case "expect":
            guard !values.isEmpty else { throw .needsValues(word, line: line) }
            return .expect(table, matches: matches, values: values)
        case "present": return .present(table, matches: matches)
        case "absent": return .absent(table, matches: matches)
        default: throw .unknownOperation(word, line: line)
        }
    }

    private static func cells(_ words: ArraySlice<ArraySlice<UInt8>>, line: Int) throws(BatchError) -> [Cell] {
        var result: [Cell] = []
        result.reserveCapacity(words.count)
        for word in words {
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")), equals != word.startIndex else {
                throw .notAPair(text(word), line: line)
            }
            result.append(Cell(text(word[..<equals]), text(word[(equals + 1)...])))
        }
        return result
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension Cell {
    /// `COLUMN=VALUE`, split at the first `=`; nil when there is none or the column is empty.
    public init?(parsing word: String) {
        guard let equals = word.utf8.firstIndex(of: UInt8(ascii: "=")), equals != word.startIndex else { return nil }
        self.init(String(word[..<equals]), String(word[word.utf8.index(after: equals)...]))
    }
}
