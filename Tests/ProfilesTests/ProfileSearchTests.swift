import Support
import SystemPackage
import TestSupport
import Testing

@testable import Profiles

@Suite struct OSNameTests {
    @Test(arguments: [
        ("rhels8.5.0", ["8.5.0", "8.5", "8.4", "8.3", "8.2", "8.1", "8.0", "8"]),
        ("rocky9.2", ["9.2", "9.1", "9.0", "9"]),
        ("rhels9", ["9"]),
    ])
    func `a release takes the files of earlier minor ones`(name: String, versions: [String]) {
        let base = name.prefix { $0.isLetter }
        #expect(OSName(name).searchList == versions.map { base + $0 })
    }

    @Test(arguments: [
        ("ubuntu22.04", ["ubuntu22.04"]),
        ("ubuntu24.04.1", ["ubuntu24.04.1", "ubuntu24.04.0", "ubuntu24.04"]),
        ("sle15.1", ["sle15.1", "sle15.0", "sle15"]),
        ("leap15.1", ["leap15.1", "leap15.0", "leap15", "sle15"]),
        ("centos-stream9", ["centos"]),
        ("rhels6.1-supp", ["rhels6.1", "rhels6.0", "rhels6"]),
    ])
    func `leading zeros, dashes and Leap have rules of their own`(name: String, list: [String]) {
        #expect(OSName(name).searchList == list)
    }

    @Test func `a two-digit minor version is tried with and without a zero`() {
        let list = OSName("ubuntu22.10").searchList
        #expect(list.prefix(4) == ["ubuntu22.10", "ubuntu22.09", "ubuntu22.9", "ubuntu22.08"])
        #expect(list.suffix(2) == ["ubuntu22.0", "ubuntu22"])
    }

    @Test(arguments: [
        ("rhels8.5.0", "rhels8"), ("rocky9.6", "rocky9"), ("rhelhpc6.7", "rhelhpc6"), ("ubuntu22.04", "ubuntu22"),
        ("centos-stream8", "centos-stream8"),
    ])
    func `the generic name is that of the major version`(name: String, generic: String) {
        #expect(OSName(name).generic == generic)
    }

    @Test(arguments: [
        ("rhels8.5.0", "rhels", "8", "5"), ("ubuntu22.04.3", "ubuntu", "22", "04"),
        ("centos-stream8", "centos-stream", "8", nil), ("rhels6.5-supp", "rhels", "6", "5"),
        ("debian12.15.0", "debian", "12", "15"), ("debian12", "debian", "12", nil),
    ])
    func `a name splits into base, major and minor`(name: String, base: String, major: String, minor: String?) {
        let parts = OSName(name).parts
        #expect(parts.base == base && parts.major == major && parts.minor == minor)
    }
}

@Suite struct ProfileSearchOrderTests {
    private func names(
        _ kind: ProfileSearch.Kind, _ osvers: String, _ tree: ProfileSearch.Tree = .netboot,
        _ order: ProfileSearch.Order = .byRelease, legacy: Bool = false
    ) -> [String] {
        ProfileSearch.candidates(
            kind, in: tree, for: .init(profile: "P", osvers: osvers, arch: "A", isLegacy: legacy), order: order)
    }

    @Test func `copycds tries the release before the architecture`() {
        #expect(
            names(.pkglist, "rhels8.1.0") == [
                "P.rhels8.1.0.A", "P.rhels8.1.0", "P.rhels8.A", "P.rhels8", "P.rhels8.1.A", "P.rhels8.1",
                "P.rhels8.0.A", "P.rhels8.0", "P.A", "P",
            ])
    }

    @Test func `genimage without an image tries the architecture before the release`() {
        #expect(
            names(.pkglist, "rocky9.1", .netboot, .byArchitecture) == [
                "P.rocky9.1.A", "P.rocky9.0.A", "P.rocky9.A", "P.A", "P.rocky9.1", "P.rocky9.0", "P.rocky9", "P",
            ])
        #expect(
            names(.pkglist, "sles11sp4", .netboot, .byArchitecture) == [
                "P.sles11sp4.A", "P.sles11.A", "P.A", "P.sles11sp4", "P.sles11", "P",
            ])
    }

    @Test func `postinstall scripts have an order of their own`() {
        #expect(
            names(.postinstall, "ubuntu24.04.1") == [
                "P.ubuntu24.04.1.A", "P.ubuntu24.04.A", "P.ubuntu24.04.1", "P.ubuntu24.04", "P.ubuntu24.A",
                "P.ubuntu24", "P.ubuntu2.A", "P.ubuntu2", "P.A", "P",
            ])
    }

    @Test func `install files of current Ubuntu are those of subiquity`() {
        #expect(names(.template, "ubuntu22.04.3", .install)[2...3] == ["P.subiquity.A", "P.subiquity"])
        #expect(!names(.template, "ubuntu20.04", .install, legacy: true).contains("P.subiquity"))
        #expect(!names(.template, "ubuntu18.04", .install).contains("P.subiquity"))
        #expect(!names(.pkglist, "ubuntu22.04.3").contains("P.subiquity"))
    }
}

@Suite struct ProfileSearchTests {
    private func search() -> ProfileSearch {
        let scratch = Scratch.directory
        return ProfileSearch(installFolder: "/install") { scratch.joined($0) }
    }

    private func write(_ paths: [String], permissions: UInt32 = 0o644) throws {
        for path in paths { try Scratch.write("", to: path, permissions: permissions) }
    }

    @Test(.scratchDirectory) func `any file of the site beats every shipped one`() throws {
        let subject = ProfileSearch.Subject(profile: "compute", osvers: "rhels8.5.0", arch: "x86_64")
        try write(["opt/xcat/share/xcat/netboot/rh/compute.rhels8.x86_64.pkglist"])
        #expect(
            search().file(.pkglist, in: .netboot, for: subject)
                == "/opt/xcat/share/xcat/netboot/rh/compute.rhels8.x86_64.pkglist")
        try write(["install/custom/netboot/rh/compute.pkglist"])
        #expect(search().file(.pkglist, in: .netboot, for: subject) == "/install/custom/netboot/rh/compute.pkglist")
        #expect(search().file(.exlist, in: .netboot, for: subject) == nil)
    }

    @Test(.scratchDirectory) func `the platform is the longest folder name that begins the release`() throws {
        try write(["opt/xcat/share/xcat/netboot/centos/x", "opt/xcat/share/xcat/netboot/centos-stream/x"])
        #expect(search().platform(of: OSName("centos-stream9"), in: .netboot) == "centos-stream")
        #expect(search().platform(of: OSName("centos8.5"), in: .netboot) == "centos")
        #expect(search().platform(of: OSName("plan9"), in: .netboot) == nil)
        #expect(search().platform(of: OSName("../etc"), in: .netboot) == nil)
        // A folder of the site counts for a distribution that has none, and hides no shipped one.
        try write(["install/custom/netboot/centos8.5/x", "install/custom/netboot/plan/x"])
        #expect(search().platform(of: OSName("centos8.5"), in: .netboot) == "centos")
        #expect(search().platform(of: OSName("plan9"), in: .netboot) == "plan")
    }

    @Test(.scratchDirectory) func `a postinstall script counts only when it is executable`() throws {
        let subject = ProfileSearch.Subject(profile: "compute", osvers: "ubuntu22.04.3", arch: "x86_64")
        let folder = "opt/xcat/share/xcat/netboot/ubuntu"
        try write(["\(folder)/compute.ubuntu22.04.postinstall"])
        #expect(search().file(.postinstall, in: .netboot, for: subject) == nil)
        try write(["\(folder)/compute.postinstall"], permissions: 0o755)
        #expect(search().file(.postinstall, in: .netboot, for: subject) == FilePath("/\(folder)/compute.postinstall"))
    }

    @Test(.scratchDirectory) func `synclists are the site's only`() throws {
        try write([
            "opt/xcat/share/xcat/netboot/rh/compute.synclist", "opt/xcat/share/xcat/netboot/sle/x",
            "install/custom/netboot/debian/compute.synclist", "install/custom/netboot/compute.sle15.synclist",
        ])
        func synclist(_ osvers: String) -> FilePath? {
            search().file(.synclist, in: .install, for: .init(profile: "compute", osvers: osvers, arch: "x86_64"))
        }
        #expect(synclist("rhels8.5.0") == nil)
        #expect(synclist("debian12.5.0") == "/install/custom/netboot/debian/compute.synclist")
        #expect(synclist("sle15.3") == "/install/custom/netboot/compute.sle15.synclist")
        try write(["install/custom/netboot/sles/compute.synclist"])
        #expect(synclist("sle15.3") == "/install/custom/netboot/sles/compute.synclist")
    }

    @Test(.scratchDirectory) func `profiles are those with a fitting file`() throws {
        try write([
            "opt/xcat/share/xcat/install/rh/compute.rhels8.tmpl", "opt/xcat/share/xcat/install/rh/service.rhels9.tmpl",
            "opt/xcat/share/xcat/install/rh/service.rhels8.x86_64.tmpl", "opt/xcat/share/xcat/install/rh/kdump.tmpl",
        ])
        func profiles(_ arch: String) -> [String] {
            search().profiles(
                .template, in: .install, named: ["compute", "service"],
                for: .init(profile: "", osvers: "rhels8.5.0", arch: arch))
        }
        #expect(profiles("x86_64") == ["compute", "service"])
        #expect(profiles("ppc64le") == ["compute"])
    }
}
