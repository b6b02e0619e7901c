import Digests
import Support
import SystemPackage
import TestSupport
import Testing

@testable import Media

@Suite struct MediumTextTests {
    @Test(arguments: [
        ("a/b", "a/b"), ("./a//b/", "a/b"), ("./", ""), (".", ""), ("a/./b", "a/b"),
        ("../a", nil), ("a/../b", nil), ("/a", nil), ("a/..", nil),
    ])
    func `a name stays below the top or is refused`(name: String, path: String?) {
        #expect(MediumEntry.safePath(Array(name.utf8)) == path.map { FilePath($0) })
    }

    @Test func `names that no file system takes are refused`() {
        #expect(MediumEntry.safePath(Array(repeating: 0x61, count: 256)) == nil)
        #expect(MediumEntry.safePath(Array(repeating: 0x61, count: 255)) != nil)
        #expect(MediumEntry.safePath(Array("a\0b".utf8)) == nil)
        #expect(MediumEntry.safePath(Array(String(repeating: "a/", count: 3000).utf8)) == nil)
    }

    @Test func `checksum lists are read in the forms of md5sum and sha256sum`() {
        let text = """
            d41d8cd98f00b204e9800998ecf8427e  ./a b
            D41D8CD98F00B204E9800998ECF8427E *c
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  d\r
            # comment
            d41d8cd98f00b204e9800998ecf842zz  e
            """
        let sums = MediumChecksums.parse(Array(text.utf8), "md5sum.txt")
        #expect(sums.map(\.0) == ["a b", "c", "d"])
        #expect(sums.map(\.1.algorithm) == [.md5, .md5, .sha256])
        #expect(sums[1].1.hex == "d41d8cd98f00b204e9800998ecf8427e")
    }

    @Test func `a repomd names its files`() {
        let xml = """
            <repomd><data type="primary"><checksum type="sha256">abc</checksum>
            <open-checksum type="sha256">def</open-checksum><location href="repodata/p.xml.gz"/></data>
            <data type="other"><checksum type="sha1">x</checksum><location href="y"/></data></repomd>
            """
        let files = RepositoryIndex.files(xml)
        #expect(files.map(\.0) == ["repodata/p.xml.gz"])
        #expect(files.map(\.1) == ["abc"])
    }

    @Test func `treeinfo has sections, keys and checksums`() {
        let info = TreeInfo("[general]\nfamily = Red Hat\nversion=8.5\n[checksums]\nimages/x.img = sha256:00ff\n")
        #expect(info["general", "family"] == "Red Hat")
        #expect(info["general", "version"] == "8.5")
        #expect(info["release", "name"] == nil)
        #expect(info.checksums.map(\.path) == ["images/x.img"])
    }

    @Test func `only the SHA256 part of a Release file counts`() {
        let text = "MD5Sum:\n 00 5 main/a\nSHA256:\n 11 5 main/a\n 22 6 main/b\nAcquire: x\n 33 7 main/c\n"
        let sums = ReleaseIndex.sums(Array(text.utf8))
        #expect(sums.map(\.path) == ["main/a", "main/b"])
        #expect(sums.map(\.hex) == ["11", "22"])
    }

    @Test func `armored and binary public keys are told from other files`() {
        let armored = """
            -----BEGIN PGP PUBLIC KEY BLOCK-----
            Comment: x

            mQGNBA==
            =abcd
            -----END PGP PUBLIC KEY BLOCK-----
            """
        #expect(OpenPGP.publicKey(Array(armored.utf8)) == [0x99, 0x01, 0x8d, 0x04])
        #expect(OpenPGP.publicKey([0x99, 0x01]) == [0x99, 0x01])
        #expect(OpenPGP.publicKey([0xc6, 0x01]) == [0xc6, 0x01])
        #expect(OpenPGP.publicKey([0x89, 0x01]) == nil, "a signature")
        #expect(OpenPGP.publicKey(Array("words".utf8)) == nil)
        #expect(OpenPGP.publicKey([]) == nil)
    }
}
