internal import Archive
internal import FoundationEssentials

/// Extended attributes in the form of `getfattr --dump`, which `setfattr --restore` reads: the archive member that
/// carries what its format cannot.
struct AttributeDump {
    /// Where it is in an archive; its folder is a member of its own.
    static let path = Array(".catboat/attributes".utf8)
    static let folder = Array(".catboat".utf8)

    private(set) var bytes: [UInt8] = []

    mutating func add(_ path: [UInt8], _ attributes: [ArchiveMember.Attribute]) {
        if attributes.isEmpty { return }
        bytes += "# file: ".utf8
        bytes += Self.escaped(path)
        bytes.append(0x0a)
        for attribute in attributes {
            bytes += Self.escaped(attribute.name, alsoEquals: true)
            bytes += "=0s".utf8
            bytes += Data(attribute.value).base64EncodedString().utf8
            bytes.append(0x0a)
        }
        bytes.append(0x0a)
    }

    /// Backslashes, line ends and other control characters as `\ooo`, as getfattr writes them.
    private static func escaped(_ text: [UInt8], alsoEquals: Bool = false) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text {
            if byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "\\") || alsoEquals && byte == UInt8(ascii: "=") {
                result.append(UInt8(ascii: "\\"))
                for shift: UInt8 in [6, 3, 0] { result.append(UInt8(ascii: "0") + (byte >> shift & 7)) }
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
