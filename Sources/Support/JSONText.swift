internal import FoundationEssentials

/// The one form in which plumbing prints JSON: `{"version":1,"<plural noun>":[…]}`, keys sorted, snake_case.
public enum JSONText {
    /// A document of `records` under `noun`, ended by a newline. Keys of the records are their coding keys in snake_case.
    public static func document<Record: Encodable>(_ noun: String, _ records: [Record]) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // Values of our own types: strings, numbers and arrays always encode.
        let parts = records.map { record in (try? encoder.encode(record)).map { Array($0) } ?? Array("null".utf8) }
        let list = Array(parts.joined(separator: Array(",\n".utf8)))
        let entries = ["\(quoted(noun)):[".utf8.map { $0 } + list + Array("]".utf8), Array("\"version\":1".utf8)]
        return Array("{".utf8) + Array((noun < "version" ? entries : entries.reversed()).joined(separator: [0x2c]))
            + Array("}\n".utf8)
    }

    /// Reads what `document` wrote: coding keys of `Document` are in camelCase.
    public static func decode<Document: Decodable>(_ type: Document.Type, _ bytes: [UInt8]) throws -> Document {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(bytes))
    }

    /// `text` as a JSON string literal.
    public static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

/// A file name in JSON: a string, or `{"base64":"…"}` when its bytes are not UTF-8.
public struct JSONName: Codable, Hashable, Sendable {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    private enum Keys: String, CodingKey { case base64 }

    public func encode(to encoder: any Encoder) throws {
        if let text = String(validating: bytes, as: UTF8.self) {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        } else {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(Data(bytes).base64EncodedString(), forKey: .base64)
        }
    }

    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            bytes = Array(text.utf8)
            return
        }
        let encoded = try decoder.container(keyedBy: Keys.self).decode(String.self, forKey: .base64)
        guard let data = Data(base64Encoded: encoded) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not base64"))
        }
        bytes = Array(data)
    }
}

extension JSONText {
    /// A document of records that are JSON text already.
    public static func document(_ noun: String, raw records: [[UInt8]]) -> [UInt8] {
        let list = Array(records.joined(separator: Array(",\n".utf8)))
        let entries = ["\(quoted(noun)):[".utf8.map { $0 } + list + Array("]".utf8), Array("\"version\":1".utf8)]
        return Array("{".utf8) + Array((noun < "version" ? entries : entries.reversed()).joined(separator: [0x2c]))
            + Array("}\n".utf8)
    }

    /// An object of strings, keys sorted by bytes and kept as they are.
    public static func object(_ members: [(String, String)]) -> [UInt8] {
        let sorted = members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
        let texts = sorted.map { "\(quoted($0.0)):\(quoted($0.1))" }
        return Array("{\(texts.joined(separator: ","))}".utf8)
    }
}

extension JSONName {
    /// As a JSON literal.
    public var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
