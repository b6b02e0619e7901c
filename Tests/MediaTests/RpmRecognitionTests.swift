import Support
import TestSupport
import Testing

@testable import Media

@Suite struct ELRecognitionTests {
    private static let alma = "[general]\nfamily = AlmaLinux\n"
    private static let rocky = "[general]\nfamily = Rocky Linux\n"
    private static let centos = "[general]\nfamily = CentOS\n"
    private static let computeNode = "[general]\nvariant = ComputeNode\n"

    private func identify(_ discinfo: String, _ treeInfo: String = "", _ claim: Claim = Claim()) throws -> Recognised? {
        try Recognition.identify(facts([".discinfo": discinfo, ".treeinfo": treeInfo]), claim)
    }

    @Test(arguments: [
        ("Red Hat Enterprise Linux 7.9", "", "rhels7.9"),
        ("Red Hat Enterprise Linux 8.5.0", "", "rhels8.5.0"),
        ("Red Hat Enterprise Linux 8.10.0", "", "rhels8.10.0"),
        ("Red Hat Enterprise Linux 9.4", "", "rhels9.4"),
        ("Red Hat Enterprise Linux 10.0", "", "rhels10.0"),
        ("Red Hat Enterprise Linux Alternate 7.6", "", "rhels7.6"),
        ("Red Hat Enterprise Linux Workstation 7.6", "", "rhels7.6-workstation"),
        ("Red Hat Enterprise Linux 7.2", computeNode, "rhelhpc7.2"),
        ("CentOS Linux 8.5", "", "centos8.5"),
        ("CentOS Linux 8", "", "centos8"),
        ("CentOS Stream 8", "", "centos-stream8"),
        ("CentOS Stream 9", "", "centos-stream9"),
        ("Rocky Linux 9.3", "", "rocky9.3"),
        ("AlmaLinux 8.9", "", "alma8.9"),
        ("AlmaLinux 10.0", "", "alma10.0"),
        ("Oracle Linux 9.4.0", "", "ol9.4"),
        ("Oracle Linux 8.10.0", "", "ol8.10"),
        ("Oracle Linux 9.4.1", "", "ol9.4.1"),
        ("OL-7.9 Server.x86_64", "", "ol7.9"),
        ("Fedora 34", "", "fedora34"),
        ("Fedora-41", "", "fedora41"),
        ("8.4", alma, "alma8.4"),
        ("8.4", rocky, "rocky8.4"),
        ("7.9", centos, "centos7.9"),
        ("9.1", "[release]\nname = Rocky Linux\n", "rocky9.1"),
        ("IBM_PowerKVM 2.1", "", "pkvm2.1"),
    ])
    func `the description gives the name`(description: String, treeInfo: String, name: String) throws {
        let found = try #require(try identify("1603729577.000\n\(description)\nx86_64\nALL\n", treeInfo))
        #expect(found.name == name)
        #expect(found.arch == "x86_64")
        #expect(found.disc == "ALL")
        #expect(found.family == .el)
    }

    @Test(arguments: [
        ("9.9", ""), ("9.9", "[general]\nfamily = Somebody\n"), ("Plan 9", ""), ("", ""), ("CentOS Linux", ""),
        ("Red Hat Linux 9", ""), ("Red Hat Enterprise Linux", ""),
    ])
    func `what gives no name is not recognised`(description: String, treeInfo: String) throws {
        #expect(try identify("1.0\n\(description)\nx86_64\n", treeInfo) == nil)
    }

    @Test(arguments: [
        ("x86_64", "x86_64"), ("ppc64le", "ppc64le"), ("i686", "x86"), ("i386", "x86"), ("ppc", "ppc64"),
        ("ppc64", "ppc64"), ("aarch64", "aarch64"), ("s390x", "s390x"),
    ])
    func `architectures are normalised`(native: String, arch: String) throws {
        let found = try identify("1.0\nRed Hat Enterprise Linux 8.5.0\n\(native)\n")
        #expect(found?.arch == arch && found?.nativeArch == native)
    }

    @Test(arguments: [
        ("Red Hat Enterprise Linux 8.5.0", "ALL\n", "ALL"), ("Red Hat Enterprise Linux 8.5.0", "2\n", "2"),
        ("Red Hat Enterprise Linux 8.5.0", "", "8.5.0"), ("Red Hat Enterprise Linux 8.5.0", "\n", "8.5.0"),
        ("CentOS Stream 9", "", ""), ("Fedora 34", "", ""),
    ])
    func `the fourth line is the disc, else the version stands for it`(
        description: String, line: String, disc: String
    ) throws {
        #expect(try identify("1.0\n\(description)\nx86_64\n\(line)")?.disc == disc)
    }

    @Test func `a claimed name wins, and one of another family excludes this one`() throws {
        let rocky = "1.0\nRocky Linux 9.3\nx86_64\n"
        #expect(try identify(rocky, "", Claim(name: "rocky9-mine"))?.name == "rocky9-mine")
        #expect(try identify(rocky, "", Claim(name: "SL7"))?.name == "SL7")
        for name in ["debian12", "sle15.3", "leap15.6", "Rocky9"] {
            #expect(try identify(rocky, "", Claim(name: name)) == nil, "\(name)")
        }
        // What nothing but the user can name.
        #expect(try identify("1.0\nScientific Linux\nx86_64\n", "", Claim(name: "SL7.9"))?.name == "SL7.9")
    }

    @Test func `another architecture than claimed is refused`() throws {
        #expect(
            throws: RecognitionRefusal.otherArchitecture(product: "distribution", wanted: "ppc64le", found: "x86_64")
        ) {
            try identify("1.0\nRocky Linux 9.3\nx86_64\n", "", Claim(arch: "ppc64le"))
        }
        #expect(try identify("1.0\nRocky Linux 9.3\ni686\n", "", Claim(arch: "i386"))?.arch == "x86")
    }

    @Test func `an architecture that the medium does not tell must be claimed`() throws {
        let short = "1.0\nRocky Linux 9.3\n"
        #expect(throws: RecognitionRefusal.unknownArchitecture(wanted: "<arch>")) { try identify(short) }
        #expect(try identify(short, "", Claim(arch: "aarch64"))?.arch == "aarch64")
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
        ("SUSE - SLE-15-SP3-Full-x86_64-GM-Media1", "sle15.3", "x86_64", "1"),
        ("SUSE - SLE-15-SP5-Full-aarch64-Build187.1-Media1", "sle15.5", "aarch64", "1"),
        ("SUSE - SLE-15-SP6-Full-s390x-Build187.1-Media1", "sle15.6", "s390x", "1"),
        ("SUSE - SLE-15-SP4-Online-ppc64le-Build187.1-Media1", "sle15.4", "ppc64le", "1"),
        ("SUSE - SLE-15-Installer-DVD-ppc64le-Build665.2-Media1", "sle15", "ppc64le", "1"),
        ("SUSE - SLE-15-Packages-x86_64-Build665.2-Media1", "sle15", "x86_64", "2"),
        ("SUSE - SLE-15-SP3-Full-x86_64-Build187.1-SOURCE", "sle15.3", "x86_64", "2"),
        ("SUSE - SLE-15-SP1-Installer-DVD-x86_64-Build228.2-Media2", "sle15.1", "x86_64", "installer2"),
        ("SUSE - SLE-15-SP1-Packages-x86_64-Build228.2-Media3", "sle15.1", "x86_64", "packages3"),
        ("SUSE - SLE-15-SP1-Packages-x86_64-Build228.2-SOURCE", "sle15.1", "x86_64", "packages2"),
    ])
    func `SLE 15 is known by media`(line: String, name: String, arch: String, disc: String) throws {
        let found = try #require(try Recognition.identify(facts(["media.1/media": line + "\n"]), Claim()))
        #expect([found.name, found.arch, found.disc] == [name, arch, disc])
        #expect(found.family == .sles)
        #expect(found.isFull == (line.contains("Full") && disc == "1"))
    }

    @Test func `a claimed name must be of this family`() throws {
        let media = facts(["media.1/media": "SUSE - SLE-15-SP3-Full-x86_64-Build187.1-Media\n"])
        for name in ["sles15.3", "sle15-mine", "suse15", "leap15", "leap15.3"] {
            #expect(try Recognition.identify(media, Claim(name: name))?.name == name)
        }
        for name in ["leap16.0", "leap15x", "debian12", "opensuse15"] {
            #expect(try Recognition.identify(media, Claim(name: name)) == nil, "\(name)")
        }
        #expect(throws: RecognitionRefusal.otherArchitecture(product: "SLES", wanted: "ppc64le", found: "x86_64")) {
            try Recognition.identify(media, Claim(arch: "ppc64le"))
        }
    }

    @Test(arguments: [
        "[release]\nname = openSUSE Leap\nversion = 15.6\n[general]\narch = x86_64\n",
        "[general]\nfamily = openSUSE Leap\nversion = 15.6\narch = x86_64\n",
        "[general]\nname = openSUSE Leap 15.6\nversion = 15.6\narch = x86_64\n",
    ])
    func `Leap is known by treeinfo`(treeInfo: String) throws {
        let found = try Recognition.identify(facts([".treeinfo": treeInfo]), Claim())
        #expect(found?.name == "leap15.6" && found?.arch == "x86_64" && found?.disc == "1")
    }

    @Test func `Leap without treeinfo is known by media and products`() throws {
        let found = try Recognition.identify(
            facts([
                "media.1/media": "openSUSE - openSUSE-Leap-15.5-DVD-aarch64-Build491.1-Media\n",
                "media.1/products": "/ openSUSE-Leap 15.5-1\n",
            ]), Claim())
        #expect(found?.name == "leap15.5" && found?.arch == "aarch64" && found?.disc == "1")
    }

    @Test(arguments: [
        ("VERSION 12.4-0\nDEFAULTBASE x86_64\n", 1, "SUSE-Linux-Enterprise-Server 12.4-0", "sles12.4", "x86_64", "1"),
        ("VERSION 12.5-0\nBASEARCHS i686 x86_64\n", 1, "SLES 12.5-0", "sles12.5", "x86", "1"),
        ("VERSION 12.5-0\nREPOID obsrepository://build/ppc64le\n", 2, "SLES 12", "sles12.5", "ppc64le", "2"),
        ("VERSION 12.4-0\nBASEARCHS ppc64le\n", 1, "Software-Development-Kit 12", "sles12.4", "ppc64le", "sdk3"),
        ("VERSION 12.4-0\nBASEARCHS ppc64le\n", 2, "Software-Development-Kit 12", "sles12.4", "ppc64le", "sdk2"),
        ("VERSION 11.2\nDEFAULTBASE x86_64\n", 1, "SDK 11.2", "sles11.2", "x86_64", "sdk1"),
        ("DISTRO cpe:/o:suse:sles:12:sp3,SLES 12\nDEFAULTBASE ppc\n", 1, "SLES 12", "sles12", "ppc64", "1"),
    ])
    func `SLES up to 12 is known by content and products`(
        content: String, disc: Int, products: String, name: String, arch: String, found: String
    ) throws {
        let medium = facts(["content": content, "media.\(disc)/products": "/ \(products)\n"])
        let recognised = try #require(try Recognition.identify(medium, Claim()))
        #expect([recognised.name, recognised.arch, recognised.disc] == [name, arch, found])
    }

    @Test func `content of another product is not recognised`() throws {
        let other = facts(["content": "VERSION 12.4-0\nDEFAULTBASE x86_64\n", "media.1/products": "/ Manager 3\n"])
        #expect(try Recognition.identify(other, Claim()) == nil)
    }

    @Test func `without an architecture one must be claimed`() throws {
        let media = facts(["media.1/media": "SUSE - SLE-15-SP3-Full-riscv-Build1-Media\n"])
        #expect(throws: RecognitionRefusal.unknownArchitecture(wanted: "<arch>")) {
            try Recognition.identify(media, Claim())
        }
        #expect(try Recognition.identify(media, Claim(arch: "riscv64"))?.arch == "riscv64")
    }
}
