"""The packages of a medium that are written here: release, setup, filesystem and what else has no counterpart."""

from debconvert import BASE_FOLDERS
from debchanges import REQUIRED
from rpmbuild import Package

EULA = ("This medium is made of free software packages from the Debian archive, repackaged to test\n"
        "provisioning tools. It is not a product of, nor endorsed by, any Enterprise Linux vendor.\n"
        "Every package keeps the licence its authors gave it.\n")

ENABLED = """remote-fs.target getty@.service sshd.service sshd-keygen.service chronyd.service rsyslog.service
 crond.service NetworkManager.service NetworkManager-dispatcher.service NetworkManager-wait-online.service
 dbus.socket dbus.service irqbalance.service rpcbind.socket nfs-client.target lvm2-monitor.service
 lvm2-lvmpolld.socket dm-event.socket logrotate.timer fstrim.timer mdmonitor.service systemd-pstore.service
 wicked.service""".split()
DISABLED = ["systemd-" + name for name in (
    "networkd.service", "networkd.socket", "networkd-wait-online.service", "network-generator.service",
    "timesyncd.service", "resolved.service")]

USERS = """root:0:0:root:/root:/bin/bash
bin:1:1:bin:/bin:/sbin/nologin
daemon:2:2:daemon:/sbin:/sbin/nologin
adm:3:4:adm:/var/adm:/sbin/nologin
lp:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:5:0:sync:/sbin:/bin/sync
shutdown:6:0:shutdown:/sbin:/sbin/shutdown
halt:7:0:halt:/sbin:/sbin/halt
mail:8:12:mail:/var/spool/mail:/sbin/nologin
operator:11:0:operator:/root:/sbin/nologin
games:12:100:games:/usr/games:/sbin/nologin
ftp:14:50:FTP User:/var/ftp:/sbin/nologin
nobody:65534:65534:Kernel Overflow User:/:/sbin/nologin""".split("\n")
GROUPS = """root:0 bin:1 daemon:2 sys:3 adm:4 tty:5 disk:6 lp:7 mem:8 kmem:9 wheel:10 cdrom:11 mail:12 man:15
 dialout:18 floppy:19 games:20 utmp:22 tape:33 kvm:36 video:39 ftp:50 lock:54 audio:63 users:100 plugdev:901
 netdev:902 shadow:903 sudo:904 crontab:905 input:999 render:996 sgx:995 nobody:65534""".split()
PROFILE = """pathmunge () {
    case ":${PATH}:" in
    *:"$1":*) ;;
    *) if [ "$2" = after ]; then PATH=$PATH:$1; else PATH=$1:$PATH; fi ;;
    esac
}
if [ "$(id -u)" = 0 ]; then pathmunge /usr/sbin; pathmunge /usr/local/sbin; fi
export PATH
HISTSIZE=1000
export HISTSIZE
for i in /etc/profile.d/*.sh; do [ -r "$i" ] && . "$i" >/dev/null; done
unset i
unset -f pathmunge
[ -z "$BASH_VERSION" ] || [ ! -r /etc/bashrc ] || . /etc/bashrc
"""


def presets():
    return {
        "/usr/lib/systemd/system-preset/90-default.preset":
            "".join("enable %s\n" % unit for unit in ENABLED) + "".join("disable %s\n" % unit for unit in DISABLED),
        "/usr/lib/systemd/system-preset/99-default-disable.preset": "disable *\n"}


def base_packages(flavour):
    """setup, filesystem, basesystem, rootfiles: what every flavour has, under Enterprise Linux's names."""
    def package(name, version, base, arch, summary):
        return Package(name, version, flavour.release(base, None), arch, summary)
    setup = package("setup", "2.12.2", "6", "noarch", "A set of system configuration and setup files")
    _add_users(setup)
    _add_settings(setup)
    setup.requires.add("system-release")
    files = package("filesystem", "3.8", "6", "x86_64", "The basic directory layout for a Linux system")
    for path, mode in BASE_FOLDERS.items():
        if path != "/etc/profile.d":
            files.folder(path, mode)
    for name in ("bin", "sbin", "lib", "lib64"):
        files.link("/" + name, "usr/" + name)
    for path, target in (("/var/run", "../run"), ("/var/lock", "../run/lock"), ("/var/mail", "spool/mail"),
                         ("/usr/tmp", "../var/tmp")):
        files.link(path, target)
    base = package("basesystem", "11", "5", "noarch", "The skeleton package which defines a simple system")
    home = package("rootfiles", "8.1", "22", "noarch", "The basic required files for the root user's directory")
    aliases = "".join("alias %s='%s -i'\n" % (name, name) for name in ("rm", "cp", "mv"))
    for name, text in ((".bash_profile", "[ -f ~/.bashrc ] && . ~/.bashrc\n"), (".bash_logout", ""), (".cshrc", ""),
                       (".bashrc", aliases + "[ -f /etc/bashrc ] && . /etc/bashrc\n"), (".tcshrc", "")):
        home.file("/root/" + name, text, config=True)
    return [completed(one) for one in (setup, files, base, home)]


def completed(package):
    """What all packages written by hand have in common."""
    package.license, package.finds_requires = "Public Domain", False
    package.requires.update(REQUIRED.get(package.name, "").split())
    package.add_parents(BASE_FOLDERS)
    return package


def _add_users(setup):
    passwd, shadow = [], []
    for line in USERS:
        name, rest = line.split(":", 1)
        passwd.append("%s:x:%s" % (name, rest))
        shadow.append("%s:*:18353:0:99999:7:::" % name)
    setup.file("/etc/passwd", "\n".join(passwd) + "\n", config=True)
    setup.file("/etc/shadow", "\n".join(shadow) + "\n", 0, config=True)
    setup.file("/etc/group", "".join("%s:x:%s:\n" % tuple(group.split(":")) for group in GROUPS), config=True)
    setup.file("/etc/gshadow", "".join("%s:::\n" % group.split(":")[0] for group in GROUPS), 0, config=True)


def _add_settings(setup):
    local = "localhost localhost.localdomain localhost%d localhost%d.localdomain%d\n"
    texts = {
        "hosts": "127.0.0.1   " + local % (4, 4, 4) + "::1         " + local % (6, 6, 6),
        "shells": "/bin/sh\n/bin/bash\n/usr/bin/sh\n/usr/bin/bash\n", "host.conf": "multi on\n", "profile": PROFILE,
        "filesystems": "xfs\next4\next3\next2\nnodev proc\nnodev devpts\niso9660\nvfat\n*\n",
        "bashrc": '[ -z "$PS1" ] || PS1="[\\u@\\h \\W]\\\\$ "\numask 022\n',
        "inputrc": "set meta-flag on\nset convert-meta off\nset output-meta on\n"}
    texts.update(dict.fromkeys("fstab motd exports environment printcap subuid subgid".split(), ""))
    for name, text in texts.items():
        setup.file("/etc/" + name, text, config=True)
    setup.folder("/etc/profile.d")
    setup.ghost("/var/log/lastlog")


class Maker:
    """Whose medium it is to look like. `title` is the second line of .discinfo, with the version as %s."""

    def __init__(self, product, system, title, build="1", short="", like="rhel fedora", codename="Tiny", color="0;34",
                 cpe="cpe:/o:x:x:%s", release_package=None, arch="x86_64", has_letters=False):
        self.product, self.system, self.title, self.build, self.short = product, system, title, build, short or product
        self.like, self.codename, self.color, self.cpe, self.arch = like, codename, color, cpe, arch
        self.release_package = release_package or system + "-release"
        self.has_letters = has_letters  # Packages/b/bash….rpm


MAKERS = {
    "rhel": Maker("Red Hat Enterprise Linux", "rhel", "Red Hat Enterprise Linux %s", "0.8", "RHEL", "fedora", "Ootpa",
                  "0;31", "cpe:/o:redhat:enterprise_linux:%s::baseos", "redhat-release"),
    "rocky": Maker("Rocky Linux", "rocky", "%s", "1", "Rocky", "rhel centos fedora", "Green Obsidian", "0;32",
                   "cpe:/o:rocky:rocky:%s:GA", arch="noarch", has_letters=True),
    "alma": Maker("AlmaLinux", "almalinux", "AlmaLinux %s", "2", "AlmaLinux", "rhel centos fedora", "Arctic Sphynx",
                  cpe="cpe:/o:almalinux:almalinux:%s::baseos"),
    "centos-stream": Maker("CentOS Stream", "centos", "CentOS Stream %s"),
    "ol": Maker("Oracle Linux Server", "ol", "Oracle Linux %s.0", release_package="oraclelinux-release"),
    "fedora": Maker("Fedora", "fedora", "Fedora %s", like=""),
}


def el_packages(flavour, maker, version):
    """The base packages, the release package, and stand-ins for settings that have no content here."""
    def package(name, number, base, summary):
        return Package(name, number, flavour.release(base, None), "noarch", summary)
    policies = package("crypto-policies", "20210617", "1", "System-wide crypto policies (placeholder)")
    policies.folder("/etc/crypto-policies")
    policies.file("/etc/crypto-policies/config", "DEFAULT\n", config=True)
    selinux = package("selinux-policy", "3.14.3", "80", "SELinux policy configuration (placeholder: no policy)")
    selinux.folder("/etc/selinux")
    selinux.file("/etc/selinux/config", "SELINUX=disabled\nSELINUXTYPE=targeted\n", config=True)
    selinux.link("/etc/sysconfig/selinux", "../selinux/config")
    return base_packages(flavour) + [completed(policies), completed(selinux), completed(release_package(maker, version))]


def release_package(maker, version):
    """os-release, presets, and what a package manager asks to know the release."""
    major = version.split(".")[0]
    package = Package(maker.release_package, version, maker.build + ".el8", maker.arch,
                      maker.product + " release files")
    named = "%s (%s)" % (version, maker.codename)
    facts = dict(
        NAME=maker.product, VERSION=named, ID=maker.system, ID_LIKE=maker.like, VERSION_ID=version,
        PLATFORM_ID="platform:el" + major, PRETTY_NAME="%s %s" % (maker.product, named), ANSI_COLOR=maker.color,
        CPE_NAME=maker.cpe % major, HOME_URL="https://example.invalid/", BUG_REPORT_URL="https://example.invalid/")
    package.file("/usr/lib/os-release", "".join('%s="%s"\n' % fact for fact in facts.items()))
    package.link("/etc/os-release", "../usr/lib/os-release")
    first = {"almalinux-release": "almalinux", "oraclelinux-release": "oracle-release"}.get(
        maker.release_package, maker.release_package)
    package.file("/etc/" + first, "%s release %s\n" % (maker.product, named))
    for name in {"redhat-release", "system-release"} - {first}:
        package.link("/etc/" + name, first)
    package.file("/etc/system-release-cpe", maker.cpe % major + "\n")
    package.file("/etc/issue", "\\S\nKernel \\r on an \\m\n\n", config=True)
    package.file("/etc/issue.net", "\\S\nKernel \\r on an \\m\n", config=True)
    package.file("/usr/lib/rpm/macros.d/macros.dist", "%%rhel %s\n%%dist .el%s\n%%el%s 1\n" % (major, major, major))
    for path, text in presets().items():
        package.file(path, text)
    package.file("/usr/share/licenses/%s/EULA" % maker.release_package, EULA)
    package.provides |= {
        "system-release = " + version, "system-release(releasever) = " + major, "redhat-release = " + version,
        "base-module(platform:el%s)" % major, "%s(x86-64)" % maker.release_package}
    package.provides.discard("%s = %s" % (maker.release_package, version))
    return package
