import Digests
import Support
import SystemPackage
import TestSupport
import Testing

/// Suites that change what an honest export made, and see it refused.
protocol ForgesBundles {}

extension ForgesBundles {
    static var image: String { BundleSite.image }
    var bundle: FilePath { Scratch.directory.joined("image.tgz") }
    var tree: FilePath { Scratch.directory.joined("tree") }
    var folder: FilePath { tree.joined(FilePath(Self.image)) }

    /// A bundle as xCAT's are, without an index, after `change` was at its folder.
    func make(
        _ edits: [(old: String, new: String)] = [], change: (FilePath) throws -> Void = { _ in }
    ) throws {
        let from = try BundleSite.make("from", version: "1")
        try from.succeed("imgexport", Word(Self.image), Word(bundle))
        try tree.removeTree()
        try tree.createDirectories()
        _ = try Tool("tar", ["-xzf", Word(bundle), "-C", Word(tree)]).output()
        try folder.joined(".catboat").removeTree()
        var text = try folder.joined("manifest.xml").readText()
        for edit in edits {
            try #require(text.contains(edit.old), "\(edit.old) in \(text)")
            text = text.replacing(edit.old, with: edit.new)
        }
        try AtomicFile.write(text.utf8, to: folder.joined("manifest.xml"))
        try change(folder)
        _ = try Tool("tar", ["-czf", Word(bundle), "-C", Word(tree), "."]).output()
        try Scratch.directory.joined("from").removeTree()
    }

    func write(_ text: String, _ name: String, in folder: FilePath, executable: Bool = false) throws {
        let file = folder.joined(FilePath(name))
        try file.removingLastComponent().createDirectories()
        try AtomicFile.write(text.utf8, to: file, permissions: executable ? 0o755 : 0o644)
    }

    func extra(_ source: String, to place: String) -> (old: String, new: String) {
        ("<kernel>", "<extra><dest>\(place)</dest><src>\(source)</src></extra><kernel>")
    }

    func kit(_ folder: String, repository: String? = nil) -> (old: String, new: String) {
        let row = "<kit><kitname>k</kitname><kitdir>\(folder)</kitdir></kit>"
        guard let repository else { return ("<kernel>", row + "<kernel>") }
        let component = "<kitcomp><kitcompname>c</kitcompname><kitname>k</kitname>"
        return (
            "<kernel>",
            row + component + "<kitreponame>\(repository)</kitreponame></kitcomp><kitrepo><kitreponame>\(repository)"
                + "</kitreponame><kitname>k</kitname></kitrepo><kernel>"
        )
    }

    func expectRefused(_ site: Catboat, _ words: Word..., told: String) throws {
        let before = try BundleSite.state("to")
        let refused = try site.run("imgimport", [Word(bundle)] + words)
        #expect(refused.status == 1 && refused.stderr.contains(told), "\(refused)")
        #expect(try BundleSite.state("to") == before)
    }
}
