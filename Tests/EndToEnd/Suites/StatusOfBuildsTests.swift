import Support
import SystemPackage
import TestSupport
import Testing

/// What `catboat status` says of an image that real genimage and packimage build.
@Suite(.scratchDirectory) struct StatusOfBuildsTests {
    private func state(_ site: TinySite) throws -> String {
        let fields = try site.catboat.succeed("status", "--porcelain=v1", Word(TinySite.osimage)).stdout
        return String(fields.prefix { $0 != "\t" })
    }

    @Test func `status follows lists, genimage and packimage`() throws {
        let base = ["dracut", "dracut-network", "tiny-hello"]
        let site = try TinySite(base + ["linux-image-6.1.0-10-tiny"])
        let image = Word(TinySite.osimage)
        #expect(try state(site) == "never built: genimage needed")
        try site.catboat.succeed("genimage", image)
        #expect(try state(site) == "built, not published: packimage needed")
        try site.catboat.succeed("packimage", image)
        #expect(try state(site) == "up to date")
        #expect(!site.host(site.rootimgdir).joined(".stage").exists)

        // What packimage packs of an older list is no build of the new one.
        try site.setPackages(base + ["linux-image-6.1.0-9-tiny"])
        try site.catboat.succeed("chdef", "-t", "osimage", "-o", image, "addkcmdline=debug")
        #expect(try state(site) == "changed: genimage needed")
        try site.catboat.succeed("packimage", image)
        #expect(try state(site) == "changed: genimage needed")
        try site.catboat.succeed("genimage", image)
        #expect(try state(site) == "built, not published: packimage needed")
        try site.catboat.succeed("packimage", image)
        #expect(try state(site) == "up to date")

        // Nothing new: genimage and packimage give what there was, and no commit.
        try site.catboat.succeed("genimage", "--onlyinitrd", image)
        #expect(try state(site) == "built, not published: packimage needed")
        try site.catboat.succeed("packimage", image)
        #expect(try state(site) == "up to date")
        try site.catboat.succeed("clone", image, "other", "--profile", "other")
        #expect(try site.catboat.succeed("status", "other").stdout == "other: built, not published: packimage needed\n")
        try site.catboat.succeed("packimage", "other")
        #expect(try site.catboat.succeed("status", "other").stdout.hasPrefix("other: up to date (built "))
    }
}
