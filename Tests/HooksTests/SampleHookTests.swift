import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// The samples under `hooks/`, used as they stand.
@Suite(.scratchDirectory) struct SampleHookTests {
    private let site = HookSite()

    /// A catboat whose hooks find plumbing by name.
    private func catboat(environvar: String = "") throws -> Catboat {
        var catboat = Catboat(root: Scratch.directory)
        let bin = Scratch.directory.joined("exec")
        try bin.createDirectories()
        for name in ["catboat", "hook-run", "package-list", "rootimg-run"] {
            try bin.joined(name).createSymbolicLink(to: Catboat.execPath.joined("catboat"))
        }
        for name in ["catboat-history", "profile-tag"] {
            try bin.joined(name).createSymbolicLink(to: Catboat.execPath.joined("catboat-history"))
        }
        try bin.joined("catboat-launch").createSymbolicLink(to: Catboat.execPath.joined("catboat-launch"))
        catboat.environment["CATBOAT_EXEC_PATH"] = Word(bin)
        #expect(
            try catboat(
                "table-set", "osimage", "imagename=img", "imagetype=linux", "provmethod=netboot",
                Word("environvar=\(environvar)")
            ).status == 0)
        #expect(
            try catboat("table-set", "linuximage", "imagename=img", "rootimgdir=/install/netboot/img").status == 0)
        return catboat
    }

    private var tree: FilePath { Scratch.directory.joined("install/netboot/img/rootimg") }

    private func use(_ sample: String) throws {
        let parts = sample.split(separator: "/").map(String.init)
        let text = try Catboat.projectFolder.joined("hooks/\(sample)").readText()
        try Scratch.write(text, to: "install/custom/hooks/\(parts[0]).d/\(parts[1])", permissions: 0o755)
        try tree.createDirectories()
    }

    @Test func `size-budget counts what a node downloads`() throws {
        let catboat = try catboat(environvar: "SIZE_BUDGET=3K")
        try use("pre-publish/size-budget")
        var facts: [Word] = []
        for (fact, size) in [("kernel", 1024), ("initrd", 1024), ("rootimg_file", 1024)] {
            let path = try Scratch.write(String(repeating: "x", count: size), to: "stage/\(fact)")
            facts += ["--fact", Word("\(fact)=", path)]
        }
        let words: [Word] = ["--osimage", "img"] + facts + ["pre-publish"]
        let fits = try catboat.run("hook-run", words)
        #expect(fits == .init(status: 0, stdout: "", stderr: "size-budget: img: 3.0K of 3K\n"))
        try Scratch.write(String(repeating: "x", count: 1025), to: "stage/kernel")
        let over = try catboat.run("hook-run", words)
        #expect(over.status == 1)
        #expect(over.stderr.contains("size-budget: img is over its budget: take packages out"))
        #expect(over.stderr.hasSuffix("packimage stops here, nothing was published\n"))
    }

    @Test func `forbid-packages finds packages by pattern and setuid files`() throws {
        let catboat = try catboat()
        try use("pre-packimage/forbid-packages")
        try Scratch.write(
            """
            Package: telnetd
            Status: install ok installed
            Version: 1.0
            Architecture: amd64

            Package: bash
            Status: install ok installed
            Version: 5.2
            Architecture: amd64

            """, to: "install/netboot/img/rootimg/var/lib/dpkg/status")
        let run: [Word] = ["--osimage", "img", "pre-packimage"]
        #expect(try catboat.run("hook-run", run).status == 0)
        try Scratch.write("# no clear text logins\ntelnet*\nrsh*\n", to: "install/custom/forbidden-packages")
        let found = try catboat.run("hook-run", run)
        #expect(found.status == 1)
        #expect(
            found.stderr.contains(
                "forbid-packages: package telnetd is forbidden (telnet*): take it out of the pkglist of img\n"))
        #expect(!found.stderr.contains("bash is"))
        try Scratch.write("ftp\n", to: "install/custom/forbidden-packages")
        try Scratch.write("/usr/bin/sudo\n", to: "install/custom/allowed-setuid")
        for name in ["sudo", "evil"] {
            try Scratch.write("x", to: "install/netboot/img/rootimg/usr/bin/\(name)", permissions: 0o4755)
        }
        let setuid = try catboat.run("hook-run", run)
        #expect(setuid.status == 1)
        #expect(setuid.stderr.contains("forbid-packages: /usr/bin/evil\n"))
        #expect(!setuid.stderr.contains("/usr/bin/sudo"))
    }

    @Test func `site-certificates and node-agent put files into the image`() throws {
        let catboat = try catboat()
        try use("post-populate/site-certificates")
        try use("post-populate/node-agent")
        try Scratch.write("-----BEGIN CERTIFICATE-----\n", to: "install/custom/certificates/site.crt")
        try Scratch.write("#!/bin/sh\n", to: "install/custom/agent/watcher", permissions: 0o755)
        try Scratch.write("[Service]\nExecStart=/usr/local/sbin/watcher\n", to: "install/custom/agent/watcher.service")
        let result = try catboat("hook-run", "--osimage", "img", "post-populate")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(tree.joined("usr/local/share/ca-certificates/site.crt").isRegularFile)
        #expect(try tree.joined("usr/local/sbin/watcher").status()?.permissions == 0o755)
        let wanted = tree.joined("etc/systemd/system/multi-user.target.wants/watcher.service")
        #expect(try wanted.readText().hasPrefix("[Service]"))
        #expect(try catboat("hook-run", "--osimage", "img", "post-populate").status == 0)
        try Scratch.write("-----BEGIN PRIVATE KEY-----\n", to: "install/custom/certificates/oops.crt")
        let refused = try catboat("hook-run", "--osimage", "img", "post-populate")
        #expect(refused.status == 1 && refused.stderr.contains("holds a private key"))
    }

    @Test(.enabled(if: Tool.isInstalled("ssh-keygen"))) func `ssh-host-keys gives the image the site's keys`() throws {
        let catboat = try catboat()
        try use("post-populate/ssh-host-keys")
        #expect(try catboat("hook-run", "--osimage", "img", "post-populate").status == 0)
        #expect(!tree.joined("etc").exists)
        let credentials = Scratch.directory.joined("etc/catboat/credentials")
        try credentials.createDirectories(permissions: 0o700)
        let key = credentials.joined("ssh_host_ed25519_key")
        _ = try Tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", Word(key)]).output()
        let result = try catboat("hook-run", "--osimage", "img", "post-populate")
        #expect(result.status == 0, "\(result.stderr)")
        let folder = tree.joined("etc/ssh/site-keys")
        #expect(try folder.joined("ssh_host_ed25519_key").status()?.permissions == 0o600)
        #expect(
            try folder.joined("ssh_host_ed25519_key.pub").readText().split(separator: " ")[1].prefix(68)
                == FilePath(key.printable + ".pub").readText().split(separator: " ")[1].prefix(68))
        #expect(
            try tree.joined("etc/ssh/sshd_config.d/10-site-keys.conf").readText()
                == "HostKey /etc/ssh/site-keys/ssh_host_ed25519_key\n")
    }

    @Test func `tag-history names each published day once more`() throws {
        let catboat = try catboat()
        try use("post-packimage/tag-history")
        #expect(try catboat("profile-commit", "img").status == 0)
        for _ in 0..<2 {
            let result = try catboat("hook-run", "--osimage", "img", "post-packimage")
            #expect(result.status == 0, "\(result.stderr)")
        }
        let tags = try catboat("profile-tag", "--list").stdout.split(separator: "\n")
        #expect(tags.count == 2 && tags[0].hasPrefix("img/2") && tags[1].contains(".2\t"))
    }

    /// - Parameter kvm: what the stand-in for QEMU does with KVM.
    @Test(
        .enabled(if: Tool.isInstalled("python3") && Tool.isInstalled("curl")),
        arguments: [(true, "exit 1"), (true, "exec sleep 600"), (false, "exit 1")])
    func `boot-before-publish serves the packed image and judges the console`(comesUp: Bool, kvm: String) throws {
        let catboat = try catboat(environvar: "BOOT_SECONDS=\(comesUp ? 90 : 2)")
        try use("pre-publish/boot-before-publish")
        // Stands for QEMU: fetches the image as a node does and writes what a console shows.
        try Scratch.write(
            #"""
            #!/bin/sh
            while [ $# -gt 1 ]; do
                case $1 in
                    -accel) [ "$2" = tcg ] || \#(kvm) ;;
                    -serial) console=${2#file:} ;;
                    -append) url=${2#imgurl=}; url=${url%% *}; case $2 in *"imgsum=sha256:ab "*) ;; *) exit 1 ;; esac ;;
                    -kernel | -initrd) [ -f "$2" ] || exit 1 ;;
                esac
                shift
            done
            url=http://127.0.0.1:${url#http://10.0.2.2:}
            [ "$(curl -s "$url")" = packed ] && \#(comesUp ? "echo 'n1 login: '" : "echo 'Kernel panic'") >"$console"
            exec sleep 600
            """#, to: "exec/qemu-system-x86_64", permissions: 0o755)
        let packed = try Scratch.write("packed", to: "install/netboot/img/.stage/rootimg.cpio.gz")
        for name in ["kernel", "initrd-stateless.gz"] { try Scratch.write(name, to: "install/netboot/img/\(name)") }
        let result = try catboat(
            "hook-run", "--osimage", "img", "--fact", Word("packed=", packed), "--fact", "packed_digest=sha256:ab",
            "pre-publish")
        #expect(result.status == (comesUp ? 0 : 1), "\(result.stderr)")
        #expect(result.stderr.contains(comesUp ? "img came up after " : "img did not say 'login:' within 2 s"))
        #expect(comesUp || result.stderr.contains("boot-before-publish: Kernel panic\n"))
    }

    @Test(.enabled(if: Tool.isInstalled("curl") && Tool.isInstalled("python3")))
    func `notify-web-hook posts the digests`() throws {
        // A server on a free port of loopback that keeps the one request that it gets.
        let server = """
            import http.server, sys
            class H(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = self.rfile.read(int(self.headers['Content-Length'])).decode()
                    open(sys.argv[1], 'w').write(self.headers.get('Authorization', '') + '\\n' + body)
                    self.send_response(204); self.end_headers()
                def log_message(self, *a): pass
            s = http.server.HTTPServer(('127.0.0.1', 0), H)
            print(s.server_port, flush=True)
            s.handle_request()
            """
        let got = Scratch.directory.joined("got")
        let pipe = try Pipe(for: "test")
        let running = try Tool("python3", ["-c", Word(server), Word(got)]).start(output: .descriptor(pipe.writer))
        try pipe.writer.close()
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = try buffer.withUnsafeMutableBytes { try pipe.reader.read(into: $0) }
        let port = String(decoding: buffer[..<count], as: UTF8.self).filter(\.isNumber)
        let catboat = try catboat(environvar: "NOTIFY_URL=http://127.0.0.1:\(port)/hook")
        try use("post-packimage/notify-web-hook")
        try Scratch.write("s3cret\n", to: "etc/catboat/credentials/notify-token", permissions: 0o600)
        let result = try catboat(
            "hook-run", "--osimage", "img", "--fact", "old_digest=sha256:1", "--fact", "new_digest=sha256:2",
            "post-packimage")
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try running.wait() == .exited(0))
        try pipe.reader.close()
        #expect(
            try got.readText()
                == "Bearer s3cret\n" + #"{"image":"img","old_digest":"sha256:1","new_digest":"sha256:2"}"#)
    }
}
