@testable import RootImage
import Support
import SystemPackage
import TestSupport
import Testing

@Suite(.scratchDirectory) struct KernelChoiceTests {
    private func tree(_ files: String...) throws -> FilePath {
        for file in files { try Scratch.write("kernel", to: "tree/\(file)") }
        return Scratch.directory.joined("tree")
    }

    @Test func `the newest kernel is chosen by version order`() throws {
        let tree = try tree(
            "boot/vmlinuz-4.18.0-80.el8", "boot/vmlinuz-4.18.0-372.el8", "boot/vmlinuz-0-rescue-abc", "boot/config-9")
        #expect(try KernelChoice(tree: tree).version == "4.18.0-372.el8")
        #expect(try KernelChoice(tree: tree, wanted: "4.18.0-80.el8").file == tree.joined("boot/vmlinuz-4.18.0-80.el8"))
    }

    @Test func `a kernel beside its modules counts`() throws {
        let tree = try tree("lib/modules/6.12.0-1/vmlinuz", "boot/readme")
        #expect(try KernelChoice(tree: tree).version == "6.12.0-1")
    }

    @Test func `a missing kernel is told`() throws {
        let tree = try tree("boot/config-9")
        #expect(throws: KernelChoiceError.notFound("", tree: tree)) { try KernelChoice(tree: tree) }
        #expect(throws: KernelChoiceError.notFound("7", tree: tree)) { try KernelChoice(tree: tree, wanted: "7") }
    }
}

@Suite struct AptOutputTests {
    private func output(_ text: String, errors: String = "") -> AptOutput {
        AptOutput(Tool.Captured(output: Array(text.utf8), errors: Array(errors.utf8), ending: .exited(0)))
    }

    @Test func `actions of a simulation are read`() {
        let text = """
            Remv chrony [4.3-2]
            Inst libmagic1 (1:5.44-3 Debian:12.15/oldstable [amd64])
            Inst tiny-hello [1.0] (1.1 Debian:tiny [amd64]) []
            Conf libmagic1 (1:5.44-3 Debian:12.15/oldstable [amd64])
            """
        #expect(
            output(text).actions == [
                .remove("chrony"), .install("libmagic1", version: "1:5.44-3"), .install("tiny-hello", version: "1.1"),
            ])
    }

    @Test func `unknown names are found, and names that apt takes as patterns`() {
        let errors =
            "E: Unable to locate package foo\nE: Package 'bar' has no installation candidate\nE: Couldn't find any package by glob 'a*'\n"
        let text = "Note, selecting 'tiny-red' for regex 'tiny-.*'\nNote, selecting 'mawk' instead of 'awk'\n"
        #expect(output(text, errors: errors).unknownNames == ["foo", "bar", "a*", "tiny-.*"])
        #expect(output(text).selected == ["awk": "mawk"])
    }
}

@Suite(.scratchDirectory) struct TreeListingTests {
    @Test func `records are sorted by the bytes of the whole path`() throws {
        for name in ["a/b", "a-b", "a", "é", "tab\there", "line\nbreak", "back\\slash"] where name != "a" {
            try Scratch.write("x", to: "t/\(name)")
        }
        let listing = try TreeListing(Scratch.directory.joined("t"))
        let paths = listing.records.map { String(decoding: TreeListing.Record.escaped($0.path.bytes), as: UTF8.self) }
        #expect(paths == [".", "a", "a-b", "a/b", #"back\\slash"#, #"line\nbreak"#, #"tab\there"#, "é"])
        #expect(listing.bytes.split(separator: 0).count == listing.records.count)
    }

    @Test func `type, mode, link target and digest are told, times are not`() throws {
        try Scratch.write("hello\n", to: "t/file", permissions: 0o640)
        let tree = Scratch.directory.joined("t")
        try tree.joined("link").createSymbolicLink(to: "/etc/passwd")
        let before = try TreeListing(tree)
        let digest = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        let lines = before.records.map {
            String(decoding: $0.bytes, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
        }
        #expect(lines[1][0...2] == ["file", "f", "0640"])
        #expect(lines[1][5] == "6")
        #expect(lines[1][8] == digest[...])
        #expect(lines[2][1] == "l")
        #expect(lines[2][6] == "/etc/passwd")
        _ = try Tool("touch", ["-d", "1999-01-01", Word(tree.joined("file"))]).output()
        #expect(try TreeListing(tree).digest == before.digest)
        try tree.joined("file").changePermissions(0o600)
        #expect(try TreeListing(tree).digest != before.digest)
    }

    @Test func `the command's three forms agree`() throws {
        try Scratch.write("x", to: "t/one")
        let tree = Word(Scratch.directory.joined("t"))
        let digest = try Catboat()("rootimg-list", "--digest", tree).stdout
        let captured = try Catboat().tool("rootimg-list", ["-z", tree]).output().output
        #expect(
            digest == "\(try Tool("sha256sum").output(input: captured).text.prefix(64))".withPrefix("sha256:") + "\n")
        #expect(try Catboat()("rootimg-list", "--json", tree).stdout.hasPrefix("{\"entries\":[{"))
        #expect(try Catboat()("rootimg-list", "/nosuch").status == 128)
    }
}

extension String {
    fileprivate func withPrefix(_ prefix: String) -> String { prefix + self }
}

@Suite struct DpkgStatusTests {
    private static let text = """
        Package: one
        Status: install ok installed
        Architecture: amd64
        Version: 1.0
        Description: first
         Package: not-a-field

        Package: two
        Status: deinstall ok config-files
        Architecture: all
        Version: 2.0

        Package: three
        Status: install ok half-configured
        Architecture: i386
        Version: 3.0

        """

    @Test func `packages that are there are told, with foreign architectures`() {
        let status = DpkgStatus(Array(Self.text.utf8), architecture: "amd64")
        #expect(status.versions == ["one": "1.0", "three:i386": "3.0"])
        #expect(status.brokenPackages == ["three:i386"])
    }

    @Test func `a settled copy has only installed packages`() {
        let status = DpkgStatus(Array(Self.text.utf8), architecture: "amd64")
        let settled = DpkgStatus(status.settledText, architecture: "amd64")
        #expect(settled.versions == status.versions)
        #expect(settled.brokenPackages == [])
    }
}

@Suite(.scratchDirectory) struct ArmoredKeysTests {
    @Test func `armor is taken off as gpg does it`() throws {
        let home = Scratch.directory.joined("home")
        try home.createDirectories(permissions: 0o700)
        let gpg: [Word] = ["--homedir", Word(home), "--batch"]
        let archive = FilePath("/usr/share/keyrings/debian-archive-keyring.gpg")
        let armored = try Tool("gpg", gpg + ["--enarmor"]).output(input: archive.readBytes()).text
        #expect(try ArmoredKeys.decode(armored) == archive.readBytes())
    }
}
