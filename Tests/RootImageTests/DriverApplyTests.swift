import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// driver-apply as a process: drivers of hand-made packages in the tree of the tiny medium.
@Suite(.scratchDirectory, .enabled(if: getuid() == 0 && Tool.isInstalled("rpmbuild"), "needs root and rpmbuild"))
struct DriverApplyTests {
    private static let kernel = "6.1.0-10-tiny"

    private func site() throws -> ImageSite {
        let site = try ImageSite()
        try #require(try site.populate("linux-image-tiny\n").status == 0)
        return site
    }

    /// A newer e1000, two that the image lacks, and firmware.
    private func package(_ kind: SamplePackage.Kind, kernel: String = kernel) throws -> FilePath {
        let package = try SamplePackage("kmod-net")
        for name in ["e1000", "igb", "special-thing"] {
            try package.file(
                "lib/modules/\(kernel)/extra/net/\(name).ko", SampleModule("new \(name)", kernel: kernel).bytes)
        }
        try package.file("lib/firmware/net/a.bin", Array("firmware\n".utf8))
        try package.link("lib/firmware/net/b.bin", to: "a.bin")
        return try package.make(kind)
    }

    private func apply(_ package: FilePath, to site: ImageSite, _ words: Word...) throws -> Catboat.Result {
        let stream = try site.catboat.tool("kmodule-extract", [Word(package)]).output().output
        return try site.catboat.run("driver-apply", words + [Word(site.folder)], input: stream)
    }

    private func modules(_ site: ImageSite) -> FilePath { site.tree.joined("usr/lib/modules").joined(Self.kernel) }

    private let told = """
        driver\te1000\treplaced\t/lib/modules/6.1.0-10-tiny/kernel/drivers/net/e1000.ko
        driver\tigb\tadded\t/lib/modules/6.1.0-10-tiny/extra/net/igb.ko
        firmware\t\t\t/lib/firmware/net/a.bin
        firmware\t\t\t/lib/firmware/net/b.bin

        """

    @Test(arguments: [SamplePackage.Kind.rpm, .deb]) func `drivers take the place of those of their names`(
        kind: SamplePackage.Kind
    ) throws {
        let site = try site()
        let package = try package(kind)
        let result = try apply(package, to: site)
        #expect(result.status == 0 && result.stdout == told)
        #expect(
            result.stderr
                == "driver-apply: nobody asked for these drivers: 'special_thing': name them with --driver (netdrivers), or give --all (netdrivers=allupdate)\n"
        )
        let e1000 = modules(site).joined("kernel/drivers/net/e1000.ko")
        #expect(try e1000.readBytes() == SampleModule("new e1000").bytes)
        #expect(try e1000.status()?.permissions == 0o644)
        #expect(try site.tree.joined("usr/lib/firmware/net/b.bin").readText() == "firmware\n")
        // depmod of the image has run.
        #expect(try modules(site).joined("modules.dep").readText().contains("extra/net/igb.ko:"))
        // Nothing changes the second time.
        let before = try site.listing(site.tree)
        #expect(
            try apply(package, to: site)
                == Catboat.Result(status: 0, stdout: told.replacing("added", with: "replaced"), stderr: result.stderr))
        #expect(try site.listing(site.tree) == before)
        try site.expectNoLeftovers()
    }

    @Test func `a compressed module gives way to one that is not`() throws {
        let site = try site()
        let old = modules(site).joined("kernel/drivers/net/e1000.ko")
        try old.rename(to: old.removingLastComponent().joined("e1000.ko.xz"))
        try modules(site).joined("weak-updates").createDirectories()
        try modules(site).joined("weak-updates/e1000.ko").createSymbolicLink(to: "/nowhere")
        #expect(try apply(try package(.rpm), to: site).status == 0)
        #expect(try old.removingLastComponent().directoryNames().map(\.printable) == ["e1000.ko", "virtio_net.ko"])
        #expect(!modules(site).joined("weak-updates/e1000.ko").exists)
    }

    @Test func `all of them, or one by name`() throws {
        let site = try site()
        let package = try package(.rpm)
        let one = try apply(package, to: site, "--driver", "special-thing.ko", "--json")
        #expect(one.status == 0 && one.stderr == "")
        #expect(
            one.stdout.contains(
                #""name":"special_thing","path":"/lib/modules/6.1.0-10-tiny/extra/net/special-thing.ko","replaced":false"#
            ))
        #expect(
            try apply(package, to: site, "--all").stdout
                == told.replacing("added", with: "replaced").replacing(
                    "firmware\t\t\t/lib/firmware/net/a",
                    with:
                        "driver\tspecial_thing\treplaced\t/lib/modules/6.1.0-10-tiny/extra/net/special-thing.ko\nfirmware\t\t\t/lib/firmware/net/a"
                ))
        #expect(try apply(package, to: site, "-z").stdout.split(separator: "\0").count == 4)
        #expect(try apply(package, to: site, "-z", "--json").status == 129)
    }

    @Test func `drivers for another kernel are left out unless they are wanted`() throws {
        let site = try site()
        let package = try package(.rpm, kernel: "5.14.0-1")
        let refused = try apply(package, to: site)
        #expect(refused.status == 0 && !refused.stdout.contains("driver\t"))
        #expect(
            refused.stderr.contains(
                "driver-apply: driver is for kernel 5.14.0-1, not 6.1.0-10-tiny, and was left out: 'e1000': give --any-kernel"
            ))
        #expect(try apply(package, to: site, "--any-kernel").stdout == told)
    }

    @Test func `what is wrong is told before anything changes`() throws {
        let site = try site()
        let before = try site.listing(site.tree)
        let broken = try site.catboat.run("driver-apply", [Word(site.folder)], input: Array("070701".utf8))
        #expect(
            broken
                == .init(
                    status: 128, stdout: "", stderr: "driver-apply: error: cpio archive ends too early: pack it again\n"
                ))
        for (name, hostile) in [
            ("lib/firmware/xx/xx/xx/pwned", "../../../pwned"), ("lib/firmware/dir/pwned", "out/pwned"),
        ] {
            let evil = try hostileArchive(name, hostile)
            let refused = try site.catboat.run("driver-apply", [Word(site.folder)], input: evil)
            #expect(refused.status == 128 && refused.stdout == "", "\(hostile): \(refused)")
        }
        #expect(!Scratch.directory.joined("pwned").exists && !site.folder.joined("pwned").exists)
        let kernel = try apply(try package(.rpm), to: site, "--kernelver", "9.9")
        #expect(kernel.status == 128 && kernel.stderr.contains("couldn't find the kernel file matched 9.9"))
        try site.tree.joined("usr/sbin/depmod").removeFile()
        let depmod = try apply(try package(.rpm), to: site)
        #expect(depmod.status == 128)
        #expect(
            depmod.stderr
                == "driver-apply: error: depmod is not in the image: '\(site.tree)': add kmod to the package list, and run genimage\n"
        )
        try site.tree.joined("usr/sbin/depmod").createSymbolicLink(to: "/usr/bin/busybox")
        #expect(try site.listing(site.tree) == before)
        try site.expectNoLeftovers()
    }

    /// An archive with a link out of the image, and a file of which only the name is changed to lead out.
    private func hostileArchive(_ name: String, _ hostile: String) throws -> [UInt8] {
        let folder = Scratch.directory.joined("evil-\(hostile.utf8.count)")
        let place = folder.joined("lib/firmware")
        try place.createDirectories()
        try place.joined("out").createSymbolicLink(to: Scratch.directory)
        try folder.joined(name).removingLastComponent().createDirectories()
        try AtomicFile.write("x".utf8, to: folder.joined(name))
        var bytes = try Tool("cpio", ["-o", "-H", "newc", "--quiet", "-D", Word(folder)])
            .output(input: Array("lib/firmware/out\n\(name)\n".utf8)).output
        let range = try #require(bytes.firstRange(of: Array(name.utf8)))
        let evil = Array(name.utf8.prefix(name.utf8.count - hostile.utf8.count)) + Array(hostile.utf8)
        bytes.replaceSubrange(range, with: evil)
        return bytes
    }
}
