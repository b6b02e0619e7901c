/// Reads tables as text: a header line `#column,…`, then records; see catboat-tables(5).
public struct TableCSVReader: Sendable {
    /// One record: its fields, nil for those that are empty without quotes.
    public struct Record: Sendable, Equatable {
        /// Counted from 0 at the first record, as xCAT's messages do.
        public var line: Int
        public var fields: [String?]
        /// The line as it is.
        public var text: String

        public init(line: Int, fields: [String?], text: String) {
            (self.line, self.fields, self.text) = (line, fields, text)
        }
    }

    /// Columns of the header in its order.
    public private(set) var columns: [String] = []
    public private(set) var records: [Record] = []
    /// What is wrong with records, in order.
    public private(set) var problems: [CSVError] = []

    /// - Throws: `CSVError.noHeader`. Problems of records are kept in `problems`.
    public init(_ text: String) throws(CSVError) {
        var lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map { Array($0) }
        if lines.last.map({ Self.end(of: $0) == 0 }) ?? false { lines.removeLast() }
        guard let header = lines.first.map({ $0[..<Self.end(of: $0)] }), header.first == UInt8(ascii: "#") else {
            throw .noHeader
        }
        columns = String(decoding: header.dropFirst().filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
            .split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var position = 1
        while position < lines.count { readRecord(lines, &position) }
    }

    /// A table that has been read from somewhere else than text.
    /// - Parameter numbers: of the rows there, for messages.
    public init(columns: [String], _ rows: [[String?]], numbers: [Int]) {
        self.columns = columns
        records = zip(numbers, rows).map {
            Record(line: $0, fields: $1, text: $1.compactMap(\.self).joined(separator: ","))
        }
    }

    /// Takes out the records in which a column is empty.
    /// - Returns: their numbers.
    public mutating func removeRecords(without column: String) -> [Int] {
        guard let position = columns.firstIndex(of: column) else { return [] }
        func isEmpty(_ record: Record) -> Bool {
            position >= record.fields.count || (record.fields[position] ?? "").isEmpty
        }
        let lines = records.filter(isEmpty).map(\.line)
        records.removeAll(where: isEmpty)
        return lines
    }

    /// Puts other values in place of those of each column.
    public mutating func replaceValues(_ value: (_ column: String, _ value: String) -> String) {
        for index in records.indices {
            for (position, column) in columns.enumerated() where position < records[index].fields.count {
                if let old = records[index].fields[position] {
                    records[index].fields[position] = value(column, old)
                }
            }
        }
    }

    /// The header and all records of a text without problems.
    public static func rows(_ text: String) throws(CSVError) -> [[String]] {
        let reader = try TableCSVReader(text)
        if let problem = reader.problems.first { throw problem }
        return [reader.columns] + reader.records.map { $0.fields.map { $0 ?? "" } }
    }

    /// Where a line ends without the blanks and the carriage return behind it. Inside of quotes they count.
    private static func end(of line: [UInt8]) -> Int {
        (line.lastIndex { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d } ?? -1) + 1
    }

    /// Reads the record that begins at `position`, which moves behind it.
    private mutating func readRecord(_ lines: [[UInt8]], _ position: inout Int) {
        let number = position - 1
        var line = lines[position]
        var end = Self.end(of: line)
        let text = String(decoding: line[..<end], as: UTF8.self)
        position += 1
        var fields: [String?] = []
        var place = 0
        while true {
            if place < end, line[place] == UInt8(ascii: "\"") {
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
                        end = Self.end(of: line)
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
                guard place == end || line[place] == UInt8(ascii: ",") else {
                    problems.append(.unescaped(line: number, character: place, text))
                    return
                }
                fields.append(String(decoding: value, as: UTF8.self))
            } else {
                let comma = line[place..<end].firstIndex(of: UInt8(ascii: ",")) ?? end
                if let quote = line[place..<comma].firstIndex(of: UInt8(ascii: "\"")) {
                    problems.append(.missingOpening(line: number, character: quote, text))
                    return
                }
                fields.append(place == comma ? nil : String(decoding: line[place..<comma], as: UTF8.self))
                place = comma
            }
            guard place < end else { break }
            place += 1
            if place == end {
                fields.append(nil)
                break
            }
        }
        records.append(Record(line: number, fields: fields, text: text))
    }
}
