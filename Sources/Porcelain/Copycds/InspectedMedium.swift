internal import CommandShell
internal import Support
internal import SystemPackage

/// What media-identify says about one operand of copycds.
struct InspectedMedium {
    let file: FilePath
    private let recognised: Recognised

    var name: String { recognised.name }
    var arch: String { recognised.arch }
    var disc: String { recognised.disc }
    var family: String { recognised.family }
    var isLive: Bool { recognised.isLive }
    var isLegacy: Bool { recognised.isLegacy }
    var isFull: Bool { recognised.isFull }

    /// - Throws: `CommandFailure` in xCAT's words when it is no medium, or not as asked.
    init(_ file: FilePath, name: String?, arch: String?) throws {
        self.file = file
        guard Self.isReadable(file) else {
            throw CommandFailure([
                Diagnostic(
                    "The management server was unable to find/read \(file.printable). Ensure that file exists on the server at the specified location."
                )
            ])
        }
        var words: [Word] = ["--json"]
        if let name { words += ["--name", Word(name)] }
        if let arch { words += ["--arch", Word(arch)] }
        let answer = try Step("media-identify", words + [Word(file)]).captured(accepting: [0, 1, 128])
        let record = try JSONText.decode(Answer.self, answer.output).media.first
        guard let medium = record?.medium else { throw Self.failure(file, record?.problem) }
        recognised = medium
    }

    /// A file or drive that can be opened, or a folder.
    private static func isReadable(_ file: FilePath) -> Bool {
        guard let status = (try? file.targetStatus()) ?? nil else { return false }
        guard [.regular, .blockDevice, .directory].contains(status.kind) else { return false }
        guard let opened = try? FileDescriptor.open(file, .readOnly, options: .closeOnExec) else { return false }
        try? opened.close()
        return true
    }

    private static func failure(_ file: FilePath, _ problem: Problem?) -> CommandFailure {
        let text =
            switch problem?.kind {
            case "unreadable": "copycds was unable to mount \(file.printable): \(problem?.told(without: file) ?? "")"
            case "refused": problem?.problem ?? ""
            default: "copycds could not identify the ISO supplied, you may wish to try -n <osver>"
            }
        return CommandFailure([
            Diagnostic(
                text, subject: problem?.kind == "refused" ? problem?.subject : nil,
                remedy: problem?.kind == "unknown" ? nil : problem?.remedy)
        ])
    }

    /// What `copycds -i` prints.
    var inspection: String {
        let mark = family == "debian" ? (isLegacy ? "(legacy) " : " ") : ""
        let native = family == "debian" ? recognised.nativeArch : arch
        var lines = ["OS Image:\(file.printable)", "DISTNAME:\(name)\(mark)", "ARCH:\(native)"]
        if family != "el" || !disc.isEmpty { lines.append("DISCNO:\(disc)") }
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Answer: Decodable {
        var media: [Record]
    }

    private struct Record: Decodable {
        var medium: Recognised?
        var problem: Problem?
    }

    private struct Recognised: Decodable {
        var name: String
        var arch: String
        var nativeArch: String
        var disc: String
        var family: String
        var isLegacy: Bool
        var isLive: Bool
        var isFull: Bool
    }

    private struct Problem: Decodable {
        var kind: String
        var problem: String
        var subject: String?
        var remedy: String?

        func told(without file: FilePath) -> String {
            Diagnostic(problem, subject: subject == file.printable ? nil : subject).statement
        }
    }
}
