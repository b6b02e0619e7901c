import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Media with the options that a test wants; `TinyMedium` of this target is one medium for all.
private typealias HandMade = TestSupport.TinyMedium

/// copycds as an administrator uses it, on the tiny medium.
@Suite(.scratchDirectory) struct ImportTests {
    private var root: FilePath { Scratch.directory.joined("root") }
    private var catboat: Catboat { Catboat(root: root) }
    private let image: Word = "debian12.99.0-x86_64-netboot-compute"

    init() throws { try root.createDirectories() }

    private func column(_ name: String) throws -> String {
        let result = try catboat("table-get", "linuximage", image, "-c", Word(name))
        return result.stdout.split(separator: "\n").first.map(String.init) ?? ""
    }

    @Test func `importing again keeps what was changed by hand and fills what is empty`() throws {
        let medium = try HandMade.make("tiny.iso")
        #expect(try catboat("copycds", Word(medium)).status == 0)
        let exlist = try column("exlist")
        #expect(exlist == "/opt/xcat/share/xcat/netboot/debian/compute.exlist")
        _ = try catboat(
            "table-set", "linuximage", "imagename=\(image)", "pkglist=/install/custom/mine.pkglist", "exlist=",
            "addkcmdline=console=ttyS0", "kernelver=6.1")
        #expect(try catboat("copycds", Word(medium)).status == 0)
        #expect(try column("pkglist") == "/install/custom/mine.pkglist")
        #expect(try column("exlist") == exlist)
        #expect(try column("addkcmdline") == "console=ttyS0")

        #expect(try catboat("copycds", "--reset", Word(medium)).status == 0)
        #expect(try column("pkglist") == "/opt/xcat/share/xcat/netboot/debian/compute.pkglist")
        #expect(try column("kernelver") == "6.1", "copycds does not set this column")
        #expect(try column("addkcmdline") == "console=ttyS0", "nor this one of an image that is there")
    }

    @Test func `files of the site are found first`() throws {
        try Scratch.write("tiny-hello\n", to: "root/install/custom/netboot/debian/compute.pkglist")
        let medium = try HandMade.make("tiny")
        #expect(try catboat("copycds", Word(medium)).status == 0)
        #expect(try column("pkglist") == "/install/custom/netboot/debian/compute.pkglist")
    }

    @Test func `a key that only the medium has is told, and trusted when the administrator says so`() throws {
        let medium = try HandMade.make("tiny", "--sign")
        let first = try catboat("copycds", Word(medium))
        #expect(first.status == 0)
        let lines = first.stderr.split(separator: "\n")
        try #require(lines.count == 2, "\(first.stderr)")
        let fingerprint = lines[0].dropFirst("Warning: The medium is signed by ".count).prefix(40)
        #expect(fingerprint.allSatisfy { $0.isHexDigit })
        #expect(
            lines[0] == "Warning: The medium is signed by \(fingerprint), a key that is not trusted here; "
                + "its files were checked by md5sum.txt.")
        #expect(
            lines[1] == "hint: compare the fingerprint with the one its publisher gives, then: "
                + "copycds --key /install/debian12.99.0/x86_64/tiny-key.asc")

        let key = Scratch.directory.joined("tiny.key.asc")
        let kept = try catboat("copycds", "--key", Word(key))
        #expect(kept.status == 0)
        #expect(root.joined("install/custom/keys/tiny.key.asc").isRegularFile)
        let second = try catboat("copycds", Word(medium))
        #expect(
            second.stderr == "The medium is signed by \(fingerprint), "
                + "a key of \(root)/install/custom/keys/tiny.key.asc.\n")
    }

    @Test(arguments: [
        ("deb", "does not match md5sum.txt"), ("missing", "is missing on the medium, but md5sum.txt lists it"),
        ("packages", "does not match dists/bookworm/Release"), ("release", "signature is wrong: it claims key"),
    ])
    func `a medium that was tampered with is not listed`(what: String, reason: String) throws {
        let medium = try HandMade.make("tiny.iso", "--sign", "--tamper", Word(what))
        let result = try catboat("copycds", Word(medium))
        #expect(result.status == 1)
        #expect(result.stdout == "Copying media to /install/debian12.99.0/x86_64\n")
        #expect(result.stderr.hasPrefix("media-copy: error: "))
        #expect(result.stderr.contains(reason), "\(result.stderr)")
        #expect(result.stderr.hasSuffix("Error: Media copy operation failed, status 128\n"))
        #expect(try catboat("lsdef", "-t", "osimage").stdout.contains("debian") == false)
        #expect(!root.joined("install/debian12.99.0/x86_64").exists)
    }

    @Test func `several media are taken in order and the first failure ends it`() throws {
        let first = try HandMade.make("first.iso")
        let text = try Scratch.write("no medium\n", to: "text")
        let last = try HandMade.make("last", "--version", "12.100.0")
        let result = try catboat("copycds", Word(first), Word(text), Word(last))
        #expect(result.status == 1)
        let distributions = try catboat("table-get", "osdistro", "-c", "osdistroname")
        #expect(distributions.stdout == "debian12.99.0-x86_64\n")
        #expect(try catboat("copycds", Word(first), Word(last)).status == 0)
        #expect(try catboat("table-get", "osdistro", "-c", "osdistroname").stdout.contains("debian12.100.0-x86_64"))
    }

    @Test func `a place of its own is told when the web server may not show it`() throws {
        let medium = try HandMade.make("tiny")
        let outside = try catboat("copycds", "-p", "/srv/media", Word(medium))
        #expect(outside.status == 0)
        #expect(
            outside.stderr.hasPrefix(
                "Warning: copycds: the specified path \"/srv/media\" is not a subdirectory under /install. "))
        #expect(outside.stdout.hasPrefix("Copying media to /srv/media\n"))
        #expect(root.joined("srv/media/.disk/info").isRegularFile)
        #expect(try column("pkgdir") == "/srv/media")
        let again = try catboat("copycds", "-w", Word(medium))
        #expect(again.stdout == "The disc iso has already been copied in!\n")
        #expect(again.status == 0)
    }

    @Test func `two imports at once lose nothing`() throws {
        let media = try (1...3).map { try HandMade.make("tiny\($0)", "--version", "12.9\($0).0") }
        let running = try media.map { try catboat.tool("copycds", [Word($0)]).start(output: .null) }
        for tool in running { #expect(try tool.wait().isSuccess) }
        let images = try catboat("lsdef", "-t", "osimage").stdout
        for number in 1...3 { #expect(images.contains("debian12.9\(number).0-x86_64-netboot-compute  (osimage)")) }
    }

    @Test(arguments: [5, 60, 150, 400]) func `an import that was killed is taken up by the next`(delay: Int) throws {
        let medium = try HandMade.make("tiny.iso", "--bulk", "8")
        var tool = catboat.tool("copycds", [Word(medium)])
        tool.hasOwnGroup = true
        let running = try tool.start(output: .null, errors: .null)
        usleep(UInt32(delay) * 1000)
        running.signalGroup(SIGKILL)
        _ = try running.wait()
        let listed = try catboat("lsdef", "-t", "osimage").stdout.contains("debian12.99.0")
        if listed { #expect(root.joined("install/debian12.99.0/x86_64/.catboat-media.json").exists) }
        #expect(try catboat("copycds", Word(medium)).status == 0)
        #expect(try catboat("lsdef", "-t", "osimage").stdout.contains("\(image)  (osimage)\n"))
        let folder = root.joined("install/debian12.99.0")
        #expect(try folder.directoryNames() == ["x86_64"])
        var sums = Tool("md5sum", ["--check", "--quiet", "md5sum.txt"])
        sums.directory = folder.joined("x86_64")
        #expect(try sums.capture().ending.isSuccess)
    }

    @Test func `Enterprise Linux and SLES are told by their own files`() throws {
        try Scratch.write("1.0\nRed Hat Enterprise Linux 8.5.0\nppc64le\n", to: "el/.discinfo")
        try Scratch.write("SUSE - SLE-15-SP3-Full-x86_64-Build187.1-Media\n", to: "sles/media.1/media")
        let (el, sles) = (Scratch.directory.joined("el"), Scratch.directory.joined("sles"))
        let result = try catboat("copycds", "-i", Word(el), Word(sles))
        #expect(
            result.stdout == """
                OS Image:\(el)
                DISTNAME:rhels8.5.0
                ARCH:ppc64le
                DISCNO:8.5.0

                OS Image:\(sles)
                DISTNAME:sle15.3
                ARCH:x86_64
                DISCNO:1


                """)
        #expect(try catboat("copycds", Word(el), Word(sles)).status == 0)
        #expect(root.joined("install/rhels8.5.0/ppc64le/.discinfo").isRegularFile)
        #expect(root.joined("install/sle15.3/x86_64/1/media.1/media").isRegularFile)
        let rows = try catboat("table-get", "osdistro", "-c", "osdistroname,dirpaths").stdout
        #expect(rows == "rhels8.5.0-ppc64le\t/install/rhels8.5.0/ppc64le\nsle15.3-x86_64\t/install/sle15.3/x86_64\n")
    }
}
