import Support
import SystemPackage
import TestSupport
import Testing

@testable import Media

#if canImport(Glibc)
    import Glibc
#endif

/// copycds with media of Enterprise Linux and SUSE.
@Suite(.scratchDirectory) struct CopycdsRpmTests {
    private var root: FilePath { Scratch.directory.joined("site") }

    private func site() throws -> Catboat {
        try root.createDirectories()
        return Catboat(root: root)
    }

    /// A medium that consists of a few texts.
    private func folder(_ name: String, _ files: [String: String]) throws -> FilePath {
        for (path, text) in files { try Scratch.write(text, to: "\(name)/\(path)") }
        return Scratch.directory.joined(name)
    }

    private func names(_ folder: String) throws -> [String] {
        try root.joined(folder).directoryNames().map(\.printable)
    }

    private func link(_ path: String) throws -> String {
        String(try Tool("readlink", [Word(root.joined(path))]).output().text.dropLast())
    }

    @Test(arguments: [
        ("1634111543.317017\nRed Hat Enterprise Linux 8.5.0\nppc64le\n", "", "rhels8.5.0\nARCH:ppc64le\nDISCNO:8.5.0"),
        ("1634111543.317017\nRed Hat Enterprise Linux 9.4\nx86_64\n1\n", "", "rhels9.4\nARCH:x86_64\nDISCNO:1"),
        ("1.0\nCentOS Stream 9\naarch64\n", "", "centos-stream9\nARCH:aarch64"),
        ("1.0\n8.4\nx86_64\nALL\n", "[general]\nfamily = AlmaLinux\n", "alma8.4\nARCH:x86_64\nDISCNO:ALL"),
        ("1.0\nOL-7.9 Server.x86_64\nx86_64\n", "", "ol7.9\nARCH:x86_64\nDISCNO:7.9"),
    ])
    func `inspection tells the disc of Enterprise Linux when there is one`(
        discinfo: String, treeInfo: String, told: String
    ) throws {
        let medium = try folder("medium", [".discinfo": discinfo, ".treeinfo": treeInfo])
        let result = try site()("copycds", "-i", Word(medium))
        #expect(
            result == .init(status: 0, stdout: "OS Image:\(medium)\nDISTNAME:\(told)\n\n", stderr: ""))
    }

    @Test func `inspection of SLES prints all lines, and warns of what it ignores`() throws {
        let medium = try folder("medium", ["media.1/media": "SUSE - SLE-15-SP3-Full-x86_64-Build187.1-Media\n"])
        let result = try site()("copycds", "-i", "-n", "x", "-a", "ppc64le", Word(medium))
        #expect(result.status == 0)
        #expect(result.stdout == "OS Image:\(medium)\nDISTNAME:sle15.3\nARCH:x86_64\nDISCNO:1\n\n")
        #expect(result.stderr.split(separator: "\n").count == 2)
    }

    @Test func `a tree of metadata gives the osimages of the documents`() throws {
        let catboat = try site()
        let medium = try folder("rhel", [".discinfo": "1634111543.317017\nRed Hat Enterprise Linux 8.5.0\nppc64le\n"])
        let copied = try catboat("copycds", Word(medium))
        #expect(
            copied
                == .init(
                    status: 0,
                    stdout: "Copying media to /install/rhels8.5.0/ppc64le\nMedia copy operation successful\n",
                    stderr: "The medium is not signed; it has no checksums to check its files by.\n"))
        let listed = try catboat("lsdef", "-t", "osimage")
        #expect(
            listed
                == .init(
                    status: 0,
                    stdout: """
                        rhels8.5.0-ppc64le-install-compute  (osimage)
                        rhels8.5.0-ppc64le-install-service  (osimage)
                        rhels8.5.0-ppc64le-netboot-compute  (osimage)
                        rhels8.5.0-ppc64le-statelite-compute  (osimage)

                        """, stderr: ""))
        let share = "/opt/xcat/share/xcat"
        let shown = try catboat("lsdef", "-t", "osimage", "rhels8.5.0-ppc64le-netboot-compute").stdout
        #expect(
            shown == """
                Object name: rhels8.5.0-ppc64le-netboot-compute
                    addkcmdline=quiet
                    exlist=\(share)/netboot/rh/compute.rhels8.ppc64le.exlist
                    imagetype=linux
                    osarch=ppc64le
                    osdistroname=rhels8.5.0-ppc64le
                    osname=Linux
                    osvers=rhels8.5.0
                    otherpkgdir=/install/post/otherpkgs/rhels8.5.0/ppc64le
                    pkgdir=/install/rhels8.5.0/ppc64le
                    pkglist=\(share)/netboot/rh/compute.rhels8.ppc64le.pkglist
                    postinstall=\(share)/netboot/rh/compute.rhels8.ppc64le.postinstall
                    profile=compute
                    provmethod=netboot
                    rootimgdir=/install/netboot/rhels8.5.0/ppc64le/compute

                """)
        let installed = try catboat("lsdef", "-t", "osimage", "rhels8.5.0-ppc64le-install-service", "-i", "template")
            .stdout
        #expect(installed.contains("template=\(share)/install/rh/service.rhels8.tmpl\n"))
        let expanded = try catboat(
            "pkglist-expand", Word(Catboat.projectFolder.joined("share/netboot/rh/compute.rhels8.ppc64le.pkglist")))
        #expect(expanded.status == 0 && expanded.stdout.contains("lsvpd") && expanded.stdout.contains("kernel"))
    }

    @Test func `a site may ask for its architectures, and for media that osimages can be made of`() throws {
        let catboat = try site()
        let rocky = try folder("rocky", [".discinfo": "1.0\nRocky Linux 9.3\nx86_64\n"])
        let power = try folder("power", [".discinfo": "1.0\nIBM_PowerKVM 2.1\nppc64le\n"])
        try catboat.succeed("table-set", "site", "key=onlysupportarchs", "value=ppc64le, aarch64")
        let refused = try catboat("copycds", Word(rocky))
        #expect(refused == .init(status: 2, stdout: "", stderr: "Error: x86_64 is unsupported by this system\n"))
        try catboat.succeed("table-set", "site", "key=osimagerequired", "value=1")
        let unknown = try catboat("copycds", Word(power))
        #expect(
            unknown == .init(status: 2, stdout: "", stderr: "Error: No Templates found to support pkvm2.1(ppc64le)\n"))
        #expect(try !root.joined("install").exists || names("install").isEmpty)
        try catboat.succeed("table-set", "site", "key=onlysupportarchs", "value=")
        try catboat.succeed("copycds", Word(rocky))
    }

    @Test func `discs of Enterprise Linux are laid one over the other`() throws {
        let catboat = try site()
        let first = try folder(
            "one", [".discinfo": "1.0\nCentOS Linux 7.9\nx86_64\n1\n", "Packages/a.rpm": "a", "isolinux/x": "1"])
        let second = try folder(
            "two", [".discinfo": "1.0\nCentOS Linux 7.9\nx86_64\n2\n", "Packages/b.rpm": "b", "isolinux/x": "2"])
        try catboat.succeed("copycds", Word(first), Word(second))
        #expect(try names("install/centos7.9/x86_64/Packages") == ["a.rpm", "b.rpm"])
        #expect(try root.joined("install/centos7.9/x86_64/isolinux/x").readText() == "2")
        let marker = try #require(CopyMarker.read(root.joined("install/centos7.9/x86_64")))
        #expect(marker.media.map(\.disc) == ["1", "2"])
        let rows = try catboat.succeed("lsdef", "-t", "osdistro", "-i", "dirpaths").stdout
        #expect(rows.contains("dirpaths=/install/centos7.9/x86_64\n"))
        // -w knows both.
        for medium in [first, second] {
            #expect(
                try catboat.succeed("copycds", "-w", Word(medium)).stdout
                    == "The disc iso has already been copied in!\n")
        }
    }

    private func sles(_ name: String, _ kind: String) throws -> FilePath {
        try folder(name, ["media.1/media": "SUSE - SLE-15-SP1-\(kind)-Media1\n", "what": kind])
    }

    @Test func `discs of SLES go to numbered folders`() throws {
        let catboat = try site()
        let installer = try sles("a", "Installer-DVD-x86_64-Build228.2")
        let packages = try sles("b", "Packages-x86_64-Build228.2")
        try catboat.succeed("copycds", Word(installer), Word(packages))
        #expect(try names("install/sle15.1/x86_64") == ["1", "2"])
        #expect(try root.joined("install/sle15.1/x86_64/2/what").readText().hasPrefix("Packages"))
        #expect(try root.joined("install/sle15.1/x86_64/2").status()?.kind == .directory)
        let rows = try catboat.succeed("lsdef", "-t", "osdistro", "-i", "dirpaths").stdout
        #expect(rows.contains("dirpaths=/install/sle15.1/x86_64\n"))
    }

    @Test func `the Full medium of SLES is both discs, until the other one comes by itself`() throws {
        let catboat = try site()
        try catboat.succeed("copycds", Word(try sles("full", "Full-x86_64-Build1")))
        #expect(try link("install/sle15.1/x86_64/2") == "1")
        try catboat.succeed("copycds", Word(try sles("full", "Full-x86_64-Build1")))
        #expect(try link("install/sle15.1/x86_64/2") == "1")
        try catboat.succeed("copycds", Word(try sles("b", "Packages-x86_64-Build1")))
        #expect(try root.joined("install/sle15.1/x86_64/1/what").readText().hasPrefix("Full"))
        #expect(try root.joined("install/sle15.1/x86_64/2/what").readText().hasPrefix("Packages"))
    }

    @Test func `SLES elsewhere is linked from its usual place`() throws {
        let catboat = try site()
        try catboat.succeed("copycds", "-p", "/big/sles", Word(try sles("full", "Full-x86_64-Build1")))
        #expect(try names("big/sles") == ["1", "2"])
        #expect(try link("big/sles/2") == "1")
        for disc in ["1", "2"] {
            #expect(try link("install/sle15.1/x86_64/\(disc)") == "../../../big/sles/1")
            #expect(try root.joined("install/sle15.1/x86_64/\(disc)/what").readText().hasPrefix("Full"))
        }
        let shown = try catboat.succeed("lsdef", "-t", "osimage", "sle15.1-x86_64-netboot-compute", "-i", "pkgdir")
            .stdout
        #expect(shown.contains("pkgdir=/big/sles\n"))
        // A folder in the way is not replaced.
        try root.joined("install/sle15.1/x86_64/1").removeFile()
        try root.joined("install/sle15.1/x86_64/1").createDirectories()
        let again = try catboat("copycds", "-p", "/big/sles", Word(Scratch.directory.joined("full")))
        #expect(again.status == 1)
        #expect(again.stderr.contains("a link to the copy cannot be made: the name is taken"))
    }

    @Test func `keys of the medium stay with it, and the host's key rings are not touched`() throws {
        let catboat = try site()
        let medium = try TinyMedium.makeRPM("tiny", "--sign")
        var tool = catboat.tool("copycds", [Word(medium)])
        let home = Scratch.directory.joined("home")
        try home.createDirectories()
        tool.environment["HOME"] = Word(home)
        let before = try hostKeys()
        #expect(try tool.capture().ending.isSuccess)
        #expect(try hostKeys() == before)
        #expect(try home.directoryNames().isEmpty, "neither rpm nor gpg kept anything")
        #expect(!root.joined("install/custom/keys").exists, "a key on the medium is not trusted for that")
        let copied = root.joined("install/rhels8.5.0/x86_64")
        for key in ["RPM-GPG-KEY-redhat-release", "BaseOS/repodata/repomd.xml.key"] {
            #expect(
                try copied.joined(FilePath(key)).readBytes() == Scratch.directory.joined("tiny.key.asc").readBytes())
        }
    }

    /// The keys that rpm trusts, where it looks for them on Debian and elsewhere.
    private func hostKeys() throws -> [String] {
        try [[], ["--dbpath", "/var/lib/rpm"]].map { place in
            try Tool("rpm", place + ["-qa", "gpg-pubkey*"]).output().text
        }
    }

    @Test func `who signed the lists of a medium is told`() throws {
        let catboat = try site()
        let medium = try TinyMedium.makeRPM("tiny.iso", "--sign", "--layout", "sles")
        let first = try catboat("copycds", Word(medium))
        #expect(first.status == 0)
        #expect(first.stderr.hasPrefix("Warning: The medium is signed by "))
        #expect(first.stderr.contains("a key that is not trusted here; its files were checked by CHECKSUMS, "))
        #expect(first.stderr.contains("then: copycds --key /install/sle15.3/x86_64/1/"))
        let again = try catboat("copycds", "--key", Word(Scratch.directory.joined("tiny.iso.key.asc")), Word(medium))
        #expect(again.status == 0)
        #expect(
            again.stderr.contains("a key of /install/custom/keys/tiny.iso.key.asc")
                || again.stderr.contains("a key of \(root)/install/custom/keys"))
    }
}

/// Every file of a repository is checked: repomd.xml names the list of packages, and that their sums.
@Suite(.scratchDirectory) struct RpmChecksumTests {
    @Test(arguments: ["el", "sles"]) func `a whole medium has all packages checked`(layout: String) throws {
        let medium = try TinyMedium.makeRPM("tiny.iso", "--layout", Word(layout))
        let summary = try MediumCopy(medium).run(to: Scratch.directory.joined("copy"))
        #expect(summary.state == .copied)
        // What says what the medium is, its key and the like; no package among them.
        #expect(summary.unchecked < 8)
        let lists = ["BaseOS/repodata/repomd.xml", "Module-Basesystem/repodata/repomd.xml"]
        #expect(summary.checkedBy.contains { lists.contains($0) })
    }

    @Test(arguments: [
        ("rpm", "file does not match AppStream/repodata/"),
        ("primary", "file does not match AppStream/repodata/repomd.xml"),
        ("repomd", "file does not match .treeinfo"),
        ("missing", "file is missing on the medium, but AppStream/repodata/"),
    ])
    func `damage anywhere stops the copy and nothing is listed`(what: String, told: String) throws {
        let root = Scratch.directory.joined("site")
        try root.createDirectories()
        let catboat = Catboat(root: root)
        let medium = try TinyMedium.makeRPM("tiny.iso", "--tamper", Word(what))
        let result = try catboat("copycds", Word(medium))
        #expect(result.status == 1)
        #expect(result.stderr.contains(told), "\(result.stderr)")
        #expect(!root.joined("install/rhels8.5.0/x86_64").exists)
        #expect(try catboat.succeed("lsdef", "-t", "osimage").stdout.contains("rhels8.5.0") == false)
    }

    @Test func `a package of SLES that was changed is found`() throws {
        let medium = try TinyMedium.makeRPM("tiny", "--layout", "sles", "--tamper", "rpm")
        let error = try #require(throws: CopyError.self) {
            try MediumCopy(medium).run(to: Scratch.directory.joined("copy"))
        }
        guard case .mismatch(let path, _, _, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(path.lastName.printable.hasPrefix("tiny-hello-"))
    }
}
