import Support
import SystemPackage
import TestSupport
import Testing

/// rmimage as people type it.
@Suite(.scratchDirectory) struct RmimageTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private let image: Word = "rhels9.0-x86_64-netboot-compute"
    private let folder = "install/netboot/rhels9.0/x86_64/compute"

    private func makeImage(_ attributes: Word...) throws {
        let words: [Word] = ["-t", "osimage", "-o", image, "provmethod=netboot", "imagetype=linux"] + attributes
        _ = try catboat.run("mkdef", words)
        for name in ["rootimg/etc/hosts", "kernel", "initrd-stateless.gz", "rootimg.cpio.gz", ".state"] {
            try Scratch.write(name, to: "\(folder)/\(name)")
        }
    }

    private func publish() throws {
        let words: [Word] = ["--rootimgdir", Word(Scratch.directory.joined(folder)), image]
        try #require(try catboat.run("image-publish", words).status == 0)
    }

    private let removed = """
        Removing directory /install/netboot/rhels9.0/x86_64/compute/rootimg
        Removing directory /tftpboot/xcat/osimage/rhels9.0-x86_64-netboot-compute
        Removing file /install/netboot/rhels9.0/x86_64/compute/initrd-stateless.gz
        Removing file /install/netboot/rhels9.0/x86_64/compute/kernel
        Removing file /install/netboot/rhels9.0/x86_64/compute/rootimg.cpio.gz
        Image files have been removed successfully from this management node.

        """

    @Test func `the files are removed, and on request the definition`() throws {
        try makeImage()
        try publish()
        #expect(try catboat("rmimage", image) == .init(status: 0, stdout: removed, stderr: ""))
        #expect(try Scratch.directory.joined(folder).directoryNames() == [".lock"])
        try makeImage()
        try publish()
        #expect(
            try catboat("rmimage", "--xcatdef", image)
                == .init(
                    status: 0,
                    stdout: removed + """
                        Removing osimage definition for \(image).
                        osimage definition for \(image) is removed successfully.

                        """, stderr: ""))
        #expect(try catboat("table-get", "osimage").stdout == "" && catboat("table-get", "linuximage").stdout == "")
        #expect(
            try catboat("rmimage", image)
                == .init(
                    status: 1, stdout: "",
                    stderr:
                        "Error: Cannot find image '\(image)' from the osimage table.\nhint: see lsdef -t osimage for the names\n"
                ))
    }

    @Test func `an image without a definition is named by its parts`() throws {
        try makeImage()
        try publish()
        try #require(try catboat("rmdef", "-t", "osimage", image).status == 0)
        #expect(
            try catboat("rmimage", "-o", "rhels9.0", "-a", "x86_64", "-p", "compute")
                == .init(status: 0, stdout: removed, stderr: ""))
        for (words, told) in [
            (["-o", "rhels9.0", "-p", "compute"], "Error: -o, -p and -a must be given together.\n"),
            (["-o", "a", "-a", "b", "-p", "c", "--xcatdef"], "Error: --xcatdef needs an image name.\n"),
            (["-o", "a", "img"], "Error: -o, -p and -a options are not allowed when a image name is specified.\n"),
            ([], ""), (["--nosuch"], ""),
        ] as [([Word], String)] {
            let result = try catboat.run("rmimage", words)
            #expect(
                result.status == 1 && result.stderr == told && result.stdout.contains("USAGE: rmimage "), "\(words)")
        }
    }

    @Test func `the root image of another osimage stays`() throws {
        try makeImage()
        func define(_ provmethod: Word) throws {
            #expect(try catboat("table-set", "osimage", "imagename=other", provmethod).status == 0)
            #expect(
                try catboat("table-set", "linuximage", "imagename=other", Word("rootimgdir=/\(folder)")).status == 0)
        }
        try define("provmethod=netboot")
        let refused = try catboat("rmimage", image)
        #expect(refused.status == 1 && refused.stderr.contains("is also the root image of other"), "\(refused)")
        #expect(Scratch.directory.joined("\(folder)/rootimg/etc/hosts").exists)
        try define("provmethod=statelite")
        #expect(try catboat("rmimage", image).status == 0)
    }

    @Test func `an image that cannot be removed is told`() throws {
        #expect(
            try catboat("mkdef", "-t", "osimage", "-o", "inst", "provmethod=install", "imagetype=linux").status == 0)
        let installed = try catboat("rmimage", "inst")
        #expect(
            installed.status == 1
                && installed.stderr.hasPrefix("Error: 'inst' has no root image. Make sure osimage.provmethod is "))
        #expect(try catboat("mkdef", "-t", "osimage", "-o", image, "provmethod=netboot", "imagetype=linux").status == 0)
        #expect(
            try catboat("rmimage", image)
                == .init(
                    status: 1, stdout: "",
                    stderr: "Error: Image directory /install/netboot/rhels9.0/x86_64/compute does not exist\n"))
    }

    @Test func `nodes that boot the image keep what they boot`() throws {
        try makeImage()
        try publish()
        #expect(try catboat("bootcfg-write", "--state", "netboot x", "--osimage", image, "cn1", "cn2").status == 0)
        let refused = try catboat("rmimage", image, "--xcatdef")
        #expect(
            refused
                == .init(
                    status: 1, stdout: "",
                    stderr: "Error: nodes boot this image: cn1,cn2\n"
                        + "hint: give them another one with nodeset, or take it from them with rmimage --force\n"))
        #expect(Scratch.directory.joined("\(folder)/rootimg/etc/hosts").exists)
        let warned = try catboat("rmimage", image)
        #expect(warned.status == 0 && !warned.stdout.contains("tftpboot"))
        #expect(
            warned.stderr
                == "Warning: nodes boot this image: cn1,cn2: what they load stays until nodeset gives them another one and rmimage runs again\n"
        )
        let boot = Scratch.directory.joined("tftpboot/xcat/osimage").joined(FilePath(bytes: image.bytes)).joined(
            "boot.ipxe")
        #expect(boot.exists && !Scratch.directory.joined("\(folder)/rootimg").exists)
        let forced = try catboat("rmimage", "-V", "--force", image)
        #expect(
            forced.status == 0
                && forced.stdout.contains("Removing directory /install/netboot/rhels9.0/x86_64/compute/.packed\n"))
        #expect(forced.stderr == "Warning: nodes boot this image: cn1,cn2: they find nothing any more\n")
        #expect(!boot.exists)
    }

    @Test func `hooks may refuse, and are told`() throws {
        try makeImage()
        let log = Scratch.directory.joined("log")
        try Scratch.write(
            "#!/bin/sh\n[ -d \(Scratch.directory)/\(folder)/rootimg ] && echo \"pre $CATBOAT_OSIMAGE\" >> \(log)\n[ ! -e \(log).veto ]\n",
            to: "install/custom/hooks/pre-rmimage", permissions: 0o755)
        try Scratch.write(
            "#!/bin/sh\necho post >> \(log)\n", to: "install/custom/hooks/post-rmimage", permissions: 0o755)
        try Scratch.write("", to: "log.veto")
        #expect(try catboat("rmimage", image).status == 1)
        #expect(Scratch.directory.joined("\(folder)/rootimg/etc/hosts").exists)
        try Scratch.directory.joined("log.veto").removeFile()
        #expect(try catboat("rmimage", image, "--xcatdef").status == 0)
        #expect(try log.readText().split(separator: "\n").map { $0.prefix { $0 != " " } } == ["pre", "pre", "post"])
        try makeImage()
        #expect(try catboat("rmimage", "--no-hooks", image).status == 0)
        #expect(try log.readText().split(separator: "\n").count == 3)
    }

    @Test func `after rmimage genimage builds anew while the former image is served`() throws {
        let site = try TinySite()
        let name = Word(TinySite.osimage)
        for verb in ["genimage", "packimage"] { try site.catboat.succeed(verb, name) }
        let served = try site.served()
        #expect(
            try site.catboat.run(
                "mkdef", ["cn1", "groups=all", "arch=x86_64", "mac=52:54:00:00:00:01", "ip=10.1.0.11", "netboot=xnba"]
            ).status == 0)
        try site.catboat.succeed("nodeset", "cn1", Word("osimage=\(TinySite.osimage)"))
        try site.catboat.succeed("rmimage", name)
        #expect(try site.served() == served)
        let unready = try site.catboat("packimage", name)
        #expect(unready.status == 1 && unready.stderr.hasPrefix("Error: root image does not exist: '"))
        for verb in ["genimage", "packimage"] { try site.catboat.succeed(verb, name) }
        #expect(try site.served().count == 3)
        try site.catboat.succeed("nodeset", "cn1", "offline")
        try site.catboat.succeed("rmimage", name, "--xcatdef")
        let gone = try site.catboat("nodeset", "cn1", Word("osimage=\(TinySite.osimage)"))
        #expect(gone.status != 0)
        #expect(try site.host("/tftpboot/xcat/osimage").directoryNames() == [])
    }
}
