internal import Support
internal import SystemPackage

/// The packages of a tree, step by step: a step is resolved against a copy of the database alone, to which the steps before it were
/// done with `rpm --justdb`.
struct RpmSimulation: PackageSimulation {
    private var present: [RpmPackage]
    private var meanings: [String: [String]] = [:]
    private var pending: RpmOutcome?
    private let architecture: String
    private let scratch: FilePath
    private let resolve: (PackageStep, FilePath) throws -> RpmOutcome
    private let record: (RpmOutcome, FilePath) throws -> Void

    /// - Parameters:
    ///   - scratch: a tree that holds nothing but the copy.
    ///   - resolve: says what a step would do to a tree, without doing it.
    ///   - record: brings an outcome into the database of a tree, and nothing else.
    init(
        _ present: [RpmPackage], architecture: String, scratch: FilePath,
        resolve: @escaping (PackageStep, FilePath) throws -> RpmOutcome,
        record: @escaping (RpmOutcome, FilePath) throws -> Void
    ) {
        (self.present, self.architecture, self.scratch) = (present, architecture, scratch)
        (self.resolve, self.record) = (resolve, record)
    }

    var versions: [String: String] { present.versions(native: architecture) }

    mutating func advance(_ step: PackageStep) throws {
        // The last step's outcome is never needed in the database.
        if let pending, !pending.isEmpty { try record(pending, scratch) }
        pending = nil
        let outcome = try resolve(step, scratch)
        let removed = Set(outcome.removed)
        present.removeAll { removed.contains($0) }
        let added = outcome.installed.map(\.package)
        present += added.filter { !present.contains($0) }
        for (name, packages) in outcome.selected { meanings[name] = packages }
        pending = outcome
    }

    func packages(for name: String) -> [String] {
        let names = Set(present.map(\.name))
        return (meanings[name] ?? []).filter { names.contains($0) }
    }
}
