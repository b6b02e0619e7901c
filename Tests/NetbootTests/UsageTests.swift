import Support
import SystemPackage
import TestSupport
import Testing

/// `catboat du`: what osimages occupy, the same bytes counted once.
@Suite(.scratchDirectory) struct UsageTests {
    private let folder = "install/netboot/img"
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    /// Larger than a block of any file system.
    private func noise(_ letter: String) -> String { String(repeating: letter, count: 300_000) }

    private func define() throws {
        var batch = ""
        for (name, method, place) in [
            ("disk", "install", "/\(folder)"), ("img", "netboot", "/\(folder)"), ("img-b", "netboot", "/\(folder)-b"),
            ("lite", "statelite", "/\(folder)"),
        ] {
            batch += "set\tosimage\timagename=\(name)\t:\tprovmethod=\(method)\timagetype=linux\tosvers=debian12\n"
            batch += "set\tlinuximage\timagename=\(name)\t:\trootimgdir=\(place)\n"
        }
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
        try Scratch.write(noise("t"), to: "\(folder)/rootimg/usr/data")
        try Scratch.directory.joined("\(folder)/rootimg/usr/data").hardLink(
            as: Scratch.directory.joined("\(folder)/rootimg/usr/link"))
        for text in ["old", "new"] {
            for name in ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"] {
                try Scratch.write(noise(name == "kernel" ? "k" : text), to: "\(folder)/.stage/\(name)")
            }
            let stage = Scratch.directory.joined("\(folder)/.stage")
            try #require(try catboat("image-publish", "--stage", Word(stage), "img").status == 0)
            try stage.removeTree()
        }
        try Scratch.write(noise("x"), to: "\(folder)/rootimg.ORIG")
        for name in ["img-2026.tgz", "img.tgz", "img-b.tar.zst", "imgx.tgz", "img.txt"] {
            try Scratch.write(noise("b"), to: "install/bundles/\(name)")
        }
    }

    /// What du(1) says of paths below the root, together: it counts a file with two names once, too.
    private func disk(_ paths: String...) throws -> Int {
        let words = paths.map { Word(Scratch.directory.joined($0)) }
        let text = try Tool("du", ["-c", "-s", "--block-size=1"] + words).output().lines.last ?? ""
        return Int(text.prefix { $0 != "\t" }) ?? -1
    }

    private struct Answer: Decodable {
        struct Image: Decodable {
            struct Part: Decodable {
                var kind: String
                var name: String
                var bytes: Int
                var isCurrent: Bool?
            }
            var name: String
            var total: Int
            var unshared: Int
            var parts: [Part]
        }
        var osimages: [Image]
        var version: Int
    }

    private func answer(_ words: Word...) throws -> [Answer.Image] {
        let result = try catboat.run("du", ["--json"] + words)
        try #require(result.status == 0, "\(result)")
        return try JSONText.decode(Answer.self, Array(result.stdout.utf8)).osimages
    }

    @Test func `parts add up to what du says, with hard links counted once`() throws {
        try define()
        let image = try #require(try answer("img").first)
        #expect(image.parts.map(\.kind) == ["tree", "set", "set", "boot", "other", "bundle", "bundle"])
        #expect(image.parts.map(\.isCurrent) == [nil, true, false, nil, nil, nil, nil])
        #expect(image.parts[0].bytes == (try disk("\(folder)/rootimg")))
        #expect(image.parts[0].name == "/\(folder)/rootimg")
        #expect(
            image.total
                == (try disk(
                    folder, "tftpboot/xcat/osimage/img", "install/bundles/img.tgz", "install/bundles/img-2026.tgz")))
        #expect(image.total == image.parts.reduce(0) { $0 + $1.bytes })
        // The packed root has a second name in rootimgdir, kernel and initramfs one below tftpdir: boot and other are small.
        #expect(image.parts[3].bytes < 100_000 && (300_000..<400_000).contains(image.parts[4].bytes))
        #expect(image.parts.suffix(2).map(\.name) == ["/install/bundles/img-2026.tgz", "/install/bundles/img.tgz"])
    }

    @Test func `what images share is in the total once`() throws {
        try define()
        let images = try answer()
        #expect(images.map(\.name) == ["img", "img-b", "lite"])
        #expect(images[1].parts.map(\.name) == ["/install/bundles/img-b.tar.zst"])
        #expect(images[2].unshared == 0 && images[2].total > 1_000_000)
        let text = try catboat("du").stdout
        let sum = images.reduce(0) { $0 + $1.unshared }
        #expect(text.hasSuffix("\ntotal: \((sum + 1023) / 1024) KiB, what images share counted once\n"), "\(text)")
        #expect(text.contains("  set     sha256:") && text.contains("  (nodes get it)\n"))
    }

    @Test func `bundles are looked for where one says, and an osimage without anything shows nothing`() throws {
        try define()
        try Scratch.write("b", to: "elsewhere/disk.tgz")
        #expect(try answer("disk").map(\.total) == [0])
        let there = Word(Scratch.directory.joined("elsewhere"))
        #expect(try answer("--bundles", there, "disk")[0].parts.map(\.name) == ["/elsewhere/disk.tgz"])
        let configured = try catboat("-c", "bundle.folder=/elsewhere", "du", "disk")
        #expect(configured.stdout.contains("bundle  /elsewhere/disk.tgz\n"), "\(configured)")
    }

    @Test func `mistakes are told`() throws {
        let none = try catboat("du")
        #expect(none == .init(status: 0, stdout: "", stderr: "No osimage has anything on the disk.\n"))
        let unknown = try catboat("du", "nosuch")
        #expect(
            unknown
                == .init(
                    status: 128, stdout: "",
                    stderr:
                        "du: error: Could not find an object named 'nosuch' of type 'osimage': see lsdef -t osimage\n"))
        #expect(try catboat("du", "--nosuch").status == 129)
    }
}
