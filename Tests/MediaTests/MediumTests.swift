import Support
import SystemPackage
import TestSupport
import Testing

@testable import Media

@Suite(.scratchDirectory) struct MediumTests {
    @Test func `an image and its folder are the same medium`() throws {
        let folder = try TinyMedium.make("tiny")
        let image = try TinyMedium.image(of: folder)
        let (fromFolder, fromImage) = (try Medium(folder), try Medium(image))
        #expect(try fromFolder.identify()?.name == "debian12.99.0")
        #expect(try fromImage.identify() == fromFolder.identify())
        #expect(fromImage.catalog.entries.map(\.path) == fromFolder.catalog.entries.map(\.path))
        #expect(fromImage.catalog.fingerprint == fromFolder.catalog.fingerprint)
        #expect(fromImage.catalog["debian"]?.kind == .link("."))
        #expect(fromImage.facts.text("debian/debian/.disk/info")?.hasPrefix("Debian") == true, "links are resolved")
    }

    @Test func `a text file is not an image`() throws {
        let file = try Scratch.write(String(repeating: "text\n", count: 20000), to: "file")
        #expect(throws: MediumError.notAnImage(file)) { try Medium(file) }
        let empty = try Scratch.write("", to: "empty")
        #expect(throws: MediumError.notAnImage(empty)) { try Medium(empty) }
    }

    @Test func `a truncated image is known before anything is read`() throws {
        let image = try TinyMedium.make("tiny.iso")
        let size = try #require(try image.status()).size
        let file = try FileDescriptor.open(image, .writeOnly)
        try file.resize(to: size - 400 * 2048)
        try file.close()
        #expect(throws: MediumError.truncated(image, bytes: size - 400 * 2048, expected: size)) { try Medium(image) }
    }

    @Test(arguments: [("/etc/passwd", "leak"), ("../../etc", "leak"), ("sub/../../x", "leak")])
    func `a link out of the medium is refused`(target: String, name: String) throws {
        let folder = Scratch.directory.joined("medium")
        try folder.joined("sub").createDirectories()
        try folder.joined(name).createSymbolicLink(to: FilePath(target))
        #expect(throws: MediumError.escapingLink(folder, name: FilePath(name), target: FilePath(target))) {
            try Medium(folder)
        }
        let image = try TinyMedium.image(of: folder)
        #expect(throws: MediumError.escapingLink(image, name: FilePath(name), target: FilePath(target))) {
            try Medium(image)
        }
    }

    @Test func `a link that leaves through another link is refused`() throws {
        let folder = Scratch.directory.joined("medium")
        try folder.createDirectories()
        try folder.joined("here").createSymbolicLink(to: ".")
        try folder.joined("up").createSymbolicLink(to: "here/..")
        #expect(throws: MediumError.escapingLink(folder, name: "up", target: "here/..")) { try Medium(folder) }
    }

    @Test func `loops of links are refused`() throws {
        let folder = Scratch.directory.joined("medium")
        try folder.createDirectories()
        try folder.joined("a").createSymbolicLink(to: "b")
        try folder.joined("b").createSymbolicLink(to: "a")
        #expect(throws: MediumError.linkLoop(folder, name: "a")) { try Medium(folder) }
        let image = try TinyMedium.image(of: folder)
        #expect(throws: MediumError.linkLoop(image, name: "a")) { try Medium(image) }
    }

    @Test func `a pipe on a medium is refused`() throws {
        let folder = Scratch.directory.joined("medium")
        try folder.createDirectories()
        _ = try Tool("mkfifo", [Word(folder.joined("pipe"))]).output()
        #expect(throws: MediumError.specialFile(folder, name: "pipe")) { try Medium(folder) }
    }

    /// Replaces bytes of the image by as many others.
    private func patch(_ image: FilePath, _ old: String, _ new: String) throws {
        precondition(old.utf8.count == new.utf8.count)
        var bytes = try image.readBytes(limit: 64 << 20)
        var count = 0
        for index in 0..<(bytes.count - old.utf8.count) where bytes[index...].starts(with: old.utf8) {
            bytes.replaceSubrange(index..<(index + old.utf8.count), with: new.utf8)
            count += 1
        }
        #expect(count > 0)
        try AtomicFile.write(bytes, to: image)
    }

    @Test(arguments: ["../xxxxx", "/xxxxxxx", "xx/../.."])
    func `an image whose names lead out is refused`(name: String) throws {
        try Scratch.write("hostile", to: "medium/qwertyui")
        let image = try TinyMedium.image(of: Scratch.directory.joined("medium"))
        try patch(image, "qwertyui", name)
        let error = try #require(throws: MediumError.self) { try Medium(image) }
        guard case .unsafeName = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func `an image that lies about sizes is refused`() throws {
        let content = String(repeating: "a", count: 70001)
        try Scratch.write(content, to: "medium/file")
        let image = try TinyMedium.image(of: Scratch.directory.joined("medium"))
        // Both-endian length of the directory record: 70001 becomes about 3.7 GB.
        var bytes = try image.readBytes(limit: 64 << 20)
        let length: [UInt8] = [0x71, 0x11, 0x01, 0x00, 0x00, 0x01, 0x11, 0x71]
        var count = 0
        for index in 0..<(bytes.count - 8) where bytes[index...].starts(with: length) {
            bytes.replaceSubrange(index..<(index + 8), with: [0, 0, 0, 0xdd, 0xdd, 0, 0, 0])
            count += 1
        }
        #expect(count > 0)
        try AtomicFile.write(bytes, to: image)
        #expect(throws: MediumError.self) {
            _ = try MediumCopy(image).run(to: Scratch.directory.joined("copy"))
        }
        #expect(!Scratch.directory.joined("copy").exists)
    }
}
