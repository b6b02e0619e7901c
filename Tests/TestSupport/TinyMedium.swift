public import Support
public import SystemPackage

/// The small Debian medium that Tests/media/mk-tiny-media makes of packages written by hand.
public enum TinyMedium {
    /// Makes `name` in the scratch directory: an image when it ends in `.iso`, else a folder.
    @discardableResult
    public static func make(_ name: String, _ words: Word..., environment: Environment = Environment()) throws
        -> FilePath
    {
        let path = Scratch.directory.joined(name)
        let script = Catboat.projectFolder.joined("Tests/media/mk-tiny-media")
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
