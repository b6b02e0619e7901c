/// A kernel module that modinfo and depmod take: an ELF file with the sections `.modinfo` and `.shstrtab`, nothing else.
public struct SampleModule: Sendable {
    public var fields: [(name: String, value: String)]
    public var machine: UInt16 = 62
    public var is64Bit = true
    public var isLittleEndian = true

    public init(_ description: String, kernel: String = "6.1.0-10-tiny", alias: String? = nil) {
        fields = [("description", description), ("license", "GPL"), ("vermagic", "\(kernel) SMP mod_unload ")]
        if let alias { fields.append(("alias", alias)) }
    }

    /// Offsets in the file: where the first section's content is, and the section headers.
    public static func layout(is64Bit: Bool, contentSize: Int) -> (content: Int, table: Int) {
        let content = is64Bit ? 64 : 52
        return (content, (content + contentSize + 7) / 8 * 8)
    }

    public var bytes: [UInt8] {
        let information: [UInt8] = fields.flatMap { field in "\(field.name)=\(field.value)\0".utf8 }
        let names = Array("\0.modinfo\0.shstrtab\0".utf8)
        let (content, table) = Self.layout(is64Bit: is64Bit, contentSize: information.count + names.count)
        var file = header(table: table) + information + names
        file += [UInt8](repeating: 0, count: table - file.count)
        file += section(name: 0, type: 0, offset: 0, size: 0)
        file += section(name: 1, type: 1, offset: content, size: information.count)
        file += section(name: 10, type: 3, offset: content + information.count, size: names.count)
        return file
    }

    private func header(table: Int) -> [UInt8] {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, isLittleEndian ? 1 : 2, 1]
        bytes += [UInt8](repeating: 0, count: 9)
        // ET_REL, machine, version, entry, program headers, section headers, flags.
        bytes += number(1, 2) + number(Int(machine), 2) + number(1, 4) + word(0) + word(0) + word(table) + number(0, 4)
        // Sizes and counts: of this header, of program headers (none), of section headers, and which holds the names.
        for value in [is64Bit ? 64 : 52, 0, 0, is64Bit ? 64 : 40, 3, 2] { bytes += number(value, 2) }
        return bytes
    }

    private func section(name: Int, type: Int, offset: Int, size: Int) -> [UInt8] {
        var bytes = number(name, 4) + number(type, 4)
        for value in [0, 0, offset, size] { bytes += word(value) }
        return bytes + number(0, 4) + number(0, 4) + word(1) + word(0)
    }

    private func word(_ value: Int) -> [UInt8] { number(value, is64Bit ? 8 : 4) }

    private func number(_ value: Int, _ size: Int) -> [UInt8] {
        let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return isLittleEndian ? little : little.reversed()
    }
}
