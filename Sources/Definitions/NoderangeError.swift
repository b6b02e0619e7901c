public import Support
public import SystemPackage

/// Why a noderange gives no nodes.
public enum NoderangeError: Diagnosable, Equatable {
    /// Names that are neither nodes nor groups, sorted.
    case unknown([String])
    case unbalanced(String)
    case badPattern(String, reason: String)
    case badSpan(String, reason: String)
    case badSelection(String)
    case unreadableFile(FilePath, reason: String)
    case tooLarge(limit: Int)
    /// What `site.excludenodes` says.
    case badExclusion(String, reason: String)

    public var diagnostic: Diagnostic {
        switch self {
        case .unknown(let names):
            Diagnostic("Invalid nodes and/or groups in noderange: \(names.joined(separator: ","))")
        case .unbalanced(let text):
            Diagnostic("Unbalanced parentheses in noderange", subject: text, remedy: "close each '('")
        case .badPattern(let pattern, let reason):
            Diagnostic(
                "Invalid regular expression \(pattern), check the noderange syntax.", remedy: reason)
        case .badSpan(let text, let reason):
            Diagnostic("span in noderange names no node", subject: text, remedy: reason)
        case .badSelection(let text):
            Diagnostic(
                "selection in noderange is not understood", subject: text,
                remedy: "use table.column, groups, tags or mgt; see tabdump -d for the names")
        case .unreadableFile(let path, let reason):
            Diagnostic("cannot read the file of a noderange", subject: path.printable, remedy: reason)
        case .badExclusion(let text, let reason):
            Diagnostic("site.excludenodes is not understood", subject: text, remedy: reason)
        case .tooLarge(let limit):
            Diagnostic("noderange names more than \(limit) nodes", remedy: "give a smaller range")
        }
    }
}
