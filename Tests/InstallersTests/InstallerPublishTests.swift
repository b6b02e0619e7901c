import Support
import SystemPackage
import TestSupport
import Testing

/// installer-publish as a process: what nodes get is the medium's own, and an archive after it.
@Suite(.scratchDirectory, .enabled(if: Tool.isInstalled("rpmbuild") && Tool.isInstalled("depmod")))
struct InstallerPublishTests {
    private static let kernel = "5.14.0-1.el9.x86_64"
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private var medium: FilePath { Scratch.directory.joined("install/rhels9.0/x86_64") }
    private var published: FilePath { Scratch.directory.joined("tftpboot/xcat/osimage/img") }
    private var initramfs: FilePath { medium.joined("images/pxeboot/initrd.img") }

    /// A medium whose initramfs has microcode first, then a compressed archive with two modules below a merged /usr.
    private func makeMedium(compressedBy program: FilePath = "xz") throws {
        let top = "stock/usr/lib/modules/\(Self.kernel)/kernel/net"
        for name in ["e1000", "virtio_net"] {
            let module = SampleModule("old \(name)", kernel: Self.kernel, alias: "pci:old-\(name)").bytes
            try AtomicFile.write(
                try Tool("xz", ["-c", "--check=crc32"]).output(input: module).output,
                to: try Scratch.write("", to: "\(top)/\(name).ko.xz"))
        }
        try Scratch.directory.joined("stock/usr/lib/firmware").createDirectories()
        try Scratch.directory.joined("stock/lib").removeFile()
        try Scratch.directory.joined("stock/lib").createSymbolicLink(to: "usr/lib")
        try Scratch.write("microcode", to: "early/kernel/x86/microcode/GenuineIntel.bin")
        let words: [Word] = program == "xz" ? ["-c", "--check=crc32"] : ["-c"]
        let bytes = try archive("early") + Tool(program, words).output(input: archive("stock")).output
        try AtomicFile.write(bytes, to: try Scratch.write("", to: "install/rhels9.0/x86_64/images/pxeboot/initrd.img"))
        try Scratch.write("kernel of the medium\n", to: "install/rhels9.0/x86_64/images/pxeboot/vmlinuz")
    }

    private func archive(_ folder: String) throws -> [UInt8] {
        let place = Scratch.directory.joined(folder)
        let names = try Tool("find", [Word(place), "-mindepth", "1", "-printf", "%P\\n"]).output().output
        return try Tool("cpio", ["-o", "-H", "newc", "--quiet", "-D", Word(place)]).output(input: names).output
    }

    /// A driver package: a newer e1000, igb, and one that nobody knows.
    private func drivers(kernel: String = kernel) throws -> FilePath {
        let package = try SamplePackage("kmod-net")
        for name in ["e1000", "igb", "special"] {
            try package.file(
                "lib/modules/\(kernel)/extra/\(name).ko",
                SampleModule("new \(name)", kernel: kernel, alias: "pci:new-\(name)").bytes)
        }
        try package.file("lib/firmware/special.bin", Array("firmware\n".utf8))
        return try package.make(.rpm)
    }

    private func publish(_ words: Word..., from sources: FilePath..., flags: [Word] = []) throws -> Catboat.Result {
        let words =
            [
                "--osver", "rhels9.0", "--arch", "x86_64", "--pkgdir", Word(medium), "--tftpdir",
                Word(Scratch.directory.joined("tftpboot")),
            ] + words + ["img"]
        guard !sources.isEmpty else { return try catboat.run("installer-publish", words) }
        let stream = try catboat.tool("kmodule-extract", flags + sources.map { Word($0) }).output().output
        return try catboat.run("installer-publish", ["--drivers-from", "-"] + words, input: stream)
    }

    /// What the archive after the medium's own holds, as cpio unpacks it.
    private func appended() throws -> FilePath {
        let own = try initramfs.readBytes()
        let all = try published.joined("initrd.img").readBytes()
        #expect(all.starts(with: own))
        let start = (own.count + 3) / 4 * 4
        #expect(all[own.count..<start].allSatisfy { $0 == 0 })
        let folder = Scratch.directory.joined("appended")
        try folder.removeTree()
        try folder.createDirectories()
        _ = try Tool("cpio", ["-id", "--quiet", "-D", Word(folder)]).output(input: Array(all[start...]))
        return folder
    }

    private func files(_ folder: FilePath, _ kernel: String = kernel) throws -> [String] {
        let top = folder.joined("usr/lib/modules").joined(kernel)
        var names: [String] = []
        try TreeWalk(top).run { entry in
            if entry.status.kind == .regular, entry.path.printable.contains("/") { names.append(entry.path.printable) }
            return .enter
        }
        return names
    }

    @Test func `without drivers nodes get the medium's own`() throws {
        try makeMedium()
        let told = try publish()
        #expect(told.status == 0 && told.stderr == "")
        #expect(
            told.stdout.split(separator: "\n").map { $0.prefix { $0 != ":" } } == [
                "file\tinitrd.img\tsha256", "file\tvmlinuz\tsha256",
            ])
        #expect(try published.joined("initrd.img").readBytes() == initramfs.readBytes())
        #expect(try published.joined("vmlinuz").readText() == "kernel of the medium\n")
        #expect(try published.joined("vmlinuz").status()?.permissions == 0o644)
        #expect(try published.removingLastComponent().directoryNames().map(\.printable) == [".lock", "img"])
    }

    @Test(arguments: ["xz", "gzip", "zstd"] as [FilePath])
    func `asked-for and usual drivers are appended with new indexes`(
        program: FilePath
    ) throws {
        try makeMedium(compressedBy: program)
        let told = try publish(from: try drivers())
        #expect(told.status == 0)
        #expect(
            told.stdout.contains("kernel\t\(Self.kernel)\n") && told.stdout.contains("driver\te1000\ndriver\tigb\n"))
        #expect(told.stdout.contains("firmware\tspecial.bin\n") && !told.stdout.contains("driver\tspecial"))
        #expect(told.stderr.hasPrefix("installer-publish: nobody asked for these drivers: 'special': "))
        let folder = try appended()
        // In its old place, and with it the link from lib to usr/lib, which no member of ours may touch.
        #expect(try files(folder) == ["extra/igb.ko", "kernel/net/e1000.ko"])
        #expect(try folder.directoryNames() == ["usr"])
        #expect(try folder.joined("usr/lib/firmware/special.bin").readText() == "firmware\n")
        let modules = folder.joined("usr/lib/modules").joined(Self.kernel)
        let index = try modules.joined("modules.dep").readText().split(separator: "\n").sorted()
        #expect(index == ["extra/igb.ko:", "kernel/net/e1000.ko:", "kernel/net/virtio_net.ko.xz:"])
        let aliases = try modules.joined("modules.alias").readText()
        #expect(aliases.contains("pci:new-e1000 e1000") && aliases.contains("pci:old-virtio_net virtio_net"))
        #expect(!aliases.contains("old-e1000"))
    }

    @Test func `all drivers, or only updates, on request`() throws {
        try makeMedium()
        let package = try drivers()
        #expect(try publish("--all", from: package) == publish("--driver", "special.ko", from: package))
        #expect(try files(appended()) == ["extra/igb.ko", "extra/special.ko", "kernel/net/e1000.ko"])
        let told = try publish("--update-only", from: package)
        #expect(told.status == 0 && told.stdout.contains("driver\te1000\n") && !told.stdout.contains("igb"))
        #expect(try files(appended()) == ["kernel/net/e1000.ko"])
    }

    @Test func `drivers for another kernel are taken on request only`() throws {
        try makeMedium()
        let package = try drivers(kernel: "5.14.0-70.el9.x86_64")
        let told = try publish(from: package)
        #expect(told.status == 0 && !told.stdout.contains("driver\t"))
        #expect(
            told.stderr.contains(
                "driver is for kernel 5.14.0-70.el9.x86_64, not \(Self.kernel), and was left out: 'e1000': "))
        #expect(try publish("--any-kernel", from: package).stdout.contains("driver\te1000\ndriver\tigb\n"))
        #expect(try files(appended()) == ["extra/igb.ko", "kernel/net/e1000.ko"])
    }

    @Test func `an updated kernel comes with the modules that the installer had`() throws {
        try makeMedium()
        let newer = "5.14.0-70.el9.x86_64"
        let package = try SamplePackage("kernel-core")
        for name in ["e1000", "virtio_net", "sound", "scsi_thing"] {
            try package.file(
                "lib/modules/\(newer)/kernel/some/\(name).ko", SampleModule("newer \(name)", kernel: newer).bytes)
        }
        try package.file("lib/modules/\(newer)/vmlinuz", Array("newer kernel\n".utf8))
        try package.file("lib/modules/\(newer)/modules.builtin", Array("kernel/block/loop.ko\n".utf8))
        let told = try publish("--driver", "scsi_thing", from: try package.make(.rpm), flags: ["--kernel"])
        #expect(told.status == 0 && told.stderr == "", "\(told)")
        #expect(told.stdout.contains("kernel\t\(newer)\n"))
        #expect(try published.joined("vmlinuz").readText() == "newer kernel\n")
        let folder = try appended()
        #expect(
            try files(folder, newer) == [
                "kernel/some/e1000.ko", "kernel/some/scsi_thing.ko", "kernel/some/virtio_net.ko",
            ])
        let modules = folder.joined("usr/lib/modules").joined(newer)
        #expect(try modules.joined("modules.dep").readText().split(separator: "\n").count == 3)
        #expect(try modules.joined("modules.builtin").readText() == "kernel/block/loop.ko\n")
    }

    @Test func `a refused or failed run leaves what was published`() throws {
        try makeMedium()
        #expect(try publish().status == 0)
        try AtomicFile.write("other\n".utf8, to: published.joined("other"))
        let before = try catboat("rootimg-list", Word(published)).stdout
        let half = try catboat.run(
            "installer-publish",
            [
                "--drivers-from", "-", "--osver", "rhels9.0", "--arch", "x86_64", "--pkgdir", Word(medium), "--tftpdir",
                Word(Scratch.directory.joined("tftpboot")), "img",
            ], input: Array("070701 and no more".utf8))
        #expect(half.status == 128 && half.stderr.hasPrefix("installer-publish: error: cpio archive ends too early"))
        try Scratch.write("BZh no initramfs", to: "install/rhels9.0/x86_64/images/pxeboot/initrd.img")
        let unknown = try publish(from: try drivers())
        #expect(unknown.status == 128)
        #expect(
            unknown.stderr
                == "installer-publish: error: initramfs is compressed in a way that is not known: '\(initramfs)': gzip, xz and zstd are known\n"
        )
        #expect(try catboat("rootimg-list", Word(published)).stdout == before)
        #expect(try published.removingLastComponent().directoryNames().map(\.printable) == [".lock", "img"])
        // Files of others stay when the two are replaced.
        try makeMedium(compressedBy: "gzip")
        #expect(try publish().status == 0)
        #expect(try published.directoryNames().map(\.printable) == ["initrd.img", "other", "vmlinuz"])
    }

    @Test func `wrong usage`() throws {
        #expect(try catboat("installer-publish", "--osver", "x", "--arch", "y", "img").status == 129)
        #expect(try publish("--all").status == 129)
        #expect(try publish("--all", "--update-only", from: try drivers()).status == 129)
    }
}
