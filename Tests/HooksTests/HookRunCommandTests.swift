import Hooks
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// `hook-run` as porcelain and site scripts start it, with a store.
@Suite(.scratchDirectory) struct HookRunCommandTests {
    private let site = HookSite()

    private func catboat() throws -> Catboat {
        let catboat = Catboat(root: Scratch.directory)
        let batch = """
            set\tosimage\timagename=img\t:\tprofile=compute\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux
            set\tlinuximage\timagename=img\t:\trootimgdir=/install/netboot/img
            set\tsite\tkey=master\t:\tvalue=10.0.0.1
            set\tsite\tkey=domain\t:\tvalue=cluster.example

            """
        #expect(try catboat("table-set", "--stdin", input: batch).status == 0)
        return catboat
    }

    @Test func `without hooks nothing happens, also without a store`() throws {
        let result = try Catboat(root: Scratch.directory)("hook-run", "pre-genimage", "--osimage", "none")
        #expect(result == .init(status: 0, stdout: "", stderr: ""))
    }

    @Test func `a veto is status 1 and names hook, status and last lines`() throws {
        let catboat = try catboat()
        try site.hook("pre-genimage.d/10-no", "echo not today; exit 3")
        let result = try catboat("hook-run", "--osimage", "img", "pre-genimage")
        #expect(
            result
                == .init(
                    status: 1, stdout: "",
                    stderr: """
                        10-no: not today
                        hook-run: error: hook of pre-genimage exited with status 3: \
                        '/install/custom/hooks/pre-genimage.d/10-no': not today
                        genimage stops here, nothing was changed

                        """))
    }

    @Test func `a hook that others could write is listed as refused, with the rest`() throws {
        let catboat = try catboat()
        try site.hook("post-nodeset.d/10-open", "true")
        try site.hook("pre-genimage.d/10-sound", "true")
        let open = Scratch.directory.joined("install/custom/hooks/post-nodeset.d/10-open")
        try open.changePermissions(0o777)
        let listed = try catboat("hook", "list")
        #expect(listed.status == 0, "\(listed.stderr)")
        #expect(listed.stdout.contains("  - 10-open (site, refused: mode 777 of \(open) lets others write)\n"))
        #expect(listed.stdout.contains("    10-sound (site)\n"))
        #expect(try catboat("hook-run", "post-nodeset").status == 128)
    }

    @Test func `a configured hook with a mistake is listed as refused, with the rest`() throws {
        let catboat = try catboat()
        try site.hook("pre-genimage.d/10-sound", "true")
        try Scratch.write(
            """
            [hook "typo"]
                event = pre-genimag
                command = true
            [hook "gone"]
                event = pre-genimage
                command = no-such-program
            [hook "script"]
                event = post-populate
                postscript = nosuch

            """, to: "install/custom/config")
        let listed = try catboat("hook", "list")
        #expect(listed.status == 0, "\(listed.stderr)")
        for line in [
            "    10-sound (site)\n",
            "  - gone (configured, refused: program of hook gone not found: 'no-such-program')\n",
            "  - typo (configured, refused: no such event)\n",
            "  - script (configured, refused: postscript of hook script not found: '/install/postscripts/nosuch')\n",
        ] { #expect(listed.stdout.ranges(of: line).count == 1, "\(line)\(listed.stdout)") }
        #expect(try catboat("hook", "list", "post-genimage").stdout.contains("typo"))
        #expect(try catboat("hook-run", "pre-genimage").status == 128)
    }

    @Test func `what a hook leaves in a session of its own is ended with it`() throws {
        let catboat = try catboat()
        let started = Scratch.directory.joined("started")
        try site.hook(
            "post-genimage.d/10-daemon",
            "setsid sh -c 'trap \"\" TERM; echo $$ > \(started); exec sleep 1000' > /dev/null 2>&1 & "
                + "while [ ! -s \(started) ]; do sleep 0.05; done")
        let result = try catboat("hook-run", "--osimage", "img", "post-genimage")
        #expect(result.status == 0, "\(result.stderr)")
        let process = try #require(CInt(started.readText().prefix { $0 != "\n" }))
        #expect(kill(process, 0) != 0)
    }

    @Test(arguments: [["hook", "run", "post-populate"], ["hook-run", "post-populate", "--osimage"]])
    func `a mistyped osimage runs no hook, which would work on this machine's own files`(words: [String]) throws {
        let catboat = try catboat()
        try site.hook("post-populate.d/10-motd", "echo ran; rm -f $CATBOAT_ROOTIMG\(Scratch.directory)/mine")
        try Scratch.write("mine", to: "mine")
        let result = try catboat.run(words[0], (words.dropFirst() + ["igm"]).map { Word($0) })
        #expect(result.status == 128)
        #expect(result.stdout.isEmpty && !result.stderr.contains("ran\n") && result.stderr.contains("'igm'"))
        #expect(Scratch.directory.joined("mine").exists)
        // Before mkdef there is none yet.
        #expect(try catboat("hook", "run", "pre-mkdef", "igm").status == 0)
    }

    @Test func `hooks get the resolved definition, facts and arguments`() throws {
        let catboat = try catboat()
        try site.hook("post-packimage", "cat; echo $CATBOAT_NEW_DIGEST; echo \"$@\"; exit 0")
        let result = try catboat(
            "hook-run", "--osimage", "img", "--fact", "new_digest=sha256:ab", "post-packimage", "--", "-x", "y z")
        #expect(result.status == 0)
        let lines = result.stderr.split(separator: "\n")
        let json = try catboat("definition-get", "osimage", "img").stdout.dropFirst().dropLast()
        #expect(lines.first?.hasSuffix(json) == true)
        #expect(lines.first?.contains(#""facts":{"new_digest":"sha256:ab"}"#) == true)
        #expect(lines.dropFirst() == ["post-packimage: sha256:ab", "post-packimage: -x y z"])
    }

    @Test(arguments: [
        (["lunch"], 128, "hook-run: error: no such event: 'lunch': see catboat-hooks(5) for their names\n"),
        (["pre-genimage", "--osimage", "a/b"], 128, "hook-run: error: not the name of an osimage: 'a/b'"),
        (["--fact", "Bad=1", "pre-genimage"], 129, "hook-run: error: --fact needs name=value"),
        ([], 129, "hook-run: error: name an event\n"),
    ]) func `wrong usage and errors`(words: [String], status: CInt, message: String) throws {
        let result = try Catboat(root: Scratch.directory).run("hook-run", words.map { Word($0) })
        #expect(result.status == status)
        #expect(result.stdout == "")
        #expect(result.stderr.hasPrefix(message), "\(result.stderr)")
    }

    @Test func `a hook that calls its own command for the same image is refused inside`() throws {
        let catboat = try catboat()
        try site.hook(
            "osimage/img/pre-genimage.d/10-again",
            """
            hook-run --osimage other pre-genimage || exit 9
            hook-run --osimage img post-packimage || exit 8
            hook-run --osimage img pre-genimage
            """)
        try site.hook("osimage/other/pre-genimage.d/20-other", "exit 0")
        try Scratch.directory.joined("bin").createDirectories()
        var inner = catboat
        // The plumbing is found on the PATH that hooks get.
        inner.environment["CATBOAT_EXEC_PATH"] = Word(Scratch.directory.joined("bin"))
        for name in ["hook-run", "catboat"] {
            try Scratch.directory.joined("bin/\(name)").createSymbolicLink(to: Catboat.execPath.joined("catboat"))
        }
        let result = try Tool(
            Scratch.directory.joined("bin/catboat"),
            ["--root", Word(Scratch.directory), "hook-run", "--osimage", "img", "pre-genimage"],
            environment: {
                var environment = Environment.current
                environment["CATBOAT_EXEC_PATH"] = Word(Scratch.directory.joined("bin"))
                return environment
            }()
        ).capture()
        let text = String(decoding: result.errors, as: UTF8.self)
        #expect(result.ending == .exited(1), "\(text)")
        #expect(
            text.contains(
                "10-again: hook-run: error: genimage is already running for osimage img: 'pre-genimage': a hook must not start the command that started it"
            ))
    }

    @Test func `an interrupted hook-run ends the hook and dies of the signal`() throws {
        let catboat = try catboat()
        let pids = Scratch.directory.joined("pids")
        try site.hook(
            "post-genimage.d/10-sleeps",
            "sleep 100 & echo $! >> \(pids.printable)\necho $$ >> \(pids.printable)\necho ready; wait")
        let pipe = try Pipe(for: "test")
        let running = try catboat.tool("hook-run", ["post-genimage"]).start(errors: .descriptor(pipe.writer))
        try pipe.writer.close()
        // The hook says when it is ready.
        var buffer = [UInt8](repeating: 0, count: 64)
        _ = try buffer.withUnsafeMutableBytes { try pipe.reader.read(into: $0) }
        running.signal(SIGTERM)
        let ending = try running.wait()
        #expect(ending == .signaled(SIGTERM), "\(String(decoding: buffer, as: UTF8.self))")
        try pipe.reader.close()
        for pid in try pids.readText().split(separator: "\n") {
            #expect(
                !FilePath("/proc/\(pid)/cwd").exists
                    || (try? FilePath("/proc/\(pid)/stat").readText())?.contains(") Z ") == true)
        }
    }

    // MARK: - Inside the root image

    /// A tree with a shell in it.
    private func tree() throws -> FilePath {
        let tree = Scratch.directory.joined("install/netboot/img/rootimg")
        for name in ["bin", "proc", "sys", "dev", "run", "tmp", "etc"] { try tree.joined(name).createDirectories() }
        let busybox = try FilePath("/usr/bin/busybox").readBytes()
        try AtomicFile.write(busybox, to: tree.joined("bin/busybox"), permissions: 0o755)
        for name in ["sh", "env", "sort", "grep", "cat", "touch", "id"] {
            try tree.joined("bin/\(name)").createSymbolicLink(to: "busybox")
        }
        return tree
    }

    private static let canEnter = geteuid() == 0 && FilePath("/usr/bin/busybox").exists

    @Test(.enabled(if: canEnter)) func `a chroot hook runs inside the image and leaves no trace of the host`() throws {
        let catboat = try catboat()
        let tree = try tree()
        try site.hook(
            "post-populate.d/10-inside",
            "echo here > /etc/made-inside; pwd; cat >/dev/null; env | sort | grep -v -e ^PWD -e ^SHLVL -e ^TERM; echo \"$@\""
        )
        try Scratch.write("[hook \"10-inside\"]\nchroot = true\n", to: "etc/catboat/config")
        let result = try catboat("hook-run", "--osimage", "img", "post-populate", "a")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try tree.joined("etc/made-inside").readText() == "here\n")
        let lines = result.stderr.split(separator: "\n").map { $0.dropFirst("10-inside: ".count) }
        #expect(lines.first == "/")
        #expect(lines.last == "a")
        #expect(lines.contains("CATBOAT_ROOTIMG=/"))
        #expect(lines.contains("CATBOAT_IMAGE=img"))
        #expect(!result.stderr.contains(Scratch.directory.printable))
        #expect(try tree.joined("run").directoryNames().isEmpty)
    }

    @Test(.enabled(if: canEnter)) func `a site postscript runs unchanged, with what it finds on a node`() throws {
        let catboat = try catboat()
        let tree = try tree()
        try Scratch.write(
            """
            #!/bin/sh
            # An xCAT postscript: announces the domain of the cluster.
            . $(dirname $0)/site.shlib
            [ -n "$NODE" ] && exit 1
            motd "$MASTER $SITEMASTER $DOMAIN $OSVER $ARCH $PROFILE $1"

            """, to: "install/postscripts/myscript1", permissions: 0o755)
        try Scratch.write("motd() { echo \"$1\" > /etc/motd; }\n", to: "install/postscripts/site.shlib")
        try Scratch.write(
            "[hook \"motd\"]\nevent = post-populate\npostscript = myscript1 arg\n", to: "etc/catboat/config")
        let result = try catboat("hook-run", "--osimage", "img", "post-populate")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            try tree.joined("etc/motd").readText() == "10.0.0.1 10.0.0.1 cluster.example debian12 x86_64 compute arg\n")
    }

    @Test func `a hook inside an image that does not exist is an error with a remedy`() throws {
        let catboat = try catboat()
        try Scratch.write(
            "[hook \"motd\"]\nevent = pre-genimage\nchroot = true\ncommand = true\n", to: "etc/catboat/config")
        let result = try catboat("hook-run", "--osimage", "img", "pre-genimage")
        #expect(result.status == 128)
        #expect(
            result.stderr
                == "hook-run: error: hook motd runs inside a root image and there is none: 'img': run genimage first, or give the hook another event\n"
        )
    }
}
