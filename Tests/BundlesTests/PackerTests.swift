import Archive
import Bundles
import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Bundles as they are written, read back by ourselves and by tar.
@Suite(.scratchDirectory) struct PackerTests {
    private var bundle: FilePath { Scratch.directory.joined("img.tgz") }

    private func description() throws -> BundleDescription {
        var manifest = BundleManifest()
        manifest.osimage = ["imagename": "img", "profile": "compute", "comments": "a <b> & \"é\""]
        manifest.kits = [["kitname": "k", "kitdir": "/install/kits/k"]]
        manifest.extras = [.init(src: "/srv/tools", dest: "/install/tools")]
        var description = BundleDescription(manifest, tool: "catboat test")
        try Scratch.write("echo\n", to: "files/tool", permissions: 0o755)
        try Scratch.write("data", to: "files/sub/data")
        try Scratch.directory.joined("files/empty").createDirectories()
        try Scratch.directory.joined("files/empty").changePermissions(0o711)
        try Scratch.directory.joined("files/link").createSymbolicLink(to: "sub/data")
        var random = SystemRandomNumberGenerator()
        let noise = (0..<400_000).map { _ in UInt64.random(in: 0...UInt64.max, using: &random) }
        try noise.withUnsafeBytes { try AtomicFile.write($0, to: Scratch.directory.joined("rootimg.cpio.gz")) }
        for (member, source) in [("extra/srv/tools", "files"), ("rootimg.cpio.gz", "rootimg.cpio.gz")] {
            description.sources.append(
                .init(member: Array(member.utf8), source: Scratch.directory.joined(source).bytes))
        }
        return description
    }

    private func unpacker(_ policy: VerificationPolicy = .none, _ allowed: FilePath? = nil) -> BundleUnpacker {
        BundleUnpacker(limits: BundleLimits(), verifier: SignatureVerifier(policy, allowedSigners: allowed))
    }

    @Test(arguments: ["gzip", "xz", "zstd"])
    func `a bundle holds what it was told to, and says so`(compressor: String) async throws {
        let compression = try #require(Compression(name: compressor))
        _ = try await BundlePacker(compression).pack([try description().pack()], to: bundle)
        let listed = try Tool("tar", ["--\(compressor)", "-tf", Word(bundle)]).output().lines
        #expect(
            listed == [
                "./", "./img/", "./img/manifest.xml", "./img/extra/", "./img/extra/srv/", "./img/extra/srv/tools/",
                "./img/extra/srv/tools/empty/", "./img/extra/srv/tools/link", "./img/extra/srv/tools/sub/",
                "./img/extra/srv/tools/sub/data",
                "./img/extra/srv/tools/tool", "./img/rootimg.cpio.gz", "./img/.catboat/", "./img/.catboat/bundle.json",
            ])
        let folder = Scratch.directory.joined("out")
        let images = try unpacker().unpack(bundle, into: folder)
        #expect(images.count == 1)
        #expect(images[0].index?.image == "img" && images[0].index?.tool == "catboat test")
        #expect(
            images[0].folders.map { "\(String(decoding: $0.name, as: UTF8.self)) \(String($0.permissions, radix: 8))" }
                == [
                    "extra 755", "extra/srv 755", "extra/srv/tools 755", "extra/srv/tools/empty 711",
                    "extra/srv/tools/sub 755",
                ])
        #expect(try folder.joined("img/extra/srv/tools/empty").status()?.permissions == 0o711)
        let manifest = try BundleManifest(xml: try folder.joined("img/manifest.xml").readBytes())
        #expect(manifest.osimage["comments"] == "a <b> & \"é\"")
        #expect(manifest.kits == [["kitname": "k", "kitdir": "/install/kits/k"]])
        #expect(try folder.joined("img/manifest.xml").readText().contains("&#233;"))
        // xCAT's importer dies of a single kit.
        #expect(try folder.joined("img/manifest.xml").readText().ranges(of: "<kit>").count == 2)
        #expect(
            try Digest.ofFile(folder.joined("img/rootimg.cpio.gz"))
                == Digest.ofFile(Scratch.directory.joined("rootimg.cpio.gz")))
        // What was compressed before is not compressed twice.
        #expect(try #require(try bundle.status()).size < 3_200_000 + 40_000)
    }

    @Test func `both forms of a manifest are written and read back`() throws {
        var manifest = BundleManifest()
        manifest.osimage = ["imagename": "img", "profile": "compute", "postscripts": "a,b"]
        manifest.linuximage = ["imagename": "img", "pkglist": "/x"]
        (manifest.kernel, manifest.postscripts) = ("/k", "a,b")
        for dialect in [BundleManifest.Dialect.nested, .flat] {
            manifest.dialect = dialect
            let xml = try BundleDescription(manifest, tool: "t").pack().xml
            #expect(xml.contains("<osimage>") == (dialect == .nested))
            #expect(try BundleManifest(xml: Array(xml.utf8)) == manifest)
        }
        // Two tables may say different things only in the newer form.
        manifest.linuximage["comments"] = "x"
        manifest.osimage["comments"] = "y"
        #expect(throws: BundleError.self) { try BundleDescription(manifest, tool: "t").pack() }
        manifest.dialect = .nested
        #expect(throws: Never.self) { try BundleDescription(manifest, tool: "t").pack() }
    }

    @Test func `the bytes do not depend on the width`() async throws {
        let pack = try description().pack()
        var digests: Set<Digest> = []
        for width in [1, 2, 5] {
            _ = try await BundlePacker(.gzip(level: 6), width: width).pack([pack], to: bundle)
            digests.insert(try Digest.ofFile(bundle))
        }
        #expect(digests.count == 1)
    }

    @Test func `what not everybody may read is in a bundle that only its owner reads`() async throws {
        let umask = try Tool("sh", ["-c", "umask"]).output().text.filter(\.isNumber)
        let mask = try #require(UInt32(umask, radix: 8))
        let pack = try description().pack()
        func mode() async throws -> UInt32? {
            _ = try await BundlePacker(.gzip(level: 1)).pack([pack], to: bundle)
            return try bundle.status()?.permissions
        }
        #expect(try await mode() == 0o666 & ~mask)
        try Scratch.directory.joined("files").changePermissions(0o700)
        #expect(try await mode() == 0o600 & ~mask)
        try Scratch.directory.joined("files").changePermissions(0o755)
        #expect(try await mode() == 0o666 & ~mask)
        try Scratch.write("secret", to: "files/secret", permissions: 0o640)
        #expect(try await mode() == 0o600 & ~mask)
    }

    @Test func `a key that cannot be used is told of before anything is packed`() async throws {
        // Packing would stop here.
        var incomplete = try description()
        incomplete.sources.append(.init(member: Array("none".utf8), source: Scratch.directory.joined("none").bytes))
        let pack = try incomplete.pack()
        let packer = BundlePacker(.gzip(level: 1), signer: BundleSigner(key: Scratch.directory.joined("no-key")))
        await #expect(throws: ToolError.self) { try await packer.pack([pack], to: bundle) }
        #expect(!bundle.exists)
    }

    @Test func `the index says that the recipe was changed, or nothing`() throws {
        var changed = try description()
        let before = try changed.pack().index.json
        #expect(!String(decoding: before, as: UTF8.self).contains("recipe_changed"))
        #expect(try BundleIndex(json: before).recipeChanged == nil)
        changed.recipeChanged = true
        let read = try BundleDescription.read(BundleDescription.json([changed]))
        let json = try #require(read.first).pack().index.json
        #expect(String(decoding: json, as: UTF8.self).contains("\"recipe_changed\":true"))
        #expect(try BundleIndex(json: json).recipeChanged == true)
    }

    @Test func `a changed, missing or added member is refused by name`() async throws {
        _ = try await BundlePacker(.gzip(level: 1)).pack([try description().pack()], to: bundle)
        let tree = Scratch.directory.joined("tree")
        func repacked(_ change: (FilePath) throws -> Void) throws -> BundleError? {
            try tree.createDirectories()
            _ = try Tool("tar", ["-xzf", Word(bundle), "-C", Word(tree)]).output()
            try change(tree.joined("img"))
            let again = Scratch.directory.joined("again.tgz")
            _ = try Tool("tar", ["-czf", Word(again), "-C", Word(tree), "."]).output()
            try tree.removeTree()
            return #expect(throws: BundleError.self) {
                try unpacker().unpack(again, into: Scratch.directory.joined("out"))
            }
        }
        let name: (String) -> [UInt8] = { Array($0.utf8) }
        #expect(
            try repacked { try AtomicFile.write("evil".utf8, to: $0.joined("extra/srv/tools/sub/data")) }
                == .differs(member: name("extra/srv/tools/sub/data")))
        #expect(
            try repacked { try $0.joined("extra/srv/tools/tool").changePermissions(0o644) }
                == .differs(member: name("extra/srv/tools/tool")))
        #expect(
            try repacked { try $0.joined("rootimg.cpio.gz").removeFile() }
                == .missing(member: name("rootimg.cpio.gz")))
        #expect(
            try repacked { try AtomicFile.write("x".utf8, to: $0.joined("kernel")) }
                == .unlisted(member: name("kernel")))
        #expect(
            try repacked { try $0.joined("extra/srv/tools/sub").changePermissions(0o700) }
                == .differs(member: name("extra/srv/tools/sub")))
        #expect(
            try repacked { try $0.joined("extra/srv/tools/empty").removeTree() }
                == .missing(member: name("extra/srv/tools/empty")))
        #expect(
            try repacked { try $0.joined("extra/srv/more").createDirectories() }
                == .unlisted(member: name("extra/srv/more")))
        #expect(
            try repacked { folder in
                let file = folder.joined("manifest.xml")
                try AtomicFile.write(try file.readText().replacing("compute", with: "evil").utf8, to: file)
            } == .differs(member: name("manifest.xml")))
    }

    @Test func `signatures are checked against the list of signers`() async throws {
        for name in ["key", "other"] {
            _ = try Tool(
                "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", Word(Scratch.directory.joined(name))]
            ).output()
        }
        let allowed = Scratch.directory.joined("allowed")
        let own = try Scratch.directory.joined("key.pub").readText()
        let other = try Scratch.directory.joined("other.pub").readText()
        let pack = try description().pack()
        let signer = BundleSigner(key: Scratch.directory.joined("key"))
        _ = try await BundlePacker(.gzip(level: 1), signer: signer).pack([pack], to: bundle)
        func state(_ policy: VerificationPolicy) throws -> SignatureState? {
            let folder = Scratch.directory.joined("out")
            defer { try? folder.removeTree() }
            return try unpacker(policy, allowed).unpack(bundle, into: folder).first?.signature
        }
        #expect(try state(.none) == .stranger)
        #expect(throws: BundleError.noSigners(allowed)) { try state(.require) }
        try AtomicFile.write("site \(other)".utf8, to: allowed)
        #expect(throws: BundleError.wrongSigner(image: "img", allowed: allowed)) { try state(.require) }
        #expect(try state(.warn) == .stranger)
        try AtomicFile.write("site \(own)".utf8, to: allowed)
        #expect(try state(.require) == .signed(by: "site"))
        // A bundle that is only looked at is checked as well.
        #expect(try unpacker(.require, allowed).inspect(bundle).contents.first?.signature == .signed(by: "site"))
        _ = try await BundlePacker(.gzip(level: 1)).pack([pack], to: bundle)
        #expect(throws: BundleError.unsigned(image: "img")) { try state(.require) }
    }
}
