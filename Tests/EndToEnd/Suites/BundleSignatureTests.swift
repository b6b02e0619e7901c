import Support
import SystemPackage
import TestSupport
import Testing

/// Signed bundles, as ssh-keygen(1) and the policies of a site see them.
@Suite(.scratchDirectory) struct BundleSignatureTests {
    private static let image = BundleSite.image
    private let bundle: FilePath
    private let from: Catboat

    init() throws {
        bundle = Scratch.directory.joined("image.tgz")
        from = try BundleSite.make("from", version: "1")
        for name in ["ours", "theirs"] {
            _ = try Tool(
                "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", Word(Scratch.directory.joined(name))]
            ).output()
        }
    }

    private func export(signedBy key: String?) throws {
        let words: [Word] = key.map { ["--sign", Word(Scratch.directory.joined($0))] } ?? []
        let result = try from.run("imgexport", [Word(Self.image), Word(bundle), "--complete"] + words)
        try #require(result.status == 0, "\(result)")
    }

    /// A new site that trusts these keys.
    private func site(_ name: String, trusting keys: String...) throws -> Catboat {
        let site = try BundleSite.empty(name)
        guard !keys.isEmpty else { return site }
        let lines = try keys.map { key in
            "\(key)@site \(try Scratch.directory.joined("\(key).pub").readText())"
        }
        try Scratch.write(lines.joined(), to: "\(name)/install/custom/keys/allowed_signers")
        return site
    }

    /// Nothing of the image came, and the reason was told.
    private func expectRefusal(
        _ site: Catboat, _ name: String, _ words: Word..., telling text: String,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let before = try BundleSite.state(name)
        let result = try site.run("imgimport", [Word(bundle)] + words)
        #expect(result.status == 1, sourceLocation: location)
        #expect(result.stderr.contains(text), "\(result.stderr)", sourceLocation: location)
        #expect(try BundleSite.state(name) == before, sourceLocation: location)
        #expect(try site("lsdef", "-t", "osimage", Word(Self.image)).status == 1, sourceLocation: location)
    }

    private func change(_ body: (FilePath) throws -> Void) throws {
        let tree = Scratch.directory.joined("tree")
        try tree.removeTree()
        try tree.createDirectories()
        _ = try Tool("tar", ["-xzf", Word(bundle), "-C", Word(tree)]).output()
        try body(tree.joined(Self.image))
        _ = try Tool("tar", ["-czf", Word(bundle), "-C", Word(tree), "."]).output()
    }

    @Test func `ssh-keygen finds the signature good, and so does imgimport, whose hooks run then`() throws {
        try export(signedBy: "ours")
        let tree = Scratch.directory.joined("tree")
        try tree.createDirectories()
        _ = try Tool("tar", ["-xzf", Word(bundle), "-C", Word(tree)]).output()
        let index = tree.joined(Self.image).joined(".catboat/bundle.json")
        let site = try site("to", trusting: "theirs", "ours")
        let checked = try Tool(
            "ssh-keygen",
            [
                "-Y", "verify", "-f", Word(Scratch.directory.joined("to/install/custom/keys/allowed_signers")),
                "-I", "ours@site", "-n", "catboat-bundle", "-s", Word("\(index).sig"),
            ]
        ).capture(input: try index.readBytes())
        #expect(checked.ending.isSuccess && checked.text.hasPrefix("Good \"catboat-bundle\" signature for ours@site"))
        let plan = try site.succeed("imgimport", Word(bundle), "--dry-run", "--json").stdout
        #expect(plan.contains("\"signature\":\"signed\"") && plan.contains("\"signer\":\"ours@site\""))
        let result = try site.succeed("imgimport", Word(bundle), "--verify")
        #expect(!result.stderr.contains("(disabled"))
        let hook = Scratch.directory.joined(
            "to/install/custom/hooks/osimage/\(Self.image)/pre-genimage.d/10-mine")
        #expect(try #require(try hook.status()).permissions == 0o755)
    }

    @Test func `who is not on the list, and nobody, are refused`() throws {
        try export(signedBy: "theirs")
        let stranger = try site("stranger", trusting: "ours")
        try expectRefusal(
            stranger, "stranger", "--verify",
            telling: "bundle is signed by someone who is not allowed to: '\(Self.image)'")
        // Without the demand it comes, with its hooks switched off.
        #expect(try stranger.succeed("imgimport", Word(bundle)).stderr.contains("10-mine (disabled"))
        let none = try site("none")
        try expectRefusal(none, "none", "--verify", telling: "keys/allowed_signers")
        try export(signedBy: nil)
        try expectRefusal(
            try site("unsigned", trusting: "ours"), "unsigned", "--verify",
            telling: "bundle is not signed: '\(Self.image)'")
    }

    @Test func `the policy of the site table comes before that of the configuration`() throws {
        try export(signedBy: nil)
        let site = try site("to", trusting: "ours")
        try Scratch.write("[bundle]\n\tverify = require\n", to: "to/install/custom/config")
        try expectRefusal(site, "to", telling: "bundle is not signed: '\(Self.image)'")
        try site.succeed("table-set", "site", "key=bundlepolicy", "value=warn")
        let warned = try site.succeed("imgimport", Word(bundle), "--dry-run")
        #expect(warned.stderr.contains("The image \(Self.image) is not signed by anybody who is allowed to."))
        try site.succeed("table-set", "site", "key=bundlepolicy", "value=none")
        #expect(try !site.succeed("imgimport", Word(bundle), "--dry-run").stderr.contains("not signed"))
        try site.succeed("table-set", "site", "key=bundlepolicy", "value=maybe")
        try expectRefusal(site, "to", telling: "Unknown policy for bundles: 'maybe'")
        try site.succeed("table-set", "site", "key=bundlepolicy", "value=require")
        try expectRefusal(site, "to", telling: "bundle is not signed: '\(Self.image)'")
        try export(signedBy: "ours")
        try site.succeed("imgimport", Word(bundle))
    }

    @Test(arguments: [
        ("kernel", "member differs from what was exported: 'kernel'"),
        ("manifest.xml", "member differs from what was exported: 'manifest.xml'"),
        (".catboat/complete/install/postscripts/setup", "member differs from what was exported: '.catboat/complete/"),
        ("-kernel", "member is missing: 'kernel'"), ("+more", "member is not one of those exported: 'more'"),
        (".catboat/bundle.json", "signature is not valid: '\(image)'"),
        ("-.catboat/bundle.json.sig", "bundle is not signed: '\(image)'"),
    ])
    func `what was changed after it was signed is refused by name`(what: String, told: String) throws {
        try export(signedBy: "ours")
        let site = try site("to", trusting: "ours")
        try change { folder in
            let file = folder.joined(FilePath(String(what.drop { "+-".contains($0) })))
            if what.hasPrefix("-") { return try file.removeFile() }
            var bytes = file.exists ? try file.readBytes() : []
            // JSON may end with more white space: what is signed are the bytes.
            bytes.append(0x0a)
            try AtomicFile.write(
                bytes, to: file, permissions: file.exists ? try #require(try file.status()).permissions : 0o644)
        }
        try expectRefusal(site, "to", "--verify", telling: told)
        // Damage is no matter of policy; a signature that was taken away is.
        if what != "-.catboat/bundle.json.sig" { try expectRefusal(site, "to", telling: told) }
    }
}
