internal import Versions
/// Which drivers of a `DriverFolder` a kernel gets.
public struct DriverChoice: Sendable, Equatable {
    /// Names that are asked for, as people write them.
    public var names: [String]
    /// Every driver, whatever its name.
    public var takesAll: Bool
    /// Also drivers that were made for another kernel.
    public var takesAnyKernel: Bool

    public init(names: [String], takesAll: Bool = false, takesAnyKernel: Bool = false) {
        (self.names, self.takesAll, self.takesAnyKernel) = (names, takesAll, takesAnyKernel)
    }

    /// What is asked for by name, as modules are called; today's names of renamed drivers among them.
    public var named: Set<String> {
        Set(names.flatMap { [$0, DefaultDrivers.successor(of: $0)].compactMap(\.self) }.map(ModuleName.normalised))
    }

    public struct Result: Sendable, Equatable {
        /// One for each name, sorted by name.
        public var taken: [DriverFolder.Module] = []
        /// Names that nobody asked for, sorted.
        public var notAsked: [String] = []
        /// Those that are there for other kernels only, for the newest of these; sorted by name.
        public var forOtherKernels: [DriverFolder.Module] = []
    }

    /// - Parameter kernel: the version that the drivers are for. Of several files of one name that for this very kernel is taken, else
    ///   the one for the newest.
    public func choose(from folder: DriverFolder, kernel: String) -> Result {
        let wanted = named
        var result = Result()
        for (name, candidates) in Dictionary(grouping: folder.modules, by: \.name).sorted(by: { $0.key < $1.key }) {
            guard takesAll || wanted.contains(name) else {
                result.notAsked.append(name)
                continue
            }
            let exact = candidates.filter { $0.kernel == kernel }
            let newestFirst = candidates.sorted { VersionOrder.precedes($1.kernel, $0.kernel) }
            if let module = exact.last ?? (takesAnyKernel ? newestFirst.first : nil) {
                result.taken.append(module)
            } else {
                result.forOtherKernels.append(newestFirst[0])
            }
        }
        return result
    }
}
