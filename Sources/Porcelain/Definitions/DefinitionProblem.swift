internal import Support

/// What the object commands refuse, in the words that xCAT's users know.
enum DefinitionProblem: Diagnosable, Equatable {
    case unknownAttribute(String, String)
    case missing(String, String)
    case noNames
    case noNodes(String)
    case dynamicGroup(String)
    case someFailed
    case condition(String, String, [String])

    var diagnostic: Diagnostic {
        switch self {
        case .unknownAttribute(let attribute, let type):
            Diagnostic(
                "'\(attribute)' is not a valid attribute name for an object type of '\(type)'.",
                remedy: "see lsdef -t \(type) -h")
        case .missing(let name, let type):
            Diagnostic("Could not find an object named '\(name)' of type '\(type)'.")
        case .noNames: Diagnostic("No object names were provided.")
        case .noNodes(let range): Diagnostic("No node in '\(range)', check the noderange syntax.")
        case .dynamicGroup(let group):
            Diagnostic(
                "Can not assign attributes to dynamic node group '\(group)'.",
                remedy: "attributes are inherited from static groups only")
        case .someFailed:
            Diagnostic("One or more errors occured when attempting to create or modify xCAT object definitions.")
        case .condition(let attribute, let condition, let values):
            Diagnostic(
                "Cannot set the attr='\(attribute)' attribute unless \(condition) value is "
                    + "\(values.joined(separator: " or ")).",
                remedy: "set \(condition) too, or first")
        }
    }
}
