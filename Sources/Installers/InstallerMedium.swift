internal import Support
public import SystemPackage

/// Where the kernel and the initramfs of an installer are on its copied medium, and what nodes know them by.
public struct InstallerMedium: Sendable, Equatable {
    /// Files on the host.
    public let kernel: FilePath
    /// nil where the two are one file.
    public let initramfs: FilePath?
    /// Names in the folder that nodes fetch from.
    public let kernelName: FilePath
    public let initramfsName: FilePath

    /// One place where they may be.
    private struct Place {
        /// Prefixes of osvers.
        var families: [String]
        var architectures: [String]
        /// Below the folder of the copied medium.
        var folder: String
        var kernel: String
        var initramfs: String?
        var kernelName: String
        var initramfsName: String
    }

    private static let el = ["rh", "centos", "rocky", "alma", "ol", "fedora", "SL", "pkvm"]
    private static let suse = ["sle", "suse", "leap"]

    /// The first that is there is taken.
    private static let places: [Place] =
        [
            Place(
                families: el, architectures: ["x86_64", "x86", "aarch64"], folder: "images/pxeboot", kernel: "vmlinuz",
                initramfs: "initrd.img", kernelName: "vmlinuz", initramfsName: "initrd.img")
        ]
        + ["ppc/ppc64le", "ppc/ppc64"].flatMap { folder in
            ["initrd.img", "ramdisk.image.gz"].map { name in
                Place(
                    families: el, architectures: ["ppc64le", "ppc64"], folder: folder, kernel: "vmlinuz",
                    initramfs: name, kernelName: "vmlinuz", initramfsName: "initrd.img")
            }
        }
        // Each disc of SUSE's media has a folder of its own; the first boots.
        + ["1/", ""].flatMap { disc in
            [
                suseLoader(["x86_64"], "\(disc)boot/x86_64/loader"), suseLoader(["x86"], "\(disc)boot/i386/loader"),
                suseLoader(["aarch64"], "\(disc)boot/aarch64"), suseLoader(["ppc64le"], "\(disc)boot/ppc64le"),
                Place(
                    families: suse, architectures: ["ppc64"], folder: "\(disc)suseboot", kernel: "linux64",
                    initramfs: "initrd64", kernelName: "linux64", initramfsName: "initrd64"),
                Place(
                    families: suse, architectures: ["ppc64"], folder: "\(disc)suseboot", kernel: "inst64",
                    initramfs: nil, kernelName: "inst64", initramfsName: "inst64"),
            ]
        }

    private static func suseLoader(_ architectures: [String], _ folder: String) -> Place {
        Place(
            families: suse, architectures: architectures, folder: folder, kernel: "linux", initramfs: "initrd",
            kernelName: "linux", initramfsName: "initrd")
    }

    /// - Parameter folders: of the copied media, on the host, in order.
    /// - Throws: `InstallerError.unknownDistribution`, `.notFound`.
    public init(osver: String, arch: String, folders: [FilePath]) throws {
        let ofFamily = Self.places.filter { place in place.families.contains { osver.hasPrefix($0) } }
        guard !ofFamily.isEmpty else { throw InstallerError.unknownDistribution(osver) }
        let places = ofFamily.filter { $0.architectures.contains(arch) }
        for folder in folders {
            for place in places {
                let base = folder.joined(place.folder)
                let kernel = base.joined(place.kernel)
                let initramfs = place.initramfs.map { base.joined($0) }
                guard kernel.isRegularFile, initramfs?.isRegularFile ?? true else { continue }
                (self.kernel, self.initramfs) = (kernel, initramfs)
                (kernelName, initramfsName) = (FilePath(place.kernelName), FilePath(place.initramfsName))
                return
            }
        }
        throw InstallerError.notFound(folders, arch: arch)
    }
}
