public import Support
public import SystemPackage

/// What is wrong with a package list.
public enum PkglistError: Diagnosable, Equatable {
    case notFound(FilePath)
    case unreadable(FilePath, Errno)
    /// An `#INCLUDE:` whose file is missing; `file` and `line` are where it stands.
    case includeNotFound(FilePath, file: FilePath, line: Int)
    case includeUnreadable(FilePath, file: FilePath, line: Int, Errno)
    case includeLoop(FilePath, file: FilePath, line: Int)
    case includesTooDeep(file: FilePath, line: Int)
    case badVariable(String, file: FilePath, line: Int)
    case badName(String, file: FilePath, line: Int)

    public var diagnostic: Diagnostic {
        switch self {
        case .notFound(let path):
            Diagnostic("package list not found", subject: path.printable, remedy: "create it, or name another list")
        case .unreadable(let path, let errno):
            Diagnostic("cannot read package list", subject: path.printable, remedy: Self.reason(errno))
        case .includeNotFound(let path, let file, let line):
            Diagnostic(
                "included package list not found", subject: path.printable,
                remedy: "create it, or correct the #INCLUDE at \(file.printable):\(line)")
        case .includeUnreadable(let path, let file, let line, let errno):
            Diagnostic(
                "cannot read included package list", subject: path.printable,
                remedy: "\(Self.reason(errno)); it is included at \(file.printable):\(line)")
        case .includeLoop(let path, let file, let line):
            Diagnostic(
                "package list includes itself", subject: path.printable,
                remedy: "remove the #INCLUDE at \(file.printable):\(line)")
        case .includesTooDeep(let file, let line):
            Diagnostic("includes are nested more than 32 deep", subject: "\(file.printable):\(line)", remedy: "flatten them")
        case .badVariable(let text, let file, let line):
            Diagnostic(
                "not NAME=VALUE in #ENV", subject: text, remedy: "correct \(file.printable):\(line)")
        case .badName(let text, let file, let line):
            Diagnostic(
                "not a package name", subject: text, remedy: "correct \(file.printable):\(line)")
        }
    }

    private static func reason(_ errno: Errno) -> String {
        errno == .permissionDenied ? "permission denied" : errno.description.lowercased()
    }
}
