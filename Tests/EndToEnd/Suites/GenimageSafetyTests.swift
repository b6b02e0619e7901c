import Support
import SystemPackage
import TestSupport
import Testing

/// What genimage must not lose: values of the definition, packages of another osimage.
@Suite(.scratchDirectory) struct GenimageSafetyTests {
    @Test func `options with which nothing was built do not stay in the definition`() throws {
        let site = try TinySite()
        let image = Word(site.osimage)
        let before = try site.catboat.succeed("lsdef", "-t", "osimage", "-z", image).stdout
        let result = try site.catboat("genimage", "-k", "1.2.3", image)
        #expect(result.status == 1 && result.stderr.contains("with version 1.2.3"), "\(result)")
        #expect(try site.catboat.succeed("lsdef", "-t", "osimage", "-z", image).stdout == before)
        // A script that fails later changes nothing of it: the packages are there.
        try AtomicFile.write("#!/bin/sh\nexit 3\n".utf8, to: site.host("/install/custom/fails"), permissions: 0o755)
        try site.catboat.succeed("chdef", "-t", "osimage", "-o", image, "postinstall=/install/custom/fails")
        #expect(try site.catboat("genimage", "-k", "6.1.0-9-tiny", image).status != 0)
        #expect(
            try site.catboat.succeed("lsdef", "-t", "osimage", "-z", image).stdout.contains("kernelver=6.1.0-9-tiny"))
    }

    @Test func `a statelite image leaves the packages of the diskless one in its folder`() throws {
        let site = try TinySite(TinyFamily.el.packages + ["tiny-extra"], family: .el)
        try site.catboat.succeed("genimage", Word(site.osimage))
        let list: FilePath = "/install/custom/netboot/rh/lite.pkglist"
        try AtomicFile.write(
            (TinyFamily.el.packages + ["tiny-two"]).joined(separator: "\n").utf8, to: site.host(list))
        let lite = "rhels8.5.0-x86_64-statelite-compute"
        try site.catboat.succeed(
            "chdef", "-t", "osimage", "-o", Word(lite), Word("pkglist=\(list)"), "exlist=", "postinstall=",
            Word("rootimgdir=\(site.rootimgdir)"))
        let built = try site.catboat.succeed("genimage", Word(lite))
        #expect(built.stdout.contains("Nodes cannot boot statelite images yet"), "\(built)")
        let names = try site.catboat.succeed("package-list", Word(site.rootimg)).stdout.split(separator: "\n")
            .map { $0.prefix { $0 != "\t" } }
        #expect(names.contains("tiny-extra") && names.contains("tiny-two"), "\(names)")
        let fresh = try site.catboat("genimage", "--fresh", Word(lite))
        #expect(fresh.status == 1 && fresh.stderr.contains("would lose the packages of \(site.osimage)"), "\(fresh)")
        // The diskless image's own list decides again when it is built.
        try site.catboat.succeed("genimage", Word(site.osimage))
        let after = try site.catboat.succeed("package-list", Word(site.rootimg)).stdout
        #expect(after.contains("tiny-extra\t") && !after.contains("tiny-two\t"))
    }

    @Test func `a postinstall script runs in the folder of its distribution's profiles`() throws {
        let site = try TinySite(family: .el)
        let script = site.host("/install/custom/where")
        try AtomicFile.write("#!/bin/sh\npwd > \(site.root)/where\n".utf8, to: script, permissions: 0o755)
        try site.catboat.succeed(
            "chdef", "-t", "osimage", "-o", Word(site.osimage), "postinstall=/install/custom/where",
            "otherpkglist=/install/custom/other", "otherpkgdir=/install/nowhere")
        // A list that names nothing needs no folder.
        try AtomicFile.write("# none yet\n\n".utf8, to: site.host("/install/custom/other"))
        try site.catboat.succeed("genimage", Word(site.osimage))
        #expect(try site.root.joined("where").readText().hasSuffix("/netboot/rh\n"))
    }
}
