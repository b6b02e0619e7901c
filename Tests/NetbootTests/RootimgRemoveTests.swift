import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// rootimg-remove as a process: what it removes, and what it leaves to nodes.
@Suite(.scratchDirectory) struct RootimgRemoveTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private let stored = "/install/netboot/d/x/c"
    private var folder: FilePath { Scratch.directory.joined("install/netboot/d/x/c") }
    private var tftp: FilePath { Scratch.directory.joined("tftpboot") }

    /// A root image with everything that the commands leave beside it.
    private func makeImage() throws {
        for name in [
            "rootimg/etc/hosts", "kernel", "initrd-stateless.gz", "initrd-statelite.gz", "rootimg-statelite.gz",
            "rootimg.cpio.gz", ".state", ".listing", ".populate.log", ".initrd.json", ".stage/record/files", "mine.txt",
        ] {
            try Scratch.write(name, to: "install/netboot/d/x/c/\(name)")
        }
    }

    private func publish(_ image: String = "img", _ text: String = "one") throws {
        for name in ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"] {
            try Scratch.write("\(name) \(text)", to: "install/netboot/d/x/c/\(name)")
        }
        let result = try catboat("image-publish", "--rootimgdir", Word(folder), Word(image))
        try #require(result.status == 0, "\(result.stderr)")
    }

    private func setNode(_ node: String, _ state: String = "netboot d-x-c", _ image: String = "img") throws {
        let result = try catboat("bootcfg-write", "--state", Word(state), "--osimage", Word(image), Word(node))
        try #require(result.status == 0, "\(result.stderr)")
    }

    private func remove(_ words: Word..., image: Word = "img") throws -> Catboat.Result {
        try catboat.run("rootimg-remove", ["--rootimgdir", Word(folder)] + words + [image])
    }

    /// Without the lock file, which names its last holder.
    private func listing() throws -> [Substring] {
        try catboat("rootimg-list", Word(folder)).stdout.split(separator: "\n").filter { !$0.hasPrefix(".lock") }
    }

    private func names(_ folder: FilePath) throws -> [String] { try folder.directoryNames().map(\.printable) }

    @Test func `everything that the commands made is removed, and nothing else`() throws {
        try makeImage()
        try publish()
        let told = try remove()
        #expect(
            told
                == .init(
                    status: 0,
                    stdout: [
                        "directory\t\(stored)/.packed", "directory\t\(stored)/.stage", "directory\t\(stored)/rootimg",
                        "directory\t/tftpboot/xcat/osimage/img", "file\t\(stored)/.initrd.json",
                        "file\t\(stored)/.listing",
                        "file\t\(stored)/.populate.log", "file\t\(stored)/.state",
                        "file\t\(stored)/initrd-stateless.gz",
                        "file\t\(stored)/initrd-statelite.gz", "file\t\(stored)/kernel",
                        "file\t\(stored)/rootimg-statelite.gz", "file\t\(stored)/rootimg.cpio.gz",
                    ].sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "removed\t\($0)\n" }.joined(),
                    stderr: ""))
        #expect(try names(folder) == [".lock", "mine.txt"])
        #expect(try names(tftp.joined("xcat/osimage")) == [])
        #expect(try remove() == .init(status: 0, stdout: "", stderr: ""))
    }

    @Test func `a dry run tells the same and changes nothing`() throws {
        try makeImage()
        try publish()
        let before = try listing()
        let planned = try remove("--dry-run")
        #expect(try listing() == before)
        #expect(tftp.joined("xcat/osimage/img/boot.ipxe").exists)
        #expect(try remove() == planned)
    }

    @Test func `nodes that boot the image go on getting what they get`() throws {
        try makeImage()
        try publish("img", "one")
        try publish("img", "two")
        try setNode("cn2")
        try setNode("cn1")
        try setNode("cn3", "boot")
        try setNode("other", "netboot d-x-c", "image")
        let current = try catboat("image-publish", "--rootimgdir", Word(folder), "--current", "img").stdout
        let told = try remove()
        #expect(told.status == 0 && told.stderr == "")
        #expect(told.stdout.hasPrefix("boots\tnode\tcn1\nboots\tnode\tcn2\nkept\tdirectory\t"))
        let hex = try #require(current.split(separator: ":").last?.filter { !$0.isNewline })
        for kept in ["\(stored)/.packed/\(hex)", "/tftpboot/xcat/osimage/img"] {
            #expect(told.stdout.contains("kept\tdirectory\t\(kept)\n"))
        }
        #expect(told.stdout.contains("kept\tfile\t\(stored)/rootimg.cpio.gz\n"))
        #expect(try names(folder) == [".lock", ".packed", "mine.txt", "rootimg.cpio.gz"])
        #expect(try names(folder.joined(".packed")) == [hex])
        // The boot file still leads to a whole set.
        #expect(try catboat("image-publish", "--rootimgdir", Word(folder), "img", Word(hex)).status == 0)

        #expect(try remove("--force").stdout.hasPrefix("boots\tnode\tcn1\nboots\tnode\tcn2\nremoved\t"))
        #expect(try names(folder) == [".lock", "mine.txt"])
        #expect(try names(tftp.joined("xcat/osimage")) == [])
    }

    @Test func `a boot file that xCAT wrote counts as well`() throws {
        try makeImage()
        try Scratch.write("kernel", to: "tftpboot/xcat/osimage/img/kernel")
        try Scratch.write("kernel xcat/osimage/img/kernel\n", to: "tftpboot/boot/grub2/cn7")
        try Scratch.write("kernel xcat/osimage/img/kernel\n", to: "tftpboot/boot/grub2/grub.cfg-0A010107")
        try Scratch.write("kernel xcat/osimage/img2/kernel\n", to: "tftpboot/boot/grub2/cn8")
        let told = try remove()
        #expect(
            told.stdout.split(separator: "\n").filter { !$0.hasPrefix("removed") } == [
                "boots\tnode\tcn7", "kept\tdirectory\t/tftpboot/xcat/osimage/img",
                "kept\tfile\t\(stored)/rootimg.cpio.gz",
            ])
    }

    @Test func `a set that another image serves from the same folder stays`() throws {
        try makeImage()
        try publish("img", "one")
        try publish("lite", "two")
        let told = try remove("--force", image: "img")
        #expect(told.status == 0)
        #expect(try names(folder.joined(".packed")).count == 1)
        #expect(told.stdout.contains("kept\tfile\t\(stored)/rootimg.cpio.gz\n"))
        #expect(try names(tftp.joined("xcat/osimage")) == ["lite"])
        #expect(try catboat("image-publish", "--rootimgdir", Word(folder), "--current", "lite").status == 0)
    }

    @Test(.enabled(if: getuid() == 0)) func `something mounted in the image is not touched`() throws {
        try makeImage()
        try publish()
        try Scratch.write("precious", to: "elsewhere/file")
        let mount = folder.joined("rootimg/mnt")
        try mount.createDirectories()
        let before = try listing()
        let told = try inPrivateMounts(binding: Scratch.directory.joined("elsewhere"), to: mount)
        #expect(told.status == 128 && told.stdout == "")
        #expect(
            told.stderr
                == "rootimg-remove: error: something is mounted in the image: '\(mount)': run umount \(mount)\n")
        #expect(try listing() == before)
        #expect(Scratch.directory.joined("elsewhere/file").exists)
    }

    /// A bind mount has the same device as what is around it: leftovers of a killed run are where nobody looked for mounts.
    @Test(.enabled(if: getuid() == 0)) func `a bind mount in leftovers stops the sweep before it`() throws {
        try makeImage()
        try Scratch.write("precious", to: "elsewhere/file")
        let mount = folder.joined(".rootimg.tmp-abcdef/mnt")
        try mount.createDirectories()
        let told = try inPrivateMounts(binding: Scratch.directory.joined("elsewhere"), to: mount)
        #expect(told.status == 128)
        #expect(told.stderr == "rootimg-remove: error: cannot remove: 'mnt': device or resource busy\n")
        #expect(Scratch.directory.joined("elsewhere/file").exists)
        #expect(try remove().status == 0)
        #expect(try names(folder) == [".lock", "mine.txt"])
    }

    private func inPrivateMounts(binding source: FilePath, to target: FilePath) throws -> Catboat.Result {
        let tool = catboat.tool("rootimg-remove", ["--rootimgdir", Word(folder), "img"])
        let script = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\""
        let words: [Word] = ["-m", "sh", "-c", Word(script), "sh", Word(source), Word(target), Word(tool.program)]
        let captured = try Tool("unshare", words + tool.words, environment: tool.environment).capture()
        guard case .exited(let status) = captured.ending else { return .init(status: -1, stdout: "", stderr: "") }
        return .init(
            status: status, stdout: String(decoding: captured.output, as: UTF8.self),
            stderr: String(decoding: captured.errors, as: UTF8.self))
    }

    @Test func `it waits for nobody who works on the image`() throws {
        try makeImage()
        let held = try catboat(
            "image-lock", "--rootimgdir", Word(folder), "--", "sh", "-c",
            Word("unset CATBOAT_LOCK_FD; exec \"$0\" --root \"$1\" rootimg-remove --rootimgdir \"$2\" img"),
            Word(Catboat.execPath.joined("catboat")), Word(Scratch.directory), Word(folder))
        #expect(held.status == 128)
        #expect(
            held.stderr.contains("failed to acquire lock, seems there is another genimage/packimage/rmimage process"))
        #expect(folder.joined("rootimg/etc/hosts").exists)
    }

    @Test func `a killed run has removed the tree or not, and the next one finishes`() throws {
        var cuts = 0
        for point in 0..<8 {
            try makeImage()
            let script = "for d in $(seq 0 19); do mkdir -p $d; for f in $(seq 20); do : > $d/$f; done; done"
            let many = folder.joined("rootimg/many")
            try many.createDirectories()
            _ = try Tool("sh", ["-c", Word("cd \(many) && \(script)")]).output()
            let running = try catboat.tool("rootimg-remove", ["--rootimgdir", Word(folder), "img"]).start(
                output: .null, errors: .null)
            usleep(UInt32(3000 * point))
            running.signal(SIGKILL)
            if try running.wait() == .signaled(SIGKILL) { cuts += 1 }
            #expect(try !many.exists || (0..<20).allSatisfy { try names(many.joined("\($0)")).count == 20 })
            let told = try remove()
            #expect(told.status == 0 && told.stderr == "")
            #expect(try names(folder) == [".lock", "mine.txt"])
        }
        #expect(cuts > 0)
    }
}
