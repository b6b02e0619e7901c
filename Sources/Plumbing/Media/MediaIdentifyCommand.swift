internal import ArgumentParser
internal import CommandShell
internal import Media
internal import Support
internal import SystemPackage

struct MediaIdentifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media-identify", abstract: "Tell which distribution install media hold.")

    @Option(help: "The name that the medium is to have, for example debian12.5.0.") var name: String?
    @Option(help: "The architecture that the medium is to have.") var arch: String?
    @Flag(help: "Print JSON, with problems as records.") var json = false
    @Flag(name: .customShort("z"), help: "End each record with NUL.") var isNULSeparated = false
    @Argument(help: "ISO images, drives or folders.", completion: .file()) var path: [String]

    func run() throws {
        let records = path.map { Record($0, Claim(name: name, arch: arch)) }
        if json {
            try Console.write(JSONText.document("media", records))
        } else {
            try Console.records(records.compactMap(\.line), isNULSeparated: isNULSeparated)
            for record in records {
                if let problem = record.problem { Console.note("media-identify: \(problem.printed)") }
            }
        }
        let kinds = records.compactMap(\.problem?.kind)
        if kinds.contains(.unreadable) { throw ExitCode(128) }
        if !kinds.isEmpty { throw ExitCode(1) }
    }

    /// What is known of one operand.
    private struct Record: Encodable {
        struct Problem: Encodable {
            /// `unreadable`: not a medium that can be read; `refused`: known, but not as asked; `unknown`: no family knows it.
            enum Kind: String, Encodable { case unreadable, refused, unknown }
            var kind: Kind
            var problem: String
            var subject: String?
            var remedy: String?

            init(_ kind: Kind, _ diagnostic: Diagnostic) {
                self.kind = kind
                problem = diagnostic.problem
                subject = diagnostic.subject
                remedy = diagnostic.remedy
            }

            var printed: String {
                "\(kind == .unreadable ? "error: " : "")\(Diagnostic(problem, subject: subject, remedy: remedy))"
            }
        }

        var path: JSONName
        var medium: Recognised?
        var problem: Problem?

        init(_ operand: String, _ claim: Claim) {
            let path = FilePath(operand)
            self.path = JSONName(path.bytes)
            do {
                if path.isDirectory, !Medium.looksLikeMedium(path), claim.name == nil || claim.arch == nil {
                    problem = Self.unknown(operand)
                    return
                }
                medium = try Medium(path).identify(claim)
                if medium == nil { problem = Self.unknown(operand) }
            } catch let refusal as RecognitionRefusal {
                problem = Problem(.refused, refusal.diagnostic)
            } catch {
                problem = Problem(.unreadable, (error as? any Diagnosable)?.diagnostic ?? Diagnostic("\(error)"))
            }
        }

        private static func unknown(_ operand: String) -> Problem {
            Problem(
                .unknown,
                Diagnostic("not a medium of a known distribution", subject: operand, remedy: "try --name and --arch"))
        }

        /// path, name, arch, native arch, disc, family, codename, components; nil without an answer.
        var line: [UInt8]? {
            guard let medium else { return nil }
            let fields = [
                medium.name, medium.arch, medium.nativeArch, medium.disc, medium.family.rawValue, medium.codename,
                medium.components.joined(separator: ","),
            ]
            return path.bytes + fields.flatMap { [0x09] + Array($0.utf8) }
        }
    }
}
