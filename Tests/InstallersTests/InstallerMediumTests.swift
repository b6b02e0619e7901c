import Installers
import Support
import SystemPackage
import TestSupport
import Testing

/// Where each family and architecture has the kernel and the initramfs of its installer.
@Suite(.scratchDirectory) struct InstallerMediumTests {
    struct Place: Sendable, CustomTestStringConvertible {
        var osver: String
        var arch: String
        var kernel: String
        var initramfs: String?
        var names: [FilePath]

        init(_ osver: String, _ arch: String, _ kernel: String, _ initramfs: String?, _ names: FilePath...) {
            (self.osver, self.arch, self.kernel, self.initramfs, self.names) = (osver, arch, kernel, initramfs, names)
        }

        var testDescription: String { "\(osver) \(arch) \(kernel)" }
    }

    @Test(arguments: [
        Place("rhels8.5.0", "x86_64", "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img", "vmlinuz", "initrd.img"),
        Place("rocky9.4", "aarch64", "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img", "vmlinuz", "initrd.img"),
        Place(
            "centos-stream9", "x86_64", "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img", "vmlinuz", "initrd.img"),
        Place("rhels8.5.0", "ppc64le", "ppc/ppc64/vmlinuz", "ppc/ppc64/initrd.img", "vmlinuz", "initrd.img"),
        Place("alma8.9", "ppc64le", "ppc/ppc64le/vmlinuz", "ppc/ppc64le/initrd.img", "vmlinuz", "initrd.img"),
        Place("rhels6.5", "ppc64", "ppc/ppc64/vmlinuz", "ppc/ppc64/ramdisk.image.gz", "vmlinuz", "initrd.img"),
        Place("sle15.3", "x86_64", "1/boot/x86_64/loader/linux", "1/boot/x86_64/loader/initrd", "linux", "initrd"),
        Place("sle15.3", "x86_64", "boot/x86_64/loader/linux", "boot/x86_64/loader/initrd", "linux", "initrd"),
        Place("leap15.6", "aarch64", "1/boot/aarch64/linux", "1/boot/aarch64/initrd", "linux", "initrd"),
        Place("sles12.5", "ppc64le", "1/boot/ppc64le/linux", "1/boot/ppc64le/initrd", "linux", "initrd"),
        Place("sles11.4", "ppc64", "1/suseboot/linux64", "1/suseboot/initrd64", "linux64", "initrd64"),
        Place("sles11.4", "ppc64", "1/suseboot/inst64", nil, "inst64", "inst64"),
    ]) func `kernel and initramfs are found`(place: Place) throws {
        for path in [place.kernel, place.initramfs].compactMap(\.self) { try Scratch.write(path, to: "medium/\(path)") }
        let folder = Scratch.directory.joined("medium")
        let medium = try InstallerMedium(
            osver: place.osver, arch: place.arch, folders: [Scratch.directory.joined("empty"), folder])
        #expect(medium.kernel == folder.joined(place.kernel))
        #expect(medium.initramfs == place.initramfs.map { folder.joined($0) })
        #expect([medium.kernelName, medium.initramfsName] == place.names)
    }

    @Test func `what has no installer for drivers is refused`() throws {
        let folder = Scratch.directory
        #expect(throws: InstallerError.unknownDistribution("debian12")) {
            try InstallerMedium(osver: "debian12", arch: "x86_64", folders: [folder])
        }
        #expect(throws: InstallerError.notFound([folder], arch: "s390x")) {
            try InstallerMedium(osver: "rhels9.0", arch: "s390x", folders: [folder])
        }
    }
}
