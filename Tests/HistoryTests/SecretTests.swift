import Definitions
import History
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.scratchDirectory) struct SecretTests {
    private let site = HistorySite()
    private let hash = "$6$rounds=5000$saltsaltsalt$Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"

    @Test func `a private key, a large binary and passwords never enter the repository`() throws {
        try site.write("-----BEGIN OPENSSH PRIVATE KEY-----\nKEYMATERIAL\n", to: "/install/custom/ca.pem")
        try site.write("rootpw --iscrypted \(hash)\n", to: "/install/custom/compute.tmpl")
        try site.write("LARGE" + String(repeating: "x", count: RecipeReader.sizeLimit), to: "/install/custom/blob.bin")
        try site.write("node1,bmcpassword\n", to: "/install/custom/passwd.csv")
        try site.write("UNREADABLE", to: "/install/custom/mine", permissions: 0o600)
        try site.write("SYNCED", to: "/install/custom/files/hosts")
        try site.write("HIDDEN", to: "/install/custom/secret/list")
        try Scratch.directory.joined("install/custom/secret").changePermissions(0o700)
        try site.write("plain\n", to: "/install/custom/compute.pkglist")
        let names = [
            "ca.pem", "compute.tmpl", "blob.bin", "passwd.csv", "mine", "secret/list", "compute.pkglist", "files",
        ]
        let recipe = try site.recipe(
            "img",
            names.map { "/install/custom/\($0)" } + ["/install/custom/../custom/mine", "/install/custom/.git/config"],
            sources: ["/install/custom/files/hosts"])
        let history = try HistoryRepository.openOrCreate(site.custom)
        _ = try history.keep(recipe)
        #expect(try site.git("ls-files") == "compute.pkglist\nosimage/img/recipe\nosimage/img/stanza\n")
        let bytes = try site.everything()
        #expect(bytes.contains(text: "plain"))
        for secret in ["KEYMATERIAL", "Zm9vYmFy", "LARGE", "bmcpassword", "UNREADABLE", "SYNCED", "HIDDEN"] {
            #expect(!bytes.contains(text: secret), "\(secret)")
        }
        let named = try history.newlyLeftOut(of: recipe)
        #expect(
            Set(named.map { "\($0.name.lastName.printable): \($0.reason)" }) == [
                "ca.pem: it holds a private key", "compute.tmpl: it holds a password hash",
                "passwd.csv: its name is that of a secret", "mine: not readable by others",
                "list: not readable by others", "files: not a file",
                "mine: its path leads through '..' or a repository",
                "config: its path leads through '..' or a repository",
            ])
        #expect(try history.newlyLeftOut(of: recipe).isEmpty)
    }

    @Test func `a file that begins to hold a secret leaves the recipe`() throws {
        try site.write("bash\n", to: "/install/custom/a")
        try site.keep("img", ["/install/custom/a"])
        try site.write("bash\n# \(hash)\n", to: "/install/custom/a")
        try site.keep("img", ["/install/custom/a"])
        #expect(try site.git("ls-files") == "osimage/img/recipe\nosimage/img/stanza\n")
        #expect(try !site.everything().contains(text: "Zm9vYmFy"))
    }

    @Test(arguments: [
        ("-----BEGIN RSA PRIVATE KEY-----", "key.txt"), ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "x"),
        ("root:$y$j9T$abcdefghijklmnop$qrstuvwxyz0123456789ABCDEFG:1::", "x"), ("anything", "id_ed25519"),
        ("anything", "ssh_host_rsa_key"), ("anything", "server.key"),
        ("token ghp_0123456789abcdefghijklmnopqrstuvwxyz", "x"),
        ("aws AKIAIOSFODNN7EXAMPLE", "x"),
    ]) func `secrets are recognised`(text: String, name: String) {
        #expect(SecretScreen.finding(in: Array(text.utf8), name: Array(name.utf8)) != nil)
    }

    @Test(arguments: [
        ("-----BEGIN CERTIFICATE-----", "ca.crt"), ("ssh-ed25519 AAAAC3 admin", "id_ed25519.pub"),
        ("price $5$ or $6$", "x"), ("#CRYPT:passwd:key=system,username=root:password#", "compute.tmpl"),
        ("openssh-server\nkernel\n", "compute.pkglist"), ("ssh_host_rsa_key.pub", "exlist"),
    ]) func `ordinary files are not`(text: String, name: String) {
        #expect(SecretScreen.finding(in: Array(text.utf8), name: Array(name.utf8)) == nil)
    }
}
