import Support
import SystemPackage
import TestSupport
import Testing

/// Sample hooks that run commands of Catboat, with the commands themselves. All others are in HooksTests.
@Suite(.scratchDirectory) struct SampleHookRunTests {
    @Test func `export-nightly leaves a bundle a day that another site can import, and keeps the last ones`() throws {
        let site = try TinySite()
        let bundles = Scratch.directory.joined("bundles")
        for day in ["2020-01-01", "2020-01-02"] {
            try Scratch.write("old", to: "bundles/\(TinySite.osimage)-\(day).tgz")
        }
        try Scratch.write("of another image", to: "bundles/\(TinySite.osimage)-gpu-2020-01-01.tgz")
        let hook = site.host("/install/custom/hooks/post-packimage")
        try hook.removingLastComponent().createDirectories()
        try AtomicFile.write(
            Catboat.projectFolder.joined("hooks/post-packimage/export-nightly").readBytes(), to: hook,
            permissions: 0o755)
        try site.catboat.succeed(
            "chdef", "-t", "osimage", "-o", Word(TinySite.osimage),
            Word("environvar=EXPORT_DIR=\(bundles.printable),EXPORT_KEEP=2"))
        try site.catboat.succeed("genimage", Word(TinySite.osimage))
        let packed = try site.catboat.succeed("packimage", Word(TinySite.osimage))
        // Sorted: the one of 2020-01-02, that of today, that of the other image.
        let names = try bundles.directoryNames().map(\.printable)
        try #require(names.count == 3, "\(packed)")
        #expect(names[0] == "\(TinySite.osimage)-2020-01-02.tgz")
        let bundle = bundles.joined(names[1])
        #expect(packed.stderr.contains("post-packimage: exported \(bundle.printable)\n"))
        // A second pack on the same day keeps it as it is.
        let inode = try #require(try bundle.status()).inode
        let again = try site.catboat.succeed("packimage", Word(TinySite.osimage))
        #expect(again.stderr.contains("was made today already"))
        #expect(try bundle.status()?.inode == inode)

        let other = Scratch.directory.joined("other")
        try other.createDirectories()
        let catboat = Catboat(root: other)
        try catboat.succeed("init")
        try catboat.succeed("imgimport", Word(bundle))
        #expect(try catboat.succeed("lsdef", "-t", "osimage", "-s").stdout.contains("\(TinySite.osimage) "))
        let rootimg = FilePath("/\(site.rootimgdir)").joined("rootimg.cpio.gz")
        #expect(other.joined(rootimg).isRegularFile)
    }
}
