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
            // What one of them cannot look at does not stop the others.
            let checks: [(String, () throws -> [Finding])] = [
                ("folders", { try FolderChecks(cluster).findings }),
                ("osimages", { try ImageChecks(cluster).findings }),
                ("history", { try HistoryCheck(cluster).findings }), ("hooks", { try HookChecks(cluster).findings }),
                ("imports", { try ImportCheck(cluster).findings }),
                ("services", { try ServiceChecks(cluster).findings }),
            ]
            for (name, check) in checks {
                do { findings += try check() } catch { findings.append(Finding(name, nil, error)) }
            }
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

    /// Something that could not be looked at.
    init(_ check: String, _ subject: String?, _ error: any Error) {
        let diagnostic = (error as? any Diagnosable)?.diagnostic ?? Diagnostic("\(error)")
        let what = subject.map { "\($0) cannot be checked: " } ?? "cannot be checked: "
        self.init(check, .error, what + diagnostic.statement, remedy: diagnostic.remedy)
    }

    var text: String {
        let message = Diagnostic.escaped(message, keepingNewlines: false)
        return "\(level.rawValue): \(check): \(message)"
            + (remedy.map { "\n    \(Diagnostic.escaped($0, keepingNewlines: false))" } ?? "")
    }
}
