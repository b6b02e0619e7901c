public import Profiles

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

    /// One call of the package manager.
    public struct Call: Sendable, Equatable {
        public var step: PackageStep
        /// Variables of the pass (`#ENV:…#`).
        public var environment: [String: String] = [:]
    }

    /// The passes one after the other, then the upgrade of what was there before.
    ///
    /// - Parameters:
    ///   - base: installed with the first pass, whatever the lists say.
    ///   - isNew: the tree is made in this run, so that nothing in it is old.
    func calls(base: [String], isNew: Bool) -> [Call] {
        var calls: [Call] = []
        for (index, pass) in passes.enumerated() {
            let basis = index == 0 ? base : []
            for step in [
                PackageStep.remove(pass.removals.map(\.name)),
                .install(pass.installations, also: basis),
                .remove(pass.laterRemovals.map(\.name)),
            ] where !step.isEmpty {
                calls.append(Call(step: step, environment: pass.environment))
            }
        }
        if upgrades, !isNew { calls.append(Call(step: .upgrade)) }
        return calls
    }

    /// Takes away what left the lists. `selected`: packages that the lists ask for now, under whatever name.
    func tidying(keeping selected: some Sequence<String>, isNew: Bool) -> Call? {
        guard !isNew, !dropped.isEmpty || !removable.isEmpty else { return nil }
        let kept = Set(selected)
        return Call(step: .tidy(dropped: dropped.filter { !kept.contains($0) }, removable: removable.subtracting(kept)))
    }
}

/// What one call of a package manager does to a tree.
public enum PackageStep: Sendable, Equatable {
    /// Requests of the lists, and names that every image of the family gets.
    case install([PackageRequest], also: [String])
    /// As far as they are there.
    case remove([String])
    case upgrade
    /// Removes packages of `dropped` and `removable` that nothing else needs.
    case tidy(dropped: [String], removable: Set<String>)

    var isEmpty: Bool {
        switch self {
        case .install(let requests, let names): requests.isEmpty && names.isEmpty
        case .remove(let names): names.isEmpty
        case .upgrade, .tidy: false
        }
    }
}
