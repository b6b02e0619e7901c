import Digests
import Support
import SystemPackage
import TestSupport
import Testing

@testable import Media

@Suite(.scratchDirectory) struct MediumCopyTests {
    private var target: FilePath { Scratch.directory.joined("install/debian12/x86_64") }
    private var beside: FilePath { CopyStage.path(beside: target) }

    private func copy(_ source: FilePath) throws -> MediumCopy.Summary { try MediumCopy(source).run(to: target) }

    /// A medium of three files with their sums.
    private func small(_ name: String = "small", changing text: String = "two\n") throws -> FilePath {
        try Scratch.write("one\n", to: "\(name)/a/one", permissions: 0o755)
        try Scratch.write(text, to: "\(name)/b/two")
        try Scratch.write("three\n", to: "\(name)/three")
        let folder = Scratch.directory.joined(name)
        let sums = try Tool("md5sum", ["a/one", "b/two"], directory: folder).output()
        try Scratch.write(sums.text, to: "\(name)/md5sum.txt")
        return folder
    }

    @Test func `an image is copied whole, checked and marked`() throws {
        let image = try TinyMedium.make("tiny.iso")
        let summary = try copy(image)
        #expect(summary.state == .copied)
        #expect(summary.written == summary.bytes)
        #expect(summary.checkedBy == ["md5sum.txt"])
        #expect(summary.signature.state == .unsigned)
        let sums = try Tool("md5sum", ["--check", "--quiet", "md5sum.txt"], directory: target).capture()
        #expect(sums.ending.isSuccess, "\(sums.text)")
        #expect(try target.joined("debian").status()?.kind == .symbolicLink)
        #expect(try target.status()?.permissions == 0o755)
        #expect(try target.joined(".disk/info").status()?.modified.seconds == 1_767_225_600)
        let marker = try #require(CopyMarker.read(target))
        #expect(marker.media.map(\.name) == ["debian12.99.0"])
        #expect(marker.media.map(\.fingerprint) == [summary.fingerprint])
        #expect(!beside.exists)
        #expect(!target.joined(CopyMarker.unfinishedName).exists)
    }

    @Test func `the same medium again writes nothing`() throws {
        let source = try small()
        let first = try copy(source)
        let again = try copy(source)
        #expect(first.state == .copied && again.state == .unchanged)
        #expect(again.written == 0)
        #expect(again.fingerprint == first.fingerprint)
    }

    @Test func `damage to a copy is repaired`() throws {
        let source = try small()
        _ = try copy(source)
        try AtomicFile.write("bad\n".utf8, to: target.joined("a/one"))
        try target.joined("three").removeFile()
        let again = try copy(source)
        #expect(again.state == .copied)
        #expect(again.written == 10)
        #expect(try target.joined("a/one").readText() == "one\n")
        #expect(try target.joined("a/one").status()?.permissions == 0o755)
        #expect(CopyMarker.read(target) != nil)
    }

    @Test func `a file that does not match its sum stops the copy and leaves nothing listed`() throws {
        let source = try small()
        try Scratch.write("two!", to: "small/b/two")
        #expect(throws: CopyError.self) { try copy(source) }
        #expect(!target.exists)
        // The next run goes on from what is there.
        try Scratch.write("two\n", to: "small/b/two")
        let summary = try copy(source)
        #expect(summary.state == .copied)
        #expect(!beside.exists)
    }

    @Test func `the error names file, list and both sums`() throws {
        let source = try small()
        try Scratch.write("two!", to: "small/b/two")
        let error = try #require(throws: CopyError.self) { try copy(source) }
        guard case .mismatch(let path, let list, _, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(path == "b/two" && list == "md5sum.txt")
        #expect(error.description.hasPrefix("file does not match md5sum.txt ("))
    }

    @Test func `a file that the list names must be there`() throws {
        let source = try small()
        try source.joined("b/two").removeFile()
        #expect(throws: CopyError.missing("b/two", list: "md5sum.txt")) { try copy(source) }
    }

    @Test func `an unfinished copy is taken up where it was left`() throws {
        let source = try small()
        let fingerprint = try Medium(source).catalog.fingerprint
        try beside.joined("a").createDirectories()
        try AtomicFile.write(fingerprint.description.utf8, to: beside.joined(CopyMarker.unfinishedName))
        try AtomicFile.write("one\n".utf8, to: beside.joined("a/one"))
        try AtomicFile.write("tw".utf8, to: beside.joined(CopyMarker.temporaryName))
        let inode = try beside.joined("a/one").status()?.inode
        let summary = try copy(source)
        #expect(summary.written == summary.bytes - 4)
        #expect(try target.joined("a/one").status()?.inode == inode)
        #expect(!target.joined(CopyMarker.temporaryName).exists)
    }

    @Test func `what another medium left unfinished is thrown away`() throws {
        try beside.createDirectories()
        try AtomicFile.write("sha256:other".utf8, to: beside.joined(CopyMarker.unfinishedName))
        try AtomicFile.write("x".utf8, to: beside.joined("stale"))
        _ = try copy(try small())
        #expect(!target.joined("stale").exists)
    }

    @Test func `another medium takes the place of the old copy in one step`() throws {
        _ = try copy(try small())
        try AtomicFile.write("kept\n".utf8, to: target.joined("own"))
        let old = try FileDescriptor.open(target.joined("b/two"), .readOnly)
        let summary = try copy(try small("other", changing: "zwei\n"))
        #expect(summary.state == .copied)
        #expect(try target.joined("b/two").readText() == "zwei\n")
        #expect(try target.joined("own").readText() == "kept\n", "what the medium does not have stays")
        #expect(try old.readToEnd(limit: 100, of: "old") == Array("two\n".utf8), "open files keep what they had")
        try old.close()
        #expect(CopyMarker.read(target)?.media.count == 1, "the same disc replaces its predecessor")
        #expect(!beside.exists)
    }

    @Test func `a failed copy over an old one leaves the old one whole`() throws {
        _ = try copy(try small())
        let other = try small("other", changing: "zwei\n")
        try Scratch.write("three, changed\n", to: "other/a/one")
        #expect(throws: CopyError.self) { try copy(other) }
        #expect(try target.joined("b/two").readText() == "two\n")
        #expect(CopyMarker.read(target) != nil)
    }

    @Test func `two copies at once to one folder are refused`() throws {
        let source = try small()
        let fingerprint = try Medium(source).catalog.fingerprint
        try target.removingLastComponent().createDirectories()
        let first = try CopyStage(target, fingerprint, isSource: false)
        #expect(throws: CopyError.busy(beside)) { try CopyStage(target, fingerprint, isSource: false) }
        withExtendedLifetime(first) {}
    }

    @Test func `a folder that is its own destination is only checked`() throws {
        let source = try small()
        let summary = try MediumCopy(source).run(to: source)
        #expect(summary.written == 0)
        #expect(CopyMarker.read(source) != nil)
        try Scratch.write("one?", to: "small/a/one")
        #expect(throws: CopyError.self) { try MediumCopy(source).run(to: source) }
        #expect(throws: CopyError.insideItself(source.joined("copy"))) {
            try MediumCopy(source).run(to: source.joined("copy"))
        }
    }

    @Test func `a link in the destination is never written through`() throws {
        let outside = Scratch.directory.joined("outside")
        try outside.createDirectories()
        try target.createDirectories()
        try target.joined("a").createSymbolicLink(to: outside)
        _ = try copy(try small())
        #expect(try outside.directoryNames().isEmpty)
        #expect(try target.joined("a/one").readText() == "one\n")
    }

    @Test func `hard links stay hard links`() throws {
        let source = try small()
        try source.joined("three").hardLink(as: source.joined("drei"))
        _ = try copy(TinyMedium.image(of: source))
        #expect(try target.joined("drei").status()?.inode == target.joined("three").status()?.inode)
        let again = try copy(TinyMedium.image(of: source, "again.iso"))
        #expect(again.state == .unchanged)
    }

    @Test func `links to other releases are left out`() throws {
        let source = try TinyMedium.make("tiny")
        try source.joined("dists/testing").createSymbolicLink(to: "bookworm")
        _ = try copy(source)
        #expect(!target.joined("dists/testing").exists)
        #expect(target.joined("dists/stable").exists)
    }

    @Test func `an empty index beside a packed one is filled`() throws {
        let source = try TinyMedium.make("tiny")
        let index = source.joined("dists/bookworm/main/binary-amd64/Packages")
        let text = try index.readText()
        try AtomicFile.write([UInt8](), to: index)
        try source.joined("md5sum.txt").removeFile()
        #expect(try copy(source).state == .copied)
        #expect(try target.joined("dists/bookworm/main/binary-amd64/Packages").readText() == text)
    }

    @Test func `an index that the Release file does not know stops the copy`() throws {
        let source = try TinyMedium.make("tiny", "--tamper", "packages")
        let error = try #require(throws: CopyError.self) { try copy(source) }
        guard case .mismatch(let path, let list, _, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(path.lastName.printable.hasPrefix("Packages") && list == "dists/bookworm/Release")
    }

    @Test func `another disc of Debian does not hide the first`() throws {
        _ = try copy(try TinyMedium.make("tiny"))
        let second = try TinyMedium.make("second", "--generation", "2")
        let info = try second.joined(".disk/info").readText().replacing("Binary-1", with: "Binary-2")
        try AtomicFile.write(info.utf8, to: second.joined(".disk/info"))
        try second.joined("md5sum.txt").removeFile()
        #expect(throws: CopyError.anotherDisc(target, disc: "Binary-2", present: "Binary-1")) { try copy(second) }
    }

    @Test func `a copy elsewhere counts when asked`() throws {
        let source = try small()
        let first = try copy(source)
        var options = MediumCopy.Options()
        options.unlessCopiedTo = ["/nowhere", target]
        let summary = try MediumCopy(source, options).run(to: Scratch.directory.joined("second"))
        #expect(summary.state == .present)
        #expect(summary.destination == first.destination)
        #expect(!Scratch.directory.joined("second").exists)
    }
}

extension Tool {
    init(_ program: FilePath, _ words: [Word], directory: FilePath) {
        self.init(program, words)
        self.directory = directory
    }
}
