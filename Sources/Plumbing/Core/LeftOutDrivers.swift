internal import CommandShell
internal import KernelModules

/// Drivers of the sources that were not taken, told to people.
struct LeftOutDrivers {
    private let choice: DriverChoice.Result
    private let kernel: String

    init(_ choice: DriverChoice.Result, kernel: String) { (self.choice, self.kernel) = (choice, kernel) }

    /// - Parameter command: who says it.
    func tell(as command: String) {
        for module in choice.forOtherKernels {
            Console.note(
                "\(command): driver is for kernel \(module.kernel), not \(kernel), and was left out: '\(module.name)': "
                    + "give --any-kernel (genimage --ignorekernelchk) to take it all the same")
        }
        guard !choice.notAsked.isEmpty else { return }
        let names = choice.notAsked.prefix(20).joined(separator: ",")
        let more = choice.notAsked.count > 20 ? " and \(choice.notAsked.count - 20) more" : ""
        Console.note(
            "\(command): nobody asked for these drivers: '\(names)'\(more): name them with --driver (netdrivers), or give --all "
                + "(netdrivers=allupdate)")
    }
}
