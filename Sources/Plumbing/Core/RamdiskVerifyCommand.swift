internal import ArgumentParser
internal import CommandShell
internal import Digests
internal import Ramdisk
internal import Support
internal import SystemPackage

struct RamdiskVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ramdisk-verify", abstract: "Read a packed file back and compare it with its tree.")

    @Option(help: "What the file's digest must be, as sha256:HEX.") var digest: String?
    @Option(help: "Tree that was packed.", completion: .directory) var tree: String?
    @Option(help: "Only the paths listed in this file were packed; - for standard input.", completion: .file())
    var filesFrom: String?
    @Flag(name: .customShort("z"), help: "Paths of --files-from and records end with NUL.") var isNULSeparated = false
    @Argument(help: "Packed file.", completion: .file()) var file: String

    func validate() throws {
        guard digest.map({ Digest($0) != nil }) ?? true else { throw ValidationError("--digest is sha256:HEX") }
        guard filesFrom == nil || tree != nil else { throw ValidationError("--files-from needs --tree") }
    }

    func run() throws {
        let verifier = RamdiskVerifier(FilePath(file), epoch: try SourceDate.current())
        let report = try verifier.verify(digest: digest.flatMap { Digest($0) }, against: try plan())
        if report.differences.isEmpty { return try Console.print(report.digest.description) }
        let records = report.differences.map { Array($0.what.utf8) + [0x09] + $0.path }
        try Console.records(records, isNULSeparated: isNULSeparated)
        throw ExitCode(1)
    }

    private func plan() throws -> PackPlan? {
        guard let tree else { return nil }
        guard let filesFrom else { return try PackPlan(tree: FilePath(tree)) }
        return try PackPlan(
            tree: FilePath(tree), paths: try PathList.read(filesFrom, isNULSeparated: isNULSeparated))
    }
}
