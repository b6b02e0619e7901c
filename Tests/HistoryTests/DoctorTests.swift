import Support
import SystemPackage
import TestSupport
import Testing

/// `catboat doctor` on small sites.
@Suite(.scratchDirectory) struct DoctorTests {
    private var catboat: Catboat { Catboat(root: Scratch.directory) }

    private func site() throws {
        try #require(try catboat("init", "--master", "127.0.0.1").status == 0)
        let batch = """
            set\tosimage\timagename=img\t:\tprofile=compute\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux
            set\tlinuximage\timagename=img\t:\trootimgdir=/install/netboot/img\tpkglist=/install/custom/p\tpkgdir=/install/media
            set\tsite\tkey=httpport\t:\tvalue=1

            """
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
        try Scratch.write("base\n", to: "install/custom/p")
        try Scratch.directory.joined("install/media").createDirectories()
    }

    /// Findings of one kind, without what is well.
    private func findings(_ check: String) throws -> [String] {
        let result = try catboat("doctor", "--quiet")
        return result.stdout.split(separator: "\n").map(String.init).filter {
            $0.hasPrefix("error: \(check): ") || $0.hasPrefix("warning: \(check): ")
        }
    }

    @Test func `a site without a store is told to begin with init`() throws {
        let result = try catboat("doctor")
        #expect(result.status == 1)
        #expect(result.stdout.contains("error: store: it is empty\n    run catboat init\n"))
        #expect(result.stdout.contains("error: folders: there is no folder /install\n"))
    }

    @Test func `a site in order has findings about its services only`() throws {
        try site()
        for check in ["store", "osimages", "history", "hooks"] { #expect(try findings(check) == [], "\(check)") }
        #expect(try findings("folders").filter { !$0.contains("MiB free") } == [])
        #expect(try findings("http") == ["error: http: no web server answers at 127.0.0.1:1"])
    }

    @Test func `what is wrong is named with a remedy`() throws {
        try site()
        try Scratch.directory.joined("install/custom/p").removeFile()
        try Scratch.write("#!/bin/sh\n", to: "install/custom/hooks/pre-genimage")
        try Scratch.write("#!/bin/sh\n", to: "install/custom/hooks/post-genimage", permissions: 0o777)
        try Scratch.directory.joined("install/custom/hooks/post-genimage").changePermissions(0o777)
        try Scratch.directory.joined("etc/catboat/site.sqlite").changePermissions(0o644)
        try Scratch.directory.joined("tftpboot").changePermissions(0o777)
        #expect(
            try findings("osimages") == ["error: osimages: img names what is not there: pkglist /install/custom/p"])
        #expect(try findings("store").count == 1)
        #expect(try findings("folders").contains("error: folders: others than root can write /tftpboot"))
        let hooks = try findings("hooks")
        #expect(hooks.count == 2, "\(hooks)")
        #expect(hooks.contains("warning: hooks: /install/custom/hooks/pre-genimage does not run: not executable"))
        #expect(hooks.contains { $0.hasPrefix("error: hooks: hook is not trusted") })
        let json = try catboat("doctor", "--json")
        #expect(json.status == 1)
        #expect(json.stdout.hasPrefix("{\"findings\":[{\"check\":\"rights\"") && json.stdout.contains("\"remedy\""))
    }

    @Test func `a damaged or open repository is found`() throws {
        try site()
        try #require(try catboat("profile-commit", "img").status == 0)
        #expect(try findings("history") == [])
        let git = Scratch.directory.joined("install/custom/.git")
        try git.joined("refs/heads/main").removeFile()
        try Scratch.write(
            String(repeating: "1", count: 40) + "\n", to: "install/custom/.git/refs/heads/main")
        #expect(try findings("history").count == 1)
    }

    /// A web server that shows the scratch directory, but for paths that begin with `forbidden`.
    private func withServer(forbidding forbidden: String, _ body: (String) throws -> Void) throws {
        let server = """
            import http.server, sys, os
            os.chdir(sys.argv[1])
            class H(http.server.SimpleHTTPRequestHandler):
                def send_head(self):
                    if sys.argv[2] and self.path.startswith(sys.argv[2]):
                        self.send_error(403)
                        return None
                    return super().send_head()
                def log_message(self, *a): pass
            s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
            print(s.server_port, flush=True)
            s.serve_forever()
            """
        let pipe = try Pipe(for: "test")
        let running = try Tool("python3", ["-c", Word(server), Word(Scratch.directory), Word(forbidden)])
            .start(output: .descriptor(pipe.writer))
        defer {
            running.signal(15)
            _ = try? running.wait()
            try? pipe.reader.close()
        }
        try pipe.writer.close()
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = try buffer.withUnsafeMutableBytes { try pipe.reader.read(into: $0) }
        try body(String(decoding: buffer[..<count], as: UTF8.self).filter(\.isNumber))
    }

    @Test func `an osimage that cannot be looked at does not hide what else there is`() throws {
        try site()
        try Scratch.write("x", to: "install/file")
        try #require(
            try catboat("table-set", "linuximage", "imagename=img", "pkglist=/install/file/p").status == 0)
        try #require(try catboat("table-set", "osimage", "imagename=other", "provmethod=netboot").status == 0)
        try #require(
            try catboat("table-set", "linuximage", "imagename=other", "pkglist=/install/none").status == 0)
        let found = try findings("osimages")
        #expect(found.contains { $0.hasPrefix("error: osimages: img ") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("error: osimages: other names what is not there: ") }, "\(found)")
        #expect(try catboat("doctor").stdout.contains("ok: imports: "))
    }

    @Test(.enabled(if: Tool.isInstalled("python3")))
    func `a web server that shows the repository is an error, one that forbids custom is fine`() throws {
        try site()
        try #require(try catboat("profile-commit", "img").status == 0)
        try withServer(forbidding: "") { port in
            try catboat("chdef", "-t", "site", Word("httpport=\(port)"))
            let found = try findings("http")
            try #require(found.count == 1, "\(found)")
            #expect(found[0].hasPrefix("error: http: it shows anybody what shapes your images: "))
            #expect(found[0].contains("/install/custom/.git/HEAD") && found[0].contains("/install/custom/p"))
        }
        try withServer(forbidding: "/install/custom") { port in
            try catboat("chdef", "-t", "site", Word("httpport=\(port)"))
            #expect(try findings("http") == [])
        }
        // A server that hides every name with a dot keeps nodes from what is published.
        for name in ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"] {
            try Scratch.write(name, to: "install/netboot/img/\(name)")
        }
        try #require(try catboat("image-publish", "img").status == 0)
        try withServer(forbidding: "/install/netboot/img/.packed") { port in
            try catboat("chdef", "-t", "site", Word("httpport=\(port)"))
            let found = try findings("http").filter { $0.contains("nodes cannot fetch ") }
            try #require(found.count == 1, "\(found)")
            #expect(found[0].hasPrefix("error: http: nodes cannot fetch /install/netboot/img/.packed/"))
            #expect(found[0].hasSuffix("/rootimg.cpio.gz (403)"))
        }
    }
}
