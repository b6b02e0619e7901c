public import Profiles
public import Support
public import SystemPackage
public import Sandbox

/// What shall happen to the packages of a tree, in order.
public struct PackageTransaction: Sendable, Equatable {
    public struct Pass: Sendable, Equatable {
        public var number: Int
        public var environment: [String: String] = [:]
        public var removals: [PackageRequest] = []
        public var installations: [PackageRequest] = []
        public var laterRemovals: [PackageRequest] = []

        public init(number: Int) { self.number = number }
    }

    public var passes: [Pass] = []
    /// Whether packages that are there are brought to the newest version, after the passes.
    public var upgrades = true
    /// Packages that lists named once and no longer do: removed at the end, with what only they needed.
    public var dropped: [String] = []
    /// Packages that may be removed as no longer needed, besides `dropped`.
    public var removable: Set<String> = []

    public init(_ requests: [PackageRequest]) {
        for request in requests {
            if passes.last?.number != request.pass { passes.append(Pass(number: request.pass)) }
            let last = passes.count - 1
            switch request.operation {
            case .install: passes[last].installations.append(request)
            case .remove: passes[last].removals.append(request)
            case .removeAfter: passes[last].laterRemovals.append(request)
            case .environment:
                let parts = request.name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                passes[last].environment[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
            }
        }
    }

    public var installations: [PackageRequest] { passes.flatMap(\.installations) }
}

/// The outcome that a driver computed without changing anything.
public struct PackagePlan: Sendable, Equatable {
    public var changes: [PackageChange]
    /// Package that each requested name stands for.
    public var selected: [String: String]

    public init(changes: [PackageChange], selected: [String: String]) {
        (self.changes, self.selected) = (changes, selected)
    }
}

/// A family of package managers. The flow around it is `Populator`; a family is this driver and data.
public protocol PackageDriver {
    /// Makes indexes ready and checks signatures. Called first, once.
    func refresh(_ lock: borrowing ImageLock) throws
    /// Versions of the packages of `tree`; nil stands for no tree.
    func packages(of tree: FilePath) throws -> [String: String]
    /// Resolves everything against `tree` (nil: an empty one) without changing it.
    func plan(_ transaction: PackageTransaction, on tree: FilePath?, _ lock: borrowing ImageLock) throws -> PackagePlan
    /// Makes the smallest tree in which packages can be installed. `tree` is an empty folder.
    func bootstrap(_ tree: FilePath, _ lock: borrowing ImageLock) throws
    /// Brings a tree whose last run was interrupted to a state in which packages can be installed. Packages of `unwanted` that are only half
    /// there are taken away.
    func repair(_ tree: FilePath, unwanted: [String], _ lock: borrowing ImageLock) throws
    /// Does what `plan` resolved.
    func apply(_ transaction: PackageTransaction, to tree: FilePath, isNew: Bool, _ lock: borrowing ImageLock) throws
}

public enum PackageError: Diagnosable, Equatable {
    /// Names that no repository has, with where they stand.
    case unknown([PackageRequest])
    case kernelNotFound(String, String)
    case unresolvable(String)
    case failed(String, Tool.Ending, lastLines: String)
    case unsupportedDistribution(String)
    case unsupportedArchitecture(String)

    public var diagnostic: Diagnostic {
        switch self {
        case .unknown(let requests):
            Diagnostic(
                requests.count == 1 ? "unknown package" : "unknown packages",
                subject: requests.map(\.name).joined(separator: " "),
                remedy: "correct " + Self.unique(requests.map(\.origin)).joined(separator: ", ")
                    + ", or add a repository that has it to pkgdir or otherpkgdir")
        case .kernelNotFound(let name, let version):
            Diagnostic(
                "Cannot find the \(name) package with version \(version)",
                remedy: "correct kernelver, or add a repository that has it")
        case .unresolvable(let text): Diagnostic("packages cannot be installed together", remedy: text)
        case .failed(let program, let ending, let lastLines):
            Diagnostic(
                "\(program) \(ToolError.told(ending))", remedy: lastLines.isEmpty ? "it printed nothing" : lastLines)
        case .unsupportedDistribution(let name):
            Diagnostic(
                "cannot build root images of this distribution", subject: name, remedy: "use debian or ubuntu media")
        case .unsupportedArchitecture(let name):
            Diagnostic("unknown architecture", subject: name, remedy: "see catboat-pkglist(5)")
        }
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}
