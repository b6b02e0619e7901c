import Support
import SystemPackage
import TestSupport
import Testing

/// Paths of definitions stay beneath the root, whatever links say.
@Suite(.scratchDirectory) struct RootFolderTests {
    private func root() throws -> RootFolder {
        let path = try Scratch.directory.resolved().joined("root")
        try path.joined("etc").createDirectories()
        return RootFolder(path)
    }

    @Test(arguments: [
        ("/new/file", "/new/file"), ("/etc/absolute", "/outside/file"), ("/etc/relative", "/etc/there"),
        ("/etc/up", "/outside/file"), ("/etc/folder/name", "/outside/name"), ("/etc/second", "/outside/file"),
        ("/etc/known", "/etc"),
    ])
    func `a link leads beneath the root, also to what is not there yet`(stored: String, expected: String) throws {
        let root = try root()
        for (name, target) in [
            ("absolute", "/outside/file"), ("relative", "there"), ("up", "../../../../outside/file"),
            ("folder", "/outside"), ("second", "absolute"), ("known", "/etc"),
        ] {
            try root.path.joined("etc").joined(name).createSymbolicLink(to: FilePath(target))
        }
        #expect(try root.host(FilePath(stored)) == root.path.joined(expected))
    }

    @Test func `links in a circle are an error`() throws {
        let root = try root()
        try root.path.joined("etc/a").createSymbolicLink(to: "b")
        try root.path.joined("etc/b").createSymbolicLink(to: "a")
        #expect(throws: FileError.self) { try root.host("/etc/a") }
        #expect(throws: FileError.self) { try root.host("/etc/nosuch/../../x") }
    }
}
