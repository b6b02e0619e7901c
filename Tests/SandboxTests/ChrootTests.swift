import FoundationEssentials
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// `catboat chroot`: a command or a shell inside the root image of an osimage.
@Suite(.scratchDirectory, .enabled(if: getuid() == 0, "needs root for namespaces")) struct ChrootTests {
    private static let folder = "install/netboot/img"
    private var catboat: Catboat { Catboat(root: Scratch.directory) }
    private var tree: FilePath { Scratch.directory.joined(Self.folder).joined("rootimg") }

    private func define() throws {
        _ = try TinyTree(Self.folder)
        try Scratch.write("root:x:0:0::/root:/bin/sh\n", to: "\(Self.folder)/rootimg/etc/passwd")
        let batch = """
            set\tosimage\timagename=img\t:\tprofile=p\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux
            set\tlinuximage\timagename=img\t:\trootimgdir=/\(Self.folder)
            set\tosimage\timagename=new\t:\tprofile=n\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux
            set\tosimage\timagename=disk\t:\tprofile=p\tosvers=debian12\tosarch=x86_64\tprovmethod=install\timagetype=linux

            """
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
    }

    @Test func `a command sees the image and nothing of the host, and its changes stay`() throws {
        try define()
        let result = try catboat(
            "chroot", "--env", "A=b c", "--directory", "/etc", "img", "sh", "-c",
            "echo \"$A\"; pwd; cat passwd; ls -a / | wc -l; echo $1 >made; cat /proc/net/dev | grep -c :; ls /home",
            "-", "-x")
        #expect(result.status != 0)
        let lines = result.stdout.split(separator: "\n")
        #expect(lines.prefix(3) == ["b c", "/etc", "root:x:0:0::/root:/bin/sh"], "\(result)")
        #expect(try tree.joined("etc/made").readText() == "-x\n")
        #expect(result.stderr.contains("/home"))
        // Nothing stays mounted, the lock is free again.
        #expect(!(try FilePath("/proc/self/mountinfo").readText().contains(Scratch.directory.printable)))
        #expect(try catboat("image-lock", "img", "--", "true").status == 0)
    }

    @Test(
        arguments: [
            (["img", "sh", "-c", "exit 7"], 7), (["img", "--", "sh", "-c", "exit 3"], 3), (["img", "nosuch"], 127),
            (["img", "sh", "-c", "kill -TERM $$"], 143),
        ] as [([String], CInt)])
    func `the exit status is the command's`(words: [String], status: CInt) throws {
        try define()
        #expect(try catboat.run("chroot", words.map { Word($0) }).status == status)
    }

    @Test func `without a command root's shell reads what we read`() throws {
        try define()
        let plain = try catboat("chroot", "img", input: "echo $PS1 $debian_chroot\necho more\nexit 5\n")
        #expect(plain == .init(status: 5, stdout: "(img) # img\nmore\n", stderr: ""))
        // One that is not there is passed over.
        try Scratch.write("root:x:0:0::/root:/bin/zsh\n", to: "\(Self.folder)/rootimg/etc/passwd")
        #expect(try catboat("chroot", "img", input: "echo hi\n").stdout == "hi\n")
        try tree.joined("bin/sh").removeFile()
        let none = try catboat("chroot", "img")
        #expect(
            none
                == .init(
                    status: 128, stdout: "",
                    stderr:
                        "chroot: error: root image has no shell: 'img': name a command, or add a shell to the package list\n"
                ))
    }

    @Test(arguments: [
        ("none", "Could not find an object named 'none' of type 'osimage': see lsdef -t osimage"),
        ("new", "osimage has no root image yet: 'new': run genimage new first"),
        (
            "disk",
            "osimage has no root image, its provmethod is install: 'disk': see lsdef -t osimage -w provmethod==netboot"
        ),
    ]) func `what has no root image is refused with its remedy`(image: String, message: String) throws {
        try define()
        let result = try catboat("chroot", Word(image), "true")
        #expect(result == .init(status: 128, stdout: "", stderr: "chroot: error: \(message)\n"))
    }

    @Test func `wrong usage exits 129`() throws {
        let result = try catboat("chroot")
        #expect(result.status == 129)
        #expect(result.stderr.hasPrefix("chroot: error: Missing expected argument '<osimage>'"))
    }

    @Test func `the step can be seen and run again`() throws {
        try define()
        var traced = catboat
        traced.environment["CATBOAT_TRACE"] = "1"
        let result = try traced("chroot", "img", "sh", "-c", "echo it 'works'")
        let folder = Scratch.directory.joined(Self.folder)
        #expect(
            result.stderr.hasPrefix(
                "+ catboat --root \(Scratch.directory) rootimg-run \(folder) -- sh -c 'echo it '\\''works'\\''' # "))
    }

    @Test func `another command that wants the root image meanwhile is refused`() throws {
        try define()
        let inner = catboat.tool("chroot", ["img", "sh", "-c", "echo in"])
        let script = try Scratch.write("unset CATBOAT_LOCK_FD\nexec \"$@\"\n", to: "script")
        let held = try catboat.run(
            "image-lock", ["img", "--", "sh", Word(script), Word(inner.program)] + inner.words)
        #expect(held.status == 128 && held.stdout.isEmpty)
        #expect(held.stderr.contains("failed to acquire lock"), "\(held)")
        // Below a command that holds it, it is borrowed.
        let borrowed = try catboat.run("image-lock", ["img", "--", Word(inner.program)] + inner.words)
        #expect(borrowed == .init(status: 0, stdout: "in\n", stderr: ""))
    }

    @Test func `after kill -9 nothing runs on`() throws {
        try define()
        let running = try catboat.tool("chroot", ["img", "sh", "-c", "echo up >/up; sleep 87654321"]).start(
            output: .null, errors: .null)
        while !tree.joined("up").exists { usleep(10_000) }
        running.signal(SIGKILL)
        _ = try running.wait()
        var left = true
        for _ in 0..<500 where left {
            left = try Tool("pgrep", ["-f", "sleep 87654321"]).capture().ending.isSuccess
            if left { usleep(10_000) }
        }
        #expect(!left)
        #expect(try catboat("image-lock", "img", "--", "true").status == 0)
    }

    @Test(.enabled(if: Tool.isInstalled("python3")))
    func `at a terminal Ctrl-C is the shell's, and exit gives its status`() throws {
        try define()
        let command = catboat.tool("chroot", ["img"])
        var tool = command
        tool.program = Catboat.projectFolder.joined("Tests/Terminal/drive-terminal")
        tool.words = [Word(command.program)] + command.words
        // What is waited for is not what is typed, and is printed by a process that has the terminal.
        let steps = [
            ["(img) # ", "sh -c 'echo one-$((1+1)); sleep 98765'\r"], ["one-2", "\u{3}"],
            ["(img) # ", "echo two-$?\r"],
            ["two-130", "exit 9\r"],
        ]
        let captured = try tool.capture(input: Array(JSONEncoder().encode(steps)))
        #expect(captured.ending == .exited(0), "\(captured.text)\(String(decoding: captured.errors, as: UTF8.self))")
        #expect(captured.text.hasPrefix("This is the root image of img; exit leaves it."))
        #expect(captured.text.hasSuffix("\nstatus 9\n"))
    }
}
