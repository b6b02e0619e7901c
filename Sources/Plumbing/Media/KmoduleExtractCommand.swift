internal import ArgumentParser
internal import CommandShell
internal import Drivers
internal import Support
internal import SystemPackage

struct KmoduleExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmodule-extract",
        abstract: "Write the drivers of packages, driver disks and folders as one archive.")

    @Option(help: "Leave out modules for another architecture, as uname -m has it.") var arch: String?
    @Flag(help: "Write kernels, too.") var kernel = false
    @Argument(help: "Packages, driver disks, modules or folders of them.", completion: .file()) var path: [String]

    func run() throws {
        var stream = DriverStream(to: .standardOutput, architecture: arch, takesKernels: kernel)
        for path in path {
            let added = try stream.add(FilePath(path))
            for note in added.notes { Console.note("kmodule-extract: \(path): \(note)") }
            if added.modules == 0 { Console.note("kmodule-extract: no driver in it: '\(path)'") }
        }
        try stream.finish()
    }
}
