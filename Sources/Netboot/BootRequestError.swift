public import Support

/// A record or an option of bootcfg-write that makes no sense.
public enum BootRequestError: Diagnosable, Equatable {
    case unknownKey(node: String, key: String)
    case badValue(node: String, key: String, value: String)
    case notAField(node: String, field: String)
    case unknownState(node: String, state: String)
    case noImage(node: String)

    public var diagnostic: Diagnostic {
        switch self {
        case .unknownKey(let node, let key):
            Diagnostic(
                "unknown field in the record of \(node)", subject: key,
                remedy: "one of \(BootRequest.keys.joined(separator: ", "))")
        case .badValue(let node, let key, let value):
            Diagnostic("bad value of \(key) for \(node)", subject: value, remedy: "see bootcfg-write(1)")
        case .notAField(let node, let field):
            Diagnostic("not a KEY=VALUE field in the record of \(node)", subject: field, remedy: "see bootcfg-write(1)")
        case .unknownState(let node, let state):
            Diagnostic(
                "unknown state of \(node)", subject: state, remedy: "netboot OS-ARCH-PROFILE, boot or offline")
        case .noImage(let node):
            Diagnostic("no osimage to boot", subject: node, remedy: "give --osimage")
        }
    }
}
