import History
import Support
import SystemPackage
import TestSupport

/// `/install/custom` below the scratch directory, and the outside `git` program to look at it.
struct HistorySite {
    var custom: FilePath { Scratch.directory.joined("install/custom") }
    var reader: RecipeReader { RecipeReader(custom: "/install/custom", roots: [Scratch.directory]) }

    /// Writes a file of the site; `path` as stored.
    @discardableResult
    func write(_ text: String, to path: String, permissions: UInt32 = 0o644) throws -> FilePath {
        try Scratch.write(text, to: String(path.drop { $0 == "/" }), permissions: permissions)
    }

    func recipe(_ image: String, _ paths: [String], stanza: String = "pkglist=a\n", sources: [String] = []) throws
        -> Recipe
    {
        let files = try (paths.map { ($0, false) } + sources.map { ($0, true) }).map { path, isDigestOnly in
            try reader.read(
                RecipeReader.Reference(
                    path: FilePath(path), host: Scratch.directory.joined(path),
                    digestOnly: isDigestOnly ? "source of a synclist" : nil))
        }
        return try Recipe(image: image, stanza: Array(stanza.utf8), files: files)
    }

    @discardableResult
    func keep(_ image: String, _ paths: [String], stanza: String = "pkglist=a\n") throws -> HistoryRepository.Outcome {
        try HistoryRepository.openOrCreate(custom).keep(recipe(image, paths, stanza: stanza))
    }

    func record(_ files: [String: String]) throws -> BuildRecord {
        let folder = Scratch.directory.joined("record")
        try folder.removeTree()
        try folder.createDirectories()
        for (name, text) in files { try AtomicFile.write(text.utf8, to: folder.joined(name)) }
        return try BuildRecord(folder: folder)
    }

    /// What the outside `git` prints; it must succeed.
    func git(_ words: Word..., at folder: FilePath? = nil) throws -> String {
        var environment = Environment.current
        environment["GIT_CONFIG_GLOBAL"] = "/dev/null"
        environment["GIT_CONFIG_SYSTEM"] = "/dev/null"
        for name in ["AUTHOR", "COMMITTER"] {
            environment["GIT_\(name)_NAME"] = "Site"
            environment["GIT_\(name)_EMAIL"] = "site@example"
        }
        let tool = Tool("git", [Word("-C"), Word(folder ?? custom)] + words, environment: environment)
        return try tool.output().text
    }

    /// Every byte of every object of the repository.
    func everything() throws -> [UInt8] {
        let list = try git("rev-list", "--objects", "--all").split(separator: "\n").map { $0.prefix { $0 != " " } }
        let tool = Tool("git", ["-C", Word(custom), "cat-file", "--batch"])
        return try tool.output(input: Array((list.joined(separator: "\n") + "\n").utf8)).output
    }
}

extension [UInt8] {
    func contains(text: String) -> Bool {
        String(decoding: self, as: UTF8.self).contains(text)
    }
}
