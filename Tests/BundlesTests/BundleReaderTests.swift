import Archive
@testable import Bundles
import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// What is read of a bundle, what is passed over, and why one is refused.
@Suite(.scratchDirectory) struct BundleReaderTests {
    private var folder: FilePath { Scratch.directory.joined("out") }

    private func unpacker(_ limits: BundleLimits) -> BundleUnpacker {
        BundleUnpacker(limits: limits, verifier: SignatureVerifier(.none, allowedSigners: nil))
    }

    private func write(_ bytes: [UInt8]) throws -> FilePath {
        let file = Scratch.directory.joined("bundle.tar")
        try AtomicFile.write(bytes, to: file)
        return file
    }

    private func unpack(_ bytes: [UInt8], _ limits: BundleLimits = BundleLimits()) throws -> [BundleContent] {
        try unpacker(limits).unpack(try write(bytes), into: folder)
    }

    /// Why it is neither unpacked nor looked at.
    private func refusal(_ bytes: [UInt8], _ limits: BundleLimits = BundleLimits()) throws -> BundleError? {
        let error = #expect(throws: BundleError.self) { try unpack(bytes, limits) }
        let other = #expect(throws: BundleError.self) { try unpacker(limits).inspect(try write(bytes)) }
        #expect(error == other)
        return error
    }

    private func name(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `the largest limits are limits`() throws {
        #expect(try unpack(TarMaker.bundle { _ in }, BundleLimits(size: .max)).count == 1)
        #expect(BundleLimits().bytes(ofBundle: 1) == 64 << 20)
        #expect(BundleLimits().bytes(ofBundle: 1 << 20) == 100 << 20)
        // 100 times as much leaves a small rest.
        #expect(BundleLimits().bytes(ofBundle: 1 << 62) == .max)
        #expect(BundleLimits(size: 5).bytes(ofBundle: .max) == 5)
    }

    @Test func `folders that only names of files imply are members`() throws {
        var limits = BundleLimits()
        limits.members = 10
        func bytes(_ depth: Int) -> [UInt8] {
            let folders = (1...depth).map { "\($0)/" }.joined()
            return TarMaker.bundle { $0.file("./img/\(folders)x") }
        }
        // The image, its manifest, the file.
        #expect(try unpack(bytes(7), limits).count == 1)
        try folder.removeTree()
        #expect(try refusal(bytes(8), limits) == .tooManyMembers(limit: 10))
    }

    @Test func `hidden names at the top are passed over`() throws {
        let bytes = TarMaker.bundle {
            $0.file(".made-0", "evil")
            $0.file("./.hidden/deep/x", "evil")
            $0.folder("./.folder")
            $0.link("./.link", to: "/etc")
            $0.file("./img/.own", "mine")
        }
        let images = try unpack(bytes)
        #expect(images.map(\.folder) == [name("img")])
        #expect(images[0].members.map(\.name) == [name(".own"), name("manifest.xml")])
        #expect(try folder.directoryNames() == ["img"])
        #expect(try unpacker(BundleLimits()).inspect(try write(bytes)).contents.map(\.members) == [images[0].members])
        // What was passed over is nothing that a link could mean.
        let linked = TarMaker.bundle {
            $0.file("./.hidden", "x")
            $0.hardLink("./img/kernel", to: "./.hidden")
        }
        try folder.removeTree()
        #expect(try refusal(linked) == .refused(.linkToNothing, member: name("img/kernel")))
    }

    @Test func `an image that is the top keeps its index`() throws {
        var index = BundleIndex(tool: "catboat test", image: "img")
        for (member, text) in [("extra/tool", "x"), ("manifest.xml", TarMaker.manifest)] {
            let (digest, size) = (Digest.of(text.utf8), UInt64(text.utf8.count))
            index.members.append(
                BundleIndex.Member(name: name(member), digest: digest, size: size, permissions: 0o644))
        }
        var maker = TarMaker()
        maker.file("./manifest.xml", TarMaker.manifest)
        maker.file("./extra/tool")
        maker.file("./.hidden")
        maker.file("./.catboat/bundle.json", String(decoding: index.json, as: UTF8.self))
        let images = try unpack(maker.ended)
        #expect(images.map(\.folder) == [[]] && images[0].index == index)
        #expect(images[0].members.map(\.name) == [name("extra/tool"), name("manifest.xml")])
        #expect(!folder.joined(".hidden").exists && folder.joined(".catboat/bundle.json").exists)
    }

    @Test(arguments: ["manifest.xml", ".catboat/bundle.json", ".catboat/bundle.json.sig"])
    func `what is read of an image is no hard link`(member: String) throws {
        for place in ["two/\(member)", member] {
            let bytes = TarMaker.bundle {
                $0.file("./two/text", TarMaker.manifest)
                $0.hardLink("./\(place)", to: "./two/text")
            }
            #expect(try refusal(bytes) == .refused(.hardLinked, member: name(place)))
        }
        // Other files of that name are.
        let bytes = TarMaker.bundle { $0.hardLink("./img/kit/\(member)", to: "./img/manifest.xml") }
        #expect(try unpack(bytes)[0].members.count == 2)
    }

    @Test func `folders have the modes of the archive, and none that lets others change them`() throws {
        let bytes = TarMaker.bundle {
            $0.file("./img/extra/implied/x")
            $0.folder("./img/extra/data/empty", mode: 0o3777)
            $0.folder("./img/extra/data", mode: 0o750)
        }
        let folders = try unpack(bytes)[0].folders
        #expect(folders.map(\.name) == ["extra", "extra/data", "extra/data/empty", "extra/implied"].map(name))
        #expect(folders.map(\.permissions) == [0o755, 0o750, 0o777, 0o755])
        let image = folder.joined("img/extra")
        #expect(try image.joined("data/empty").status()?.permissions == 0o755)
        #expect(try image.joined("data").status()?.permissions == 0o750)
        #expect(try unpacker(BundleLimits()).inspect(try write(bytes)).contents[0].folders == folders)
    }

    @Test func `modes of folders that an index does not have are not believed`() throws {
        var index = BundleIndex(tool: "catboat test", image: "img")
        for (member, text) in [("extra/tool/x", "x"), ("manifest.xml", TarMaker.manifest)] {
            let (digest, size) = (Digest.of(text.utf8), UInt64(text.utf8.count))
            index.members.append(
                BundleIndex.Member(name: name(member), digest: digest, size: size, permissions: 0o644))
        }
        func bytes() -> [UInt8] {
            TarMaker.bundle {
                $0.folder("./img/extra/tool", mode: 0o700)
                $0.file("./img/extra/tool/x")
                $0.file("./img/.catboat/bundle.json", String(decoding: index.json, as: UTF8.self))
            }
        }
        #expect(try unpack(bytes())[0].folders.map(\.permissions) == [0o755, 0o755])
        try folder.removeTree()
        index.folders = [.init(name: name("extra"), permissions: 0o755)]
        #expect(try refusal(bytes()) == .unlisted(member: name("extra/tool")))
        index.folders?.append(.init(name: name("extra/tool"), permissions: 0o755))
        #expect(try refusal(bytes()) == .differs(member: name("extra/tool")))
        index.folders?[1].mode = "700"
        #expect(try unpack(bytes())[0].folders.map(\.permissions) == [0o755, 0o700])
        try folder.removeTree()
        index.folders?.append(.init(name: name("extra/tool"), permissions: 0o700))
        #expect(try refusal(bytes()) == .badIndex("it is there twice", subject: "extra/tool"))
        index.folders?[2].name = .init(name("gone"))
        #expect(try refusal(bytes()) == .missing(member: name("gone")))
    }

    @Test func `a signature needs an index`() throws {
        let bytes = TarMaker.bundle { $0.file("./img/.catboat/bundle.json.sig", "signed") }
        #expect(try refusal(bytes) == .missing(member: name(".catboat/bundle.json")))
    }

    @Test func `links are in extra folders and kits, not single extra files`() throws {
        let single = TarMaker.bundle { $0.link("./img/extra/name", to: "x") }
        #expect(try refusal(single) == .refused(.linkOutsideExtra, member: name("img/extra/name")))
        let good = TarMaker.bundle {
            $0.link("./img/extra/tools/name", to: "x")
            $0.link("./img/kit/extra/name", to: "../x")
        }
        #expect(try unpack(good)[0].members.count == 3)
    }

    @Test(arguments: [
        ("l/l2", "..", true), ("a/b/c", "../../x/y", true), ("a/b", "./../x", true), ("a", "b/./c", true),
        ("esc", "l/l2/../../etc/passwd", false), ("a/b/c", "x/../y", false), ("a/b/c", "../x/..", false),
        ("a/b", "../..", false), ("a", "..", false), ("a", "/etc", false), ("a", "", false),
    ])
    func `only the beginning of a link climbs`(link: String, target: String, stays: Bool) {
        #expect(LinkTarget(name(target)).staysWithin(name(link)) == stays)
    }

    @Test func `a bundle of bzip2 says so`() throws {
        let file = try write(Array("BZh91AY&SY".utf8) + [UInt8](repeating: 0x5a, count: 2000))
        let error = #expect(throws: BundleError.self) { try unpacker(BundleLimits()).inspect(file) }
        #expect(error == .bzip2(file))
        #expect(
            error?.description == "bundle is compressed with bzip2, not with gzip, xz or zstd: '\(file)': "
                + "unpack it with bzip2 -d first")
        // A name may begin like it.
        var maker = TarMaker()
        maker.file("BZh9/manifest.xml", TarMaker.manifest)
        #expect(try unpack(maker.ended).map(\.folder) == [name("BZh9")])
    }

    /// Each folder looked at all members.
    @Test func `members come to the image of their folder`() throws {
        let folders = (0..<20_000).map { name("image\($0)") }.sorted { $0.lexicographicallyPrecedes($1) }
        let members = ["manifest.xml", "kernel"].flatMap { file in
            folders.map { UnpackedMember(name: $0 + name("/\(file)"), size: 1, permissions: 0o644) }
        }
        let alone = UnpackedMember(name: name("z"), size: 1, permissions: 0o644)
        let hidden = UnpackedMember(name: name(".catboat/x"), size: 1, permissions: 0o644)
        let found = try BundleContents.find(
            members + [alone, hidden], [], verifier: SignatureVerifier(.none, allowedSigners: nil), text: { _ in [] })
        #expect(found.map(\.folder) == folders + [name("z")])
        #expect(found.dropLast().allSatisfy { $0.hasManifest && $0.members.map(\.name) == Self.files })
        #expect(found.last?.hasManifest == false && found.last?.members == [])
    }

    private static let files = [Array("kernel".utf8), Array("manifest.xml".utf8)]
}
