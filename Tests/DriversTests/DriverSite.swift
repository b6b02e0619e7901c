import Support
import SystemPackage
import TestSupport

/// Driver packages and disks in the scratch directory.
struct DriverSite {
    let catboat = Catboat()
    let kernel = "5.14.0-70.el9.x86_64"

    /// Three modules, compressed in different ways, firmware and a link to it.
    func package(_ name: String = "kmod-net", in folder: String = "lib/modules") throws -> SamplePackage {
        let package = try SamplePackage(name)
        let place = "\(folder)/\(kernel)/extra/net"
        try package.file("\(place)/alpha.ko", SampleModule("Alpha & <first>", kernel: kernel).bytes)
        for (name, program, suffix) in [("beta-eth", "xz", ".xz"), ("gamma", "zstd", ".zst")] {
            let bytes = SampleModule("Driver \(name)", kernel: kernel).bytes
            try package.file(
                "\(place)/\(name).ko\(suffix)", try Tool(FilePath(program), ["-c", "-q"]).output(input: bytes).output)
        }
        try package.file("lib/firmware/net/a.bin", Array("firmware\n".utf8))
        try package.link("lib/firmware/net/b.bin", to: "a.bin")
        return package
    }

    /// What kmodule-list says of that package.
    func lines(_ source: FilePath, in folder: String = "lib/modules") -> String {
        [("alpha", "Alpha & <first>", ""), ("beta-eth", "Driver beta-eth", ".xz"), ("gamma", "Driver gamma", ".zst")]
            .map { name, description, suffix in
                "\(name).ko\t\(kernel)\t\(description)\t\(source)\t\(folder)/\(kernel)/extra/net/\(name).ko\(suffix)\n"
            }.joined()
    }

    /// A driver disk of Enterprise Linux that holds packages.
    func disk(_ packages: FilePath...) throws -> FilePath {
        let folder = Scratch.directory.joined("disk/rpms/x86_64")
        try folder.createDirectories()
        try Scratch.write("Driver Update Disk version 3\n", to: "disk/rhdd3")
        for package in packages { _ = try Tool("cp", [Word(package), Word(folder)]).output() }
        return try TinyMedium.image(of: Scratch.directory.joined("disk"), "disk.iso")
    }
}
