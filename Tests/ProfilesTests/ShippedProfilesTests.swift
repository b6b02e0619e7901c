import Support
import SystemPackage
import TestSupport
import Testing

@testable import Profiles

/// The profile files that are installed with Catboat, found as copycds finds them.
@Suite struct ShippedProfilesTests {
    private static let share = Catboat.projectFolder.joined("share")
    private let search = ProfileSearch(installFolder: "/nowhere") { stored in
        var path = stored
        return path.removePrefix("/opt/xcat/share/xcat") ? Self.share.joined(path) : nil
    }

    /// What a release gets: names in the platform's folder, `-` for none.
    struct Row: Sendable, CustomTestStringConvertible {
        var osvers: String
        var arch: String
        var platform: String
        var pkglist: String
        var exlist: String
        var postinstall: String
        var installed: [String]

        init(
            _ osvers: String, _ arch: String, _ platform: String, _ pkglist: String, _ exlist: String,
            _ postinstall: String, _ installed: [String] = ["compute", "service"]
        ) {
            (self.osvers, self.arch, self.platform) = (osvers, arch, platform)
            (self.pkglist, self.exlist, self.postinstall, self.installed) = (pkglist, exlist, postinstall, installed)
        }

        /// `compute.NAME.ARCH` for all three.
        init(same osvers: String, _ arch: String, _ platform: String, _ name: String, _ installed: [String]) {
            self.init(osvers, arch, platform, name, name, name, installed)
        }

        var testDescription: String { "\(osvers) \(arch)" }
    }

    private static let both = ["compute", "service"]

    private static let rows: [Row] =
        [
            Row(same: "rhels7.9", "x86_64", "rh", "compute.rhels7.x86_64", both),
            Row(same: "rhels8.5.0", "x86_64", "rh", "compute.rhels8.x86_64", both),
            Row(same: "rhels8.5.0", "ppc64le", "rh", "compute.rhels8.ppc64le", both),
            Row(same: "rhels9.4", "x86_64", "rh", "compute.rhels9.x86_64", both),
            Row(same: "rhels10.0", "x86_64", "rh", "compute.rhels10.x86_64", both),
            Row(same: "centos7.9", "x86_64", "centos", "compute.centos7.x86_64", ["compute"]),
            Row(same: "centos8.5", "x86_64", "centos", "compute.centos8.x86_64", ["compute"]),
            Row(same: "centos-stream8", "x86_64", "centos-stream", "compute.centos-stream8.x86_64", both),
            Row(same: "SL7.9", "x86_64", "SL", "compute.SL7.x86_64", ["compute"]),
            Row(same: "ol7.9", "x86_64", "ol", "compute.ol7.x86_64", both),
        ]
        + ["alma", "rocky", "ol"].flatMap { name in
            [("8.9", "8"), ("9.4", "9"), ("10.0", "10")].map { version, major in
                Row(same: "\(name)\(version)", "x86_64", name, "compute.\(name)\(major).x86_64", both)
            }
        } + [
            // With xCAT these fall back to a package list of Enterprise Linux 6, see Tests/Golden/differences.
            Row(same: "centos-stream9", "x86_64", "centos-stream", "compute.centos-stream9.x86_64", both),
            Row(same: "centos-stream10", "x86_64", "centos-stream", "compute.centos-stream10.x86_64", both),
            Row(same: "rocky9.3", "ppc64le", "rocky", "compute.rocky9.ppc64le", both),
            Row("rocky9.3", "aarch64", "rocky", "compute.rocky9", "compute", "compute"),
            Row("rhels9.4", "aarch64", "rh", "compute.rhels9", "compute", "compute"),
            Row("alma8.9", "aarch64", "alma", "compute.alma8", "compute", "compute"),
            Row("rhels11.0", "x86_64", "rh", "compute", "compute", "compute"),
            Row("rocky11.1", "aarch64", "rocky", "compute", "compute", "compute"),
            Row("fedora34", "x86_64", "fedora", "compute", "compute", "compute"),
            Row("fedora41", "aarch64", "fedora", "compute", "compute", "compute"),
            Row("sle15.3", "x86_64", "sle", "compute.sle15.x86_64", "compute.sle15", "compute.sle15"),
            Row("sle15.3", "ppc64le", "sle", "compute.sle15.ppc64le", "compute.sle15", "compute.sle15"),
            Row("sle15.5", "aarch64", "sle", "compute.sle15", "compute.sle15", "compute.sle15"),
            Row("leap15.6", "x86_64", "sles", "compute.leap15", "compute.sle15", "compute.leap15"),
            Row(same: "sles12.5", "x86_64", "sles", "compute.sles12.x86_64", both),
            Row(same: "sles12.5", "ppc64le", "sles", "compute.sles12.ppc64le", both),
            Row("ubuntu20.04.6", "x86_64", "ubuntu", "compute.ubuntu20.04.x86_64", "compute", "compute"),
            Row("ubuntu22.04.3", "x86_64", "ubuntu", "compute.ubuntu22.04.x86_64", "compute", "compute"),
            Row("ubuntu24.04.1", "x86_64", "ubuntu", "compute.ubuntu24.04.x86_64", "compute", "compute"),
            Row("debian12.5.0", "x86_64", "debian", "compute", "compute", "-", ["compute"]),
        ]

    private func subject(_ row: Row) -> ProfileSearch.Subject {
        .init(profile: "compute", osvers: row.osvers, arch: row.arch)
    }

    @Test(arguments: rows) func `a release gets the files meant for it`(row: Row) throws {
        #expect(search.platform(of: OSName(row.osvers), in: .netboot) == row.platform)
        for (kind, name) in [
            (ProfileSearch.Kind.pkglist, row.pkglist), (.exlist, row.exlist), (.postinstall, row.postinstall),
        ] {
            let expected = "/opt/xcat/share/xcat/netboot/\(row.platform)/\(name).\(kind.rawValue)"
            #expect(
                search.file(kind, in: .netboot, for: subject(row))?.printable == (name == "-" ? nil : expected))
        }
    }

    @Test(arguments: rows) func `a release can be installed with its profiles`(row: Row) throws {
        let all = search.profiles(.template, in: .install, named: ["compute", "service"], for: subject(row))
        #expect(all == row.installed)
        #expect(search.profiles(.pkglist, in: .netboot, named: ["compute"], for: subject(row)) == ["compute"])
        for profile in all {
            var subject = subject(row)
            subject.profile = profile
            #expect(search.file(.template, in: .install, for: subject) != nil)
            // Ubuntu and Debian have theirs in the template.
            if !["ubuntu", "debian"].contains(row.platform) {
                #expect(search.file(.pkglist, in: .install, for: subject) != nil)
            }
        }
    }

    private func names(_ stored: FilePath) throws -> Set<String> {
        let host: @Sendable (FilePath) throws(FileError) -> FilePath = { path throws(FileError) in
            var path = path
            return path.removePrefix("/opt/xcat/share/xcat") ? Self.share.joined(path) : path
        }
        let expansion = try Pkglist.expand([try host(stored)], locate: host)
        #expect(expansion.suspicious.isEmpty)
        return Set(expansion.requests.map(\.name))
    }

    @Test(arguments: rows) func `a package list brings what an initramfs and its boot need`(row: Row) throws {
        let list = try #require(search.file(.pkglist, in: .netboot, for: subject(row)))
        let names = try names(list)
        // Programs that initrd-build asks for, by packages that hold them everywhere.
        for name in ["dracut", "cpio", "tar", "gzip", "curl"] {
            #expect(names.contains(name), "\(name) in \(list)")
        }
        let kernels = ["kernel", "kernel-default", "linux-image-amd64", "linux-image-generic"]
        #expect(!names.isDisjoint(with: kernels))
        let major = OSName(row.osvers).parts.major
        if row.platform != "debian", row.platform != "ubuntu", row.platform != "fedora" {
            #expect(names.contains("zstd") == (!["7", "12"].contains(major)))
        }
        // There is no ISC client in Enterprise Linux 10 and Fedora.
        if ["10", "11"].contains(major) || row.platform == "fedora" { #expect(!names.contains("dhcp-client")) }
        if row.osvers.hasPrefix("sle") { #expect(!names.contains("dracut-network"), "SUSE's dracut holds it") }
    }

    @Test(arguments: rows) func `an exclude list leaves out what package managers cache`(row: Row) throws {
        let list = try #require(search.file(.exlist, in: .netboot, for: subject(row)))
        var path = list
        _ = path.removePrefix("/opt/xcat/share/xcat")
        let text = try Self.share.joined(path).readText()
        let lines = text.split(separator: "\n").map(String.init)
        switch row.platform {
        case "debian", "ubuntu": #expect(lines.contains("./var/cache/apt/*"))
        case "sle", "sles": #expect(lines.contains("./var/cache/zypp/*"))
        default: #expect(lines.contains("./var/cache/dnf/*") && lines.contains("./var/lib/dnf/*"))
        }
        #expect(!lines.contains { $0.hasPrefix("./var/lib/rpm") || $0.hasPrefix("./usr/lib/sysimage") })
    }

    /// One text for each thing: the names are links to it.
    @Test func `links among the shipped files stay among them and lead to files`() throws {
        var count = 0
        for tree in ["netboot", "install"] {
            try TreeWalk(Self.share.joined(tree)).run { found in
                guard found.status.kind == .symbolicLink else { return .enter }
                count += 1
                let path = Self.share.joined(tree).joined(found.path)
                let target = try path.resolved()
                #expect(target.starts(with: Self.share.joined(tree)), "\(path)")
                let text = try found.parent.linkTarget(at: found.name)
                #expect(text.first != 0x2f, "\(path) is not relative")
                if found.path.lastName.printable.hasSuffix(".postinstall") {
                    #expect(try target.status()?.permissions == 0o755)
                }
                return .enter
            }
        }
        #expect(count > 100)
    }

    @Test(arguments: ["rh", "sles"]) func `postinstall scripts leave security alone and may run twice`(
        platform: String
    ) throws {
        let script = Self.share.joined("netboot/\(platform)/compute.postinstall")
        let text = try script.readText()
        let commands = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
        for word in ["selinux", "firewalld", "setenforce", "permissive"] {
            #expect(!commands.lowercased().contains(word))
        }
    }

    @Test(.scratchDirectory) func `the postinstall of Enterprise Linux masks what nodes must not do`() throws {
        let root = Scratch.directory.joined("rootimg")
        try Scratch.write("", to: "rootimg/usr/lib/systemd/system/dnf-makecache.timer")
        try root.joined("etc").createDirectories()
        try root.joined("var").createDirectories()
        let script = Self.share.joined("netboot/rh/compute.postinstall")
        for _ in 1...2 {
            _ = try Tool(script, [Word(root), "rhels8.5.0", "x86_64", "compute"]).output()
            let mask = root.joined("etc/systemd/system/dnf-makecache.timer")
            #expect(try Tool("readlink", [Word(mask)]).output().text == "/dev/null\n")
            #expect(!root.joined("etc/systemd/system/dnf5-makecache.timer").exists)
            let usr = try root.joined("usr").status()?.modified.seconds
            for mark in ["etc/.updated", "var/.updated"] {
                #expect(try root.joined(mark).status()?.modified.seconds == usr)
            }
        }
        #expect(try Tool(script).capture().ending == .exited(2))
    }
}
