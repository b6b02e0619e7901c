import RpmMetadata
import Testing

@Suite struct TagScannerTests {
    private func items(_ text: String, blockSize: Int = 1 << 16) throws -> [TagScanner.Item] {
        var rest = Array(text.utf8)[...]
        var scanner = TagScanner { target in
            let part = rest.prefix(min(blockSize, target.count))
            target.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            return part.count
        }
        var result: [TagScanner.Item] = []
        while let item = try scanner.next() { result.append(item) }
        return result
    }

    @Test(arguments: [1, 2, 3, 7, 65536])
    func `tags, attributes and texts come in order, whatever the blocks`(blockSize: Int) throws {
        let text = """
            <?xml version="1.0"?><!DOCTYPE x><!-- a > b --><a x='1 > 0' y="&amp;&#65;">
              hello &lt;you&gt; <b/><!----></a>
            """
        #expect(
            try items(text, blockSize: blockSize) == [
                .start("a", attributes: ["x": "1 > 0", "y": "&A"]), .text("hello <you>"), .start("b", attributes: [:]),
                .end("b"), .end("a"),
            ])
    }

    @Test func `a tag without an end is bounded`() {
        #expect(throws: TagScannerError.tooLong) {
            try items("<a b=\"" + String(repeating: "x", count: TagScanner.limit + 70000))
        }
    }

    @Test func `arbitrary bytes do no harm`() throws {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("<>/=\"' &;#!-?[]ab\u{0}".utf8) + [0xff]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            var scanner = TagScanner(bytes)
            var count = 0
            while try scanner.next() != nil { count += 1 }
            #expect(count <= bytes.count * 2)
        }
    }

    @Test func `the index and the packages of a repository are read`() throws {
        let index = try RepositoryIndex(
            Array(
                """
                <repomd><revision>1</revision><data type="primary"><checksum type="sha256">ab</checksum>
                <location href="repodata/p.xml.gz"/><size>12</size></data></repomd>
                """.utf8))
        let primary = try #require(index.file("primary"))
        #expect(primary.location == "repodata/p.xml.gz" && primary.size == 12)
        #expect(primary.algorithm == "sha256" && primary.checksum == "ab")
        #expect(index.file("group") == nil)

        var rest = Array(
            """
            <metadata packages="1"><package type="rpm"><name>bash</name><arch>x86_64</arch>
            <version epoch="1" ver="5.2" rel="1.el8"/><checksum type="sha256" pkgid="YES">cd</checksum>
            <size package="77" installed="9"/><location href="Packages/b/bash.rpm"/>
            <format><rpm:provides><rpm:entry name="location" ver="2"/></rpm:provides><file>/bin/sh</file></format></package></metadata>
            """.utf8)[...]
        var found: [PrimaryPackage] = []
        try PrimaryPackage.visit(
            { target in
                let part = rest.prefix(target.count)
                target.copyBytes(from: part)
                rest = rest.dropFirst(part.count)
                return part.count
            }, { found.append($0) })
        var bash = PrimaryPackage()
        (bash.name, bash.architecture, bash.epoch, bash.version, bash.release) = ("bash", "x86_64", "1", "5.2", "1.el8")
        (bash.location, bash.algorithm, bash.checksum, bash.size) = ("Packages/b/bash.rpm", "sha256", "cd", 77)
        (bash.provides, bash.files) = ([.init(name: "location", version: "2")], ["/bin/sh"])
        #expect(found == [bash])
        #expect(bash.edition == "1:5.2-1.el8")
    }
}
