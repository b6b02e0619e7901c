internal import Profiles
public import Sandbox
public import SystemPackage

/// The outcome of a transaction, computed without changing anything.
public struct PackagePlan: Sendable, Equatable {
    public var changes: [PackageChange]
    /// Packages that each requested name stands for: one, or the members of a group.
    public var selected: [String: [String]]

    public init(changes: [PackageChange], selected: [String: [String]]) {
        (self.changes, self.selected) = (changes, selected)
    }

    var selectedPackages: [String] { selected.values.flatMap { $0 } }
}

/// A package manager. The flow around it is `Populator`, the order of calls `PackageTransaction`.
public protocol PackageDriver {
    /// Makes indexes ready and checks signatures of repositories. Called first, once.
    func refresh(_ lock: borrowing ImageLock) throws
    /// Names that are installed with the first pass of every image.
    func base(_ lock: borrowing ImageLock) throws -> [String]
    /// Versions of the packages of `tree`, by name; `name:arch` for packages of another architecture than the tree's.
    func packages(of tree: FilePath) throws -> [String: String]
    /// Begins to compute what steps would make of `tree` (nil: of an empty one), without changing it.
    func simulation(of tree: FilePath?, _ lock: borrowing ImageLock) throws -> any PackageSimulation
    /// Makes the smallest tree in which packages can be installed. `tree` is an empty folder.
    func bootstrap(_ tree: FilePath, _ lock: borrowing ImageLock) throws
    /// Brings a tree whose last run was interrupted to a state in which packages can be installed.
    func repair(_ tree: FilePath, _ interruption: PackageInterruption, _ lock: borrowing ImageLock) throws
    /// Called before the first `run` on a tree.
    func begin(_ tree: FilePath, _ lock: borrowing ImageLock) throws
    /// Does one call for real.
    func run(_ call: PackageTransaction.Call, on tree: FilePath, _ lock: borrowing ImageLock) throws
    /// Called after the last `run`: takes out what only the run needed.
    func end(_ tree: FilePath, _ lock: borrowing ImageLock) throws
    /// What the last runs said that people should know although nothing failed; a line each.
    var warnings: [String] { get }
}

/// What is known of a run that was cut short.
public struct PackageInterruption: Sendable, Equatable {
    /// Packages that are only half there and not wanted: they may go.
    public var unwanted: [String]
    /// Versions before that run; nil when they were not noted.
    public var before: [String: String]?
}

/// Steps of a package manager that are computed, not done.
public protocol PackageSimulation {
    /// What the packages would be after the steps so far.
    var versions: [String: String] { get }
    /// - Throws: `PackageError` when the step is impossible, `.unknown` with all names that mean nothing.
    mutating func advance(_ step: PackageStep) throws
    /// Packages that a name of the lists stands for after the steps so far.
    func packages(for name: String) -> [String]
}

extension PackageDriver {
    public var warnings: [String] { [] }

    /// Resolves everything against `tree` (nil: an empty one) without changing it.
    func plan(_ transaction: PackageTransaction, on tree: FilePath?, _ lock: borrowing ImageLock) throws -> PackagePlan
    {
        var simulation = try simulation(of: tree, lock)
        let before = try tree.map { try packages(of: $0) } ?? [:]
        let isNew = tree == nil
        for call in transaction.calls(base: try base(lock), isNew: isNew) { try simulation.advance(call.step) }
        var selected: [String: [String]] = [:]
        for request in transaction.installations { selected[request.name] = simulation.packages(for: request.name) }
        // A package may be wanted under another name than before.
        if let call = transaction.tidying(keeping: selected.values.joined(), isNew: isNew) {
            try simulation.advance(call.step)
        }
        return PackagePlan(changes: PackageChange.between(before, simulation.versions), selected: selected)
    }

    /// Does what `plan` resolved.
    func apply(
        _ transaction: PackageTransaction, _ plan: PackagePlan, to tree: FilePath, isNew: Bool,
        _ lock: borrowing ImageLock
    ) throws {
        try begin(tree, lock)
        for call in transaction.calls(base: try base(lock), isNew: isNew) { try run(call, on: tree, lock) }
        if let call = transaction.tidying(keeping: plan.selectedPackages, isNew: isNew) {
            try run(call, on: tree, lock)
        }
        try end(tree, lock)
    }
}
