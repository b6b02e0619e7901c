import Support
import SystemPackage
import TestSupport
import Testing

/// ramdisk-pack and ramdisk-verify as commands, judged by outside readers.
@Suite(.scratchDirectory, .enabled(if: SampleTree.isRoot)) struct RamdiskPackTests {
    private let catboat = Catboat()

    private func pack(_ tree: FilePath, _ name: String, _ words: Word...) throws -> (FilePath, String) {
        let file = Scratch.directory.joined(name)
        let result = try catboat.run("ramdisk-pack", ["-o", Word(file)] + words + [Word(tree)])
        try #require(result.status == 0, "\(result.stderr)")
        let sum = try Tool("sha256sum", [Word(file)]).output().text.prefix(64)
        #expect(result.stdout == "sha256:\(sum)\n")
        return (file, String(result.stdout.dropLast()))
    }

    private func unpacked(_ script: String, _ file: FilePath) throws -> FilePath {
        let folder = Scratch.directory.joined("unpacked")
        try folder.removeTree()
        try folder.createDirectories()
        let commands =
            "set -eo pipefail; cd \"$1\"; \(script); if [ -e .catboat ]; then setfattr --restore=.catboat/attributes; fi"
        _ = try Tool("bash", ["-c", Word(commands), "bash", Word(folder), Word(file)]).output()
        return folder
    }

    @Test(arguments: ["cpio", "tar", "squashfs"]) func `unpacking ends at the limit and leaves nothing`(method: String)
        throws
    {
        let tree = Scratch.directory.joined("tree")
        try tree.createDirectories()
        _ = try Tool("truncate", ["-s", "3M", Word(tree.joined("hole"))]).output()
        let (file, _) = try pack(tree, "r", "-m", Word(method))
        let target = Scratch.directory.joined("new")
        let refused = try catboat("ramdisk-unpack", "--max-size", "3000000", Word(file), Word(target))
        #expect(refused.status == 128 && refused.stderr.contains("too large"), "\(refused)")
        #expect(!target.exists)
        #expect(try catboat("ramdisk-unpack", "--max-size", "4000000", Word(file), Word(target)).status == 0)
    }

    @Test(arguments: ["cpio", "tar", "squashfs"]) func `ramdisk-unpack gives the same tree`(method: String) throws {
        let tree = try SampleTree.make()
        let (file, _) = try pack(tree, "r", "-m", Word(method))
        let target = Scratch.directory.joined("new")
        #expect(try catboat("ramdisk-unpack", Word(file), Word(target)).status == 0)
        #expect(try SampleTree.listing(target) == SampleTree.listing(tree))
        #expect(try target.joined("other").status()?.linkCount == 2)
        let sparse = try #require(try target.joined("var/sparse").status())
        #expect(method == "cpio" || sparse.blocks * 512 < sparse.size / 2)
    }

    @Test func `device nodes of several names stay one in squashfs`() throws {
        let tree = Scratch.directory.joined("tree")
        let script = "mkdir \"$1\"; cd \"$1\"; mknod sda b 8 70000; ln sda disk; mkfifo f; ln f g; echo x > x; ln x y"
        _ = try Tool("sh", ["-c", Word(script), "sh", Word(tree)]).output()
        let (file, _) = try pack(tree, "r.sfs", "-m", "squashfs")
        #expect(try catboat("ramdisk-verify", "--tree", Word(tree), Word(file)).status == 0)
        let target = Scratch.directory.joined("new")
        #expect(try catboat("ramdisk-unpack", Word(file), Word(target)).status == 0)
        let nodes = try Tool("sh", ["-c", "cd \"$1\"; stat -c '%n %t:%T %h' *", "sh", Word(target)]).output().text
        #expect(nodes == "disk 8:11170 2\nf 0:0 2\ng 0:0 2\nsda 8:11170 2\nx 0:0 2\ny 0:0 2\n")
    }

    @Test func `squashfs of another program keeps its sockets to itself`() throws {
        let tree = try SampleTree.make(socket: true)
        let file = Scratch.directory.joined("r.sfs")
        _ = try Tool("mksquashfs", [Word(tree), Word(file), "-quiet", "-no-progress"]).output()
        let target = Scratch.directory.joined("new")
        #expect(try catboat("ramdisk-unpack", Word(file), Word(target)).status == 0)
        #expect(!target.joined("var/sock").exists)
        _ = try Tool("rm", [Word(tree.joined("var/sock"))]).output()
        // mksquashfs takes no ACLs.
        _ = try Tool("setfacl", ["-b", Word(tree.joined("etc/passwd"))]).output()
        _ = try Tool("chmod", ["640", Word(tree.joined("etc/passwd")), Word(target.joined("etc/passwd"))]).output()
        #expect(try SampleTree.listing(target) == SampleTree.listing(tree))
    }

    @Test(arguments: [("gzip", "gzip"), ("pigz", "gzip"), ("xz", "xz"), ("zstd", "zstd")])
    func `cpio unpacks to the same tree`(compressor: String, program: String) throws {
        let tree = try SampleTree.make(socket: true)
        let (file, _) = try pack(tree, "r.cpio", "-c", Word(compressor))
        let folder = try unpacked("\(program) -dc < \"$2\" | cpio -idm --quiet", file)
        #expect(try SampleTree.listing(folder) == SampleTree.listing(tree))
        let names = try Tool(
            "sh",
            ["-c", "\(Word(compressor == "pigz" ? "gzip" : compressor)) -dc < \"$0\" | cpio -t --quiet", Word(file)]
        )
        .output().lines
        #expect(names.first == ".")
        #expect(names.last == ".catboat/attributes")
    }

    @Test(arguments: ["gzip", "xz", "zstd"]) func `tar unpacks to the same tree`(compressor: String) throws {
        let tree = try SampleTree.make()
        let (file, _) = try pack(tree, "r.tar", "-m", "tar", "-c", Word(compressor))
        let folder = try unpacked(
            "tar --xattrs --xattrs-include='*' --numeric-owner -xpf \"$2\" --\(compressor)", file)
        #expect(try SampleTree.listing(folder) == SampleTree.listing(tree))
        let sparse = try #require(try folder.joined("var/sparse").status())
        #expect(sparse.blocks * 512 < sparse.size / 2)
    }

    @Test(arguments: ["tar", "squashfs"]) func `a file of nothing but holes is packed`(method: String) throws {
        let tree = Scratch.directory.joined("tree")
        try tree.createDirectories()
        _ = try Tool("truncate", ["-s", "3M", Word(tree.joined("hole"))]).output()
        let (file, _) = try pack(tree, "r", "-m", Word(method))
        #expect(try catboat("ramdisk-verify", "--tree", Word(tree), Word(file)).status == 0)
        let script =
            method == "tar" ? "tar -xzf \"$2\"" : "unsquashfs -q -n -f -d . \"$2\" >/dev/null"
        let unpacked = try unpacked(script, file).joined("hole")
        #expect(try unpacked.readBytes() == [UInt8](repeating: 0, count: 3 << 20))
    }

    @Test func `runs of zeros that are stored count as holes of a sparse file`() throws {
        let digests = try ["", "dd if=/dev/zero of=s bs=4096 seek=40 count=9 conv=notrunc 2>/dev/null;"].map { zeros in
            let tree = Scratch.directory.joined("tree")
            try tree.removeTree()
            try tree.createDirectories()
            let script =
                "cd \"$1\"; truncate -s 1M s; printf x | dd of=s bs=1 seek=50000 conv=notrunc 2>/dev/null; \(zeros) touch -d @1 s ."
            _ = try Tool("sh", ["-c", Word(script), "sh", Word(tree)]).output()
            return try pack(tree, "r", "-m", "tar").1
        }
        #expect(digests[0] == digests[1])
    }

    @Test(arguments: ["gzip", "zstd"]) func `squashfs unpacks to the same tree`(compressor: String) throws {
        let tree = try SampleTree.make()
        let (file, _) = try pack(tree, "r.sfs", "-m", "squashfs", "-c", Word(compressor))
        let folder = try unpacked("unsquashfs -q -n -f -d . \"$2\" >/dev/null", file)
        #expect(try SampleTree.listing(folder) == SampleTree.listing(tree))
        #expect(
            try Tool("unsquashfs", ["-UTC", "-ll", Word(file)]).output().text.contains("squashfs-root/usr/bin/ping"))
    }

    @Test(arguments: ["cpio", "tar", "squashfs"]) func `packing is repeatable at any width`(method: String) throws {
        let tree = try SampleTree.make()
        let compressors = method == "squashfs" ? ["gzip"] : ["gzip", "zstd", "xz"]
        for compressor in compressors {
            let digests = try ["1", "2", "5"].map { width in
                try pack(tree, "r", "-m", Word(method), "-c", Word(compressor), "--width", Word(width)).1
            }
            #expect(Set(digests).count == 1, "\(compressor)")
        }
        // A copy has other inode numbers and another order of names on disk.
        let copy = Scratch.directory.joined("copy")
        _ = try Tool("cp", ["-a", Word(tree), Word(copy)]).output()
        #expect(try pack(copy, "c", "-m", Word(method)).1 == pack(tree, "r", "-m", Word(method)).1)
    }

    @Test func `later times are set back to SOURCE_DATE_EPOCH, earlier ones stay`() throws {
        let tree = try SampleTree.make()
        var dated = catboat
        dated.environment["SOURCE_DATE_EPOCH"] = "1100000000"
        for method in ["cpio", "tar", "squashfs"] {
            let file = Scratch.directory.joined("r.\(method)")
            let result = try dated.run("ramdisk-pack", ["-m", Word(method), "-o", Word(file), Word(tree)])
            try #require(result.status == 0, "\(result.stderr)")
            #expect(try dated.run("ramdisk-verify", ["--tree", Word(tree), Word(file)]).status == 0)
        }
        let list = try Tool("tar", ["--full-time", "--utc", "-tvzf", Word(Scratch.directory.joined("r.tar"))]).output()
            .text
        #expect(list.contains("2001-09-09 01:46:40 a.c"))
        #expect(list.contains("2004-11-09 11:33:20 a/x"))
    }

    @Test func `only listed paths are packed, each once, in order`() throws {
        let tree = try SampleTree.make()
        let file = Scratch.directory.joined("r.cpio.gz")
        let list: [UInt8] =
            Array("a.c\u{0}./a/x\u{0}a\u{0}.\u{0}a.c\u{0}srv/non".utf8) + [0xff] + Array("utf\u{0}".utf8)
        let packed = try catboat.run(
            "ramdisk-pack", ["--files-from", "-", "-z", "-o", Word(file), Word(tree)], input: list)
        #expect(packed.status == 0)
        let names = try Tool("sh", ["-c", "gzip -dc < \"$0\" | cpio -t --quiet", Word(file)]).output().output
        #expect(
            names == Array(".\na\na.c\na/x\nsrv/non".utf8) + [0xff] + Array("utf\n.catboat\n.catboat/attributes\n".utf8)
        )
        let verified = try catboat.run(
            "ramdisk-verify", ["--tree", Word(tree), "--files-from", "-", "-z", Word(file)], input: list)
        #expect(verified == .init(status: 0, stdout: packed.stdout, stderr: ""))
    }

    @Test(
        arguments: [
            ("nosuch", "file to pack is gone: 'TREE/nosuch': let nothing change the tree while it is packed"),
            ("../x", "not a path of the tree: '../x': list paths relative to the tree, without .."),
            ("/etc", "not a path of the tree: '/etc': list paths relative to the tree, without .."),
        ])
    func `a path that cannot be packed is named`(path: String, message: String) throws {
        let tree = Scratch.directory.joined("tree")
        try tree.createDirectories()
        let file = Scratch.directory.joined("r")
        let result = try catboat.run(
            "ramdisk-pack", ["--files-from", "-", "-o", Word(file), Word(tree)], input: Array("\(path)\n".utf8))
        let told = message.replacing("TREE", with: tree.printable)
        #expect(result == .init(status: 128, stdout: "", stderr: "ramdisk-pack: error: \(told)\n"))
        #expect(!file.exists)
    }

    @Test func `paths through links of the tree are refused`() throws {
        let tree = Scratch.directory.joined("tree")
        try tree.createDirectories()
        try tree.joined("out").createSymbolicLink(to: "/etc")
        let result = try catboat.run(
            "ramdisk-pack", ["--files-from", "-", "-o", Word(Scratch.directory.joined("r")), Word(tree)],
            input: Array("out/passwd\n".utf8))
        #expect(result.status == 128)
        #expect(result.stderr.contains("'\(tree)/out/passwd'"))
    }

    @Test func `what a format cannot hold is named`() throws {
        let tree = Scratch.directory.joined("tree")
        try tree.createDirectories()
        _ = try Tool("truncate", ["-s", "4G", Word(tree.joined("big"))]).output()
        let file = Scratch.directory.joined("r")
        let result = try catboat("ramdisk-pack", "-o", Word(file), Word(tree))
        #expect(
            result.stderr
                == "ramdisk-pack: error: cpio (newc) cannot hold a file of 4 GiB or more: 'big': exclude it, or pack with -m tar or -m squashfs\n"
        )
        #expect(result.status == 128)
        let tar = try catboat("ramdisk-pack", "-m", "tar", "-o", Word(file), Word(tree))
        #expect(tar.status == 0)
        #expect(try catboat("ramdisk-verify", "--tree", Word(tree), Word(file)).status == 0)
        _ = try Tool("rm", [Word(tree.joined("big"))]).output()
        let code = "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
        _ = try Tool("python3", ["-c", Word(code), Word(tree.joined("sock"))]).output()
        for method in ["tar", "squashfs"] {
            let result = try catboat("ramdisk-pack", "-m", Word(method), "-o", Word(file), Word(tree))
            #expect(result.stderr.contains("tar cannot hold a socket: 'sock'"))
            #expect(result.status == 128)
        }
    }

    @Test func `the archive is all that is on standard output`() throws {
        let tree = try SampleTree.make()
        let (file, _) = try pack(tree, "r")
        let captured = try catboat.tool("ramdisk-pack", ["-o", "-", Word(tree)]).capture()
        #expect(captured.output == (try file.readBytes()))
    }

    @Test(arguments: [("-m", "bogus"), ("-c", "bogus"), ("--level", "99"), ("--width", "0")])
    func `wrong usage exits 129`(option: String, value: String) throws {
        let result = try catboat("ramdisk-pack", Word(option), Word(value), "-o", "/nonexistent/x", "/nonexistent")
        #expect(result.status == 129)
    }

    @Test(arguments: ["cpio", "tar", "squashfs"]) func `verify names every difference`(method: String) throws {
        let tree = try SampleTree.make()
        let (file, digest) = try pack(tree, "r", "-m", Word(method))
        #expect(try catboat("ramdisk-verify", "--digest", Word(digest), "--tree", Word(tree), Word(file)).status == 0)
        let script = """
            cd "$1"; echo 4 > a.c; touch -d @1000000000 a.c; chmod 700 etc; rm a/x; : > new; setcap -r usr/bin/ping
            setfacl -b etc/passwd; chown 5 link -h; touch -h -r etc link; touch -r etc a . ; rm zlink; cp -p usr/bin/big zlink
            """
        _ = try Tool("bash", ["-c", Word(script), "bash", Word(tree)]).output()
        let result = try catboat("ramdisk-verify", "--tree", Word(tree), Word(file))
        #expect(result.status == 1)
        let lines = Set(result.stdout.split(separator: "\n").map(String.init))
        for expected in [
            "data\ta.c", "mode\tetc", "unexpected\ta/x", "missing\tnew", "owner\tlink", "hard link\tzlink",
        ] {
            #expect(lines.contains(expected), "\(lines.sorted())")
        }
        #expect(lines.contains("attributes\tusr/bin/ping") == (method != "cpio"))
        #expect(lines.contains("attributes\t.catboat/attributes") == (method != "tar"))
    }

    @Test func `a damaged or short file is not valid`() throws {
        let tree = try SampleTree.make()
        for (method, compressor) in [("cpio", "gzip"), ("tar", "zstd"), ("cpio", "xz"), ("squashfs", "gzip")] {
            let (file, digest) = try pack(tree, "r", "-m", Word(method), "-c", Word(compressor))
            let bytes = try file.readBytes()
            for length in [bytes.count / 2, bytes.count - 5000] {
                try AtomicFile.write(bytes[..<length], to: file)
                let result = try catboat("ramdisk-verify", Word(file))
                #expect(result.status == 1, "\(method) \(compressor) \(length)")
                #expect(!result.stdout.isEmpty)
            }
            var flipped = bytes
            flipped[bytes.count / 2] ^= 0x10
            try AtomicFile.write(flipped, to: file)
            #expect(try catboat("ramdisk-verify", "--digest", Word(digest), Word(file)).status == 1)
        }
    }

    @Test func `an interrupted run leaves the old file`() throws {
        let tree = try SampleTree.make()
        let (file, _) = try pack(tree, "r")
        let before = try file.readBytes()
        let running = try catboat.tool("ramdisk-pack", ["-c", "xz", "-o", Word(file), Word(tree)]).start(output: .null)
        running.signal(15)
        #expect(try running.wait() == .signaled(15))
        #expect(try file.readBytes() == before)
        let left = try Scratch.directory.directoryNames().filter { $0.printable.contains(".tmp-") }
        #expect(left.isEmpty)
    }
}
