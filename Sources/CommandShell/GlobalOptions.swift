internal import CommandList
internal import Settings
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The options before the verb: `-C DIR`, `--root DIR`, `-c key=value`, `--exec-path`, `--version`, `--help`.
struct GlobalOptions {
    private(set) var verb: String?
    private(set) var rest: [String] = []
    private var words: [String]

    init(_ words: [String]) { self.words = words }

    enum Problem: Diagnosable, Equatable {
        case unknown(String)
        case missingValue(String)
        case noFolder(String)

        var diagnostic: Diagnostic {
            switch self {
            case .unknown(let option): Diagnostic("unknown option", subject: option, remedy: "see catboat --help")
            case .missingValue(let option):
                Diagnostic("option needs a value", subject: option, remedy: "see catboat --help")
            case .noFolder(let path): Diagnostic("no such folder", subject: path, remedy: "create it")
            }
        }
    }

    /// Changes the process's folder and environment as asked, and finds the verb.
    mutating func apply() throws {
        do {
            try parse()
        } catch let problem as Problem {
            throw CommandFailure([problem.diagnostic], status: 129)
        }
    }

    private mutating func parse() throws {
        while !words.isEmpty {
            let word = words.removeFirst()
            switch word {
            case "-C": try changeFolder(try value(word))
            case "-c": addSetting(try value(word))
            case "--root": try setRoot(try value(word))
            case _ where word.hasPrefix("--root="): try setRoot(String(word.dropFirst(7)))
            case "--exec-path":
                try Console.print(Settings.current().execPath.printable)
                exit(0)
            case _ where word.hasPrefix("--list-cmds="): try listCommands(String(word.dropFirst(12)))
            case "--version", "-v":
                try Console.print("catboat version \(CommandShell.version)")
                exit(0)
            case "--help", "-h":
                verb = "help"
                return
            case _ where word.hasPrefix("-"): throw Problem.unknown(word)
            default:
                verb = word
                rest = words
                return
            }
        }
    }

    /// For the installer and the manual: `name executable` of a class, one a line.
    private func listCommands(_ name: String) throws {
        guard let commandClass = CommandList.Class(rawValue: name) else { throw Problem.unknown("--list-cmds=\(name)") }
        for entry in CommandList.entries where entry.commandClass == commandClass {
            try Console.print("\(entry.name) \(entry.executable.rawValue)")
        }
        exit(0)
    }

    private mutating func value(_ option: String) throws -> String {
        guard !words.isEmpty else { throw Problem.missingValue(option) }
        return words.removeFirst()
    }

    private func changeFolder(_ path: String) throws {
        guard chdir(path) == 0 else { throw FileError("change to folder", FilePath(path), .latest) }
    }

    private func setRoot(_ path: String) throws {
        guard FilePath(path).isDirectory else { throw Problem.noFolder(path) }
        let resolved = try FilePath(path).resolved()
        _ = resolved.withPlatformString { setenv("CATBOAT_ROOT", $0, 1) }
    }

    private func addSetting(_ word: String) {
        let earlier = Environment.current.text("CATBOAT_CONFIG_PARAMETERS").map { $0 + "\n" } ?? ""
        setenv("CATBOAT_CONFIG_PARAMETERS", earlier + word, 1)
    }
}
