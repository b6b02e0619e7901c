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

    @Test func `status follows older sets, a revert and rmimage`() throws {
        let site = try TinySite()
        let image = Word(TinySite.osimage)
        try site.catboat.succeed("genimage", image)
        try site.catboat.succeed("packimage", image)
        let first = try commit(site, image)
        try site.setPackages(TinyFamily.debian.packages + ["tiny-extra"])
        try site.catboat.succeed("genimage", image)
        try site.catboat.succeed("packimage", image)
        #expect(try state(site) == "up to date")
        let second = try commit(site, image)
        let sets = try site.catboat.succeed("image-publish", image, "--list").stdout.split(separator: "\n")
        let older = try #require(sets.first { $0.contains("\tkept\t") }?.prefix { $0 != "\t" })
        try site.catboat.succeed("image-publish", image, Word(String(older)))
        let shown = try site.catboat.succeed("status", image).stdout
        #expect(
            shown.hasPrefix("\(image): built, not published: packimage needed (built \(first.prefix(12)))"), "\(shown)")
        #expect(shown.contains("    set sha256:"))

        try site.catboat.succeed("revert", image, Word(first))
        #expect(try state(site) == "up to date")
        let hook = site.host("/install/custom/hooks/post-nodeset.d/10-tell")
        try hook.removingLastComponent().createDirectories()
        try AtomicFile.write("#!/bin/sh\n".utf8, to: hook, permissions: 0o755)
        #expect(try state(site) == "up to date")
        #expect(try site.catboat.succeed("status", image).stdout.contains("10-tell (nothing to build)\n"))
        try hook.removeFile()
        // The state that a revert made is one to come back to.
        let reverted = try site.catboat.succeed("log", "-n", "1", "--porcelain=v1", image).stdout.prefix { $0 != "\t" }
        try site.catboat.succeed("revert", image, Word(second))
        #expect(try state(site) == "up to date")
        let again = try site.catboat.succeed("revert", image, Word(String(reverted)))
        #expect(again.stdout.contains("Nodes get its set again: "), "\(again)")
        #expect(try state(site) == "up to date")
        // The tree is that of the newer list still.
        try site.setPackages(TinyFamily.debian.packages + ["tiny-extra"])
        #expect(try state(site) == "built, not published: packimage needed")
        try site.setPackages(TinyFamily.debian.packages + ["tiny-conf"])
        #expect(try state(site) == "changed: genimage needed")
        try site.catboat.succeed("genimage", image)
        #expect(try state(site) == "built, not published: packimage needed")

        try site.catboat.succeed("rmimage", image)
        #expect(try state(site) == "removed: genimage needed")
    }

    private func commit(_ site: TinySite, _ image: Word) throws -> String {
        String(try site.catboat.succeed("status", "--porcelain=v1", image).stdout.split(separator: "\t")[1])
    }

    @Test func `a mistake in a list changes nothing`() throws {
        let site = try TinySite()
        let image = Word(TinySite.osimage)
        try site.catboat.succeed("genimage", image)
        let before = try site.catboat.succeed("package-list", Word(site.rootimg)).stdout
        for mistake in ["#INCLUDE:nope.pkglist#", "- foo"] {
            try site.setPackages(TinyFamily.debian.packages + [mistake])
            for words in [[image], ["--plan", image]] {
                let result = try site.catboat.run("genimage", words)
                #expect(result.status != 0)
                #expect(!result.stdout.contains("\n- ") && !result.stderr.contains("rootimg-populate"), "\(result)")
            }
            #expect(try site.catboat.succeed("package-list", Word(site.rootimg)).stdout == before)
        }
        try site.setPackages(["# nothing"])
        #expect(try site.catboat("genimage", image).stderr.contains("name no package"))
        #expect(try site.catboat.succeed("package-list", Word(site.rootimg)).stdout == before)
        try site.setPackages(TinyFamily.debian.packages)
        try site.catboat.succeed("genimage", image)
        try site.catboat.succeed("packimage", image)
        // What packimage writes into the tree nobody did by hand.
        try site.catboat.succeed("genimage", "--fresh", image)
    }
}
