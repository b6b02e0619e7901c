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

    @Test(arguments: ["cat", "gzip", "xz", "zstd"])
    func `the packages of a repository come with their sums, however the list is packed`(packer: String) throws {
        let xml = """
            <metadata packages="3"><package type="rpm"><checksum type="sha256" pkgid="YES">aa</checksum>
            <location href="Packages/a&amp;b-1-1.noarch.rpm"/></package>
            <package type="rpm"><checksum type="sha256" pkgid="YES">bb</checksum>
            <location xml:base="media://1#2" href="Packages/other-disc.rpm"/></package>
            <package type="rpm"><checksum type="sha" pkgid="YES">cc</checksum><location href="old.rpm"/></package>
            </metadata>
            """
        let packed = try Tool(FilePath(packer), packer == "cat" ? [] : ["-c"]).output(input: Array(xml.utf8))
        let index = try #require(PackageIndex(packed: packed.output))
        #expect(index.sums.map(\.path) == ["Packages/a&b-1-1.noarch.rpm"])
        #expect(index.sums.map(\.hex) == ["aa"])
    }

    @Test func `a damaged list of packages is none`() throws {
        let packed = try Tool("gzip", ["-c"]).output(input: Array("<metadata></metadata>".utf8)).output
        #expect(PackageIndex(packed: Array(packed.dropLast(8))) == nil)
        #expect(PackageIndex(packed: [])?.sums.isEmpty ?? true)
    }

    @Test(arguments: [
        ("BaseOS/repodata/abc-primary.xml.gz", true), ("repodata/primary.xml.zst", true),
        ("repodata/primary.xml", true),
        ("repodata/abc-filelists.xml.gz", false), ("primary.xml.gz", false), ("repodata/x/primary.xml.gz", false),
    ])
    func `a list of packages is known by its place`(path: String, isIndex: Bool) {
        #expect(PackageIndex.isIndex(FilePath(path)) == isIndex)
    }

    @Test(arguments: [
        ("/install/sle15.3/x86_64/1", "/install/sle15.3/x86_64", "1"), ("/mnt/a/1", "/install/x/y", "../../../mnt/a/1"),
        ("/a", "/a", "."), ("/", "/a/b", "../.."),
    ])
    func `a link to a copy is relative`(target: String, folder: String, link: String) {
        #expect(CopyLink.relative(FilePath(target), from: FilePath(folder)) == FilePath(link))
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
