public import Support
public import SystemPackage

/// Why an initramfs could not be built.
public enum InitrdError: Diagnosable, Equatable {
    case noDracut(FilePath)
    case missingPrograms([String], FilePath)
    case noNetwork(FilePath)
    case noModules(String, FilePath)
    case unknownDrivers([String])
    case unknownArchitecture(FilePath)
    case dracutFailed(Tool.Ending, lastLines: String, log: FilePath)
    case incomplete([String], log: FilePath)
    case badLimit(String)
    case badInterface(String)
    case noSharedFiles(FilePath)

    public var diagnostic: Diagnostic {
        switch self {
        case .noDracut(let tree):
            Diagnostic(
                "dracut is not in the image", subject: tree.printable,
                remedy: "add dracut and dracut-network to the package list, and run genimage")
        case .missingPrograms(let names, let tree):
            Diagnostic(
                "the image lacks programs that its initramfs needs: \(names.joined(separator: ", "))",
                subject: tree.printable, remedy: "add their packages to the package list, and run genimage")
        case .noNetwork(let tree):
            Diagnostic(
                "nothing in the image can bring up the network in an initramfs", subject: tree.printable,
                remedy: "add dracut-network and dbus (for systemd-networkd) or isc-dhcp-client to the package list")
        case .noModules(let kernel, let tree):
            Diagnostic(
                "kernel \(kernel) has no modules.dep", subject: tree.printable,
                remedy: "run: rootimg-run \(tree.removingLastComponent().printable) -- depmod \(kernel)")
        case .unknownDrivers(let names):
            Diagnostic(
                names.count == 1 ? "the kernel has no such driver" : "the kernel has no such drivers",
                subject: names.joined(separator: " "), remedy: "correct netdrivers, or add the package that holds it")
        case .unknownArchitecture(let tree):
            Diagnostic(
                "cannot tell the architecture of the image", subject: tree.joined("bin/sh").printable,
                remedy: "it should be a program: run genimage --fresh")
        case .dracutFailed(let ending, let lastLines, let log):
            Diagnostic(
                "dracut \(ToolError.told(ending))", subject: log.printable,
                remedy: lastLines.isEmpty ? "it printed no error" : lastLines)
        case .incomplete(let lines, let log):
            Diagnostic(
                "dracut left something out", subject: log.printable, remedy: lines.joined(separator: "\n"))
        case .badLimit(let text):
            Diagnostic("not a size of a tmpfs", subject: text, remedy: "e.g. 4g, 800m or 75%")
        case .badInterface(let text):
            Diagnostic("not a name of a network interface", subject: text, remedy: "e.g. eno1")
        case .noSharedFiles(let folder):
            Diagnostic("the dracut module of Catboat is missing", subject: folder.printable, remedy: "install again")
        }
    }
}
