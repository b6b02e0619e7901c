internal import ArgumentParser
internal import CommandShell
internal import RootImage
internal import Support
internal import SystemPackage

struct PackageListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "package-list", abstract: "List the packages of a tree.")

    @Flag(name: .customShort("z"), help: "End records with NUL.") var isNULSeparated = false
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "The tree.", completion: .directory) var tree: String

    private struct Record: Encodable {
        var name: String
        var version: String
        var architecture: String
    }

    func run() throws {
        let packages = try InstalledPackages(tree: FilePath(tree)).packages
        if json {
            return try Console.write(
                JSONText.document("packages", packages.map { Record(name: $0.name, version: $0.version, architecture: $0.architecture) }))
        }
        try Console.records(
            packages.map { Array("\($0.name)\t\($0.version)\t\($0.architecture)".utf8) }, isNULSeparated: isNULSeparated)
    }
}
