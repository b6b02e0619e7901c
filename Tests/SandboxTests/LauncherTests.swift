import Sandbox
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A tree with nothing but busybox.
struct TinyTree {
    let folder: FilePath
    var tree: FilePath { folder.joined("rootimg") }

    init(_ name: String = "image") throws {
        folder = Scratch.directory.joined(name)
        for path in ["bin", "dev", "etc", "proc", "run", "sys", "tmp"] { try tree.joined(path).createDirectories() }
        _ = try Tool("cp", ["/bin/busybox", Word(tree.joined("bin/busybox"))]).output()
        for name in ["sh", "cat", "ls", "sleep", "touch", "mount", "ps", "hostname", "kill", "id", "sync"] {
            try tree.joined("bin/\(name)").createSymbolicLink(to: "busybox")
        }
    }

    func sandbox(_ view: ImageSandbox.View = .inside) -> ImageSandbox {
        ImageSandbox(tree, view: view, execPath: Catboat.execPath)
    }

    func capture(_ script: String, _ change: (inout ImageSandbox) -> Void = { _ in }) throws -> Tool.Captured {
        let lock = try ImageLock(folder)
        var sandbox = sandbox()
        change(&sandbox)
        return try sandbox.capture(["/bin/sh", "-c", Word(script)], holding: lock)
    }
}

@Suite(.scratchDirectory, .enabled(if: getuid() == 0, "needs root for namespaces")) struct LauncherTests {
    /// Mount points of this namespace beneath the scratch directory.
    private func mounts() throws -> [Substring] {
        let table = try FilePath("/proc/self/mountinfo").readText()
        return table.split(separator: "\n").filter { $0.contains(Scratch.directory.printable) }
    }

    @Test(arguments: [0, 1, 7, 125, 255] as [CInt]) func `the exit status is the command's`(status: CInt) throws {
        #expect(try TinyTree().capture("exit \(status)").ending == .exited(status))
    }

    @Test func `a signal that ends the command ends the launcher`() throws {
        #expect(try TinyTree().capture("kill -TERM $$").ending == .signaled(SIGTERM))
    }

    @Test func `a command that does not exist is told`() throws {
        let image = try TinyTree()
        let captured = try image.sandbox().capture(["nosuch"], holding: ImageLock(image.folder))
        #expect(captured.ending == .exited(127))
        #expect(
            String(decoding: captured.errors, as: UTF8.self)
                == "catboat-launch: error: cannot run: 'nosuch': No such file or directory\n")
    }

    @Test func `the image is all that the command sees`() throws {
        let captured = try TinyTree().capture("ls /; ls /dev; cat /proc/1/comm; hostname")
        #expect(
            captured.lines == [
                "bin", "dev", "etc", "proc", "run", "sys", "tmp", "console", "fd", "full", "null", "ptmx", "pts",
                "random", "shm",
                "stderr", "stdin", "stdout", "tty", "urandom", "zero", "catboat-launch", "localhost",
            ])
        #expect(String(decoding: captured.errors, as: UTF8.self) == "")
        #expect(try mounts() == [])
    }

    @Test func `the network is out of reach unless allowed`() throws {
        let image = try TinyTree()
        try AtomicFile.write([], to: image.tree.joined("etc/resolv.conf"))
        let ours = try FilePath("/proc/self/net/dev").readText().split(separator: "\n").count
        let alone = try image.capture("cat /proc/net/dev; cat /etc/resolv.conf")
        #expect(alone.lines.count == 3)
        let shared = try image.capture("cat /proc/net/dev") { $0.allowsNetwork = true }
        #expect(shared.lines.count == ours)
        let resolver = try image.capture("cat /etc/resolv.conf") { $0.allowsNetwork = true }
        #expect(resolver.text == (try FilePath("/etc/resolv.conf").readText()))
        #expect(try image.tree.joined("etc/resolv.conf").readBytes() == [])
    }

    @Test func `media and folders are read-only and vanish`() throws {
        let image = try TinyTree()
        try Scratch.write("deb", to: "medium/pool/x.deb")
        try Scratch.write("", to: "work/there")
        let captured = try image.capture(
            "cat /run/catboat/media/1/pool/x.deb; touch /run/catboat/media/1/y; touch /run/catboat/work/made; /run/catboat/bin/dracut && echo inert"
        ) {
            $0.media = [Scratch.directory.joined("medium")]
            $0.writableFolders = ["work": Scratch.directory.joined("work")]
            $0.stubs = ["dracut"]
        }
        #expect(captured.text == "debinert\n")
        #expect(String(decoding: captured.errors, as: UTF8.self).contains("Read-only file system"))
        #expect(Scratch.directory.joined("work/made").exists)
        #expect(try image.tree.joined("run").directoryNames() == [])
    }

    @Test func `outside the image the host is read-only`() throws {
        let image = try TinyTree()
        let lock = try ImageLock(image.folder)
        let probe = Scratch.directory.joined("probe")
        let script =
            "touch '\(probe.printable)' 2>/dev/null || echo refused; touch '\(image.tree.printable)/etc/made' && echo made"
        let captured = try image.sandbox(.around).capture(["sh", "-c", Word(script)], holding: lock)
        #expect(captured.text == "refused\nmade\n")
        #expect(!probe.exists)
    }

    @Test(arguments: ["dev", "proc", "sys", "run"]) func `a link in place of a mount point leads nowhere`(name: String)
        throws
    {
        let image = try TinyTree()
        let place = image.tree.joined(name)
        let victim = Scratch.directory.joined("victim")
        try Scratch.write("mine", to: "victim/file")
        for target in [victim, "/", FilePath("../../victim")] {
            try place.removeTree()
            try place.createSymbolicLink(to: target)
            for view in [ImageSandbox.View.inside, .around] {
                let lock = try ImageLock(image.folder)
                let captured = try image.sandbox(view).capture(["/bin/sh", "-c", "exit 0"], holding: lock)
                #expect(captured.ending == .exited(125))
                #expect(
                    String(decoding: captured.errors, as: UTF8.self)
                        == "catboat-launch: error: cannot use as a mount point: '\(name)': it must be a folder of the image, not a link or file\n"
                )
            }
        }
        #expect(try victim.directoryNames() == ["file"])
        #expect(try mounts() == [])
    }

    @Test func `what the command leaves running ends with it`() throws {
        let captured = try TinyTree().capture("sleep 4242 & sleep 4242 & echo started")
        #expect(captured.text == "started\n")
        #expect(try Self.processes(with: "sleep\u{0}4242") == [])
    }

    @Test func `suppressed synchronization does nothing and succeeds`() throws {
        #expect(try TinyTree().capture("sync; echo $?") { $0.suppressesSync = true }.text == "0\n")
    }

    @Test func `the command gets no descriptor of ours`() throws {
        #expect(
            try TinyTree().capture("ls /proc/self/fd; echo ${CATBOAT_LOCK_FD-unset}").lines == [
                "0", "1", "2", "3", "unset",
            ])
    }

    /// Processes whose command line holds `text`.
    static func processes(with text: String) throws -> [FilePath] {
        try FilePath("/proc").directoryNames().filter { name in
            guard name.printable.allSatisfy(\.isNumber) else { return false }
            let line = (try? FilePath("/proc").joined(name).joined("cmdline").readText()) ?? ""
            return line.contains(text)
        }
    }

    @Test(arguments: [SIGKILL, SIGTERM, SIGINT]) func `when the caller dies everything dies and the lock is free`(
        signal: CInt
    ) throws {
        let image = try TinyTree()
        let mark = "sleep\u{0}98765\(signal)"
        let tool = Catboat().tool(
            "rootimg-run", [Word(image.folder), "--", "/bin/sh", "-c", "sleep 98765\(signal) & sleep 98765\(signal)"])
        let running = try tool.start(errors: .null)
        try waitUntil { try Self.processes(with: mark).count == 2 }
        running.signal(signal)
        #expect(try running.wait() == .signaled(signal) || signal != SIGKILL)
        try waitUntil { try Self.processes(with: mark).isEmpty }
        _ = try ImageLock(image.folder)
        #expect(try mounts() == [])
    }

    @Test func `when the launcher itself is killed the command ends too`() throws {
        let image = try TinyTree()
        let running = try Catboat().tool("rootimg-run", [Word(image.folder), "--", "sleep", "876543"]).start(
            errors: .null)
        try waitUntil { try Self.processes(with: "sleep\u{0}876543").count >= 2 }
        let launchers = try Self.processes(with: "\(image.tree.printable)\u{0}--inside")
        let parent = try #require(launchers.compactMap { CInt($0.printable) }.min())
        kill(parent, SIGKILL)
        _ = try running.wait()
        try waitUntil { try Self.processes(with: "sleep\u{0}876543").isEmpty }
    }

    private func waitUntil(_ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, "it did not happen in time")
            usleep(20_000)
        }
    }
}

@Suite(.scratchDirectory) struct ImageLockTests {
    @Test func `a second holder is refused with the first one's process`() throws {
        let folder = Scratch.directory
        let lock = try ImageLock(folder)
        #expect(throws: ImageLockError.busy(folder, process: getpid())) { _ = try ImageLock(folder) }
        _ = lock.descriptor
    }

    @Test func `a symbolic link to the folder means the same lock`() throws {
        try Scratch.directory.joined("real").createDirectories()
        let link = Scratch.directory.joined("link")
        try link.createSymbolicLink(to: "real")
        let lock = try ImageLock(Scratch.directory.joined("real"))
        #expect(throws: ImageLockError.self) { _ = try ImageLock(link) }
        _ = lock.descriptor
    }

    @Test func `image-lock lends its lock to plumbing below it`() throws {
        let image = try TinyTree()
        let inner = Word(Catboat.execPath.joined("catboat"))
        let words: [Word] = [
            "--rootimgdir", Word(image.folder), "--", inner, "rootimg-run", Word(image.folder), "--", "/bin/sh", "-c",
            "exit 5",
        ]
        #expect(try Catboat().run("image-lock", words).status == 5)
        // A number that is no lock of this image is not believed.
        var liar = Catboat()
        liar.environment["CATBOAT_LOCK_FD"] = "1"
        let held = try ImageLock(image.folder)
        let refused = try liar("rootimg-run", Word(image.folder), "--", "/bin/sh", "-c", "exit 5")
        #expect(refused.status == 128)
        #expect(
            refused.stderr.hasPrefix(
                "rootimg-run: error: failed to acquire lock, seems there is another genimage/packimage/rmimage process")
        )
        _ = held.descriptor
    }
}
