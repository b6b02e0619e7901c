internal import ArgumentParser
internal import CommandShell
internal import Profiles
internal import Ramdisk
internal import Settings
internal import Support
internal import SystemPackage

struct ExlistMatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exlist-match", abstract: "Print the paths of a tree that exclude lists leave in.")

    @Option(help: "An exclude list; may be repeated.", completion: .file()) var exlist: [String] = []
    @Option(help: "A pattern that re-includes; may be repeated.") var include: [String] = []
    @Option(help: "A pattern that excludes; may be repeated.") var exclude: [String] = []
    @Flag(name: .customShort("z"), help: "End records with NUL.") var isNULSeparated = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "Tree to list.", completion: .directory) var tree: String

    func validate() throws {
        guard !(json && isNULSeparated) else { throw ValidationError("-z and --json exclude each other") }
    }

    func run() throws {
        let settings = Settings.current()
        var rules = Exlist()
        for file in exlist { try rules.read(FilePath(file)) { path throws(FileError) in try settings.host(path) } }
        for pattern in exclude { rules.add(Array(pattern.utf8), isInclude: false) }
        for pattern in include { rules.add(Array(pattern.utf8), isInclude: true) }
        for idle in rules.idle {
            let problem = Diagnostic(
                "pattern matches no path", subject: String(decoding: idle.pattern, as: UTF8.self),
                remedy: "begin it with ./ in \(idle.file.printable):\(idle.line)")
            Console.note("exlist-match: warning: \(problem)")
        }
        guard FilePath(tree).isDirectory else { throw RamdiskError.noTree(FilePath(tree)) }
        let paths = try ExlistMatch(rules).paths(in: FilePath(tree))
        if json { return try Console.write(JSONText.document("paths", paths.map { JSONName($0) })) }
        if !isNULSeparated, let path = paths.first(where: { $0.contains(0x0a) }) {
            throw RamdiskError.newlineInPath(path)
        }
        try Console.records(paths, isNULSeparated: isNULSeparated)
    }
}
