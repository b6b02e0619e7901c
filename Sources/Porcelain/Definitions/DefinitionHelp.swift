internal import ArgumentParser
internal import CommandShell
internal import Definitions

/// `-h`, `-v` and the descriptions of attributes.
enum DefinitionHelp {
    /// Whether the options ask for help or the version, which is printed then.
    static func isAnswered<Verb: DefinitionVerb>(_ options: DefinitionOptions<Verb>) throws -> Bool {
        if options.version {
            try Console.print("\(Verb.name) - Version \(CommandShell.version)")
            return true
        }
        guard options.help || options.question else { return false }
        guard let types = options.types else { throw UsageFailure(status: 0) }
        let only = options.attributes.map { $0.split(separator: ",").map(String.init) }
        for type in types.split(separator: ",") {
            try describe(try ObjectType.named(String(type)), only)
        }
        return true
    }

    private static func describe(_ type: ObjectType, _ only: [String]?) throws {
        if let only {
            try Console.print("")
            for attribute in only.sorted()
            where !(type.isSite ? type.attributes.contains(attribute) : type.has(attribute)) {
                throw CommandFailure([DefinitionProblem.unknownAttribute(attribute, type.name).diagnostic])
            }
        } else {
            try Console.print("The valid attribute names for object type '\(type.name)' are:")
            try Console.print("Attribute          Description\n")
        }
        for attribute in only?.sorted() ?? type.attributes {
            try Console.print("\(attribute):\(attribute.count < 7 ? "\t\t" : "\t")\(type.summary(of: attribute))\n")
        }
    }
}
