/// The spans of noderanges: `n[1-3,5]`, `n1-n3`, `n1:n3`, `n1+2`.
enum NodeSpan {
    /// The names of a text that is a span; nil when it is none.
    /// - Throws: `NoderangeError.badSpan` for one that names nothing, `.tooLarge` for too many.
    static func expand(_ text: String, limit: Int) throws(NoderangeError) -> [String]? {
        let bytes = Array(text.utf8)
        if let names = try brackets(text, bytes, limit) { return names }
        if let names = try plus(text, bytes, limit) { return names }
        if bytes.contains(UInt8(ascii: ":")) {
            let ends = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            return ends.count < 2 ? nil : try between(text, ends[0], ends[1], limit)
        }
        let hyphens = bytes.indices.filter { bytes[$0] == UInt8(ascii: "-") }
        guard hyphens.count % 2 == 1 else { return nil }
        let middle = hyphens[hyphens.count / 2]
        return try between(
            text, String(decoding: bytes[..<middle], as: UTF8.self),
            String(decoding: bytes[(middle + 1)...], as: UTF8.self), limit)
    }

    private static func brackets(
        _ text: String, _ bytes: [UInt8], _ limit: Int
    ) throws(NoderangeError) -> [String]? {
        guard let open = bytes.firstIndex(of: UInt8(ascii: "[")),
            let close = bytes[open...].firstIndex(of: UInt8(ascii: "]"))
        else { return nil }
        let head = String(decoding: bytes[..<open], as: UTF8.self)
        let tail = String(decoding: bytes[(close + 1)...], as: UTF8.self)
        var names: [String] = []
        for item in String(decoding: bytes[(open + 1)..<close], as: UTF8.self).split(separator: ",") {
            let ends = item.split(whereSeparator: { $0 == "-" || $0 == ":" }).map(String.init)
            if ends.count == 2, isNumber(ends[0]), isNumber(ends[1]) {
                names += try count(text, ends[0], ends[1], limit).map { head + $0 + tail }
            } else {
                names.append(head + item + tail)
            }
            guard names.count <= limit else { throw .tooLarge(limit: limit) }
        }
        return names
    }

    private static func plus(_ text: String, _ bytes: [UInt8], _ limit: Int) throws(NoderangeError) -> [String]? {
        guard let sign = bytes.lastIndex(of: UInt8(ascii: "+")), sign > 0,
            let more = number(String(decoding: bytes[(sign + 1)...], as: UTF8.self))
        else { return nil }
        var left = Array(bytes[..<sign])
        // A domain after the number stays behind it: n1.cluster+2.
        var suffix: [UInt8] = []
        if let last = left.lastIndex(where: isDigit), last + 1 < left.count {
            guard left[last + 1] == UInt8(ascii: ".") else {
                throw .badSpan(text, reason: "the number must be at the end of the first name")
            }
            suffix = Array(left[(last + 1)...])
            left = Array(left[...last])
        }
        let digits = left.suffix(while: isDigit)
        guard let first = number(String(decoding: digits, as: UTF8.self)) else {
            throw .badSpan(text, reason: "the first name has no number")
        }
        guard more < limit else { throw .tooLarge(limit: limit) }
        let head = String(decoding: left.dropLast(digits.count), as: UTF8.self)
        let tail = String(decoding: suffix, as: UTF8.self)
        return (first...(first + more)).map { head + padded($0, like: digits) + tail }
    }

    /// Names from `first` to `last`, which differ in one run of digits; nil when they differ in more, or in text.
    private static func between(
        _ text: String, _ first: String, _ last: String, _ limit: Int
    ) throws(NoderangeError) -> [String]? {
        let (left, right) = (runs(first), runs(last))
        guard !first.isEmpty, left.count == right.count else { return nil }
        let differing = left.indices.filter { left[$0] != right[$0] }
        guard differing.count <= 1 else { return nil }
        guard let index = differing.first else { return left.contains(where: isNumber) ? [first] : nil }
        guard isNumber(left[index]), isNumber(right[index]) else { return nil }
        let head = left[..<index].joined()
        let tail = left[(index + 1)...].joined()
        return try count(text, left[index], right[index], limit).map { head + $0 + tail }
    }

    /// Numbers from `first` to `last`, as wide as `first` when that begins with a zero.
    private static func count(
        _ text: String, _ first: String, _ last: String, _ limit: Int
    ) throws(NoderangeError) -> [String] {
        guard let low = number(first), let high = number(last) else {
            throw .badSpan(text, reason: "its numbers have too many digits")
        }
        guard first.utf8.count <= last.utf8.count || !first.hasPrefix("0") else {
            throw .badSpan(text, reason: "the second number has fewer digits than the first")
        }
        guard low <= high else { throw .badSpan(text, reason: "it descends: put the smaller number first") }
        guard high - low < limit else { throw .tooLarge(limit: limit) }
        return (low...high).map { padded($0, like: Array(first.utf8)[...]) }
    }

    private static func padded(_ number: Int, like digits: some Collection<UInt8>) -> String {
        let text = String(number)
        guard digits.first == UInt8(ascii: "0"), text.utf8.count < digits.count else { return text }
        return String(repeating: "0", count: digits.count - text.utf8.count) + text
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isNumber(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isDigit) }
    private static func number(_ text: String) -> Int? {
        isNumber(text) && text.utf8.count <= 15 ? Int(text) : nil
    }

    /// Alternating runs of digits and of other text.
    private static func runs(_ text: String) -> [String] {
        var result: [[UInt8]] = []
        for byte in text.utf8 {
            if let last = result.last?.last, isDigit(last) == isDigit(byte) {
                result[result.count - 1].append(byte)
            } else {
                result.append([byte])
            }
        }
        return result.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension BidirectionalCollection {
    /// The longest end whose elements all satisfy `test`.
    fileprivate func suffix(while test: (Element) -> Bool) -> SubSequence {
        guard let last = lastIndex(where: { !test($0) }) else { return self[...] }
        return self[index(after: last)...]
    }
}
