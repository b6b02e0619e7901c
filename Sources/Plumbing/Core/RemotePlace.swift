internal import ArgumentParser
internal import Bundles
internal import Support
internal import SystemPackage

/// Options of the commands that let scp move a bundle.
struct RemotePlace: ParsableArguments {
    @Option(help: "The bundle is on this host, user@host; scp moves it.") var remote: String?
    @Option(help: "Folder for the bundle while scp moves it.", completion: .directory) var tmpdir: String?

    func validate() throws {
        if tmpdir != nil, remote == nil { throw ValidationError("--tmpdir goes with --remote") }
    }

    func bundle(_ path: String) throws -> RemoteBundle? {
        try remote.map { try RemoteBundle(host: $0, path: FilePath(path)) }
    }

    /// A folder that goes with the command.
    func folder(_ name: String) throws -> TemporaryFolder {
        try TemporaryFolder(".\(name).tmp", in: FilePath(tmpdir ?? ".").absolute)
    }
}
