public import Support
public import SystemPackage

/// Small media of packages written by hand, made in the scratch directory: an image when the name ends in `.iso`, else
/// a folder.
public enum TinyMedium {
    /// A Debian medium, by Tests/media/mk-tiny-media.
    @discardableResult
    public static func make(_ name: String, _ words: Word..., environment: Environment = Environment()) throws
        -> FilePath
    {
        try run("mk-tiny-media", name, words, environment)
    }

    /// An Enterprise Linux or SLES medium, by Tests/media/mk-tiny-rpm-media; the packages are kept in the cache.
    @discardableResult
    public static func makeRPM(_ name: String, _ words: Word...) throws -> FilePath {
        try run("mk-tiny-rpm-media", name, words + ["--cache", Word(TestMedia.cache.joined("media"))], Environment())
    }

    private static func run(
        _ script: String, _ name: String, _ words: [Word], _ environment: Environment
    ) throws -> FilePath {
        let path = Scratch.directory.joined(name)
        let script = Catboat.projectFolder.joined("Tests/media").joined(script)
        _ = try Tool(script, [Word(path)] + words, environment: Environment.current.merging(environment)).output()
        return path
    }

    /// Makes an image of a folder, with Rock Ridge names.
    public static func image(of folder: FilePath, _ name: String = "made.iso") throws -> FilePath {
        let path = Scratch.directory.joined(name)
        _ = try Tool(
            "xorriso", ["-as", "mkisofs", "-quiet", "-o", Word(path), "-R", "-J", "-joliet-long", Word(folder)]
        )
        .output()
        return path
    }
}
