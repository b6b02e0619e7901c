/// A way to compress a stream.
public enum Compression: Hashable, Sendable {
    /// gzip(1), RFC 1952. Level 1 to 12.
    case gzip(level: Int)
    /// zstd(1), RFC 8878. Level 1 to 19.
    case zstd(level: Int)
    /// xz(1). Level 0 to 9.
    case xz(level: Int)

    /// The method that `packimage -c` calls `name` with the level it has by itself; nil for an unknown name.
    ///
    /// `pigz` is another name of gzip: the format is the same.
    public init?(name: String, level: Int? = nil) {
        switch name {
        case "gzip", "pigz": self = .gzip(level: level ?? 6)
        case "zstd": self = .zstd(level: level ?? 3)
        case "xz": self = .xz(level: level ?? 6)
        default: return nil
        }
    }

    /// What file names end with, without the dot.
    public var suffix: String {
        switch self {
        case .gzip: "gz"
        case .zstd: "zst"
        case .xz: "xz"
        }
    }

    /// Levels that the method knows.
    public var levels: ClosedRange<Int> {
        switch self {
        case .gzip: 1...12
        case .zstd: 1...19
        case .xz: 0...9
        }
    }

    public var level: Int {
        switch self {
        case .gzip(let level), .zstd(let level), .xz(let level): level
        }
    }
}
