import Support
import SystemPackage
import TestSupport
import Testing

/// The configurations for web servers in `share/web`, with the servers that they are for.
@Suite(.scratchDirectory) struct WebConfigurationTests {
    private static let folder = "install/netboot/debian12/x86_64/compute"
    private static let set = "\(folder)/.packed/\(String(repeating: "ab", count: 32))"

    private static let shown = [
        "\(set)/rootimg.cpio.gz", "\(set)/kernel", "\(folder)/rootimg.cpio.gz", "install/postscripts/setup",
        "install/postscripts/catboat/script", "install/debian12/x86_64/pool/main/b/bash.deb",
        "install/customers/file", "tftpboot/xcat/xnba/nodes/cn01", "tftpboot/mypostscripts/mypostscript.cn01",
    ]
    private static let hidden = [
        "install/custom/.git/HEAD", "install/custom/.git/config", "install/custom/config", "install/custom/list",
        "install/custom/hooks/pre-genimage", "\(folder)/.state", "\(folder)/.stage/rootimg.cpio.gz", "\(set)/.new",
        "\(folder)/rootimg/etc/hostname", "\(folder)/rootimg.ORIG/etc/shadow", "install/.catboat/journal/one/plan.json",
        "install/.git/HEAD",
        "tftpboot/.boot.tmp-1", "etc/catboat/site.sqlite", "etc/hostname",
    ]
    /// Other spellings of what is hidden, and lists of folders.
    private static let spellings = [
        "/install/custom", "/install/custom/", "//install//custom/config", "/install/./custom/config",
        "/install/netboot/../custom/config", "/install/%63ustom/config", "/install/custom/%2egit/HEAD",
        "/install%2fcustom%2fconfig", "/%2e%2e/etc/hostname", "/install/../etc/hostname",
        "/\(folder)//rootimg/etc/hostname", "/install/", "/install/netboot/", "/tftpboot/", "/\(folder)/.packed/",
        "/\(folder)/.packed", "/",
    ]

    private func status(_ path: String, at port: UInt16) throws -> String {
        let words: [Word] = [
            "--silent", "--path-as-is", "--output", "/dev/null", "--write-out", "%{http_code}",
            Word("http://127.0.0.1:\(port)\(path)"),
        ]
        return try Tool("curl", words).capture().text
    }

    @Test(arguments: WebServer.Software.allCases.filter(\.isInstalled))
    func `nodes get what they need, and nobody what shapes the images`(_ software: WebServer.Software) throws {
        for name in Self.shown + Self.hidden { try Scratch.write("content", to: "site/\(name)") }
        // The server reads as somebody else than root: what it hides it must hide by itself.
        try Scratch.directory.changePermissions(0o755)
        let folder = Scratch.directory.joined("server")
        try folder.createDirectories()
        let server = try WebServer(software, root: Scratch.directory.joined("site"), folder: folder)
        for name in Self.shown { #expect(try status("/\(name)", at: server.port) == "200", "\(name)") }
        for name in Self.hidden.map({ "/\($0)" }) + Self.spellings {
            let status = try status(name, at: server.port)
            #expect(["400", "403", "404"].contains(status), "\(name): \(status)")
        }
    }

    @Test(arguments: WebServer.Software.allCases.filter(\.isInstalled))
    func `doctor agrees`(_ software: WebServer.Software) throws {
        let root = Scratch.directory.joined("site")
        try root.createDirectories()
        try Scratch.directory.changePermissions(0o755)
        let folder = Scratch.directory.joined("server")
        try folder.createDirectories()
        let catboat = Catboat(root: root)
        try #require(try catboat("init", "--master", "127.0.0.1").status == 0)
        let batch = """
            set\tosimage\timagename=img\t:\tprofile=compute\tosvers=debian12\tosarch=x86_64\tprovmethod=netboot\timagetype=linux
            set\tlinuximage\timagename=img\t:\trootimgdir=/install/netboot/img

            """
        try #require(try catboat("table-set", "--stdin", input: batch).status == 0)
        try #require(try catboat("profile-commit", "img").status == 0)
        for name in ["kernel", "initrd-stateless.gz", "rootimg.cpio.gz"] {
            try Scratch.write(name, to: "site/install/netboot/img/\(name)")
        }
        let published = try catboat("image-publish", "img")
        try #require(published.status == 0, "\(published.stderr)")
        let server = try WebServer(software, root: root, folder: folder)
        try #require(try catboat("chdef", "-t", "site", Word("httpport=\(server.port)")).status == 0)
        let findings = try catboat("doctor").stdout.split(separator: "\n").filter { $0.contains(": http: ") }
        #expect(findings.count == 2, "\(findings)")
        #expect(findings.contains("ok: http: it does not show /install/custom"))
    }
}
