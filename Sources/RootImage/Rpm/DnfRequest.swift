internal import FoundationEssentials
internal import Profiles
internal import Support
internal import SystemPackage

/// What `dnf-step` is asked, and what it answers: two files of JSON in the workspace.
struct DnfRequest: Encodable {
    struct Repository: Encodable {
        var id: String
        var url: String
    }

    var step: String
    var names: [String] = []
    var installroot: String
    /// Whether the step is done, not only resolved.
    var changes = false
    var work: String
    var release: String
    var platform: String
    var weakDependencies: Bool
    var foreignArchitecture: String?
    var repositories: [Repository]
    /// `NAME\tVERSION\tARCH` of all packages that may be used; empty for any.
    var only: [String]
    /// Names of which only the version `keptRelease` may be used.
    var pinned: [String]
    var keptRelease: String
    /// Names of the lists, some of which say a version.
    var held: [String]

    struct Answer: Decodable {
        struct Package: Decodable {
            var name: String
            var version: String
            var architecture: String
            var file: String?
            var repository: String?

            var package: RpmPackage { RpmPackage(name: name, version: version, architecture: architecture) }
        }

        struct Problem: Decodable {
            /// `unknown`, `damaged`, `unresolvable`, `repository` or `failed`.
            var kind: String
            var names: [String]?
            var text: String?
        }

        var problem: Problem?
        var installed: [Package]?
        var removed: [Package]?
        var selected: [String: [String]]?
        var failures: [String]?
    }

    /// - Parameter step: no tidying; see `RpmTools.plain`.
    init(_ step: PackageStep, on tree: FilePath, _ workspace: RpmWorkspace) {
        switch step {
        case .install(let requests, let also): (self.step, names) = ("install", also + requests.map(\.name))
        case .remove(let names): (self.step, self.names) = ("remove", names)
        case .upgrade, .tidy: self.step = "upgrade"
        }
        let settings = workspace.settings
        installroot = tree.printable
        work = RpmWorkspace.place.printable
        let (base, major, _) = workspace.family.name.parts
        release = major
        platform = base.lowercased() == "fedora" ? "platform:f\(major)" : "platform:el\(major)"
        weakDependencies = workspace.installsRecommends
        foreignArchitecture =
            workspace.architecture == ForeignArchitecture.machine ? nil : workspace.architecture
        repositories = workspace.repositories.enumerated().map {
            Repository(id: RpmWorkspace.identifier($0.offset), url: workspace.address(of: $0.element))
        }
        only = settings.locked?.packages.map { "\($0.name)\t\($0.version)\t\($0.architecture)" } ?? []
        keptRelease = workspace.kernelRelease ?? ""
        held = settings.requests.filter { $0.operation == .install }.map(\.name)
        pinned = keptRelease.isEmpty ? [] : RpmWorkspace.kernelPackages
    }

    private static let file: FilePath = "request.json"
    private static let answerFile: FilePath = "answer.json"

    /// Words that run the program in the sandbox.
    func write(_ workspace: RpmWorkspace) throws -> [Word] {
        try workspace.folder.joined(Self.answerFile).removeFile()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try AtomicFile.write(Array(encoder.encode(self)), to: workspace.folder.joined(Self.file))
        let program = workspace.settings.dataFolder.joined("dnf/dnf-step")
        return try Self.interpreter() + [
            Word(program), Word(RpmWorkspace.place.joined(Self.file)), Word(RpmWorkspace.place.joined(Self.answerFile)),
        ]
    }

    static func readAnswer(_ workspace: RpmWorkspace) throws -> Answer? {
        let file = workspace.folder.joined(answerFile)
        guard file.exists else { return nil }
        return try JSONDecoder().decode(Answer.self, from: Data(try file.readBytes(limit: 64 << 20)))
    }

    /// The interpreter that dnf itself runs with: its modules may belong to another Python than the one in `PATH`.
    static func interpreter() throws -> [Word] {
        for name in ["dnf-3", "dnf4", "dnf"] as [FilePath] {
            for folder in ["/usr/bin", "/bin"] as [FilePath] {
                guard let line = (try? folder.joined(name).readText(limit: 1 << 20))?.split(separator: "\n").first,
                    line.hasPrefix("#!"), line.contains("python")
                else { continue }
                return line.dropFirst(2).split(separator: " ").filter { !$0.hasPrefix("-") }.map { Word(String($0)) }
            }
        }
        throw DnfError.notInstalled
    }
}

enum DnfError: Diagnosable, Equatable {
    case notInstalled

    var diagnostic: Diagnostic {
        switch self {
        case .notInstalled:
            Diagnostic(
                "dnf 4 is not on this machine, which builds root images of this distribution",
                remedy: "install the packages dnf and rpm; where dnf is dnf 5, install python3-dnf")
        }
    }
}
