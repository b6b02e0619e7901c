import Support
import SystemPackage
import TestSupport
import Testing

/// genimage's mistakes are told as xCAT tells them, and change nothing.
@Suite(.scratchDirectory) struct GenimageGoldenTests {
    @Test func `mistakes end as recorded`() throws {
        let cluster = try PeerCluster.base(in: Scratch.directory)
        #expect(try cluster.replay("mistakes/genimage.jsonl") == [])
        #expect(!Scratch.directory.joined("install/netboot").exists)
    }

    @Test func `checks of the definition name what is wrong and the remedy`() throws {
        let catboat = Catboat(root: Scratch.directory)
        func define(_ table: String, _ words: String...) throws {
            #expect(try catboat.run("table-set", [Word(table), "imagename=img"] + words.map { Word($0) }).status == 0)
        }
        func expectRefusal(
            _ text: String, hint: String, _ words: Word..., location: SourceLocation = #_sourceLocation
        ) throws {
            let result = try catboat.run("genimage", words)
            #expect(
                result
                    == Catboat.Result(
                        status: 1, stdout: "Generating image: \n", stderr: "Error: \(text)\nhint: \(hint)\n"),
                sourceLocation: location)
        }
        try define("osimage", "osvers=debian12", "osarch=x86_64", "provmethod=netboot")
        try expectRefusal(
            "osimage.osvers, osimage.osarch, osimage.profile and osimage.provmethod must be specified for the image img in the database.",
            hint: "set them with chdef -t osimage img", "img")
        try define("osimage", "profile=compute")
        try expectRefusal(
            "A .pkglist file must be specified for image 'img' in the linuximage table.",
            hint: "set it with chdef -t osimage img pkglist=FILE", "img")
        try define("linuximage", "pkglist=/install/a.pkglist", "otherpkglist=/install/b", "postinstall=/install/c x")
        let remedy = "create it, or name another file in the definition"
        try expectRefusal("The pkglist specified '/install/a.pkglist' does not exist!", hint: remedy, "img")
        try Scratch.write("bash\n", to: "install/a.pkglist")
        try expectRefusal("The otherpkglist specified '/install/b' does not exist!", hint: remedy, "img")
        try Scratch.write("x\n", to: "install/b")
        try expectRefusal("The postinstall_filename specified '/install/c' does not exist!", hint: remedy, "img")
        let both = try catboat("genimage", "-o", "debian12", "img")
        #expect(both.status == 1)
        #expect(both.stderr == "Error: -o, -p and -a options are not allowed when a image name is specified.\n")
        let none = try catboat("genimage", "-o", "debian12", "-p", "none", "-a", "x86_64")
        #expect(none.stderr.hasPrefix("Error: Unable to find file none.pkglist for debian12 x86_64.\nhint: "))
        #expect(!Scratch.directory.joined("install/netboot").exists)
    }

    @Test func `a profile without an image is defined from its files`() throws {
        let catboat = Catboat(root: Scratch.directory)
        try Scratch.write("bash\n", to: "install/custom/netboot/debian/lean.pkglist")
        try Scratch.write("./tmp/*\n", to: "install/custom/netboot/debian/lean.exlist")
        let shown = try catboat("genimage", "-o", "debian12", "-p", "lean", "-a", "x86_64", "-n", "e1000", "--dryrun")
        #expect(shown.status == 0, "\(shown.stderr)")
        let lines = shown.stdout.split(separator: "\n").map(String.init)
        let from = try #require(lines.firstIndex { $0.hasSuffix(" table-set --stdin <<'CATBOAT-EOF'") })
        let to = try #require(lines.firstIndex(of: "CATBOAT-EOF"))
        // Nothing was stored; what would be is.
        #expect(try catboat("lsdef", "-t", "osimage").stdout.contains("debian12") == false)
        let batch = lines[(from + 1)..<to].joined(separator: "\n") + "\n"
        #expect(try catboat.run("table-set", ["--stdin"], input: Array(batch.utf8)).status == 0)
        #expect(
            try catboat("lsdef", "-t", "osimage", "debian12-x86_64-netboot-lean").stdout == """
                Object name: debian12-x86_64-netboot-lean
                    exlist=/install/custom/netboot/debian/lean.exlist
                    imagetype=linux
                    netdrivers=e1000
                    osarch=x86_64
                    osdistroname=debian12-x86_64
                    osname=Linux
                    osvers=debian12
                    otherpkgdir=/install/post/otherpkgs/debian12/x86_64
                    pkgdir=/install/debian12/x86_64
                    pkglist=/install/custom/netboot/debian/lean.pkglist
                    profile=lean
                    provmethod=netboot
                    rootimgdir=/install/netboot/debian12/x86_64/lean

                """)
    }
}
