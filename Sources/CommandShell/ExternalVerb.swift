internal import CommandList
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A verb that is not in the command list: `catboat-<verb>` on PATH, else a suggestion.
struct ExternalVerb {
    private let verb: String

    init(_ verb: String) { self.verb = verb }

    func run(_ words: [String]) -> Never {
        let path = Environment.current.text("PATH") ?? ""
        if !verb.contains("/") {
            for folder in path.split(separator: ":") {
                let candidate = FilePath(String(folder)).joined("catboat-\(verb)")
                if candidate.isExecutableFile { Self.exec(candidate, as: "catboat-\(verb)", words) }
            }
        }
        if let command = XCATCommand.named(verb), command.state == .absent {
            Console.note(
                "catboat: error: \(Diagnostic("xCAT's command is not in catboat", subject: verb, remedy: command.text))"
            )
            exit(1)
        }
        let similar = CommandList.similar(to: verb)
        let remedy = similar.isEmpty ? "see catboat help -a" : "did you mean \(similar.joined(separator: ", "))?"
        Console.note("catboat: error: \(Diagnostic("not a catboat command", subject: verb, remedy: remedy))")
        exit(1)
    }

    /// Replaces this process.
    static func exec(_ program: FilePath, as name: String, _ words: [String]) -> Never {
        let strings = ([name] + words).map { strdup($0) } + [nil]
        _ = program.withPlatformString { execv($0, strings) }
        Console.note("catboat: error: \(FileError("run", program, .latest))")
        exit(128)
    }
}
