"""The packages of the tiny test medium. What mmdebstrap and dpkg need is copied from the host; the rest is made here."""

import os

import tinyfiles
from entries import folder, hardlink, link, regular
from tinydeb import Package
from tinyfiles import host_file, program

KERNELS = ("6.1.0-9-tiny", "6.1.0-10-tiny")  # as strings, -9 sorts after -10
DPKG = ("dpkg", "dpkg-deb", "dpkg-divert", "dpkg-query", "dpkg-split", "dpkg-statoverride", "dpkg-trigger",
        "update-alternatives")


def base(version, codename):
    """Essential packages: with these alone a root image holds a shell, tar and dpkg."""
    essential = dict(Essential="yes", Priority="required")
    files = tinyfiles.base_folders(("etc/default", "etc/init.d"))
    files.update(tinyfiles.settings())
    files["etc/debian_version"] = regular(version.rsplit(".", 1)[0] + "\n")
    files["usr/lib/os-release"] = regular(
        'PRETTY_NAME="Debian GNU/Linux 12 (%s), tiny"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
        'VERSION="12 (%s)"\nVERSION_CODENAME=%s\nID=debian\n' % (codename, codename, codename))
    files["etc/os-release"] = link("../usr/lib/os-release")
    files["usr/share/base-files/profile"] = regular("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\n")

    users = ("root:*:0:0:root:/root:/bin/sh\ndaemon:*:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
             "nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
    groups = "root:*:0:\ndaemon:*:1:\ntty:*:5:\ndisk:*:6:\nnogroup:*:65534:\n"
    masters = {"usr/share/base-passwd/passwd.master": regular(users),
               "usr/share/base-passwd/group.master": regular(groups)}
    make_users = (
        "[ -e /etc/passwd ] || sed 's/:\\*:/:x:/' /usr/share/base-passwd/passwd.master > /etc/passwd\n"
        "[ -e /etc/group ] || sed 's/:\\*:/:x:/' /usr/share/base-passwd/group.master > /etc/group\n"
        "[ -e /etc/shadow ] || { sed 's/^\\([^:]*\\):.*/\\1:*:19700:0:99999:7:::/' /etc/passwd > /etc/shadow;\n"
        "    chown 0:0 /etc/shadow; chmod 640 /etc/shadow; }\n")

    dpkg = {"usr/bin/" + name: host_file(program(name)) for name in DPKG}
    dpkg.update({path: folder() for path in (
        "etc/dpkg/dpkg.cfg.d", "etc/alternatives", "var/lib/dpkg/info", "var/lib/dpkg/updates",
        "var/lib/dpkg/alternatives", "var/lib/dpkg/triggers", "var/lib/dpkg/parts", "usr/share/dpkg")})
    dpkg["usr/sbin/start-stop-daemon"] = host_file(program("start-stop-daemon"))
    for table in ("abitable", "cputable", "ostable", "tupletable"):
        dpkg["usr/share/dpkg/" + table] = host_file("/usr/share/dpkg/" + table, 0o644)

    busybox = tinyfiles.busybox(("dpkg", "dpkg-deb", "tar", "start-stop-daemon", "ldconfig", "env"))
    libc = tinyfiles.c_library([program(name) for name in DPKG + tinyfiles.ATTRIBUTES + (
        "tar", "env", "start-stop-daemon")])
    return [
        Package("base-files", "12.4", files, conffiles=("etc/host.conf",), **essential),
        Package("base-passwd", "3.6", masters, scripts={"postinst": make_users}, **essential),
        Package("libc6", "2.36-9", libc, scripts={"postinst": "/usr/sbin/ldconfig\n"}, Priority="required"),
        Package("busybox", "1.35.0", busybox, Pre_Depends="libc6", **essential),
        Package("tar", "1.34", {"usr/bin/tar": host_file(program("tar"))}, Pre_Depends="libc6", **essential),
        # apt starts dpkg through `env --unset=`, which busybox does not know.
        Package("coreutils", "9.1", {"usr/bin/env": host_file(program("env"))}, Pre_Depends="libc6", **essential),
        Package("dpkg", "1.21.22", dpkg, Pre_Depends="libc6, tar", **essential),
    ]


def optional(generation):
    """Packages that tests name in their lists. `generation` 2 brings newer versions of some."""
    newer = generation > 1
    note = "mkdir -p /var/lib/tiny\necho \"$DPKG_MAINTSCRIPT_PACKAGE $1\" >> /var/lib/tiny/scripts\n"
    hello = "1.1" if newer else "1.0"
    packages = [
        Package("tiny-hello", hello, {
            "usr/bin/tiny-hello": regular("#!/bin/sh\necho \"hello %s\"\n" % hello, 0o755)},
            scripts={"postinst": note, "prerm": note}, Depends="libtiny (>= 1.0)", Architecture="amd64"),
        Package("libtiny", "1.0", {"usr/lib/tiny/libtiny.so": regular("not a library\n")}),
        Package("tiny-red", "1.0", {"usr/share/tiny/colour": regular("red\n")},
                Provides="tiny-colour", Conflicts="tiny-colour"),
        Package("tiny-blue", "1.0", {"usr/share/tiny/colour": regular("blue\n")},
                Provides="tiny-colour", Conflicts="tiny-colour"),
        Package("tiny-two", "1.0", {"usr/share/tiny/two": regular("1.0\n")}),
        Package("tiny-two", "2.0", {"usr/share/tiny/two": regular("2.0\n")}),
        Package("tiny-fail", "1.0", {"usr/share/tiny/fail": regular("installed\n")},
                scripts={"postinst": "echo 'tiny-fail: this script always fails' >&2\nexit 3\n"}),
        Package("tiny-unmet", "1.0", Depends="tiny-absent (>= 5)"),
        Package("tiny-recommends", "1.0", Recommends="tiny-extra", Architecture="all", architecture="all"),
        Package("tiny-extra", "2.0" if newer else "1.0", {"usr/share/tiny/extra": regular("extra\n")}),
        Package("tiny-conf", "1.0", {"etc/tiny.conf": regular("setting = default\n")}, conffiles=("etc/tiny.conf",)),
        Package("tiny-slow", "1.0", scripts={"postinst": "sleep ${TINY_SLOW:-5}\n"}),
        Package("tiny-network", "1.0", scripts={"postinst": tinyfiles.NETWORK}),
        Package("tiny-traces", "1.0", scripts={"postinst": tinyfiles.TRACES}),
        Package("tiny-tools", "1.0", tinyfiles.attribute_tools(), Depends="libc6"),
        Package("tiny-caps", "1.0", {"usr/bin/tiny-ping": regular("#!/bin/sh\necho ping\n", 0o755),
                                     "usr/share/tiny/marked": regular("marked\n")},
                scripts={"postinst": "setcap cap_net_raw+ep /usr/bin/tiny-ping\n"
                                     "setfattr -n user.tiny -v yes /usr/share/tiny/marked 2>/dev/null || true\n"},
                Depends="tiny-tools"),
        Package("tiny-files", "1.0", {
            "usr/share/tiny/files/first": regular("one file, two names\n"),
            "usr/share/tiny/files/second": hardlink("usr/share/tiny/files/first"),
            "usr/share/tiny/files/a b": regular("a space in its name\n"),
            "usr/share/tiny/files/caf\udce9": regular("a name that is not UTF-8\n"),
            "usr/share/tiny/files/outside": link("/etc/../../outside"),
            "usr/bin/tiny-setuid": regular("#!/bin/sh\nid -u\n", 0o4755),
            "usr/share/tiny/files/owned": regular("owned by 1001:1002\n", uid=1001, gid=1002)},
            # dpkg refuses a newline in a name, and .deb holds no device nodes.
            scripts={"postinst": tinyfiles.ODD_FILES}),
    ]
    return packages + kernels()


def kernels():
    """Two kernels whose version order is not their order as strings, and a stand-in for dracut."""
    packages = []
    for version in KERNELS:
        hooks = "mkdir -p /var/lib/tiny\n[ ! -d /etc/kernel/postinst.d ] || for hook in /etc/kernel/postinst.d/*; do\n" \
                "    [ ! -x \"$hook\" ] || DEB_MAINT_PARAMS=\"'$1'\" \"$hook\" %s /boot/vmlinuz-%s\ndone\n" % (version, version)
        packages.append(Package("linux-image-" + version, version.split("-tiny")[0], tinyfiles.kernel(version),
                                scripts={"postinst": hooks}, Provides="linux-image"))
    newest = KERNELS[-1]
    return packages + [
        Package("linux-image-tiny", newest.split("-tiny")[0], Depends="linux-image-" + newest),
        # Debian's dracut builds an initramfs from here; an image must not get one this way.
        Package("dracut", "059-tiny", dict(tinyfiles.dracut(), **{"etc/kernel/postinst.d/dracut": regular(
            "#!/bin/sh\nmkdir -p /var/lib/tiny\necho \"$1\" >> /var/lib/tiny/initramfs-from-package-script\n",
            0o755)})),
        Package("dracut-network", "059-tiny", tinyfiles.dracut_network("usr/sbin/arping2"), Depends="dracut"),
    ]


def stand_ins(path, present):
    """Packages without files for the plain names of a package list."""
    with open(path) as file:
        names = {line.split("#")[0].strip() for line in file} - present - {""}
    return [Package(name, "1.0", {}, Depends="linux-image-tiny") if name == "linux-image-amd64" else
            Package(name, "1.0", {}) for name in sorted(names)]
