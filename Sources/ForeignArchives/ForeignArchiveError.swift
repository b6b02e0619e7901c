public import Support

/// Why a foreign archive cannot be read. Whoever reads it says which file it is.
public enum ForeignArchiveError: Diagnosable, Equatable {
    /// libarchive's own words.
    case damaged(String)
    case holes
    case tooLarge(limit: Int)

    /// In words, without a subject.
    public var reason: String {
        switch self {
        case .damaged(let reason): reason
        case .holes: "a file with holes"
        case .tooLarge(let limit): "a file of more than \(limit) bytes"
        }
    }

    public var diagnostic: Diagnostic { Diagnostic("the archive is damaged", remedy: reason) }
}
