public import Support

/// Why a regular expression is not usable.
public enum PatternError: Diagnosable, Equatable {
    case syntax(String, reason: String)
    case tooComplex(String)

    public var diagnostic: Diagnostic {
        switch self {
        case .syntax(let pattern, let reason):
            Diagnostic("bad regular expression", subject: pattern, remedy: reason)
        case .tooComplex(let pattern):
            Diagnostic("regular expression takes too long", subject: pattern, remedy: "write it simpler")
        }
    }
}
