public import Profiles
public import Support

/// Why packages could not be resolved or installed.
public enum PackageError: Diagnosable, Equatable {
    /// Names that no repository has, with where they stand.
    case unknown([PackageRequest])
    case kernelNotFound(String, String)
    /// What the package manager says, and the lines of the lists that it is about.
    case unresolvable(String, [PackageRequest] = [])
    case failed(String, Tool.Ending, lastLines: String)
    case unsupportedDistribution(String)
    case unsupportedArchitecture(String)
    case foreignArchitecture(String, machine: String)
    /// Packages that the package manager said it installed and that are not there, with what it said about scripts.
    case missingAfterwards([String], reasons: [String] = [])

    public var diagnostic: Diagnostic {
        switch self {
        case .unknown(let requests):
            Diagnostic(
                requests.count == 1 ? "unknown package" : "unknown packages",
                subject: requests.map { $0.repository.isEmpty ? $0.name : "\($0.repository)/\($0.name)" }
                    .joined(separator: " "),
                remedy: "correct " + Self.unique(requests.map(\.origin)).joined(separator: ", ")
                    + ", or add a repository that has it to pkgdir or otherpkgdir")
        case .kernelNotFound(let name, let version):
            Diagnostic(
                "Cannot find the \(name) package with version \(version)",
                remedy: "correct kernelver or krpmver, or add a repository that has it")
        case .unresolvable(let text, let requests):
            Diagnostic(
                "packages cannot be installed together",
                subject: requests.isEmpty ? nil : requests.map { "\($0.name) (\($0.origin))" }.joined(separator: ", "),
                remedy: text)
        case .failed(let program, let ending, let lastLines):
            Diagnostic(
                "\(program) \(ToolError.told(ending))", remedy: lastLines.isEmpty ? "it printed nothing" : lastLines)
        case .unsupportedDistribution(let name):
            Diagnostic(
                "cannot build root images of this distribution", subject: name,
                remedy: "use Debian, Ubuntu, Enterprise Linux, Fedora or SUSE media")
        case .unsupportedArchitecture(let name):
            Diagnostic("unknown architecture", subject: name, remedy: "see catboat-pkglist(5)")
        case .foreignArchitecture(let name, let machine):
            Diagnostic(
                "programs of this architecture do not run on this \(machine) machine", subject: name,
                remedy: "install qemu-user-static (Debian: with binfmt-support), or build on a machine of that kind")
        case .missingAfterwards(let names, let reasons):
            Diagnostic(
                "packages were reported as installed and are not there",
                subject: names.prefix(10).joined(separator: " "),
                remedy: reasons.isEmpty
                    ? "run genimage again; if it stays so, see .populate.log in rootimgdir"
                    : reasons.joined(separator: "\n"))
        }
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}
