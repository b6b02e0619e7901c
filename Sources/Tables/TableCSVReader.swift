/// Reads tables as text: a header line `#column,…`, then records; see catboat-tables(5).
public struct TableCSVReader: Sendable {
    /// One record: its fields, nil for those that are empty without quotes.
    public struct Record: Sendable, Equatable {
        /// Counted from 0 at the first record, as xCAT's messages do.
        public var line: Int
        public var fields: [String?]
        /// The line as it is.
        public var text: String
    }

    /// Columns of the header in its order.
    public private(set) var columns: [String] = []
    public private(set) var records: [Record] = []
    /// What is wrong with records, in order.
    public private(set) var problems: [CSVError] = []

    /// - Throws: `CSVError.noHeader`. Problems of records are kept in `problems`.
    public init(_ text: String) throws(CSVError) {
        var lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map { Self.trimmed($0) }
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        guard let header = lines.first, header.first == UInt8(ascii: "#") else { throw .noHeader }
        columns = String(decoding: header.dropFirst().filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
            .split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var position = 1
        while position < lines.count { readRecord(lines, &position) }
    }

    /// The header and all records of a text without problems.
    public static func rows(_ text: String) throws(CSVError) -> [[String]] {
        let reader = try TableCSVReader(text)
        if let problem = reader.problems.first { throw problem }
        return [reader.columns] + reader.records.map { $0.fields.map { $0 ?? "" } }
    }

    private static func trimmed(_ line: Substring.UTF8View.SubSequence) -> [UInt8] {
        var bytes = Array(line)
        while let last = bytes.last, last == 0x20 || last == 0x09 || last == 0x0d { bytes.removeLast() }
        return bytes
    }

    /// Reads the record that begins at `position`, which moves behind it.
    private mutating func readRecord(_ lines: [[UInt8]], _ position: inout Int) {
        let number = position - 1
        var line = lines[position]
        let text = String(decoding: line, as: UTF8.self)
        position += 1
        var fields: [String?] = []
        var place = 0
        while true {
            if place < line.count, line[place] == UInt8(ascii: "\"") {
                var value: [UInt8] = []
                let start = place
                place += 1
                while true {
                    if place >= line.count {
                        guard position < lines.count else {
                            problems.append(.unmatched(line: number, character: start, text))
                            return
                        }
                        value.append(0x0a)
                        line = lines[position]
                        position += 1
                        place = 0
                    } else if line[place] != UInt8(ascii: "\"") {
                        value.append(line[place])
                        place += 1
                    } else if place + 1 < line.count, line[place + 1] == UInt8(ascii: "\"") {
                        value.append(line[place])
                        place += 2
                    } else {
                        place += 1
                        break
                    }
                }
                guard place == line.count || line[place] == UInt8(ascii: ",") else {
                    problems.append(.unescaped(line: number, character: place, text))
                    return
                }
                fields.append(String(decoding: value, as: UTF8.self))
            } else {
                let end = line[place...].firstIndex(of: UInt8(ascii: ",")) ?? line.count
                if let quote = line[place..<end].firstIndex(of: UInt8(ascii: "\"")) {
                    problems.append(.missingOpening(line: number, character: quote, text))
                    return
                }
                fields.append(place == end ? nil : String(decoding: line[place..<end], as: UTF8.self))
                place = end
            }
            guard place < line.count else { break }
            place += 1
            if place == line.count {
                fields.append(nil)
                break
            }
        }
        records.append(Record(line: number, fields: fields, text: text))
    }
}
