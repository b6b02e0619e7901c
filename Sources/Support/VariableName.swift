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
        "APT_CONFIG", "AWKPATH", "BASHOPTS", "CPATH", "CURL_HOME", "DEBCONF_SYSTEMRC", "EDITOR", "ENV", "FPATH", "HOME",
        "IFS", "LIBRARY_PATH", "MANPAGER",
        "PAGER", "PATH", "PS4", "SHELL", "SHELLOPTS", "SSH_ASKPASS", "SYSTEMD_EDITOR", "TMPDIR", "VISUAL", "ZDOTDIR",
    ]
    private static let prefixes = [
        "ANSIBLE_", "BASH_", "CATBOAT_", "DPKG_", "DRACUT_", "GCONV_", "GIT_", "GLIBC_", "GNUPG",
        "GPG_", "JAVA_", "LD_", "LESS", "LIBDNF_", "LUA_", "MAKEF", "MALLOC_", "NODE_", "OPENSSL_", "PERL", "PKCS11_",
        "PYTHON", "RPM_", "RSYNC_", "RUBY", "SUDO_", "SYSTEM_WGETRC", "TAR_", "WGETRC", "XDG_", "ZYPP",
    ]

    /// Whether shells, interpreters, the linker or common programs are known to run or load what such a variable names.
    /// There are others.
    public static func steersPrograms(_ name: some StringProtocol) -> Bool {
        steering.contains(String(name)) || prefixes.contains { name.hasPrefix($0) }
    }
}
