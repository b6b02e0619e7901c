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
        "APT_CONFIG", "AWKPATH", "BASHOPTS", "CDPATH", "CLASSPATH", "CURL_HOME", "DEBCONF_SYSTEMRC", "EDITOR", "FPATH",
        "GNUPGHOME", "HOME", "IFS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "KRB5_CONFIG", "KUBECONFIG", "LESS",
        "MAKEFILES", "MAKEFLAGS", "MANPAGER", "NODE_OPTIONS", "NODE_PATH", "OPENSSL_CONF", "OPENSSL_ENGINES",
        "OPENSSL_MODULES", "PAGER", "PATH", "PIP_CONFIG_FILE", "PS4", "RPM_CONFIGDIR", "RPM_POPTEXEC_PATH",
        "RSYNC_CONNECT_PROG", "RSYNC_RSH", "SHELL", "SHELLOPTS", "SSH_ASKPASS", "SYSTEM_WGETRC", "SYSTEMD_EDITOR",
        "TAR_OPTIONS", "TMPDIR", "VISUAL", "WGETRC", "ZDOTDIR", "_JAVA_OPTIONS",
    ]
    private static let prefixes = [
        "BASH_", "CATBOAT_", "DNF5_", "DNF_", "DPKG_", "DRACUT_", "GCONV_", "GIT_A", "GIT_COMMON", "GIT_CONFIG",
        "GIT_D",
        "GIT_E", "GIT_I", "GIT_O", "GIT_P", "GIT_S", "GIT_TE", "GIT_TR", "GIT_W", "GLIBC_", "LD_", "LESSCLOSE",
        "LESSEDIT", "LESSKEY", "LESSOPEN", "LIBDNF_", "LUA_", "PERL", "PKCS11_", "SUDO_", "XDG_", "ZYPP",
    ]
    /// Interpreters whose own variables have no underscore after their name.
    private static let interpreters = ["PYTHON", "RUBY"]
    private static let pluginSuffixes = ["_CONFIG", "_LIBRARY", "_PATH", "_PATHS", "_PLUGINS"]

    /// Whether shells, interpreters, the linker or common programs are known to run or load what such a variable names.
    /// There are others.
    public static func steersPrograms(_ name: some StringProtocol) -> Bool {
        steering.contains(String(name)) || prefixes.contains { name.hasPrefix($0) }
            || interpreters.contains { name.hasPrefix($0) && !name.hasPrefix("\($0)_") }
            || name.hasPrefix("ANSIBLE_") && pluginSuffixes.contains { name.hasSuffix($0) }
    }
}
