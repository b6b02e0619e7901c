import SystemPackage
import Testing

@testable import RootImage

@Suite struct PackageFamilyTests {
    @Test(arguments: [
        ("rhels8.5.0", "/var/lib/rpm"), ("rocky9.4", "/var/lib/rpm"), ("rhels10.0", "/usr/lib/sysimage/rpm"),
        ("centos-stream9", "/var/lib/rpm"), ("fedora34", "/var/lib/rpm"), ("fedora41", "/usr/lib/sysimage/rpm"),
        ("sles12.5", "/var/lib/rpm"), ("sle15.3", "/usr/lib/sysimage/rpm"), ("leap15.6", "/usr/lib/sysimage/rpm"),
    ])
    func `a new database is where the distribution has it`(osver: String, place: String) throws {
        #expect(try RpmDatabase.place(of: PackageFamily(osver: osver, arch: "x86_64")) == FilePath(place))
    }

    @Test(arguments: [
        ("rhels8.5.0", PackageFamily.Manager.dnf), ("alma9.3", .dnf), ("SL7.9", .dnf), ("ol10.0", .dnf),
        ("fedora41", .dnf),
        ("centos-stream10", .dnf), ("sle15.3", .zypper), ("sles12.5", .zypper), ("leap15.6", .zypper),
        ("debian12.5.0", .apt),
        ("ubuntu22.04.3", .apt),
    ])
    func `each distribution has its package manager`(osver: String, manager: PackageFamily.Manager) throws {
        #expect(try PackageFamily(osver: osver, arch: "x86_64").manager == manager)
    }

    @Test func `other distributions are refused`() {
        #expect(throws: PackageError.unsupportedDistribution("plan9")) {
            try PackageFamily(osver: "plan9", arch: "x86_64")
        }
    }

    @Test func `several versions of one name are one entry, in their order`() {
        let packages = [
            RpmPackage(name: "kernel", version: "5.14.0-10", architecture: "x86_64"),
            RpmPackage(name: "kernel", version: "5.14.0-9", architecture: "x86_64"),
            RpmPackage(name: "glibc", version: "2.34-1", architecture: "i686"),
            RpmPackage(name: "tzdata", version: "2024a-1", architecture: "noarch"),
        ]
        #expect(
            packages.versions(native: "x86_64") == [
                "kernel": "5.14.0-9,5.14.0-10", "glibc:i686": "2.34-1", "tzdata": "2024a-1",
            ])
    }

    @Test func `a binary key is armored as gpg does it`() throws {
        // RFC 4880: the checksum of nothing is the initial value.
        #expect(ArmoredKeys.checksum([]) == 0xb704ce)
        let key = (0..<100).map { UInt8($0 * 7 % 256) }
        let armored = ArmoredKeys.encode(key)
        let decoded = try ArmoredKeys.decode(String(decoding: armored, as: UTF8.self))
        #expect(decoded == key)
        #expect(ArmoredKeys.encode(armored) == armored)
    }
}
