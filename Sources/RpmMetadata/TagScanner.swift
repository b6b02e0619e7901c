/// Reads the tags and texts of XML from a stream, one after the other, in memory that does not depend on its length.
///
/// For documents of programs (repository metadata, zypper's answers), of which a few tags count: nothing is checked that these do not
/// need. Entities are the five of XML and characters by number; a document type is skipped, nothing is ever loaded.
public struct TagScanner: ~Copyable {
    public enum Item: Equatable, Sendable {
        /// An empty element is followed by its end, too.
        case start(String, attributes: [String: String])
        case end(String)
        /// Between two tags, without white space around it; never empty.
        case text(String)
    }

    /// Fills the buffer and says with how many bytes; 0 at the end.
    public typealias Reader = (UnsafeMutableRawBufferPointer) throws -> Int

    /// Longest tag or text, in bytes.
    public static let limit = 1 << 20

    private let read: Reader
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var position = 0
    private var filled = 0
    private var pendingEnd: String?

    public init(_ read: @escaping Reader) { self.read = read }

    /// All of `bytes`.
    public init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        self.init { target in
            let part = rest.prefix(target.count)
            target.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            return part.count
        }
    }

    private mutating func peek() throws -> UInt8? {
        if position == filled {
            position = 0
            filled = try buffer.withUnsafeMutableBytes { try read($0) }
            if filled == 0 { return nil }
        }
        return buffer[position]
    }

    /// Bytes up to `end`, which is consumed and left out; up to the end of the stream when `end` does not come.
    private mutating func take(upTo end: UInt8) throws -> [UInt8] {
        var result: [UInt8] = []
        while try peek() != nil {
            let part = buffer[position..<filled]
            if let mark = part.firstIndex(of: end) {
                result += part[..<mark]
                position = mark + 1
                break
            }
            result += part
            position = filled
            guard result.count <= Self.limit else { throw TagScannerError.tooLong }
        }
        return result
    }

    /// nil at the end.
    public mutating func next() throws -> Item? {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name)
        }
        while let byte = try peek() {
            if byte != UInt8(ascii: "<") {
                let text = try textBeforeTag()
                if !text.isEmpty { return .text(text) }
                continue
            }
            position += 1
            if let item = try tag() { return item }
        }
        return nil
    }

    private mutating func textBeforeTag() throws -> String {
        let bytes = try take(upTo: UInt8(ascii: "<"))
        // The tag's first byte is read again.
        if position > 0 { position -= 1 }
        guard bytes.contains(where: { $0 > 0x20 }) else { return "" }
        let trimmed = bytes.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed()
        return Self.decoded(trimmed)
    }

    private mutating func tag() throws -> Item? {
        var bytes = try take(upTo: UInt8(ascii: ">"))
        if bytes.starts(with: "!--".utf8) {
            while !(bytes.count >= 5 && bytes.suffix(2).elementsEqual("--".utf8)), try peek() != nil {
                bytes = Array(bytes.suffix(2)) + (try take(upTo: UInt8(ascii: ">")))
                if bytes.count < 5 { bytes = Array("!--".utf8) + bytes }
            }
            return nil
        }
        guard let first = bytes.first, first != UInt8(ascii: "?"), first != UInt8(ascii: "!") else { return nil }
        // A `>` within a value of an attribute.
        while !Self.isBalanced(bytes), try peek() != nil {
            bytes += [UInt8(ascii: ">")] + (try take(upTo: UInt8(ascii: ">")))
            guard bytes.count <= Self.limit else { throw TagScannerError.tooLong }
        }
        if first == UInt8(ascii: "/") { return .end(Self.word(bytes.dropFirst())) }
        let isEmpty = bytes.last == UInt8(ascii: "/")
        if isEmpty { bytes.removeLast() }
        let name = Self.word(bytes[...])
        if isEmpty { pendingEnd = name }
        return .start(name, attributes: Self.attributes(bytes.dropFirst(name.utf8.count)))
    }

    private static func isBalanced(_ bytes: [UInt8]) -> Bool {
        var open: UInt8?
        for byte in bytes {
            if let quote = open {
                if byte == quote { open = nil }
            } else if byte == 0x22 || byte == 0x27 {
                open = byte
            }
        }
        return open == nil
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }

    private static func attributes(_ bytes: ArraySlice<UInt8>) -> [String: String] {
        var result: [String: String] = [:]
        var rest = bytes.drop { $0 <= 0x20 }
        while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
            let name = String(decoding: rest[..<equals].filter { $0 > 0x20 }, as: UTF8.self)
            rest = rest[(equals + 1)...].drop { $0 <= 0x20 }
            guard let quote = rest.first, quote == 0x22 || quote == 0x27 else { return result }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: quote) else { return result }
            result[name] = decoded(rest[..<end])
            rest = rest[(end + 1)...].drop { $0 <= 0x20 }
        }
        return result
    }

    private static let entities = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    private static func decoded(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("&") else { return text }
        var result = ""
        var rest = text[...]
        while let mark = rest.firstIndex(of: "&") {
            result += rest[..<mark]
            rest = rest[mark...]
            guard let end = rest.prefix(12).firstIndex(of: ";") else {
                result += "&"
                rest = rest.dropFirst()
                continue
            }
            let name = rest[rest.index(after: mark)..<end]
            let number =
                name.hasPrefix("#x")
                ? UInt32(name.dropFirst(2), radix: 16)
                : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
            if let value = entities[String(name)] {
                result += value
            } else if let number, let scalar = UnicodeScalar(number) {
                result.unicodeScalars.append(scalar)
            } else {
                result += rest[...end]
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}

public enum TagScannerError: Error, Equatable {
    /// A tag or text longer than `TagScanner.limit`.
    case tooLong
}
