import Digests
import Netboot
import Support
import SystemPackage
import TestSupport
import Testing

@Suite(.scratchDirectory) struct PublishTests {
    private var folder: FilePath { Scratch.directory.joined("install/netboot/d/x/c") }
    private var boot: FilePath { Scratch.directory.joined("tftpboot/xcat/osimage/img") }

    private func publisher() throws -> ImagePublisher {
        try ImagePublisher(
            image: "img", rootimgFolder: folder, webPath: "/install/netboot/d/x/c",
            tftpFolder: Scratch.directory.joined("tftpboot"))
    }

    /// Writes a workspace whose three files hold `text`, and publishes it.
    @discardableResult
    private func publish(_ text: String, root: String = "rootimg.cpio.gz") throws -> KeptSet {
        try Scratch.write("kernel \(text)", to: "install/netboot/d/x/c/kernel")
        try Scratch.write("initramfs \(text)", to: "install/netboot/d/x/c/initrd-stateless.gz")
        let staged = try Scratch.write("root \(text)", to: "install/netboot/d/x/c/.new/\(root)")
        return try publisher().publish(SetFiles(rootimgFolder: folder, stage: staged))
    }

    @Test func `a published set is served under its digest and the stable names`() throws {
        let kept = try publish("one")
        #expect(try publisher().current() == kept.set.digest)
        let set = folder.joined(".packed").joined(kept.set.digest.hex)
        #expect(try set.joined("kernel").readText() == "kernel one")
        #expect(try boot.joined("kernel").readText() == "kernel one")
        #expect(try boot.joined("initrd-stateless.gz").readText() == "initramfs one")
        #expect(try folder.joined("rootimg.cpio.gz").status()?.inode == set.joined("rootimg.cpio.gz").status()?.inode)
        #expect(try boot.joined("boot.ipxe").readText().contains("imgsum=\(Digest.of("root one".utf8))"))
    }

    @Test func `a tool that writes the workspace in place does not reach a set`() throws {
        let kept = try publish("one")
        let descriptor = try FileDescriptor.open(folder.joined("kernel"), .writeOnly, options: .truncate)
        try descriptor.closeAfter { _ = try descriptor.writeAll("other".utf8) }
        #expect(try kept.folder.joined("kernel").readText() == "kernel one")
    }

    @Test func `publishing the same files again changes nothing`() throws {
        let first = try publish("one")
        let second = try publish("one")
        #expect(first.set == second.set)
        #expect(try publisher().store.sets().count == 1)
    }

    @Test func `a packed root of another format takes the place of the old one`() throws {
        try publish("one")
        try publish("two", root: "rootimg.tar.zst")
        #expect(!folder.joined("rootimg.cpio.gz").exists)
        #expect(try folder.joined("rootimg.tar.zst").readText() == "root two")
    }

    @Test func `a kept set is published again by the first digits of its digest`() throws {
        let first = try publish("one")
        try publish("two")
        let found = try publisher().store.find(String(first.set.digest.hex.prefix(12)), image: "img")
        try publisher().publish(found)
        #expect(try publisher().current() == first.set.digest)
        #expect(try boot.joined("kernel").readText() == "kernel one")
        #expect(try folder.joined("rootimg.cpio.gz").readText() == "root one")
    }

    @Test func `a digest that is not kept is an error that names it`() throws {
        try publish("one")
        let other = Digest.of("other".utf8)
        #expect(throws: NetbootError.notKept(other, image: "img")) {
            try publisher().store.find(other.description, image: "img")
        }
        #expect(throws: NetbootError.notADigest("xyz")) { try publisher().store.find("xyz", image: "img") }
    }

    @Test func `a kept set that lost bytes is not published`() throws {
        let first = try publish("one")
        try publish("two")
        let damaged = first.folder.joined("rootimg.cpio.gz")
        try damaged.removeFile()
        try Scratch.write("short", to: String(damaged.printable.dropFirst(Scratch.directory.printable.count + 1)))
        #expect(throws: NetbootError.damagedSet(first.set.digest, damaged)) { try publisher().publish(first) }
        // Publishing the files anew repairs it.
        #expect(try publish("one").set == first.set)
    }

    @Test func `sets beyond the number to keep go, oldest first, never the served one`() throws {
        let sets = try ["one", "two", "three", "four"].map { text in
            let kept = try publish(text)
            // Publication times have the resolution of a second in this order.
            let offset = ["one": 4, "two": 3, "three": 2, "four": 1][text] ?? 0
            _ = try Tool("touch", ["-d", "-\(offset) hours", Word(kept.folder.joined("set.json"))]).output()
            return kept
        }
        try publisher().publish(sets[0])
        let removed = try publisher().prune(keeping: 2)
        #expect(Set(removed.map(\.set.digest)) == [sets[1].set.digest, sets[2].set.digest])
        #expect(Set(try publisher().store.sets().map(\.set.digest)) == [sets[0].set.digest, sets[3].set.digest])
    }

    @Test func `leftovers of a killed run are swept`() throws {
        try Scratch.write("half", to: "install/netboot/d/x/c/.packed/.set.tmp-99/kernel")
        try Scratch.write("half", to: "install/netboot/d/x/c/.packed/\(String(repeating: "a", count: 64))/kernel")
        let kept = try publish("one")
        #expect(try folder.joined(".packed").directoryNames() == [FilePath(kept.set.digest.hex)])
    }

    @Test(arguments: ["kernel", "initrd-stateless.gz"])
    func `a missing member is named and nothing is published`(name: String) throws {
        try publish("one")
        let before = try boot.joined("boot.ipxe").readText()
        try folder.joined(name).removeFile()
        let error = name == "kernel" ? NetbootError.noKernel(folder.joined(name)) : .noInitramfs(folder.joined(name))
        #expect(throws: error) { try SetFiles(rootimgFolder: folder, stage: nil) }
        #expect(try boot.joined("boot.ipxe").readText() == before)
    }

    @Test func `a root that the initramfs cannot unpack is refused`() throws {
        try publish("one")
        let digest = Digest.of("initramfs two".utf8)
        try Scratch.write(
            #"{"initramfs":[{"digest":"\#(digest)","tools":["cpio","gzip"]}],"version":1}"#,
            to: "install/netboot/d/x/c/.initrd.json")
        #expect(throws: NetbootError.cannotUnpack(root: "rootimg.cpio.zst", tools: ["zstd"])) {
            try publish("two", root: "rootimg.cpio.zst")
        }
        #expect(try boot.joined("kernel").readText() == "kernel one")
    }

    @Test(arguments: ["a/b", "..", ""]) func `an image name that is no file name is refused`(name: String) {
        #expect(throws: NetbootError.badImageName(name)) {
            try ImagePublisher(image: name, rootimgFolder: "/x", webPath: "/x", tftpFolder: "/t")
        }
    }
}
