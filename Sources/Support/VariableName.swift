/// Names of environment variables.
public enum VariableName {
    /// Letters, digits and underscores, no digit first.
    public static func isProper(_ name: some StringProtocol) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private static let steering: Set = [
        "BASHOPTS", "CURL_HOME", "ENV", "HOME", "IFS", "NODE_OPTIONS", "PATH", "PS4", "RSYNC_RSH", "SHELL", "SHELLOPTS",
        "TAR_OPTIONS", "TMPDIR",
    ]
    private static let prefixes = [
        "BASH_", "CATBOAT_", "GCONV_", "GIT_", "GLIBC_", "JAVA_", "LD_", "LUA_", "MALLOC_", "OPENSSL_", "PERL",
        "PYTHON",
        "RUBY", "XDG_",
    ]

    /// Whether shells, interpreters, the linker or common programs are known to run or load what such a variable names.
    /// There are others.
    public static func steersPrograms(_ name: some StringProtocol) -> Bool {
        steering.contains(String(name)) || prefixes.contains { name.hasPrefix($0) }
    }
}
