import KernelModules
import Support
import SystemPackage
import TestSupport
import Testing

@Suite struct ModuleNameTests {
    @Test(arguments: [
        ("e1000.ko", "e1000"), ("mlx4-en.ko.xz", "mlx4_en"), ("foo-bar", "foo_bar"), ("a.ko.zst", "a"),
        ("b.ko.gz", "b"),
    ]) func `names are spelled as the kernel knows them`(file: String, name: String) {
        #expect(ModuleName.normalised(file) == name)
    }

    @Test(arguments: [
        ("a/e1000.ko", true), ("e1000.ko.xz", true), ("e1000.ko.zst", true), ("e1000.ko.gz", true),
        ("e1000.ko.bz2", false),
        ("e1000.so", false), (".ko", false), (".ko.xz", false), ("e1000.ko.debug", false),
    ]) func `modules are known by their suffix`(file: String, isModule: Bool) {
        #expect(ModuleName.isModule(FilePath(file)) == isModule)
    }
}

@Suite(.scratchDirectory) struct ModuleIndexTests {
    @Test func `files come with all that they need`() throws {
        try Scratch.write(
            """
            kernel/net/e1000e.ko.xz: kernel/ptp/ptp.ko.xz kernel/pps/pps_core.ko.xz
            kernel/ptp/ptp.ko.xz: kernel/pps/pps_core.ko.xz
            kernel/pps/pps_core.ko.xz:
            kernel/net/mlx4-en.ko:

            """, to: "modules.dep")
        try Scratch.write("kernel/block/loop.ko\n", to: "modules.builtin")
        let index = try #require(try ModuleIndex(folder: Scratch.directory))
        #expect(index.names == ["e1000e", "ptp", "pps_core", "mlx4_en"])
        #expect(
            index.files(of: ["e1000e.ko", "nosuch", "loop"])
                == ["kernel/net/e1000e.ko.xz", "kernel/ptp/ptp.ko.xz", "kernel/pps/pps_core.ko.xz"])
        #expect(index.files(of: ["mlx4_en"]) == ["kernel/net/mlx4-en.ko"])
        #expect(index.isKnown("loop") && !index.isLoadable("loop"))
    }

    @Test func `without depmod there is no index`() throws {
        #expect(try ModuleIndex(folder: Scratch.directory) == nil)
    }
}

@Suite struct DefaultDriverTests {
    /// What xCAT puts into the initramfs of Enterprise Linux without being asked.
    @Test(arguments: [
        ("x86_64", ["tg3", "bnx2", "bnx2x", "e1000", "e1000e", "igb", "mlx_en", "virtio_net", "be2net"]),
        ("aarch64", ["tg3", "bnx2", "bnx2x", "e1000e", "igb", "mlx_en", "virtio_net"]),
        ("ppc64", ["e1000", "e1000e", "igb", "ibmveth", "ehea"]),
        ("ppc64le", []),
    ]) func `the drivers of xCAT are among the defaults`(architecture: String, names: [String]) {
        let ours = DefaultDrivers.network(architecture)
        for name in names { #expect(ours.contains(DefaultDrivers.successor(of: name) ?? name), "\(name)") }
    }
}

@Suite(.scratchDirectory) struct DriverChoiceTests {
    private func folder(_ files: String...) throws -> DriverFolder {
        for file in files { try Scratch.write(file, to: "drivers/\(file)") }
        return try DriverFolder(Scratch.directory.joined("drivers"))
    }

    @Test func `a folder is sorted into modules, firmware, kernels and indexes`() throws {
        let folder = try folder(
            "lib/modules/5.1/extra/mlx4-en.ko.xz", "lib/modules/5.1/modules.builtin", "lib/modules/README",
            "lib/firmware/a/b.bin", "boot/vmlinuz-5.1", "boot/grub", "other")
        #expect(folder.modules.map(\.name) == ["mlx4_en"])
        #expect(folder.modules.map(\.kernel) == ["5.1"])
        #expect(folder.modules.map(\.path) == ["extra/mlx4-en.ko.xz"])
        #expect(folder.firmware == ["a/b.bin"])
        #expect(Array(folder.kernels.keys) == ["5.1"])
        #expect(folder.indexes == ["5.1": ["modules.builtin"]])
    }

    @Test func `drivers that are asked for are taken for their kernel`() throws {
        let folder = try folder(
            "lib/modules/5.1/extra/a.ko", "lib/modules/5.1/extra/mlx4-en.ko", "lib/modules/5.2/extra/c.ko",
            "lib/modules/5.1/extra/d.ko")
        let result = DriverChoice(names: ["a", "mlx_en", "c", "e"]).choose(from: folder, kernel: "5.1")
        #expect(result.taken.map(\.path) == ["extra/a.ko", "extra/mlx4-en.ko"])
        #expect(result.notAsked == ["d"])
        #expect(result.forOtherKernels.map(\.name) == ["c"] && result.forOtherKernels.map(\.kernel) == ["5.2"])
    }

    @Test func `all are taken whatever their name, and of any kernel the newest`() throws {
        let folder = try folder(
            "lib/modules/5.9/extra/a.ko", "lib/modules/5.10/extra/a.ko", "lib/modules/5.1/extra/b.ko",
            "lib/modules/5.12/extra/b.ko")
        let choice = DriverChoice(names: [], takesAll: true, takesAnyKernel: true)
        let result = choice.choose(from: folder, kernel: "5.1")
        #expect(result.taken.map { "\($0.name) \($0.kernel)" } == ["a 5.10", "b 5.1"])
        #expect(result.notAsked == [] && result.forOtherKernels == [])
    }

    @Test func `a driver goes where one of its name is`() throws {
        for name in ["kernel/net/a.ko.xz", "weak-updates/a.ko", "kernel/b.ko"] {
            try Scratch.write("", to: "modules/\(name)")
        }
        let drivers = try folder("lib/modules/5.1/extra/a.ko", "lib/modules/5.1/extra/new.ko").modules
        let present = try ModuleFolder(Scratch.directory.joined("modules"))
        #expect(drivers.map { present.place(of: $0) } == ["kernel/net/a.ko", "extra/new.ko"])
        #expect(present.superseded(by: drivers[0]) == ["kernel/net/a.ko.xz", "weak-updates/a.ko"])
        #expect(present.superseded(by: drivers[1]) == [])
    }
}
