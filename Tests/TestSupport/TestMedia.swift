internal import Support
public import SystemPackage

/// Real install media that the scripts in Tests/media make of the host's package mirror; made once, then kept.
public enum TestMedia: String, CaseIterable, Sendable {
    case debian12, el8, sle15

    /// `CATBOAT_TEST_CACHE`, else a folder of the user's.
    public static var cache: FilePath {
        Environment.current["CATBOAT_TEST_CACHE"].map { FilePath(bytes: $0.bytes) }
            ?? FilePath(Environment.current.text("HOME") ?? "/root").joined(".cache/catboat-tests")
    }

    /// The image; of Debian, what `CATBOAT_TEST_ISO` names if it is set.
    public func image() throws -> FilePath {
        if self == .debian12, let path = Environment.current["CATBOAT_TEST_ISO"] { return FilePath(bytes: path.bytes) }
        var maker = Tool(Catboat.projectFolder.joined("tools/test-medium"), [Word(rawValue)])
        maker.environment["CATBOAT_TEST_CACHE"] = Word(Self.cache)
        return FilePath(bytes: try maker.output().output.dropLast())
    }
}
