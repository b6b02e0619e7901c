import Digests
import Netboot
import Support
import SystemPackage
import TestSupport
import Testing

@Suite struct BootFileTests {
    @Test func `the kernel line has the words of a node in xCAT's order`() {
        let arguments = KernelArguments(
            node: "cn01", master: "10.1.0.1", httpPort: 8080, flowControl: "1", reportsStatus: false,
            interface: .name("eno1"), consoles: ["tty0", "ttyS0,115200n8r"], appended: ["quiet"])
        #expect(
            arguments.words.joined(separator: " ")
                == "XCAT=10.1.0.1:3001 NODE=cn01 FC=1 nonodestatus XCATHTTPPORT=8080 netdev=eno1 console=tty0 console=ttyS0,115200n8r quiet"
        )
    }

    @Test func `words for installed systems stay off the boot line`() {
        #expect(KernelArguments.bootWords(of: "a R::b=1  c;d") == ["a", "c;d"])
    }

    private static let file = NodeBootFile(
        node: "cn01", state: "netboot debian12-x86_64-compute",
        action: .netboot(
            image: "img", loaderBase: "http://${next-server}:8080", imageBase: "http://10.1.0.1:8080",
            arguments: KernelArguments(node: "cn01", master: "10.1.0.1")))

    @Test func `a node's file sets its words and goes on to the image's file`() {
        #expect(
            Self.file.text(forUEFI: false) == """
                #!gpxe
                #netboot debian12-x86_64-compute
                set catboat_loader http://${next-server}:8080
                set catboat_image http://10.1.0.1:8080
                set catboat_arguments XCAT=10.1.0.1:3001 NODE=cn01 FC=0 XCATHTTPPORT=80
                chain http://${next-server}:8080/tftpboot/xcat/osimage/img/boot.ipxe

                """)
        #expect(Self.file.text(forUEFI: true).contains(" XCATHTTPPORT=80 initrd=initrd\n"))
    }

    @Test func `state boot falls through to the disk`() {
        let file = NodeBootFile(node: "cn01", state: "boot", action: .boot)
        #expect(file.text(forUEFI: false) == "#!gpxe\n#boot\nexit\n")
    }

    @Test func `an image's file names all three members by the set's digest`() throws {
        let set = Samples.set("a")
        let file = ImageBootFile(set: set, webPath: "/install/netboot/d/x/c/.packed/\(set.digest.hex)")
        let folder = "/install/netboot/d/x/c/.packed/\(set.digest.hex)"
        #expect(
            file.text == """
                #!gpxe
                #set \(set.digest)
                imgfetch -n kernel ${catboat_loader}\(folder)/kernel
                imgload kernel
                imgargs kernel imgurl=${catboat_image}/\(folder)/rootimg.cpio.gz imgsum=\(set.root.digest) ${catboat_arguments} BOOTIF=01-${netX/mac:hexhyp}
                imgfetch -n initrd ${catboat_loader}\(folder)/initrd-stateless.gz
                imgexec kernel

                """)
    }

    @Test(.scratchDirectory) func `the state is read back from the file, and offline removes it`() throws {
        let folder = NodeBootFolder(tftpFolder: Scratch.directory)
        #expect(try folder.state(of: "cn01") == nil)
        try folder.write(Self.file)
        #expect(try folder.state(of: "cn01") == "netboot debian12-x86_64-compute")
        #expect(Scratch.directory.joined("xcat/xnba/nodes/cn01.uefi").isRegularFile)
        try folder.remove("cn01")
        #expect(try Scratch.directory.joined("xcat/xnba/nodes").directoryNames() == [])
    }

    @Test(.scratchDirectory, arguments: ["../cn01", "", "..", "a b", "a$b"])
    func `a node name that is no file name is refused`(name: String) throws {
        let folder = NodeBootFolder(tftpFolder: Scratch.directory)
        #expect(throws: NetbootError.badNodeName(name)) {
            try folder.write(NodeBootFile(node: name, state: "boot", action: .boot))
        }
    }

    @Test(.scratchDirectory) func `a newline cannot add a line to a boot file`() throws {
        var file = Self.file
        file.state = "netboot x\nshell"
        #expect(throws: NetbootError.controlCharacter(node: "cn01", text: "netboot x\nshell")) {
            try NodeBootFolder(tftpFolder: Scratch.directory).write(file)
        }
    }
}

/// Made-up sets.
enum Samples {
    static func set(_ text: String) -> ImageSet {
        func member(_ name: String) -> ImageSet.Member {
            ImageSet.Member(name: name, digest: Digest.of((text + name).utf8), sizeInBytes: Int64(text.utf8.count))
        }
        return ImageSet(
            kernel: member("kernel"), initramfs: member("initrd-stateless.gz"), root: member("rootimg.cpio.gz"))
    }
}
