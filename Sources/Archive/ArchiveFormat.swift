/// How members are written one after the other: newc or tar.
///
/// A member is its header, its data (`storedSize` bytes), and its padding; the archive ends with `trailer`.
public enum ArchiveFormat: String, Sendable {
    case newc
    case tar

    /// The header with everything that precedes the data.
    /// - Throws: `ArchiveError` naming the member that the format cannot hold.
    public func header(of member: ArchiveMember) throws(ArchiveError) -> [UInt8] {
        switch self {
        case .newc: try NewcHeader.encode(member)
        case .tar: try TarHeader.encode(member)
        }
    }

    /// Zeros that follow `storedSize` bytes of data.
    public func padding(after storedSize: UInt64) -> Int {
        let unit: UInt64 = self == .newc ? 4 : 512
        return Int((unit - storedSize % unit) % unit)
    }

    /// The end of an archive of which `length` bytes were written.
    public func trailer(after length: UInt64) -> [UInt8] {
        switch self {
        case .newc:
            let mark = NewcHeader.endMark
            let rest = Int((512 - (length + UInt64(mark.count)) % 512) % 512)
            return mark + [UInt8](repeating: 0, count: rest)
        case .tar: return [UInt8](repeating: 0, count: 1024)
        }
    }
}
