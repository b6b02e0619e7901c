internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check this site and say what to do for each finding.")

    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Show findings only, not what is well.") var quiet = false

    func run() throws {
        let settings = Settings.current()
        var findings = MachineChecks(settings).findings
        do {
            let cluster = try Cluster.open(settings)
            findings += try StoreCheck(cluster).findings
            findings += try FolderChecks(cluster).findings
            findings += try ImageChecks(cluster).findings
            findings += try HistoryCheck(cluster).findings
            findings += try ImportCheck(cluster).findings
            findings += try HookChecks(cluster).findings
            findings += try ServiceChecks(cluster).findings
        } catch {
            let diagnostic = (error as? any Diagnosable)?.diagnostic ?? Diagnostic("\(error)")
            findings.append(
                Finding("store", .error, "cannot be read: \(diagnostic.statement)", remedy: diagnostic.remedy))
        }
        if quiet { findings.removeAll { $0.level == .ok } }
        if json {
            try Console.write(JSONText.document("findings", findings))
        } else {
            for finding in findings { try Console.print(finding.text) }
        }
        if findings.contains(where: { $0.level == .error }) { throw ExitCode(1) }
    }
}

/// One thing that was looked at.
struct Finding: Encodable, Equatable {
    enum Level: String, Encodable { case ok, warning, error }

    /// What was looked at, e.g. `store`.
    var check: String
    var level: Level
    var message: String
    var remedy: String?

    init(_ check: String, _ level: Level, _ message: String, remedy: String? = nil) {
        (self.check, self.level, self.message, self.remedy) = (check, level, message, remedy)
    }

    var text: String {
        let message = Diagnostic.escaped(message, keepingNewlines: false)
        return "\(level.rawValue): \(check): \(message)"
            + (remedy.map { "\n    \(Diagnostic.escaped($0, keepingNewlines: false))" } ?? "")
    }
}
