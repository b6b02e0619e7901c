internal import Profiles
public import Support

/// The packages of an earlier build, as `package-list` printed them.
public struct PackageLock: Sendable, Equatable {
    public struct Package: Sendable, Equatable {
        public var name: String
        public var version: String
        public var architecture: String
    }

    public let packages: [Package]

    /// - Parameter text: lines `NAME TAB VERSION TAB ARCHITECTURE`.
    /// - Returns: nil when a line is not of this form, or there is none.
    public init?(_ text: [UInt8]) {
        var packages: [Package] = []
        for line in text.split(whereSeparator: { $0 == 0x0a || $0 == 0 }) {
            let fields = line.split(separator: 0x09, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard fields.count == 3, !fields[0].isEmpty, !fields[1].isEmpty else { return nil }
            // What apt reads as a pattern or as another line is no name and no version.
            guard fields.allSatisfy({ $0.utf8.allSatisfy { byte in byte > 0x20 && byte < 0x7f && byte != 0x2a } })
            else {
                return nil
            }
            packages.append(Package(name: fields[0], version: fields[1], architecture: fields[2]))
        }
        guard !packages.isEmpty else { return nil }
        self.packages = packages
    }

    /// A file of apt_preferences(5) by which each package has its version and no other.
    var preferences: String {
        packages.map { "Package: \($0.name)\nPin: version \($0.version)\nPin-Priority: 1001\n\n" }.joined()
    }

    /// - Parameter before: versions of the tree that the plan starts from.
    /// - Throws: `PackageLockError.differs` when the plan leads to anything else.
    func check(_ plan: PackagePlan, before: [String: String]) throws(PackageLockError) {
        var versions = before
        for change in plan.changes { versions[change.name] = change.new }
        var result: [String: String] = [:]
        for (key, version) in versions { result[String(key.prefix { $0 != ":" })] = version }
        var wanted: [String: String] = [:]
        for package in packages { wanted[package.name] = package.version }
        let differing = Set(result.keys).union(wanted.keys).sorted().filter { result[$0] != wanted[$0] }
        guard differing.isEmpty else {
            throw .differs(
                differing.map { "\($0): \(wanted[$0] ?? "not there") then, \(result[$0] ?? "not there") now" })
        }
    }
}

public enum PackageLockError: Diagnosable, Equatable {
    /// One line a package.
    case differs([String])

    public var diagnostic: Diagnostic {
        switch self {
        case .differs(let lines):
            let shown = lines.prefix(20) + (lines.count > 20 ? ["… and \(lines.count - 20) more"] : [])
            return Diagnostic(
                "the packages of that build cannot be had\n" + shown.joined(separator: "\n"),
                remedy: "bring the repository of that time and the lists of its recipe back, or build without --locked")
        }
    }
}
