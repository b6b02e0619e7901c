internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Resolution
internal import Support
internal import Tables

struct DefinitionGetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "definition-get", abstract: "Print one object with everything resolved.")

    @Flag(help: "Print JSON; the default.") var json = false
    @Flag(help: "Print shell assignments.") var shell = false
    @Flag(help: "Only what is stored: no defaults, no searched files.") var raw = false
    @Argument(help: "Type of the object.", completion: .list(ObjectType.names)) var type: String
    @Argument(help: "Name of the object.") var name: String

    func validate() throws {
        if json, shell { throw ValidationError("--json and --shell exclude each other") }
    }

    func run() throws {
        let cluster = try Cluster.open()
        guard let definition = try cluster.definition(type, name) else {
            let error = DefinitionError.noSuchObject(type, name)
            throw CommandFailure([error.diagnostic], status: 1)
        }
        let resolved = try ResolvedDefinition(definition, cluster, fillsDefaults: !raw)
        try Console.write(shell ? resolved.shellText : JSONText.document("definitions", raw: [resolved.jsonText]))
    }
}
