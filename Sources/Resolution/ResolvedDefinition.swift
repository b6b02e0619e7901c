public import Definitions
internal import Support

/// An object as programs get it: stored values, and what stands in for those that are not set.
///
/// This is what `definition-get` prints and what hooks read from standard input.
public struct ResolvedDefinition: Sendable {
    public let type: String
    public let name: String
    public let attributes: [String: String]
    /// Attributes that are not stored but filled in, sorted.
    public let defaulted: [String]

    public init(_ definition: Definition, _ cluster: Cluster, fillsDefaults: Bool = true) throws {
        type = definition.type
        name = definition.name
        var attributes = definition.attributes
        var defaulted: [String] = []
        if fillsDefaults, definition.type == "osimage", let image = try cluster.findOsimage(definition.name) {
            for (attribute, value) in try OsimageDefaults(image, cluster).values() where attributes[attribute] == nil {
                attributes[attribute] = value
                defaulted.append(attribute)
            }
        }
        self.attributes = attributes
        self.defaulted = defaulted.sorted()
    }

    /// `{"attributes":{…},"defaulted":[…],"name":"…","type":"…"}`
    public var jsonText: [UInt8] {
        var result = Array("{\"attributes\":".utf8)
        result += JSONText.object(attributes.map { ($0.key, $0.value) })
        result += Array(",\"defaulted\":[".utf8)
        result += Array(defaulted.map { JSONText.quoted($0) }.joined(separator: ",").utf8)
        result += Array("],\"name\":\(JSONText.quoted(name)),\"type\":\(JSONText.quoted(type))}".utf8)
        return result
    }

    /// `TYPE_ATTRIBUTE='…'` lines, sorted; bytes of a name that a shell does not allow become `_`.
    public var shellText: [UInt8] {
        var lines = [(variable("name"), name)] + attributes.map { (variable($0.key), $0.value) }
        lines.sort { $0 < $1 }
        return lines.flatMap { Array("\($0.0)=".utf8) + Word($0.1).singleQuoted + [0x0a] }
    }

    private func variable(_ attribute: String) -> String {
        String(
            "\(type)_\(attribute)".map { character in
                character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
            })
    }
}

extension Word {
    /// In single quotes, whatever the bytes are.
    fileprivate var singleQuoted: [UInt8] {
        let inner = bytes.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
        return [0x27] + Array(inner.joined(separator: Array(#"'\''"#.utf8))) + [0x27]
    }
}
