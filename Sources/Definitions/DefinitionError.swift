public import Support

/// Why an object could not be found or read. Texts that xCAT's users know are kept word for word.
public enum DefinitionError: Diagnosable, Equatable {
    case unknownType(String)
    case noSuchObject(String, String)
    case badSelection

    public var diagnostic: Diagnostic {
        switch self {
        case .unknownType(let type):
            Diagnostic(
                "\nType '\(type)' is not a valid xCAT object type.",
                remedy: "types are \(ObjectType.names.joined(separator: " "))")
        case .noSuchObject(let type, let name):
            Diagnostic("Could not find an object named '\(name)' of type '\(type)'.", remedy: "see lsdef -t \(type)")
        case .badSelection:
            Diagnostic(
                "Incorrect selection string specified with -w flag.",
                remedy: "use ATTR==VALUE, ATTR!=VALUE, ATTR=~REGEX or ATTR!~REGEX")
        }
    }
}
