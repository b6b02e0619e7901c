import Archive
import Support
import SystemPackage
import TestSupport
import Testing

/// The contracts of kmodule-list and kmodule-extract as processes, on packages made by rpmbuild and dpkg-deb.
@Suite(.scratchDirectory, .enabled(if: Tool.isInstalled("rpmbuild"))) struct KmoduleCommandTests {
    private let site = DriverSite()

    private func list(_ paths: FilePath...) throws -> Catboat.Result {
        try site.catboat.run("kmodule-list", paths.map { Word($0) })
    }

    @Test(arguments: ["w9.xzdio", "w6.gzdio", "w3.zstdio", "w9.bzdio"])
    func `modules of an RPM are listed with what they say`(
        payload: String
    ) throws {
        let package = try site.package().make(.rpm, compression: payload)
        #expect(try list(package) == .init(status: 0, stdout: site.lines(package), stderr: ""))
    }

    @Test(arguments: ["xz", "gzip", "zstd", "none"]) func `modules of a Debian package are listed`(compression: String)
        throws
    {
        let package = try site.package(in: "usr/lib/modules").make(.deb, compression: compression)
        #expect(try list(package) == .init(status: 0, stdout: site.lines(package, in: "usr/lib/modules"), stderr: ""))
    }

    @Test func `packages on a driver disk and in a folder are looked into`() throws {
        let package = try site.package().make(.rpm)
        let disk = try site.disk(package)
        #expect(try list(disk) == .init(status: 0, stdout: site.lines(disk), stderr: ""))
        let folder = disk.removingLastComponent().joined("disk")
        #expect(try list(folder) == .init(status: 0, stdout: site.lines(folder), stderr: ""))
    }

    @Test func `an old driver disk holds modules in a compressed cpio`() throws {
        let module = "2.6.32-71.el6/x86_64/old.ko"
        try AtomicFile.write(
            SampleModule("old", kernel: "2.6.32-71.el6").bytes,
            to: try Scratch.write("", to: "cgz/\(module)"))
        let archive = try Tool("cpio", ["-o", "-H", "newc", "--quiet", "-D", Word(Scratch.directory.joined("cgz"))])
            .output(input: Array("\(module)\n".utf8)).output
        try AtomicFile.write(
            try Tool("gzip", ["-c"]).output(input: archive).output, to: try Scratch.write("", to: "old/modules.cgz"))
        let disk = try TinyMedium.image(of: Scratch.directory.joined("old"), "old.iso")
        #expect(try list(disk).stdout == "old.ko\t2.6.32-71.el6\told\t\(disk)\t\(module)\n")
    }

    @Test func `every name of a file with several is a module`() throws {
        let package = try SamplePackage("kmod-links")
        try package.file("lib/modules/5.1/extra/one.ko", SampleModule("both", kernel: "5.1").bytes)
        try package.hardLink("lib/modules/5.1/extra/two.ko", to: "lib/modules/5.1/extra/one.ko")
        let told = try list(try package.make(.rpm))
        #expect(told.status == 0 && told.stderr == "")
        #expect(told.stdout.split(separator: "\n").map { $0.prefix { $0 != "\t" } } == ["one.ko", "two.ko"])
        #expect(told.stdout.matches(of: /\tboth\t/).count == 2)
        let deb = try list(try package.make(.deb))
        #expect(deb.status == 128)
        #expect(deb.stderr.hasPrefix("kmodule-list: error: several names for one file: '"))
    }

    @Test func `what cannot be read is told, and the rest is listed`() throws {
        let module = Scratch.directory.joined("solo.ko")
        try AtomicFile.write(SampleModule("alone\nin two lines").bytes, to: module)
        let text = try Scratch.write("not a package\n", to: "text.rpm")
        let told = try list(text, module, Scratch.directory.joined("nosuch"))
        #expect(told.status == 128)
        #expect(told.stdout == "solo.ko\t6.1.0-10-tiny\talone in two lines\t\(module)\tsolo.ko\n")
        #expect(
            told.stderr == """
                kmodule-list: error: not a package, driver disk or kernel module, or damaged: '\(text)': Unrecognized archive format
                kmodule-list: error: cannot open: '\(Scratch.directory)/nosuch': no such file or directory

                """)
    }

    @Test func `a truncated package is an error`() throws {
        let package = try site.package().make(.rpm)
        let bytes = try package.readBytes()
        let half = Scratch.directory.joined("half.rpm")
        try AtomicFile.write(bytes.prefix(bytes.count - 200), to: half)
        #expect(try list(half).status == 128)
        #expect(try site.catboat("kmodule-extract", Word(half)).status == 128)
    }

    @Test func `a driver disk that libarchive cannot read is told as what it is`() throws {
        let disk = Scratch.directory.joined("dd.img")
        _ = try Tool("truncate", ["-s", "1M", Word(disk)]).output()
        _ = try Tool("mke2fs", ["-q", Word(disk)]).output()
        let told = try list(disk)
        #expect(told.status == 128)
        #expect(
            told.stderr
                == "kmodule-list: error: driver disk holds an ext file system: '\(disk)': mount it and name the folder\n"
        )
    }

    @Test func `records are JSON or NUL-separated on request`() throws {
        let module = Scratch.directory.joined("solo.ko.gz")
        try AtomicFile.write(try Tool("gzip", ["-c"]).output(input: SampleModule("alone").bytes).output, to: module)
        #expect(
            try site.catboat("kmodule-list", "--json", Word(module)).stdout
                == #"{"modules":[{"description":"alone","kernel":"6.1.0-10-tiny","name":"solo.ko","path":"solo.ko.gz","source":"\#(module)"}],"version":1}"#
                + "\n")
        #expect(
            try site.catboat("kmodule-list", "-z", Word(module)).stdout
                == "solo.ko\t6.1.0-10-tiny\talone\t\(module)\tsolo.ko.gz\0")
        #expect(try site.catboat("kmodule-list", "-z", "--json", Word(module)).status == 129)
        #expect(try site.catboat("kmodule-list").status == 129)
    }

    @Test func `kmodule-extract writes one archive that cpio reads`() throws {
        let package = try site.package().make(.rpm)
        let captured = try site.catboat.tool("kmodule-extract", [Word(package)]).capture()
        #expect(captured.ending == .exited(0) && captured.errors == [])
        let names = try Tool("cpio", ["-t", "--quiet"]).output(input: captured.output).lines.map(String.init).sorted()
        let place = "lib/modules/\(site.kernel)/extra/net"
        #expect(
            names == [
                "lib/firmware/net/a.bin", "lib/firmware/net/b.bin", "\(place)/alpha.ko", "\(place)/beta-eth.ko.xz",
                "\(place)/gamma.ko.zst",
            ])
        let folder = Scratch.directory.joined("unpacked")
        try folder.createDirectories()
        _ = try Tool("cpio", ["-id", "--quiet", "-D", Word(folder)]).output(input: captured.output)
        #expect(
            try folder.joined("\(place)/alpha.ko").readBytes()
                == SampleModule("Alpha & <first>", kernel: site.kernel).bytes)
        #expect(try folder.joined("lib/firmware/net/b.bin").readText() == "firmware\n")
    }

    @Test func `kmodule-extract leaves out other architectures, and kernels unless asked`() throws {
        let package = try SamplePackage("kernel-core")
        var other = SampleModule("power", kernel: "5.1")
        other.machine = 21
        try package.file("lib/modules/5.1/kernel/power.ko", other.bytes)
        try package.file("lib/modules/5.1/kernel/intel.ko", SampleModule("intel", kernel: "5.1").bytes)
        try package.file("lib/modules/5.1/vmlinuz", Array("kernel".utf8))
        try package.file("lib/modules/5.1/modules.builtin", Array("kernel/loop.ko\n".utf8))
        let file = try package.make(.rpm)
        func members(_ words: Word...) throws -> [String] {
            let captured = try site.catboat.tool("kmodule-extract", words + [Word(file)]).capture()
            #expect(captured.ending == .exited(0))
            return try Tool("cpio", ["-t", "--quiet"]).output(input: captured.output).lines.map(String.init).sorted()
        }
        #expect(try members("--arch", "x86_64") == ["lib/modules/5.1/kernel/intel.ko"])
        #expect(try members("--arch", "ppc64le") == ["lib/modules/5.1/kernel/power.ko"])
        #expect(
            try members("--kernel") == [
                "boot/vmlinuz-5.1", "lib/modules/5.1/kernel/intel.ko", "lib/modules/5.1/kernel/power.ko",
                "lib/modules/5.1/modules.builtin",
            ])
    }

    @Test func `a module of a driver disk is filed under the kernel that it names`() throws {
        let folder = Scratch.directory.joined("suse")
        for (name, kernel) in [("good", "5.3.18-57-default"), ("evil", "../../etc")] {
            try AtomicFile.write(
                SampleModule(name, kernel: kernel).bytes,
                to: try Scratch.write("", to: "suse/linux/suse/x86_64-sles15/modules/\(name).ko"))
        }
        try Scratch.write("no module\n", to: "suse/text.ko")
        let captured = try site.catboat.tool("kmodule-extract", [Word(folder)]).capture()
        #expect(
            try Tool("cpio", ["-t", "--quiet"]).output(input: captured.output).lines.map(String.init).sorted() == [
                "lib/modules/5.3.18-57-default/updates/good.ko", "lib/modules/unknown/updates/evil.ko",
                "lib/modules/unknown/updates/text.ko",
            ])
        #expect(
            String(decoding: captured.errors, as: UTF8.self)
                == "kmodule-extract: \(folder): not a module that can be read, taken as it is: 'text.ko'\n")
    }
}
