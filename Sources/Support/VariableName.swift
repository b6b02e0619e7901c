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
        "ANSIBLE_CONFIG", "ANSIBLE_LIBRARY", "APT_CONFIG", "AWKPATH", "BASHOPTS", "CDPATH", "CLASSPATH", "CURL_HOME",
        "DEBCONF_SYSTEMRC", "EDITOR", "FPATH", "GNUPGHOME", "HOME", "IFS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS",
        "KRB5_CONFIG", "KUBECONFIG", "LESSCLOSE", "LESSKEY", "LESSOPEN", "MAKEFILES", "MAKEFLAGS", "MANPAGER",
        "NODE_OPTIONS", "NODE_PATH", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "PAGER", "PATH",
        "PIP_CONFIG_FILE", "PS4", "RPM_CONFIGDIR", "RPM_POPTEXEC_PATH", "RSYNC_CONNECT_PROG", "RSYNC_RSH", "RUBYLIB",
        "RUBYOPT", "SHELL", "SHELLOPTS", "SSH_ASKPASS", "SUDO_ASKPASS", "SYSTEM_WGETRC", "SYSTEMD_EDITOR",
        "TAR_OPTIONS",
        "TMPDIR", "VISUAL", "WGETRC", "ZDOTDIR", "ZYPP_CONF",
    ]
    private static let prefixes = [
        "BASH_", "CATBOAT_", "DPKG_", "GCONV_", "GIT_ASKPASS", "GIT_CONFIG", "GIT_DIR", "GIT_E", "GIT_P", "GIT_SSH",
        "GIT_TEMPLATE", "GLIBC_", "LD_", "LUA_CPATH", "LUA_INIT", "LUA_PATH", "PERL5", "PERLLIB", "PYTHONBREAKPOINT",
        "PYTHONEXECUTABLE", "PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSTARTUP", "PYTHONUSERBASE",
        "XDG_CONFIG", "XDG_DATA",
    ]

    /// Whether shells, interpreters, the linker or common programs are known to run or load what such a variable names.
    /// There are others.
    public static func steersPrograms(_ name: some StringProtocol) -> Bool {
        steering.contains(String(name)) || prefixes.contains { name.hasPrefix($0) }
    }
}
