/// What one step does to the packages of a tree, as dnf or zypper resolved it.
struct RpmOutcome: Sendable, Equatable {
    struct Installation: Sendable, Equatable {
        var package: RpmPackage
        /// Of the host.
        var file: String
        /// Place of the repository, for messages.
        var repository: String
        var isFromURL: Bool
    }

    var installed: [Installation] = []
    var removed: [RpmPackage] = []
    /// Packages that names of the lists stand for.
    var selected: [String: [String]] = [:]
    /// What package scripts complained about, when the step was done for real.
    var failures: [String] = []

    var isEmpty: Bool { installed.isEmpty && removed.isEmpty }
}
