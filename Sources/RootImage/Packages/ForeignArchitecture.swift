internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// An architecture whose programs this machine can run only through an emulator that the kernel knows: binfmt_misc(5).
struct ForeignArchitecture {
    private let name: String
    private let machine: String
    private let formats: FilePath

    /// - Parameters:
    ///   - arch: as osarch has it.
    ///   - machine: this machine's, as `uname -m` says it.
    ///   - formats: where the kernel lists emulators.
    init(_ arch: String, machine: String = Self.machine, formats: FilePath = "/proc/sys/fs/binfmt_misc") {
        name = Self.kernelNames[arch] ?? arch
        self.machine = machine
        self.formats = formats
    }

    private static let kernelNames = [
        "amd64": "x86_64", "arm64": "aarch64", "ppc64el": "ppc64le", "x86": "i686", "i386": "i686", "armhf": "arm",
    ]

    static var machine: String {
        var names = utsname()
        uname(&names)
        return withUnsafeBytes(of: &names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// - Throws: `PackageError.foreignArchitecture` unless package scripts of that architecture can run here.
    func check() throws(PackageError) {
        if name == machine || (name == "i686" && machine == "x86_64") { return }
        // `F`: the emulator was opened when it was registered, so that it need not be in the image.
        let entry = (try? formats.joined("qemu-\(name)").readText(limit: 4096)) ?? ""
        let lines = entry.split(separator: "\n")
        let flags = lines.first { $0.hasPrefix("flags:") } ?? ""
        guard lines.first == "enabled", flags.contains("F") else { throw .foreignArchitecture(name, machine: machine) }
    }
}
