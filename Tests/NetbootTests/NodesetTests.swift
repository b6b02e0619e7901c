import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// nodeset and bootcfg-write as processes, on a small site.
@Suite(.scratchDirectory) struct NodesetTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private var nodes: FilePath { Scratch.directory.joined("tftpboot/xcat/xnba/nodes") }

    private static let definitions = """
        set\tosimage\timagename=img\t:\timagetype=linux\tprovmethod=netboot\tosvers=debian12.5.0\tosarch=x86_64\tprofile=compute
        set\tosimage\timagename=disk\t:\timagetype=linux\tprovmethod=install\tosvers=debian12.5.0\tosarch=x86_64\tprofile=compute
        set\tosimage\timagename=none\t:\timagetype=linux\tosvers=debian12.5.0
        set\tnodelist\tnode=n1\t:\tgroups=all
        set\tnodelist\tnode=n2\t:\tgroups=all
        set\tnodelist\tnode=n3\t:\tgroups=other
        set\thosts\tnode=n1\t:\tip=10.0.2.11
        set\thosts\tnode=n2\t:\tip=10.0.2.12
        set\thosts\tnode=n3\t:\tip=10.0.2.13
        set\tmac\tnode=n1\t:\tmac=52:54:00:00:00:01
        set\tmac\tnode=n3\t:\tmac=52:54:00:00:00:03
        set\tnoderes\tnode=n3\t:\tnetboot=petitboot
        set\tnodehm\tnode=n1\t:\tserialport=0\tserialspeed=115200\tserialflow=hard
        set\tsite\tkey=httpport\t:\tvalue=8080

        """

    private func defineSite() throws {
        try #require(try catboat("table-set", "--stdin", input: Self.definitions).status == 0)
    }

    private func packImage() throws {
        for (name, text) in [("kernel", "k"), ("initrd-stateless.gz", "i"), ("rootimg.cpio.gz", "r")] {
            try Scratch.write(text, to: "install/netboot/debian12.5.0/x86_64/compute/\(name)")
        }
    }

    @Test func `a node gets the image, its tables say so, and stat shows it`() throws {
        try defineSite()
        try packImage()
        let result = try catboat("nodeset", "n1", "osimage=img")
        #expect(result == .init(status: 0, stdout: "n1: netboot debian12.5.0-x86_64-compute\n", stderr: ""))
        let text = try nodes.joined("n1").readText()
        #expect(
            text == """
                #!gpxe
                #netboot debian12.5.0-x86_64-compute
                set catboat_loader http://${next-server}:8080
                set catboat_image http://${next-server}:8080
                set catboat_arguments XCAT=${next-server}:3001 NODE=n1 FC=0 XCATHTTPPORT=8080 console=tty0 console=ttyS0,115200n8r quiet
                chain http://${next-server}:8080/tftpboot/xcat/osimage/img/boot.ipxe

                """)
        #expect(try catboat("nodeset", "n1", "stat").stdout == "n1: netboot debian12.5.0-x86_64-compute\n")
        #expect(
            try catboat("lsdef", "n1", "-i", "provmethod,os,arch,profile,currstate").stdout.contains("provmethod=img"))
        // Once known, the image need not be named again.
        #expect(try catboat("nodeset", "n1", "osimage").stdout == "n1: netboot debian12.5.0-x86_64-compute\n")
    }

    @Test func `rmdef -C takes away what the nodes boot, unless a hook refuses`() throws {
        try defineSite()
        try packImage()
        try catboat("nodeset", "n1", "osimage=img")
        let hook = try Scratch.write("#!/bin/sh\nexit 1\n", to: "install/custom/hooks/pre-rmdef")
        try hook.changePermissions(0o755)
        #expect(try catboat("rmdef", "-C", "n1").status == 1)
        #expect(nodes.joined("n1").exists)
        try hook.removeFile()
        let removed = try catboat("rmdef", "-C", "n1,n2")
        #expect(removed == .init(status: 0, stdout: "2 object definitions have been removed.\n", stderr: ""))
        #expect(!nodes.joined("n1").exists)
    }

    @Test func `what another tool packed is published first`() throws {
        try defineSite()
        try packImage()
        try catboat("nodeset", "n1", "osimage=img")
        let boot = try Scratch.directory.joined("tftpboot/xcat/osimage/img/boot.ipxe").readText()
        #expect(boot.contains("imgsum=\(Digest.of("r".utf8)) "))
    }

    @Test func `nodes that cannot be set are named and the others are set`() throws {
        try defineSite()
        try packImage()
        let result = try catboat("nodeset", "n1-n3", "osimage=img")
        #expect(result.status == 1)
        #expect(result.stdout == "n1: netboot debian12.5.0-x86_64-compute\n")
        let lines = result.stderr.split(separator: "\n")
        try #require(lines.count == 4, "\(result.stderr)")
        #expect(lines[0] == "n2: Error: No MAC address available for this node")
        #expect(lines[1] == "n3: Error: netboot method 'petitboot' is not supported yet: set netboot=xnba")
        #expect(lines[2].hasPrefix("Error: Failed to generate xnba configurations for some node(s) on "))
        #expect(lines[3].hasPrefix("Error: Failed to generate petitboot configurations for some node(s) on "))
        #expect(try nodes.directoryNames() == ["n1", "n1.uefi"])
    }

    @Test func `an image without a kernel is refused in xCAT's words, and nothing changes`() throws {
        try defineSite()
        let result = try catboat("nodeset", "n1", "osimage=img")
        #expect(result.status == 1)
        #expect(
            result.stderr.hasPrefix(
                "n1: Error: Did you run \"genimage\" before running \"packimage\"? kernel cannot be found at "
                    + "/install/netboot/debian12.5.0/x86_64/compute/kernel on "))
        #expect(!nodes.exists)
        try Scratch.write("k", to: "install/netboot/debian12.5.0/x86_64/compute/kernel")
        #expect(
            try catboat("nodeset", "n1", "osimage=img").stderr.hasPrefix(
                "n1: Error: No packed image for platform debian12.5.0, architecture x86_64, and profile compute found at "
            ))
    }

    @Test func `boot and offline`() throws {
        try defineSite()
        #expect(try catboat("nodeset", "n1", "boot").stdout == "n1: boot\n")
        #expect(try nodes.joined("n1").readText() == "#!gpxe\n#boot\nexit\n")
        #expect(try catboat("nodeset", "n1", "offline").stdout == "n1: offline\n")
        #expect(try nodes.directoryNames() == [])
        #expect(try catboat("nodeset", "n1", "stat").stdout == "n1: offline\n")
        #expect(try catboat("table-get", "chain").stdout.hasPrefix("n1\toffline\t"))
    }

    @Test(arguments: [
        (["n1", "bogus"], "Error: Unknown state bogus requested\n"),
        (["n9", "boot"], "Error: Invalid nodes and/or groups in noderange: n9\n"),
        (["n1", "osimage=nosuch"], "Error: Cannot find the OS image nosuch in the osimage table.\n"),
        (["n1", "osimage=none"], "Error: osimage.provmethod for none must be set.\n"),
        (
            ["n1", "netboot"],
            "Error: The options \"install\", \"netboot\", and \"statelite\" have been deprecated, use \"osimage=<osimage_name>\" instead.\n"
        ),
        (
            ["n1", "shell"],
            "Error: state is not supported yet: 'shell'\nhint: use osimage=IMAGE, boot, offline or stat\n"
        ),
        (["-a", "n1", "boot"], "Error: '-a' could only be used with 'stat' subcommand.\n"),
    ]) func `mistakes have xCAT's words`(words: [String], stderr: String) throws {
        try defineSite()
        let result = try catboat.run("nodeset", words.map { Word($0) })
        #expect(result == .init(status: 1, stdout: "", stderr: stderr))
    }

    @Test func `without operands the usage is shown`() throws {
        let result = try catboat("nodeset")
        #expect(result.status == 0)
        #expect(result.stdout.uppercased().contains("USAGE: NODESET"))
        let missing = try catboat("nodeset", "n1")
        #expect(missing.status == 1)
        #expect(missing.stderr == "Error: Invalid argument: ''\n")
    }

    @Test func `a value of a table cannot add a line to a boot file`() throws {
        try defineSite()
        try packImage()
        try catboat("table-set", "bootparams", "node=n1", "addkcmdline=a\nshell")
        #expect(try catboat("nodeset", "n1", "osimage=img").status == 0)
        #expect(try nodes.joined("n1").readText().split(separator: "\n").count == 6)
    }

    @Test func `a pre-nodeset hook gets the nodes and may refuse`() throws {
        try defineSite()
        let hook = "install/custom/hooks/pre-nodeset"
        try Scratch.write("#!/bin/sh\necho \"$*\" >&2\nexit 3\n", to: hook, permissions: 0o755)
        let result = try catboat("nodeset", "n1,n2", "boot")
        #expect(result.status == 1)
        #expect(result.stderr.contains("n1 n2"))
        #expect(!nodes.exists)
        try Scratch.write("#!/bin/sh\nexit 0\n", to: hook, permissions: 0o755)
        #expect(try catboat("nodeset", "n1,n2", "boot").stdout == "n1: boot\nn2: boot\n")
    }
}
