internal import Settings
internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What this machine needs: rights, namespaces, programs.
struct MachineChecks {
    private let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    var findings: [Finding] { [rights, namespaces] + programs }

    private var rights: Finding {
        geteuid() == 0
            ? Finding("rights", .ok, "running as root")
            : Finding(
                "rights", .error, "not running as root", remedy: "images are built and published by root: use sudo")
    }

    private var namespaces: Finding {
        let launcher = settings.execPath.joined("catboat-launch")
        let captured = try? Tool(launcher, ["--", "true"]).capture()
        if captured?.ending.isSuccess == true { return Finding("namespaces", .ok, "private namespaces can be made") }
        let why = captured.map { String(decoding: $0.errors, as: UTF8.self).split(separator: "\n").last ?? "" }
        return Finding(
            "namespaces", .error, "cannot make private namespaces: \(why ?? "catboat-launch is missing")",
            remedy: "run as root, in a container with CAP_SYS_ADMIN; install again if catboat-launch is missing")
    }

    /// Programs by what needs them, with the package that has them on Debian.
    private static let needed: [(program: String, package: String, use: String, isNeeded: Bool)] = [
        ("apt-get", "apt", "Debian and Ubuntu images", true), ("dpkg", "dpkg", "Debian and Ubuntu images", true),
        ("mmdebstrap", "mmdebstrap", "Debian and Ubuntu images", true),
        ("dnf", "dnf", "Enterprise Linux and Fedora images", false), ("zypper", "zypper", "SUSE images", false),
        ("rpmdb", "rpm", "Enterprise Linux, Fedora and SUSE images", false),
        ("gpgv", "gpgv", "signatures of media and repositories", true),
        ("xz", "xz-utils", "packimage -c xz", false), ("sqfstar", "squashfs-tools", "packimage -m squashfs", false),
        ("sqfs2tar", "squashfs-tools-ng", "packimage -m squashfs", false),
        ("openssl", "openssl", "root passwords in images", false), ("git", "git", "checks of the history", false),
    ]

    private var programs: [Finding] {
        Self.needed.map { program, package, use, isNeeded in
            guard Tool.isInstalled(FilePath(program)) else {
                return Finding(
                    "programs", isNeeded ? .error : .warning, "\(program) is missing: \(use)",
                    remedy: "apt-get install \(package)")
            }
            let flag: Word = program == "openssl" ? "version" : program == "sqfstar" ? "-version" : "--version"
            let printed = try? Tool(FilePath(program), [flag]).capture()
            let text = printed.map { String(decoding: $0.output + $0.errors, as: UTF8.self) } ?? ""
            let line = text.split(separator: "\n").first.map(String.init) ?? "version unknown"
            return Finding("programs", .ok, "\(program): \(line)")
        }
    }
}
