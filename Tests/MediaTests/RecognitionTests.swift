import Support
import TestSupport
import Testing

@testable import Media

/// A medium that consists of a few texts.
func facts(_ files: [String: String]) -> MediumFacts {
    MediumFacts(
        text: { files[$0] }, has: { files[$0] != nil },
        names: { folder in
            let prefix = folder.isEmpty ? "" : folder + "/"
            let names = files.keys.filter { $0.hasPrefix(prefix) }.map {
                String($0.dropFirst(prefix.count).prefix { $0 != "/" })
            }
            return Set(names).sorted()
        })
}

@Suite struct ELRecognitionTests {
    @Test(arguments: [
        ("Red Hat Enterprise Linux 8.10.0", "", "rhels8.10.0"),
        ("Red Hat Enterprise Linux 9.4", "", "rhels9.4"),
        ("Red Hat Enterprise Linux Alternate 7.6", "", "rhels7.6"),
        ("Red Hat Enterprise Linux Workstation 7.6", "", "rhels7.6-workstation"),
        ("Red Hat Enterprise Linux 7.2", "[general]\nvariant = ComputeNode\n", "rhelhpc7.2"),
        ("CentOS Linux 8.5", "", "centos8.5"),
        ("CentOS Stream 9", "", "centos-stream9"),
        ("Rocky Linux 9.3", "", "rocky9.3"),
        ("AlmaLinux 8.9", "", "alma8.9"),
        ("Oracle Linux 9.4.0", "", "ol9.4"),
        ("OL-7.9 Server.x86_64", "", "ol7.9"),
        ("Fedora 34", "", "fedora34"),
        ("8.4", "[general]\nfamily = AlmaLinux\n", "alma8.4"),
        ("8.4", "[general]\nfamily = Rocky Linux\n", "rocky8.4"),
        ("7.9", "[general]\nfamily = CentOS\n", "centos7.9"),
        ("IBM_PowerKVM 2.1", "", "pkvm2.1"),
    ])
    func `the description gives the name`(description: String, treeInfo: String, name: String) throws {
        let facts = facts([".discinfo": "1603729577.000\n\(description)\nx86_64\nALL\n", ".treeinfo": treeInfo])
        let found = try #require(try Recognition.identify(facts, Claim()))
        #expect(found.name == name)
        #expect(found.arch == "x86_64")
        #expect(found.disc == "ALL")
        #expect(found.family == .el)
    }

    @Test(arguments: ["9.9", "Plan 9", ""])
    func `a description of no known family is not recognised`(description: String) throws {
        #expect(try Recognition.identify(facts([".discinfo": "1.0\n\(description)\nx86_64\n"]), Claim()) == nil)
    }

    @Test(arguments: [("ppc64le", "ppc64le"), ("i686", "x86"), ("ppc", "ppc64"), ("aarch64", "aarch64")])
    func `architectures are normalised`(native: String, arch: String) throws {
        let found = try Recognition.identify(
            facts([".discinfo": "1.0\nRed Hat Enterprise Linux 8.5.0\n\(native)\n"]), Claim())
        #expect(found?.arch == arch)
        #expect(found?.disc == "8.5.0", "without a fourth line the version stands for the disc")
    }

    @Test func `a claimed name wins, and one of another family excludes this one`() throws {
        let rocky = facts([".discinfo": "1.0\nRocky Linux 9.3\nx86_64\n"])
        #expect(try Recognition.identify(rocky, Claim(name: "rocky9-mine"))?.name == "rocky9-mine")
        #expect(try Recognition.identify(rocky, Claim(name: "debian12")) == nil)
    }

    @Test func `another architecture than claimed is refused`() throws {
        let rocky = facts([".discinfo": "1.0\nRocky Linux 9.3\nx86_64\n"])
        #expect(
            throws: RecognitionRefusal.otherArchitecture(product: "distribution", wanted: "ppc64le", found: "x86_64")
        ) {
            try Recognition.identify(rocky, Claim(arch: "ppc64le"))
        }
    }

    @Test func `without discinfo name and architecture must be claimed`() throws {
        #expect(try Recognition.identify(facts([:]), Claim(name: "rhels8.5.0", arch: "x86_64"))?.name == "rhels8.5.0")
        #expect(throws: RecognitionRefusal.unknownArchitecture(wanted: "<arch>")) {
            try Recognition.identify(facts([:]), Claim(name: "rhels8.5.0"))
        }
        #expect(try Recognition.identify(facts([:]), Claim()) == nil)
    }
}

@Suite struct SLESRecognitionTests {
    @Test(arguments: [
        ("SUSE - SLE-15-SP3-Full-x86_64-Build187.1-Media", "sle15.3", "x86_64", "1"),
        ("SUSE - SLE-15-SP5-Full-aarch64-Build187.1-Media1", "sle15.5", "aarch64", "1"),
        ("SUSE - SLE-15-Installer-DVD-ppc64le-Build665.2-Media1", "sle15", "ppc64le", "1"),
        ("SUSE - SLE-15-Packages-x86_64-Build665.2-Media1", "sle15", "x86_64", "2"),
        ("SUSE - SLE-15-SP1-Installer-DVD-x86_64-Build228.2-Media2", "sle15.1", "x86_64", "installer2"),
        ("SUSE - SLE-15-SP1-Packages-x86_64-Build228.2-Media3", "sle15.1", "x86_64", "packages3"),
    ])
    func `SLE 15 is known by media`(line: String, name: String, arch: String, disc: String) throws {
        let found = try #require(try Recognition.identify(facts(["media.1/media": line + "\n"]), Claim()))
        #expect([found.name, found.arch, found.disc] == [name, arch, disc])
        #expect(found.family == .sles)
    }

    @Test func `Leap is known by treeinfo`() throws {
        let treeInfo = "[release]\nname = openSUSE Leap\nversion = 15.6\n[general]\narch = x86_64\n"
        let found = try Recognition.identify(facts([".treeinfo": treeInfo]), Claim())
        #expect(found?.name == "leap15.6" && found?.arch == "x86_64" && found?.disc == "1")
    }

    @Test func `SLES 12 is known by content and products`() throws {
        let server = [
            "content": "VERSION 12.4-0\nDEFAULTBASE x86_64\n",
            "media.1/products": "/ SUSE-Linux-Enterprise-Server 12.4-0\n",
        ]
        let found = try Recognition.identify(facts(server), Claim())
        #expect(found?.name == "sles12.4" && found?.arch == "x86_64" && found?.disc == "1")
        let kit = [
            "content": "VERSION 12.4-0\nBASEARCHS ppc64le\n", "media.1/products": "/ Software-Development-Kit 12\n",
        ]
        let other = try Recognition.identify(facts(kit), Claim())
        #expect(other?.disc == "sdk3" && other?.arch == "ppc64le")
    }

    @Test func `without an architecture one must be claimed`() throws {
        let media = facts(["media.1/media": "SUSE - SLE-15-SP3-Full-riscv-Build1-Media\n"])
        #expect(throws: RecognitionRefusal.unknownArchitecture(wanted: "<arch>")) {
            try Recognition.identify(media, Claim())
        }
        #expect(try Recognition.identify(media, Claim(arch: "riscv64"))?.arch == "riscv64")
    }
}

@Suite struct DebianRecognitionTests {
    @Test(arguments: [
        (
            "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 DVD Binary-1 with firmware 20240210-11:28",
            "debian12.5.0", "x86_64", "amd64", "Binary-1"
        ),
        (
            "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 NETINST with firmware 20240210-11:27",
            "debian12.5.0", "x86_64", "amd64", ""
        ),
        (
            "Debian GNU/Linux testing \"Trixie\" - Official Snapshot arm64 NETINST 20240210-11:27",
            "debiantesting", "arm64", "arm64", ""
        ),
        (
            "Debian GNU/Linux 11.9.0 \"Bullseye\" - Official i386 DVD Binary-2 20240210-11:28",
            "debian11.9.0", "x86", "i386", "Binary-2"
        ),
        (
            "Ubuntu-Server 22.04.3 LTS \"Jammy Jellyfish\" - Release amd64 (20230810)", "ubuntu22.04.3", "x86_64",
            "amd64", ""
        ),
        (
            "Ubuntu-Server 23.10 \"Mantic Minotaur\" - Release ppc64el (20231011)", "ubuntu23.10", "ppc64el", "ppc64el",
            ""
        ),
        ("Ubuntu 20.04.6 LTS \"Focal Fossa\" - Release arm64 (20230316)", "ubuntu20.04.6", "arm64", "arm64", ""),
    ])
    func `the line of disk info gives everything`(
        line: String, name: String, arch: String, native: String, disc: String
    ) throws {
        let found = try #require(try Recognition.identify(facts([".disk/info": line]), Claim()))
        #expect([found.name, found.arch, found.nativeArch, found.disc] == [name, arch, native, disc])
        #expect(found.family == .debian)
        #expect(found.isNetinst == line.contains("NETINST"))
    }

    private let bookworm = [
        ".disk/info": "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 DVD Binary-1 x",
        "dists/bookworm/Release": "Codename: bookworm\nComponents: main contrib\n",
    ]

    @Test func `codename and components come from the Release file`() throws {
        let found = try Recognition.identify(facts(bookworm), Claim())
        #expect(found?.codename == "bookworm")
        #expect(found?.components == ["main", "contrib"])
    }

    @Test func `both spellings of the architecture may be claimed and are kept`() throws {
        #expect(try Recognition.identify(facts(bookworm), Claim(arch: "x86_64"))?.arch == "x86_64")
        #expect(try Recognition.identify(facts(bookworm), Claim(arch: "amd64"))?.arch == "amd64")
        #expect(throws: RecognitionRefusal.otherArchitecture(product: "Debian", wanted: "ppc64", found: "x86_64")) {
            try Recognition.identify(facts(bookworm), Claim(arch: "ppc64"))
        }
    }

    @Test func `a name of another family is not this medium`() throws {
        #expect(try Recognition.identify(facts(bookworm), Claim(name: "Debian-mine"))?.name == "Debian-mine")
        #expect(try Recognition.identify(facts(bookworm), Claim(name: "nosuchos")) == nil)
    }

    @Test(arguments: ["../../etc", "a/b", "", "-x", "12\u{1b}[2J"])
    func `a name that is no folder name is refused`(version: String) throws {
        let medium = facts([".disk/info": "Debian GNU/Linux \(version) \"X\" - Official amd64 DVD Binary-1"])
        let found = try? Recognition.identify(medium, Claim())
        #expect(found == nil || found?.name == "debian-x")
        #expect(throws: RecognitionRefusal.unsafeName("debian/../x")) {
            try Recognition.identify(facts(bookworm), Claim(name: "debian/../x"))
        }
    }

    @Test func `live and legacy media are told apart`() throws {
        var files = [".disk/info": "Ubuntu-Server 20.04.6 LTS \"Focal Fossa\" - Release amd64 (20230316)"]
        files["install/vmlinuz"] = ""
        #expect(try Recognition.identify(facts(files), Claim())?.isLegacy == true)
        files["casper/filesystem.squashfs"] = ""
        #expect(try Recognition.identify(facts(files), Claim())?.isLive == true)
    }
}
