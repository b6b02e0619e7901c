internal import ForeignArchives
internal import KernelModules
internal import Support
internal import SystemPackage

/// Reads one module of a `DriverSource`.
enum ModuleReader {
    /// Bytes of the largest module, compressed or not: the largest real ones, with debugging information, have a third of it.
    static let sizeLimit = 256 << 20

    /// The file as it is.
    /// - Throws: `DriverError.tooLarge`.
    static func bytes(_ name: FilePath, in source: FilePath, _ content: DriverContent) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try content { block in
            guard bytes.count + block.count <= sizeLimit else {
                throw DriverError.tooLarge(source, name: name, limit: sizeLimit)
            }
            bytes += block
        }
        return bytes
    }

    /// What the module says of itself; nil when it is no module, or compressed and damaged.
    static func facts(_ bytes: [UInt8], named name: FilePath) -> ModuleFacts? {
        let text = name.lastName.printable
        guard ModuleName.compressions.contains(where: { text.hasSuffix($0) }) else { return ModuleFacts(bytes) }
        guard let archive = try? ForeignArchive(BytesInput(bytes), .compressed), let entry = try? archive.next(),
            case .file = entry.kind, let plain = try? archive.data(limit: sizeLimit)
        else { return nil }
        return ModuleFacts(plain)
    }
}
