internal import ArgumentParser
internal import CommandShell
internal import Drivers
internal import Support
internal import SystemPackage

struct KmoduleListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmodule-list", abstract: "List the kernel modules in packages, driver disks and folders.")

    @Flag(help: "Print JSON.") var json = false
    @Flag(name: .customShort("z"), help: "End each record with NUL.") var isNULSeparated = false
    @Argument(help: "Packages, driver disks, modules or folders of them.", completion: .file()) var path: [String]

    func validate() throws {
        guard !(json && isNULSeparated) else { throw ValidationError("-z and --json exclude each other") }
    }

    func run() throws {
        var modules: [ListedModule] = []
        var problems: [Diagnostic] = []
        for path in path {
            do {
                modules += try ListedModule.modules(in: FilePath(path))
            } catch let error as any Diagnosable {
                // What the others hold is worth knowing all the same.
                problems.append(error.diagnostic)
            }
        }
        let lines = Dictionary(modules.map { ($0.line, $0) }) { first, _ in first }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        if json {
            try Console.write(JSONText.document("modules", lines.map(\.value)))
        } else {
            try Console.records(lines.map(\.key), isNULSeparated: isNULSeparated)
        }
        guard problems.isEmpty else { throw CommandFailure(problems) }
    }
}

extension ListedModule {
    /// name, kernel, description, source, path.
    fileprivate var line: [UInt8] {
        Array(
            ([name, kernel, description].map { Array($0.utf8) } + [source.bytes, path.bytes]).joined(separator: [0x09]))
    }
}
