import Support
import SystemPackage
import TestSupport
import Testing

/// When genimage runs dracut again, and when it keeps the initramfs that is there.
@Suite(.scratchDirectory) struct InitramfsAgainTests {
    @Test func `an initramfs is built again when anything that it is made of changed`() throws {
        let site = try TinySite(["dracut", "dracut-network", "tiny-hello", "linux-image-6.1.0-10-tiny"])
        let folder = site.host(site.rootimgdir)
        let (initramfs, kernel) = (folder.joined("initrd-stateless.gz"), folder.joined("kernel"))
        /// Which files there are now: each build makes new ones.
        func genimage(_ words: Word...) throws -> [UInt64] {
            let result = try site.catboat.run("genimage", words + [Word(TinySite.osimage)])
            try #require(result.status == 0, "\(result)")
            return try [initramfs, kernel].map { try #require(try $0.status()).inode }
        }
        // Inodes are given out again: what was there is held.
        func hold(_ number: Int) throws {
            for file in [initramfs, kernel] {
                _ = try Tool("ln", [Word(file), Word(file.printable + ".held-\(number)")]).output()
            }
        }
        var before = try genimage()
        try hold(0)
        #expect(try genimage() == before)

        let changes: [(String, () throws -> Void)] = [
            ("a file of the tree", { try AtomicFile.write("by hand\n".utf8, to: folder.joined("rootimg/etc/motd")) }),
            ("only its mode", { try folder.joined("rootimg/etc/motd").changePermissions(0o600) }),
            ("the initramfs", { try AtomicFile.write("damaged".utf8, to: initramfs) }),
            ("the kernel", { try AtomicFile.write("damaged".utf8, to: kernel) }),
            ("the record", { try folder.joined(".initrd.json").removeFile() }),
            (
                "an option",
                { try site.catboat.succeed("chdef", "-t", "osimage", "-o", Word(TinySite.osimage), "nodebootif=eth7") }
            ),
        ]
        for (number, (what, change)) in changes.enumerated() {
            try change()
            let now = try genimage()
            #expect(now[0] != before[0] && now[1] != before[1], "\(what)")
            before = now
            try hold(number + 1)
            #expect(try genimage() == before, "after \(what)")
        }
        let only = try genimage("--onlyinitrd")
        #expect(only != before)
    }
}
