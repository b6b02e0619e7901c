import Support
import SystemPackage
import TestSupport
import Testing

@Suite(.scratchDirectory) struct DiscardTests {
    @Test func `a tree is gone with its name, and nothing is left beside it`() throws {
        try Scratch.write("x", to: "tree/a/b")
        try Scratch.write("x", to: "tree-old/kept")
        let tree = Scratch.directory.joined("tree")
        try tree.discard()
        try tree.discard()
        #expect(try Scratch.directory.directoryNames() == ["tree-old"])
    }

    @Test func `of a link only the link goes`() throws {
        try Scratch.write("x", to: "kept/file")
        let link = Scratch.directory.joined("link")
        try link.createSymbolicLink(to: "kept")
        try link.discard()
        #expect(try Scratch.directory.directoryNames() == ["kept"])
        #expect(Scratch.directory.joined("kept/file").exists)
    }

    @Test func `what a killed run left is swept by the name`() throws {
        try Scratch.write("x", to: ".tree.tmp-abcdef/a/b")
        try AtomicFile.sweep(Scratch.directory.joined("tree"))
        #expect(try Scratch.directory.directoryNames() == [])
    }
}
