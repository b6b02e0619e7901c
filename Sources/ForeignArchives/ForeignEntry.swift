internal import Support
public import SystemPackage

/// One member of a foreign archive, as its header has it.
public struct ForeignEntry: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case directory
        /// Size in bytes; nil where the format does not tell it before the data.
        case file(Int64?)
        /// A symbolic link and what it says, as bytes.
        case link(FilePath)
        /// Another name of a file that came before, and how many bytes come with it: cpio has the data with the last of the names.
        case hardLink([UInt8], size: Int64)
        /// A device node, socket or pipe.
        case special
    }

    /// As the archive has it: may lead anywhere.
    public var name: [UInt8]
    public var kind: Kind
    /// Permission bits, 0o7777 at most.
    public var permissions: UInt32
    /// Seconds since 1970-01-01 UTC.
    public var modified: Int64

    public init(name: [UInt8], kind: Kind, permissions: UInt32, modified: Int64) {
        (self.name, self.kind, self.permissions, self.modified) = (name, kind, permissions, modified)
    }

    /// The name as a path below the top; empty for the top itself, nil when it would lead out.
    public var path: FilePath? { Self.safePath(name) }

    /// A path that stays below the top, from a name as an archive has it; nil when it would not.
    ///
    /// A leading `./` is dropped; the top itself is the empty path.
    public static func safePath(_ name: [UInt8]) -> FilePath? {
        guard name.first != 0x2f, name.count < 4096, !name.contains(0) else { return nil }
        var kept: [[UInt8]] = []
        for part in name.split(separator: 0x2f, omittingEmptySubsequences: true) {
            if part.elementsEqual([0x2e]) { continue }
            if part.elementsEqual([0x2e, 0x2e]) || part.count > 255 { return nil }
            kept.append(Array(part))
        }
        return FilePath(bytes: kept.joined(separator: [0x2f]))
    }
}
