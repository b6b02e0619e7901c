import RootImage
import Support
import SystemPackage
import TestSupport
import Testing

/// Decisions that initrd-build takes from what is in an image. Trees here hold only what is looked at.
@Suite(.scratchDirectory) struct InitrdPlanTests {
    private var tree: FilePath { Scratch.directory.joined("rootimg") }

    private static let programs = [
        "dracut", "curl", "cpio", "gzip", "sha256sum", "tar", "ip", "awk", "zstd", "networkctl", "dbus-daemon",
        "dhclient",
        "arping",
    ]

    private func makeTree(without missing: Set<String> = [], configuration: String? = "CONFIG_RD_ZSTD=y\n") throws {
        for name in Self.programs where !missing.contains(name) {
            try Scratch.write("", to: "rootimg/usr/bin/\(name)", permissions: 0o755)
        }
        if !missing.contains("systemd-networkd") {
            try Scratch.write("", to: "rootimg/usr/lib/systemd/systemd-networkd", permissions: 0o755)
        }
        for name in ["01systemd-networkd", "35network-legacy", "40network"] {
            try Scratch.write("", to: "rootimg/usr/lib/dracut/modules.d/\(name)/module-setup.sh")
        }
        let header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1] + [UInt8](repeating: 0, count: 12) + [62, 0, 0, 0]
        try tree.joined("bin").createDirectories()
        try AtomicFile.write(header, to: tree.joined("bin/sh"), permissions: 0o755)
        try Scratch.write("kernel", to: "rootimg/boot/vmlinuz-6.1.0-9")
        if let configuration { try Scratch.write(configuration, to: "rootimg/boot/config-6.1.0-9") }
        try Scratch.write(
            """
            kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko: kernel/drivers/ptp/ptp.ko
            kernel/drivers/net/virtio_net.ko.xz:
            kernel/drivers/net/ethernet/mellanox/mlx4/mlx4_en.ko:
            kernel/fs/overlayfs/overlay.ko:
            kernel/drivers/infiniband/hw/mlx5/mlx5-ib.ko:

            """, to: "rootimg/lib/modules/6.1.0-9/modules.dep")
        try Scratch.write(
            "kernel/fs/squashfs/squashfs.ko\nkernel/drivers/block/loop.ko\n",
            to: "rootimg/lib/modules/6.1.0-9/modules.builtin")
    }

    @Test func `the defaults are those that the kernel has, without what is built in`() throws {
        try makeTree()
        let plan = try InitrdPlan(tree: tree)
        #expect(plan.kernel.version == "6.1.0-9")
        #expect(plan.architecture == "x86_64")
        #expect(plan.drivers == ["e1000e", "mlx4_en", "virtio_net", "overlay"])
        #expect(plan.tools == ["cpio", "gzip", "loop", "overlay", "squashfs", "tar", "zstd"])
    }

    @Test func `drivers that are asked for come on top`() throws {
        try makeTree()
        let words = InitrdDrivers.words(of: "mlx5_ib.ko, mlx_en")
        #expect(
            try InitrdPlan(tree: tree, wantedDrivers: words).drivers == [
                "e1000e", "mlx4_en", "virtio_net", "overlay", "mlx5_ib",
            ])
    }

    @Test func `drivers that the kernel does not have are named`() throws {
        try makeTree()
        #expect(throws: InitrdError.unknownDrivers(["nosuch", "other"])) {
            try InitrdPlan(tree: tree, wantedDrivers: ["nosuch", "squashfs", "other"])
        }
    }

    @Test(arguments: [
        ("", InitrdPlan.Network.networkd), ("dbus-daemon", .legacy), ("systemd-networkd", .legacy),
    ]) func `networkd needs dbus, and dhclient serves without it`(missing: String, network: InitrdPlan.Network) throws {
        try makeTree(without: [missing])
        #expect(try InitrdPlan(tree: tree).network == network)
    }

    @Test func `an image without any network program is refused`() throws {
        try makeTree(without: ["dbus-daemon", "dhclient"])
        #expect(throws: InitrdError.noNetwork(tree)) { try InitrdPlan(tree: tree) }
    }

    @Test func `a network that is asked for must work`() throws {
        try makeTree(without: ["dhclient"])
        #expect(throws: InitrdError.noNetwork(tree)) { try InitrdPlan(tree: tree, wantedNetwork: .legacy) }
    }

    @Test func `zstd is used where the kernel can unpack it and the image has it`() throws {
        try makeTree()
        #expect(try InitrdPlan(tree: tree).compression == .zstd)
        try Scratch.write("# CONFIG_RD_ZSTD is not set\n", to: "rootimg/boot/config-6.1.0-9")
        #expect(try InitrdPlan(tree: tree).compression == .gzip)
        try tree.joined("boot/config-6.1.0-9").removeFile()
        #expect(try InitrdPlan(tree: tree).compression == .gzip)
    }

    @Test func `what is missing in the image is named`() throws {
        try makeTree(without: ["curl", "awk"])
        #expect(throws: InitrdError.missingPrograms(["curl", "awk"], tree)) { try InitrdPlan(tree: tree) }
        try tree.joined("usr/bin/dracut").removeFile()
        #expect(throws: InitrdError.noDracut(tree)) { try InitrdPlan(tree: tree) }
    }

    @Test func `a kernel without modules is refused with the way to make them`() throws {
        try makeTree()
        try tree.joined("lib/modules/6.1.0-9/modules.dep").removeFile()
        #expect(throws: InitrdError.noModules("6.1.0-9", tree)) { try InitrdPlan(tree: tree) }
    }

    @Test(arguments: ["", "0", "4q", "g4", "-1", "75%x"]) func `a size that mount would not take is refused`(
        text: String
    ) {
        #expect(throws: InitrdError.badLimit(text)) { try InitrdBuilder.BuiltInWords(rootlimit: text) }
    }

    @Test(arguments: ["4g", "75%", "800m", "1073741824"]) func `sizes that mount takes are taken`(text: String) throws {
        #expect(try InitrdBuilder.BuiltInWords(rootlimit: text).rootlimit == text)
    }
}
