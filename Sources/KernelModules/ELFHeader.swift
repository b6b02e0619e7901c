/// The beginning of an ELF file.
public struct ELFHeader: Sendable, Equatable {
    public static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
    /// Bytes that `init` needs.
    public static let length = 20

    public let is64Bit: Bool
    public let isLittleEndian: Bool
    /// As `uname -m` has it; nil for one that we do not know.
    public let architecture: String?

    /// nil for what is no ELF file.
    public init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(Self.length))
        guard bytes.count == Self.length, bytes.starts(with: Self.magic), (1...2).contains(bytes[4]),
            (1...2).contains(bytes[5])
        else { return nil }
        is64Bit = bytes[4] == 2
        isLittleEndian = bytes[5] == 1
        let machine = isLittleEndian ? Int(bytes[18]) | Int(bytes[19]) << 8 : Int(bytes[18]) << 8 | Int(bytes[19])
        architecture =
            switch machine {
            case 62: "x86_64"
            case 3: "x86"
            case 183: "aarch64"
            case 21: isLittleEndian ? "ppc64le" : "ppc64"
            case 22: "s390x"
            case 243: "riscv64"
            default: nil
            }
    }
}
