public import KernelModules

/// What a kernel module says of itself: its ELF header and its section `.modinfo`, elf(5).
///
/// Nothing in the file is trusted: every offset and count is checked against the bytes that are there.
public struct ModuleFacts: Sendable, Equatable {
    public let header: ELFHeader
    /// Strings of `.modinfo` in order, e.g. `description`.
    public let fields: [(name: String, value: String)]

    public static func == (left: ModuleFacts, right: ModuleFacts) -> Bool {
        left.header == right.header && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    public var description: String? { self["description"] }
    /// The kernel that it was built for, from `vermagic`.
    public var kernel: String? { self["vermagic"]?.split(separator: " ").first.map(String.init) }

    /// The first field of this name.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// - Parameter bytes: the whole module, not compressed.
    /// - Returns: nil for what is no ELF file; without fields where there is no section `.modinfo` or it cannot be found.
    public init?(_ bytes: [UInt8]) {
        guard let header = ELFHeader(bytes) else { return nil }
        self.header = header
        fields = ELFSections(bytes, header).content(of: ".modinfo").map(Self.strings) ?? []
    }

    private static func strings(_ section: ArraySlice<UInt8>) -> [(name: String, value: String)] {
        section.split(separator: 0).compactMap { string in
            guard let equals = string.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return (
                String(decoding: string[..<equals], as: UTF8.self),
                String(decoding: string[(equals + 1)...], as: UTF8.self)
            )
        }
    }
}

/// The section headers of an ELF file.
private struct ELFSections {
    private let bytes: [UInt8]
    private let header: ELFHeader

    init(_ bytes: [UInt8], _ header: ELFHeader) { (self.bytes, self.header) = (bytes, header) }

    private struct Section {
        var name: Int
        var type: Int
        var offset: Int
        var size: Int
        var link: Int
    }

    /// What a section holds; nil when there is no such section, or when it is not within the file.
    func content(of name: String) -> ArraySlice<UInt8>? {
        let (table, entry, count, names) = layout
        guard let table, let entry, entry >= (header.is64Bit ? 64 : 40), let first = section(table) else { return nil }
        // Numbers that do not fit into the header are in the first section's.
        let total = count == 0 ? first.size : count ?? 0
        let nameIndex = names == 0xffff ? first.link : names ?? 0
        guard total <= bytes.count / entry, nameIndex < total, let strings = section(table + nameIndex * entry),
            let text = slice(strings)
        else { return nil }
        for index in 0..<total {
            guard let found = section(table + index * entry), Self.name(found.name, in: text) == name else { continue }
            // SHT_NOBITS has no bytes in the file.
            return found.type == 8 ? nil : slice(found)
        }
        return nil
    }

    /// Offset, size of an entry and number of the section headers, and which of them holds the names.
    private var layout: (table: Int?, entry: Int?, count: Int?, names: Int?) {
        header.is64Bit
            ? (number(40, 8), number(58, 2), number(60, 2), number(62, 2))
            : (number(32, 4), number(46, 2), number(48, 2), number(50, 2))
    }

    private func section(_ offset: Int) -> Section? {
        let fields =
            header.is64Bit
            ? [
                number(offset, 4), number(offset + 4, 4), number(offset + 24, 8), number(offset + 32, 8),
                number(offset + 40, 4),
            ]
            : [
                number(offset, 4), number(offset + 4, 4), number(offset + 16, 4), number(offset + 20, 4),
                number(offset + 24, 4),
            ]
        let known = fields.compactMap(\.self)
        guard known.count == 5 else { return nil }
        return Section(name: known[0], type: known[1], offset: known[2], size: known[3], link: known[4])
    }

    private func slice(_ section: Section) -> ArraySlice<UInt8>? {
        guard section.offset <= bytes.count, section.size <= bytes.count - section.offset else { return nil }
        return bytes[section.offset..<(section.offset + section.size)]
    }

    private static func name(_ offset: Int, in text: ArraySlice<UInt8>) -> String? {
        guard offset < text.count else { return nil }
        return String(decoding: text[(text.startIndex + offset)...].prefix(64).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// nil when it is not within the file, or too large for any file.
    private func number(_ offset: Int, _ size: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - size else { return nil }
        var value: UInt64 = 0
        for index in 0..<size {
            let byte = bytes[offset + (header.isLittleEndian ? size - 1 - index : index)]
            value = value << 8 | UInt64(byte)
        }
        return value < 1 << 40 ? Int(value) : nil
    }
}
