import Archive
import Bundles
import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Bundles that mean harm. None may unpack, and none may leave anything behind.
@Suite(.scratchDirectory) struct HostileBundleTests {
    private let unpacker = BundleUnpacker(
        limits: BundleLimits(size: 1 << 20), verifier: SignatureVerifier(.none, allowedSigners: nil))

    /// Name and bytes of every hostile archive.
    private static func corpus() -> [(name: String, bytes: [UInt8])] {
        var result: [(String, [UInt8])] = []
        func add(_ name: String, _ change: (inout TarMaker) -> Void) { result.append((name, TarMaker.bundle(change))) }
        add("climbs") { $0.file("./img/../../etc/passwd") }
        add("climbs at once") { $0.file("../etc/passwd") }
        add("climbs at the end") { $0.file("./img/extra/..") }
        add("climbs in a folder") { $0.folder("./img/../..") }
        add("climbs behind dots") { $0.file("./././img/extra/../../../x") }
        add("absolute file") { $0.file("/etc/cron.d/x") }
        add("absolute folder") { $0.folder("/etc") }
        add("two slashes in front") { $0.file("//etc/passwd") }
        add("absolute link") { $0.link("./img/extra/a/b", to: "/etc/passwd") }
        add("link climbs") { $0.link("./img/extra/a/b", to: "../../../../etc") }
        add("link climbs by one") { $0.link("./img/extra/a", to: "../..") }
        add("link beside the manifest") { $0.link("./img/kernel", to: "manifest.xml") }
        add("link as the manifest's folder") { $0.link("./other", to: "img") }
        add("link as extra") { $0.link("./img/extra", to: ".") }
        add("link with control characters") { $0.link("./img/extra/a/b", to: "x\n") }
        add("empty link") { $0.link("./img/extra/a/b", to: "") }
        add("link as a single extra file") { $0.link("./img/extra/name", to: "x") }
        add("link climbs through another") {
            $0.link("./img/extra/a/l/l2", to: "..")
            $0.link("./img/extra/a/esc", to: "l/l2/../../etc/passwd")
        }
        add("hard link as the manifest") {
            $0.file("./two/text", TarMaker.manifest)
            $0.hardLink("./two/manifest.xml", to: "./two/text")
        }
        add("write through a link") {
            $0.link("./img/extra/a/b", to: "c")
            $0.file("./img/extra/a/b/passwd")
        }
        add("write below a file") { $0.file("./img/manifest.xml/x") }
        add("hard link to the host") { $0.hardLink("./img/extra/a", to: "/etc/passwd") }
        add("hard link climbs") { $0.hardLink("./img/extra/a", to: "../../etc/passwd") }
        add("hard link to nothing") { $0.hardLink("./img/extra/a", to: "./img/none") }
        add("hard link to a link") {
            $0.link("./img/extra/a/b", to: "c")
            $0.hardLink("./img/extra/a/d", to: "./img/extra/a/b")
        }
        add("hard link to itself") { $0.hardLink("./img/a", to: "./img/a") }
        add("hard link to a folder") { $0.hardLink("./img/a", to: "./img") }
        add("character device") { $0.special("./img/extra/null", .characterDevice) }
        add("block device") { $0.special("./img/sda", .blockDevice) }
        add("pipe") { $0.special("./img/extra/pipe", .fifo) }
        add("same name twice") {
            $0.file("./img/kernel", "1")
            $0.file("./img/kernel", "2")
        }
        add("same name in other words") {
            $0.file("./img/kernel", "1")
            $0.file("img//kernel", "2")
        }
        add("manifest twice") { $0.file("img/./manifest.xml", "<a/>") }
        add("folder over a file") { $0.folder("./img/manifest.xml") }
        add("file over a folder") {
            $0.folder("./img/extra")
            $0.file("./img/extra")
        }
        add("set-user-ID") { $0.file("./img/extra/su", mode: 0o4755) }
        add("set-group-ID") { $0.file("./img/extra/su", mode: 0o2755) }
        add("line end in a name") { $0.file("./img/a\nb") }
        add("escape in a name") { $0.file("./img/\u{1b}[2J") }
        add("delete in a name") { $0.file("./img/a\u{7f}") }
        add("name of 300 bytes") { $0.file("./img/" + String(repeating: "a", count: 300)) }
        add("deep name") { $0.file("./img/" + String(repeating: "a/", count: 100) + "b") }
        add("long name") { $0.file("./img/" + String(repeating: "abcdefgh/", count: 500) + "b") }
        add("our folder without an index") { $0.file("./img/.catboat/packages") }
        add("signature without an index") { $0.file("./img/.catboat/bundle.json.sig") }
        add("climbs from a hidden folder") { $0.file("./.hidden/../../x") }
        add("hidden name twice") {
            $0.file("./.hidden/x", "1")
            $0.file(".hidden/x", "2")
        }
        add("index that is none") { $0.file("./img/.catboat/bundle.json", "{}") }
        add("index of another version") {
            $0.file("./img/.catboat/bundle.json", #"{"bundles":[],"version":2}"#)
        }
        add("no file says what is in it") {
            $0.file("./img/kernel", ""); $0.raw([UInt8](repeating: 1, count: 512))
        }
        add("gigantic file") {
            var member = ArchiveMember(path: Array("./img/kernel".utf8), kind: .regular)
            member.size = 1 << 40
            $0.add(member)
        }
        add("size beyond all numbers") {
            var member = ArchiveMember(path: Array("./img/kernel".utf8), kind: .regular)
            member.size = UInt64(Int64.max)
            $0.add(member)
        }
        add("many files of some size") {
            for number in 0..<5 {
                var member = ArchiveMember(path: Array("./img/\(number)".utf8), kind: .regular)
                member.size = 1 << 19
                $0.add(member, [UInt8](repeating: 0, count: 1 << 19))
            }
        }
        add("sparse file of a terabyte") {
            var member = ArchiveMember(path: Array("./img/kernel".utf8), kind: .regular)
            member.size = 1 << 40
            member.extents = []
            $0.add(member)
        }
        var cut = TarMaker.bundle { $0.file("./img/kernel", String(repeating: "x", count: 4096)) }
        cut.removeLast(4096)
        result.append(("cut off", cut))
        result.append(("no end mark", Array(TarMaker.bundle { _ in }.dropLast(1024))))
        result.append(("bytes after the end", TarMaker.bundle { _ in } + Array("more".utf8)))
        for field in [329, 337] {
            var device = TarMaker()
            device.special("./img/sda", .blockDevice)
            var bytes = device.ended
            TarMaker.putWide(1 << 32, at: field, length: 8, header: 0, in: &bytes)
            result.append(("device number beyond 32 bits at \(field)", bytes))
        }
        result.append(("nothing", []))
        result.append(("no archive", Array("hello\n".utf8)))
        result.append(("only an end mark", [UInt8](repeating: 0, count: 1024)))
        var headers = TarMaker()
        for _ in 0..<20 { headers.raw(paxHeader("10 a=bcdef\n")) }
        headers.file("./img/manifest.xml", TarMaker.manifest)
        result.append(("headers without end", headers.ended))
        for (name, record) in [
            ("record without length", "a=b\n"), ("record of length 0", "0 a=b\n"),
            ("record longer than all", "9223372036854775807 a=b\n"), ("record with a negative length", "-5 a=b\n"),
            ("path climbs by record", "22 path=../../etc/xyz\n"), ("absolute path by record", "19 path=/etc/passwd\n"),
        ] {
            var maker = TarMaker()
            maker.raw(paxHeader(record))
            maker.file("./img/manifest.xml", TarMaker.manifest)
            result.append((name, maker.ended))
        }
        return result
    }

    private static func paxHeader(_ record: String) -> [UInt8] {
        var member = ArchiveMember(path: Array("PaxHeaders/x".utf8), kind: .regular)
        member.size = UInt64(record.utf8.count)
        var header = (try? ArchiveFormat.tar.header(of: member)) ?? []
        header[156] = UInt8(ascii: "x")
        TarMaker.seal(&header)
        return header + Array(record.utf8) + [UInt8](repeating: 0, count: 512 - record.utf8.count)
    }

    @Test func `every hostile bundle is refused and leaves no trace`() throws {
        let corpus = Self.corpus()
        #expect(corpus.count >= 40)
        for (name, bytes) in corpus {
            let file = Scratch.directory.joined("bundle.tar")
            try AtomicFile.write(bytes, to: file)
            let folder = Scratch.directory.joined("out")
            let error = #expect(throws: (any Error).self, "\(name)") { try unpacker.unpack(file, into: folder) }
            #expect(error is any Diagnosable, "\(name): \(String(describing: error))")
            #expect(!folder.exists, "\(name)")
            #expect(throws: (any Error).self, "\(name)") { try unpacker.inspect(file) }
            #expect(try Scratch.directory.directoryNames() == ["bundle.tar"], "\(name)")
        }
    }

    @Test func `a bomb ends at the limit, whatever compressed it`() throws {
        for compressor in ["gzip", "zstd", "xz"] {
            let file = Scratch.directory.joined("bomb")
            var maker = TarMaker()
            maker.folder("./img")
            var member = ArchiveMember(path: Array("./img/manifest.xml".utf8), kind: .regular)
            member.size = 200 << 20
            maker.add(member)
            let bytes = maker.bytes + [UInt8](repeating: 0, count: 8 << 20)
            let packed = try Tool(FilePath(compressor), ["-c"]).output(input: bytes).output
            try AtomicFile.write(packed, to: file)
            let error = #expect(throws: BundleError.self) {
                try unpacker.unpack(file, into: Scratch.directory.joined("out"))
            }
            #expect(error == .tooLarge(member: Array("img/manifest.xml".utf8), limit: 1 << 20))
        }
    }

    @Test func `a good bundle passes`() throws {
        let file = Scratch.directory.joined("bundle.tar")
        try AtomicFile.write(
            TarMaker.bundle {
                $0.file("./img/extra/a/one", mode: 0o755)
                $0.link("./img/extra/a/two", to: "one")
                $0.hardLink("./img/extra/a/three", to: "./img/extra/a/one")
            }, to: file)
        let folder = Scratch.directory.joined("out")
        let images = try unpacker.unpack(file, into: folder)
        #expect(images.map(\.folder) == [Array("img".utf8)])
        #expect(
            images[0].members.map { String(decoding: $0.name, as: UTF8.self) } == [
                "extra/a/one", "extra/a/three", "extra/a/two", "manifest.xml",
            ])
        #expect(try folder.joined("img/extra/a/three").readText() == "x")
        #expect(try folder.joined("img/extra/a/two").status()?.kind == .symbolicLink)
    }

    @Test func `manifests that mean harm are refused`() throws {
        let row = "<osimage><imagename>a</imagename>"
        let texts = [
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
            "<a>&x;</a>", "<a>&#0;</a>", "<a>&#x1b;</a>", "<a>&#xd800;</a>", "<a>&#99999999;</a>", "<a>&amp</a>",
            "<a>\u{1}</a>", "<a><b></a></b>", "<a>", "<a/><b/>", "<a b=c/>", "<a b='1' b='2'/>", "text", "",
            "<?php x?><a/>", "<a><?x?></a>", "<a><![CDATA[\u{0}]]></a>", "<a><!ELEMENT b></a>", "<1/>",
            "<?xml version='1.0' encoding='UTF-7'?><a/>",
            String(repeating: "<a>", count: 1000) + String(repeating: "</a>", count: 1000),
            "<a>" + String(repeating: "<b/>", count: 100_001) + "</a>",
            "<x>\(row)<nosuchcolumn>1</nosuchcolumn></osimage></x>",
            "<x>\(row)<profile><b/></profile></osimage></x>",
            "<x>\(row)</osimage>\(row)</osimage></x>",
            "<x>\(row)<profile>a/b</profile></osimage></x>",
            "<x>\(row)<profile>..</profile></osimage></x>",
            "<x>\(row)<profile>1</profile><profile>2</profile></osimage></x>",
            "<x>\(row)</osimage><kernel>/a\n/b</kernel></x>",
            "<x>\(row)</osimage><extra><dest>/a</dest></extra></x>",
            "<x>\(row)</osimage><extra><src>/a</src></extra></x>",
            "<x>\(row)</osimage><kit><name>a</name><version>1</version></kit><kit><name>a</name><version>2</version></kit></x>",
            "<x>\(row)</osimage><kernel>/a</kernel><kernel>/b</kernel></x>",
        ]
        for text in texts {
            #expect(throws: BundleError.self, "\(text.prefix(80))") { try BundleManifest(xml: Array(text.utf8)) }
        }
        #expect(throws: BundleError.self) { try BundleManifest(xml: [0x3c, 0x61, 0xff, 0x3e]) }
    }
}
