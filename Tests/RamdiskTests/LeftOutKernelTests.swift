import Ramdisk
import Support
import SystemPackage
import TestSupport
import Testing

/// The kernel goes back into a tree that was packed without it.
@Suite(.scratchDirectory) struct LeftOutKernelTests {
    private var tree: FilePath { Scratch.directory.joined("tree") }

    /// A file with the header of an x86 kernel of this version.
    private func kernel(_ version: String) throws -> FilePath {
        var bytes = [UInt8](repeating: 0, count: 0x400)
        bytes.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
        bytes.replaceSubrange(0x20e..<0x210, with: [0x00, 0x01])
        let text = Array("\(version) (me@here) #1".utf8) + [0]
        bytes.replaceSubrange(0x300..<(0x300 + text.count), with: text)
        let file = Scratch.directory.joined("kernel")
        try AtomicFile.write(bytes, to: file)
        return file
    }

    private func addModules(_ versions: String...) throws {
        for version in versions { try tree.joined("lib/modules/\(version)").createDirectories() }
    }

    @Test func `it is called after the modules that are its own`() throws {
        try addModules("6.1.0-1-amd64", "6.1.0-2-amd64")
        let file = try kernel("6.1.0-1-amd64")
        #expect(try LeftOutKernel.restore(file, in: tree) == "/boot/vmlinuz-6.1.0-1-amd64")
        #expect(try tree.joined("boot/vmlinuz-6.1.0-1-amd64").readBytes() == file.readBytes())
        // Now the tree has one.
        #expect(try LeftOutKernel.restore(file, in: tree) == nil)
    }

    @Test func `without modules of its own it stays away`() throws {
        try addModules("6.1.0-1-amd64")
        #expect(try LeftOutKernel.restore(try kernel("6.1.0-9-amd64"), in: tree) == nil)
        // One that tells no version is taken for that of the only modules, not for one of several.
        let nameless = try Scratch.write("short", to: "nameless")
        try addModules("6.1.0-2-amd64")
        #expect(try LeftOutKernel.restore(nameless, in: tree) == nil)
        try tree.joined("lib/modules/6.1.0-2-amd64").removeTree()
        #expect(try LeftOutKernel.restore(nameless, in: tree) == "/boot/vmlinuz-6.1.0-1-amd64")
    }

    @Test func `a kernel beside its modules is enough`() throws {
        try Scratch.write("kernel", to: "tree/usr/lib/modules/6.12.0-1.el10/vmlinuz")
        try tree.joined("lib").createSymbolicLink(to: "usr/lib")
        #expect(try LeftOutKernel.restore(try kernel("6.12.0-1.el10"), in: tree) == nil)
    }

    @Test func `a link of the tree does not lead out of it`() throws {
        try addModules("6.1")
        let outside = Scratch.directory.joined("outside")
        try outside.createDirectories()
        try tree.joined("boot").createSymbolicLink(to: outside)
        _ = try? LeftOutKernel.restore(try kernel("6.1"), in: tree)
        #expect(try outside.directoryNames().isEmpty)
    }
}
