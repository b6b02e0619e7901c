import Support
import SystemPackage
import TestSupport
import Testing

/// A disk that is full is told, what nodes get stays, and with room the next run succeeds.
@Suite(.scratchDirectory) struct FullDiskTests {
    @Test(arguments: ["cpio", "tar", "squashfs"]) func `packing on a full disk`(method: String) throws {
        let disk = Scratch.directory.joined("site")
        try disk.createDirectories()
        _ = try Tool("mount", ["-t", "tmpfs", "-o", "size=200m", "tmpfs", Word(disk)]).output()
        defer { _ = try? Tool("umount", [Word(disk)]).run() }
        let site = try TinySite()
        try site.catboat.succeed("genimage", Word(TinySite.osimage))
        try site.catboat.succeed("packimage", Word(TinySite.osimage))
        let before = try site.served()
        let listed = try site.catboat.succeed("image-publish", "--list", Word(TinySite.osimage)).stdout

        try AtomicFile.write("changed\n".utf8, to: site.rootimg.joined("etc/changed"))
        let filler = disk.joined("filler")
        try fill(disk, leaving: 128 << 10, with: filler)
        let result = try site.catboat("packimage", "-m", Word(method), Word(TinySite.osimage))
        #expect(result.status == 1)
        #expect(result.stderr.lowercased().contains("no space left on "), "\(result.stderr)")
        #expect(try site.served() == before)
        #expect(try site.catboat.succeed("image-publish", "--list", Word(TinySite.osimage)).stdout == listed)
        #expect(Aftermath.settle(disk) == [])

        try filler.removeFile()
        // The tiny kernel has no squashfs.
        let next = method == "squashfs" ? "tar" : method
        try site.catboat.succeed("packimage", "-m", Word(next), Word(TinySite.osimage))
        #expect(try site.served() != before)
    }

    @Test(arguments: TinyFamily.allCases) func `installing packages on a full disk`(family: TinyFamily) throws {
        let disk = Scratch.directory.joined("site")
        try disk.createDirectories()
        _ = try Tool("mount", ["-t", "tmpfs", "-o", "size=200m", "tmpfs", Word(disk)]).output()
        defer { _ = try? Tool("umount", [Word(disk)]).run() }
        let site = try TinySite(family: family)
        let filler = disk.joined("filler")
        try fill(disk, leaving: 4 << 20, with: filler)
        let result = try site.catboat("genimage", Word(site.osimage))
        #expect(result.status == 1)
        let told = result.stderr.lowercased()
        #expect(told.contains("no space left on device") || told.contains("more space"), "\(result.stderr)")
        #expect(Aftermath.settle(disk) == [])
        #expect(try site.catboat("packimage", Word(site.osimage)).status == 1)
        #expect(try site.served() == [])

        try filler.removeFile()
        try site.catboat.succeed("genimage", Word(site.osimage))
        try site.catboat.succeed("packimage", Word(site.osimage))
        #expect(try site.served().count == 3)
    }

    private func fill(_ disk: FilePath, leaving rest: Int, with filler: FilePath) throws {
        let shown = try Tool("df", ["--output=avail", "--block-size=1", Word(disk)]).output().lines
        let free = try #require(shown.last.flatMap { Int($0.filter(\.isNumber)) })
        _ = try Tool("fallocate", ["-l", Word("\(free - rest)"), Word(filler)]).output()
    }
}
