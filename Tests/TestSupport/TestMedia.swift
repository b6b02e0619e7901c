internal import Support
public import SystemPackage

/// Real install media that the scripts in Tests/media make of the host's package mirror; made once, then kept.
public enum TestMedia: String, CaseIterable, Sendable {
    case debian12, el8, sle15

    private var script: String {
        switch self {
        case .debian12: "mk-debian-media"
        case .el8: "mk-el-media"
        case .sle15: "mk-sles-media"
        }
    }

    /// `CATBOAT_TEST_CACHE`, else a folder of the user's.
    public static var cache: FilePath {
        Environment.current["CATBOAT_TEST_CACHE"].map { FilePath(bytes: $0.bytes) }
            ?? FilePath(Environment.current.text("HOME") ?? "/root").joined(".cache/catboat-tests")
    }

    /// The image; of Debian, what `CATBOAT_TEST_ISO` names if it is set.
    public func image() throws -> FilePath {
        if self == .debian12, let path = Environment.current["CATBOAT_TEST_ISO"] { return FilePath(bytes: path.bytes) }
        let iso = Self.cache.joined("\(rawValue).iso")
        if iso.isRegularFile { return iso }
        try Self.cache.createDirectories()
        let maker = Catboat.projectFolder.joined("Tests/media").joined(script)
        _ = try Tool(maker, [Word(iso), "--cache", Word(Self.cache.joined("media"))]).output()
        return iso
    }
}
