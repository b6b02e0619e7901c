/// Reads the XML of manifests: elements, attributes, text, comments, CDATA.
///
/// A reader of our own, because a manifest needs a few hundred lines of XML 1.0 and none of what makes XML dangerous:
/// no document type, so no entities but the five and characters by number, nothing is ever loaded; size, depth and
/// number of elements are bounded. Encodings are UTF-8 and ASCII. Namespaces mean nothing.
public struct XMLReader {
    /// Bytes of a document.
    public static let sizeLimit = 8 << 20
    static let depthLimit = 16
    /// Elements and attributes of a document.
    static let elementLimit = 100_000

    private let bytes: [UInt8]
    private var position = 0
    private var elements = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The root element of a document; attributes are its first children, as xCAT reads them.
    public static func read(_ bytes: [UInt8]) throws(BundleError) -> XMLElement {
        guard bytes.count <= sizeLimit else { throw .badXML("it is larger than \(sizeLimit) bytes", line: 1) }
        var start = 0
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { start = 3 }
        guard String(validating: bytes[start...], as: UTF8.self) != nil else {
            throw .badXML("it is not UTF-8", line: 1)
        }
        var reader = XMLReader(bytes)
        reader.position = start
        return try reader.document()
    }

    private mutating func document() throws(BundleError) -> XMLElement {
        if isAt("<?xml") { try declaration() }
        try skipMisc()
        guard isAt("<") else { throw error("an element is missing") }
        let root = try element(depth: 1)
        try skipMisc()
        guard position == bytes.count else { throw error("something follows the last element") }
        return root
    }

    private mutating func declaration() throws(BundleError) {
        let text = try upTo("?>", from: "<?xml")
        let words = text.lowercased()
        if let range = words.range(of: "encoding") {
            let value = words[range.upperBound...].filter { !" \t\r\n='\"".contains($0) }
            let known = ["utf-8", "us-ascii", "ascii"]
            guard known.contains(where: { value.hasPrefix($0) }) else { throw error("its encoding is not UTF-8") }
        }
    }

    /// White space and comments between elements.
    private mutating func skipMisc() throws(BundleError) {
        while true {
            skipSpace()
            if isAt("<!--") {
                try comment()
            } else if isAt("<!") {
                throw error("it has a document type, which manifests do not need")
            } else if isAt("<?") {
                throw error("it has a processing instruction, which manifests do not need")
            } else {
                return
            }
        }
    }

    private mutating func comment() throws(BundleError) { _ = try upTo("-->", from: "<!--") }

    private mutating func element(depth: Int) throws(BundleError) -> XMLElement {
        guard depth <= Self.depthLimit else { throw error("elements are nested deeper than \(Self.depthLimit)") }
        try countElement()
        try expect("<")
        var element = XMLElement(try name())
        var attributes: Set<String> = []
        while true {
            let hadSpace = skipSpace()
            if isAt("/>") {
                position += 2
                return element
            }
            if isAt(">") {
                position += 1
                break
            }
            guard hadSpace else { throw error("a tag is not closed") }
            let attribute = try self.attribute()
            guard attributes.insert(attribute.name).inserted else {
                throw error("attribute \(attribute.name) is there twice")
            }
            element.children.append(attribute)
        }
        try content(of: &element, depth: depth)
        return element
    }

    /// Attributes count too.
    private mutating func countElement() throws(BundleError) {
        elements += 1
        guard elements <= Self.elementLimit else { throw error("it has more than \(Self.elementLimit) elements") }
    }

    private mutating func content(of element: inout XMLElement, depth: Int) throws(BundleError) {
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw error("<\(element.name)> is not closed") }
            if isAt("</") {
                position += 2
                let closed = try name()
                guard closed == element.name else { throw error("</\(closed)> closes <\(element.name)>") }
                skipSpace()
                try expect(">")
                element.text = String(decoding: text, as: UTF8.self)
                return
            }
            if isAt("<!--") {
                try comment()
            } else if isAt("<![CDATA[") {
                text += try upTo("]]>", from: "<![CDATA[").utf8
            } else if isAt("<?") || isAt("<!") {
                throw error("it has what is neither element nor text")
            } else if isAt("<") {
                element.children.append(try self.element(depth: depth + 1))
            } else {
                try character(into: &text)
            }
        }
    }

    private mutating func attribute() throws(BundleError) -> XMLElement {
        let name = try name()
        skipSpace()
        try expect("=")
        skipSpace()
        guard position < bytes.count, bytes[position] == 0x22 || bytes[position] == 0x27 else {
            throw error("attribute \(name) has no quotes")
        }
        let quote = bytes[position]
        position += 1
        var text: [UInt8] = []
        while true {
            guard position < bytes.count, bytes[position] != UInt8(ascii: "<") else {
                throw error("attribute \(name) is not closed")
            }
            if bytes[position] == quote { break }
            try character(into: &text)
        }
        position += 1
        try countElement()
        return XMLElement(name, text: String(decoding: text, as: UTF8.self))
    }

    /// One byte of text, or a reference.
    private mutating func character(into text: inout [UInt8]) throws(BundleError) {
        let byte = bytes[position]
        guard byte == UInt8(ascii: "&") else {
            guard byte >= 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d, byte != 0x7f else {
                throw error("it has a control character")
            }
            position += 1
            // Line ends are line feeds: XML 1.0, 2.11.
            if byte == 0x0d {
                if position < bytes.count, bytes[position] == 0x0a { position += 1 }
                text.append(0x0a)
            } else {
                text.append(byte)
            }
            return
        }
        let reference = bytes[(position + 1)...].prefix(10).prefix { $0 != UInt8(ascii: ";") }
        guard reference.count < 10, reference.endIndex < bytes.count else { throw error("a reference is not closed") }
        text += try resolved(String(decoding: reference, as: UTF8.self)).utf8
        position = reference.endIndex + 1
    }

    private func resolved(_ reference: String) throws(BundleError) -> String {
        switch reference {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        guard reference.hasPrefix("#") else { throw error("entity &\(reference); is not one of the five of XML") }
        let digits = reference.hasPrefix("#x") ? reference.dropFirst(2) : reference.dropFirst()
        guard !digits.hasPrefix("+"), !digits.hasPrefix("-"),
            let number = UInt32(digits, radix: reference.hasPrefix("#x") ? 16 : 10),
            let scalar = Unicode.Scalar(number),
            number >= 0x20 || number == 0x09 || number == 0x0a || number == 0x0d, number < 0x7f || number >= 0xa0,
            number != 0xfffe, number != 0xffff
        else { throw error("&\(reference); is not a character") }
        return String(Character(scalar))
    }

    private mutating func name() throws(BundleError) -> String {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        guard position > start, position - start <= 255, !"0123456789-.".utf8.contains(bytes[start]) else {
            throw error("a name is missing or no name")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: ":"), 0x80...:
            true
        default: false
        }
    }

    private func isAt(_ text: StaticString) -> Bool {
        guard bytes.count - position >= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { bytes[position..<(position + $0.count)].elementsEqual($0) }
    }

    private mutating func expect(_ text: StaticString) throws(BundleError) {
        guard isAt(text) else { throw error("\(text) is missing") }
        position += text.utf8CodeUnitCount
    }

    /// Text between `start`, where the reader is, and `end`, which is passed over.
    private mutating func upTo(_ end: StaticString, from start: StaticString) throws(BundleError) -> String {
        position += start.utf8CodeUnitCount
        let begin = position
        while position < bytes.count {
            if isAt(end) {
                let text = String(decoding: bytes[begin..<position], as: UTF8.self)
                position += end.utf8CodeUnitCount
                guard !text.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d }) else {
                    throw error("it has a control character")
                }
                return text
            }
            position += 1
        }
        throw error("\(start) is not closed")
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = position
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
        return position > start
    }

    private func error(_ what: String) -> BundleError {
        .badXML(what, line: 1 + bytes[..<min(position, bytes.count)].count { $0 == 0x0a })
    }
}

extension String {
    /// The first place of `word`.
    fileprivate func range(of word: String) -> Range<String.Index>? { ranges(of: word).first }
}
