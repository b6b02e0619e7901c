internal import ArgumentParser
internal import CommandShell
internal import Profiles
internal import Settings
internal import Support
internal import SystemPackage

struct PkglistExpandCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pkglist-expand", abstract: "Expand package lists to one record for each package.")

    @Option(help: "An otherpkglist; its passes come after those of the lists.") var other: [String] = []
    @Option(help: "A variable for #INCLUDE lines, as NAME=VALUE.") var env: [String] = []
    @Flag(name: .customShort("z"), help: "End records with NUL.") var isNULSeparated = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "A pkglist.", completion: .file()) var file: [String] = []

    private struct Record: Encodable {
        var pass: Int
        var operation: String
        var name: String
        var repository: String
        var file: JSONName
        var line: Int
    }

    func validate() throws {
        guard !file.isEmpty || !other.isEmpty else { throw ValidationError("give at least one package list") }
        guard !(json && isNULSeparated) else { throw ValidationError("--json and -z exclude each other") }
    }

    func run() throws {
        let settings = Settings.current()
        let root = settings.root
        @Sendable func locate(_ stored: FilePath) throws(FileError) -> FilePath { try settings.host(stored) }
        let variables = try EnvironmentOption.variables(env)
        var expansion = try Pkglist.expand(file.map { FilePath($0) }, variables: variables, locate: locate)
        let others = try Pkglist.expand(
            other.map { FilePath($0) }, as: .others, variables: variables,
            passOffset: expansion.requests.map(\.pass).max() ?? 0, locate: locate)
        expansion.requests += others.requests
        for line in expansion.suspicious + others.suspicious {
            Console.note("pkglist-expand: warning: line is taken as a comment: \(line)")
        }
        for request in expansion.requests where request.operation == .environment {
            let name = request.name.prefix { $0 != "=" }
            guard VariableName.steersPrograms(name) else { continue }
            Console.note(
                "pkglist-expand: warning: \(name) would steer the host's package manager and is not set: \(request.origin)"
            )
        }
        let requests = expansion.requests.map { request in
            var copy = request
            copy.file = root.stored(request.file)
            return copy
        }
        guard json else { return try Console.records(requests.map(\.record), isNULSeparated: isNULSeparated) }
        try Console.write(
            JSONText.document(
                "packages",
                requests.map {
                    Record(
                        pass: $0.pass, operation: $0.operation.rawValue, name: $0.name, repository: $0.repository,
                        file: JSONName($0.file.bytes), line: $0.line)
                }))
    }
}

/// `--env NAME=VALUE` of several commands.
enum EnvironmentOption {
    static func variables(_ words: [String]) throws -> Environment {
        var result = Environment()
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw ValidationError("not NAME=VALUE: '\(word)'")
            }
            result[String(word[..<equals])] = Word(word[word.index(after: equals)...])
        }
        return result
    }
}
