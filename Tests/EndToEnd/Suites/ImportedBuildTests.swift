import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// What the history and `catboat status` say of builds that came in bundles.
@Suite(.scratchDirectory) struct ImportedBuildTests {
    private static let image = BundleSite.image

    /// Records what is in the image's folder as built here, of the tree that is there.
    private func record(_ catboat: Catboat, _ name: String, facts: String) throws {
        let recipe = try catboat.succeed("profile-commit", Word(Self.image)).stdout.prefix { $0 != "\t" }
        let boot = "\(name)/install/netboot/debian12/x86_64/compute"
        try Scratch.write("{\"step\":\"complete\",\"recipe\":\"\(recipe)\"}", to: "\(boot)/.state")
        try catboat.succeed("image-publish", Word(Self.image))
        let folder = Scratch.directory.joined("record")
        try folder.removeTree()
        try Scratch.write(
            "{\"builds\":[{\"kernel\":\"\(facts)\",\"command_line\":\"quiet\"}],\"version\":1}", to: "record/build.json"
        )
        let tree = Digest.of(facts.utf8)
        try Scratch.write("tree\t\(tree)\n", to: "record/digests")
        try Scratch.write("f\t\(facts)\n", to: "record/files")
        try catboat.succeed("image-publish", "--dry-run", "--record", Word(folder), Word(Self.image))
        try catboat.succeed("profile-commit", "--build-record", Word(folder), Word(Self.image))
    }

    @Test func `an older set over a newer tree needs genimage, and brings the facts of its build`() throws {
        let site = try BundleSite.make("site", version: "1")
        let (old, new) = (Scratch.directory.joined("old.tgz"), Scratch.directory.joined("new.tgz"))
        try record(site, "site", facts: "6.1")
        try site.succeed("imgexport", Word(Self.image), Word(old))
        #expect(try site.succeed("status", Word(Self.image)).stdout.contains(": up to date"))
        let boot = "site/install/netboot/debian12/x86_64/compute"
        try Scratch.write("hello 2\n", to: "\(boot)/rootimg/etc/motd")
        let folder = Scratch.directory.joined(boot)
        try site.succeed(
            "ramdisk-pack", "-o", Word(folder.joined("rootimg.cpio.gz")), Word(folder.joined("rootimg")))
        try record(site, "site", facts: "6.2")
        try site.succeed("imgexport", Word(Self.image), Word(new))
        #expect(try site.succeed("status", Word(Self.image)).stdout.contains(": up to date"))

        try site.succeed("imgimport", Word(old))
        let status = try site.succeed("status", Word(Self.image)).stdout
        #expect(status.contains(": changed: genimage needed (built "), "\(status)")
        #expect(status.contains("    tree rootimg: not that of the imported set\n"), "\(status)")
        try site.succeed("imgimport", Word(new))
        #expect(try site.succeed("status", Word(Self.image)).stdout.contains(": up to date"))
        // With its tree there is nothing to make.
        try site.succeed("imgimport", Word(old), "--tree")
        #expect(try site.succeed("status", Word(Self.image)).stdout.contains(": up to date"))

        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(old))
        let facts = try to.succeed("profile-show", Word(Self.image), "build.json").stdout
        #expect(facts.contains("\"kernel\":\"6.1\"") && facts.contains("\"command_line\":\"quiet\""), "\(facts)")
        #expect(try to.succeed("profile-show", Word(Self.image), "files").stdout == "f\t6.1\n")
        let digests = try to.succeed("profile-show", Word(Self.image), "digests").stdout
        #expect(digests.contains("\ntree\t\(Digest.of("6.1".utf8))\n"), "\(digests)")
    }

    @Test func `shipped lists that an import moves to the site's folder leave a clean status`() throws {
        let site = try BundleSite.make("site", version: "1")
        let shipped = "/opt/xcat/share/xcat/netboot/debian/compute.exlist"
        try site.succeed("chdef", "-t", "osimage", "-o", Word(Self.image), Word("exlist=\(shipped)"))
        try record(site, "site", facts: "6.1")
        let bundle = Scratch.directory.joined("image.tgz")
        try site.succeed("imgexport", Word(Self.image), Word(bundle))
        try site.succeed("imgimport", Word(bundle))
        #expect(try BundleSite.stanza(site).contains("exlist=/install/custom/netboot/debian/compute.exlist\n"))
        let status = try site.succeed("status", Word(Self.image)).stdout
        #expect(status.contains(": up to date"), "\(status)")
        // And once more: nothing new.
        let log = try site.succeed("profile-log", Word(Self.image)).stdout
        try site.succeed("imgimport", Word(bundle))
        #expect(try site.succeed("profile-log", Word(Self.image)).stdout == log)
    }

    @Test func `a statelite image is up to date where its tree is`() throws {
        let site = try BundleSite.make("site", version: "1")
        let boot = "site/install/netboot/debian12/x86_64/compute"
        try Scratch.write("initrd\n", to: "\(boot)/initrd-statelite.gz")
        try site.succeed("chdef", "-t", "osimage", "-o", Word(Self.image), "provmethod=statelite")
        func state(_ catboat: Catboat) throws -> String {
            try catboat.succeed("status", "--porcelain=v1", Word(Self.image)).stdout.split(separator: "\t").first.map(
                String.init) ?? ""
        }
        let (bundle, changed) = (Scratch.directory.joined("image.tgz"), Scratch.directory.joined("changed.tgz"))
        #expect(try state(site) == "never built: genimage needed")
        let recipe = try site.succeed("profile-commit", Word(Self.image)).stdout.prefix { $0 != "\t" }
        try site.succeed(
            "rootimg-finish", "--stage", "adopt", "--recipe", Word("\(recipe)"), Word(Scratch.directory.joined(boot)))
        #expect(try state(site) == "up to date")
        try site.succeed("imgexport", Word(Self.image), Word(bundle))
        try Scratch.write("bash\nvim\n", to: "site/install/custom/netboot/debian/compute.pkglist")
        #expect(try state(site) == "changed: genimage needed")
        try site.succeed("imgexport", Word(Self.image), Word(changed))

        let to = try BundleSite.empty("to")
        try to.succeed("imgimport", Word(bundle))
        #expect(try state(to) == "up to date")
        let tree = Scratch.directory.joined("to/install/netboot/debian12/x86_64/compute")
        #expect(try tree.joined("rootimg/etc/motd").readText() == "hello 1\n")
        try Scratch.write("bash\nvim\n", to: "to/install/custom/netboot/debian/compute.pkglist")
        #expect(try state(to) == "changed: genimage needed")
        try to.succeed("imgimport", Word(bundle))
        #expect(try state(to) == "up to date")
        // Its lists are not what its tree was made from.
        try to.succeed("imgimport", Word(changed))
        #expect(try state(to) != "up to date")
    }

    @Test func `importing an image over itself adds nothing to the history`() throws {
        let site = try BundleSite.make("site", version: "1")
        let bundle = Scratch.directory.joined("image.tgz")
        try site.succeed("imgexport", Word(Self.image), Word(bundle))
        try site.succeed("imgimport", Word(bundle))
        let log = try site.succeed("profile-log", Word(Self.image)).stdout
        try site.succeed("imgexport", Word(Self.image), Word(Scratch.directory.joined("other.tgz")))
        try site.succeed("imgimport", Word(Scratch.directory.joined("other.tgz")))
        #expect(try site.succeed("profile-log", Word(Self.image)).stdout == log)
    }
}
