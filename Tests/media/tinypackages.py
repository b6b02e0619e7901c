"""The packages of the tiny test medium. What mmdebstrap and dpkg need is copied from the host; the rest is made here."""

import os
import shutil
import subprocess

from tinydeb import Package, folder, hardlink, link, regular

KERNELS = ("6.1.0-9-tiny", "6.1.0-10-tiny")  # as strings, -9 sorts after -10


def host_file(path, mode=0o755):
    with open(path, "rb") as file:
        return regular(file.read(), mode)


def libraries(programs):
    """The shared libraries of host programs, at the paths the loader asks for."""
    files = {}
    for program in programs:
        listed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
        for word in listed.split():
            if word.startswith("/"):
                files["usr" + word if word.startswith("/lib") else word[1:]] = host_file(os.path.realpath(word), 0o644)
    for path in files:
        if "/ld-linux" in path:
            files[path]["mode"] = 0o755
    return files


def program(name):
    path = shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin")
    if path is None:
        raise SystemExit("mk-tiny-media: error: the host has no %s: install the package that holds it" % name)
    return os.path.realpath(path)


DPKG = ("dpkg", "dpkg-deb", "dpkg-divert", "dpkg-query", "dpkg-split", "dpkg-statoverride", "dpkg-trigger",
        "update-alternatives")
ATTRIBUTES = ("setcap", "getcap", "setfattr", "getfattr")


def base(version, codename):
    """Essential packages: with these alone a root image holds a shell, tar and dpkg."""
    essential = dict(Essential="yes", Priority="required")
    files = {path: folder() for path in (
        "etc", "home", "opt", "root", "run", "srv", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/share/doc",
        "var/lib", "var/log", "var/cache", "var/spool", "etc/default", "etc/init.d", "dev", "proc", "sys", "boot")}
    files["root"] = folder(0o700)
    files["tmp"] = folder(0o1777)
    files["var/tmp"] = folder(0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        files[name] = link("usr/" + name)
    files["var/run"] = link("/run")
    files["etc/debian_version"] = regular(version.rsplit(".", 1)[0] + "\n")
    files["usr/lib/os-release"] = regular(
        'PRETTY_NAME="Debian GNU/Linux 12 (%s), tiny"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
        'VERSION="12 (%s)"\nVERSION_CODENAME=%s\nID=debian\n' % (codename, codename, codename))
    files["etc/os-release"] = link("../usr/lib/os-release")
    files["etc/host.conf"] = regular("multi on\n")
    files["etc/nsswitch.conf"] = regular("passwd: files\ngroup: files\nhosts: files dns\n")
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

    busybox = {"usr/bin/busybox": host_file(program("busybox"))}
    applets = subprocess.run([program("busybox"), "--list-full"], capture_output=True, text=True).stdout.split()
    taken = {"dpkg", "dpkg-deb", "tar", "start-stop-daemon", "ldconfig", "busybox", "env"}
    for applet in applets:
        if os.path.basename(applet) not in taken:
            path = applet if applet.startswith("usr/") else "usr/" + applet
            busybox[path] = link("/usr/bin/busybox")
    for path, target in (("usr/bin/sh", "busybox"), ("usr/sbin/nologin", "../bin/false")):
        busybox[path] = link(target)

    needed = [program(name) for name in DPKG + ATTRIBUTES + ("tar", "env", "start-stop-daemon")]
    libc = libraries(needed)
    libc["usr/sbin/ldconfig"] = host_file("/sbin/ldconfig")
    libc["etc/ld.so.conf"] = regular("/usr/lib/x86_64-linux-gnu\n")
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
        # What a package script can see of the network: the interfaces, one a line, in /var/lib/tiny/interfaces.
        Package("tiny-network", "1.0", scripts={"postinst":
                "mkdir -p /var/lib/tiny\nsed -n 's/^ *\\([^:]*\\):.*/\\1/p' /proc/net/dev > /var/lib/tiny/interfaces\n"}),
        # Things that must not reach a node: keys, machine-id, seed, log, cache.
        Package("tiny-traces", "1.0", scripts={"postinst":
                "mkdir -p /etc/ssh /var/lib/systemd /var/log /var/cache/tiny\n"
                "echo key > /etc/ssh/ssh_host_ed25519_key\necho key > /etc/ssh/ssh_host_ed25519_key.pub\n"
                "echo 0123456789abcdef0123456789abcdef > /etc/machine-id\n"
                "echo seed > /var/lib/systemd/random-seed\necho log > /var/log/tiny.log\n"
                "echo cache > /var/cache/tiny/cache\n"}),
        Package("tiny-tools", "1.0", {"usr/sbin/" + name if name.endswith("cap") else "usr/bin/" + name:
                                      host_file(program(name)) for name in ATTRIBUTES}, Depends="libc6"),
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
            # dpkg refuses a newline in a name, and .deb holds no device nodes: the script makes them.
            scripts={"postinst": "echo 'a newline in its name' > \"/usr/share/tiny/files/line\nbreak\"\n"
                                 "mknod /usr/share/tiny/files/null c 1 3 2>/dev/null || true\n"}),
    ]
    return packages + kernels()


DRACUT = r"""#!/bin/sh
# A stand-in: understands dracut's command line and writes a small newc archive.
case " $* " in *" --version "*) echo 'dracut 059-tiny'; exit 0;; esac
output= kernel= added=
while [ $# -gt 0 ]; do
    case $1 in
    -a|--add) added=$2; shift;;
    --kver) kernel=$2; shift;; --kver=*) kernel=${1#*=};;
    -m|-o|-d|--modules|--omit|--drivers|--add-drivers|--force-drivers|--filesystems|--install|--include|\
    -c|--conf|--confdir|--tmpdir|-k|--kmoddir|--compress|--sysroot|-I|-i|--omit-drivers|--logfile|-L|--stdlog)
        [ "$1" != --include ] && [ "$1" != -i ] || shift; shift;;
    -*) ;;
    *) if [ -z "$output" ]; then output=$1; else kernel=$1; fi;;
    esac
    shift
done
[ -n "$kernel" ] || { echo 'dracut: no kernel version' >&2; exit 1; }
[ -d "/lib/modules/$kernel" ] || { echo "dracut: /lib/modules/$kernel: no such directory" >&2; exit 1; }
[ -n "$output" ] || output=/boot/initrd.img-$kernel
work=$(mktemp -d)
mkdir -p "$work/usr/lib/modules" "$work/etc"
cp -a "/lib/modules/$kernel" "$work/usr/lib/modules/"
echo "$kernel" > "$work/etc/tiny-initrd"
printf '#!/bin/sh\nexec /bin/sh\n' > "$work/init"; chmod 755 "$work/init"
for module in $added; do
    folder=$(echo "${dracutbasedir:-/usr/lib/dracut}"/modules.d/[0-9][0-9]"$module")
    [ -d "$folder" ] || { echo "dracut: module '$module' cannot be found" >&2; exit 1; }
    mkdir -p "$work/usr/sbin" "$work/usr/lib"
    [ ! -e "$folder/catboat-root" ] || cp "$folder/catboat-root" "$work/usr/sbin/"
    [ ! -e "$folder/catboat-lib.sh" ] || cp "$folder/catboat-lib.sh" "$work/usr/lib/"
done
( cd "$work" && find . | cpio -o -H newc 2>/dev/null | gzip -9n ) > "$output"
rm -rf "$work"
"""


def kernels():
    """Two kernels whose version order is not their order as strings, and a stand-in for dracut."""
    packages = []
    for version in KERNELS:
        modules = "usr/lib/modules/%s/" % version
        hooks = "mkdir -p /var/lib/tiny\n[ ! -d /etc/kernel/postinst.d ] || for hook in /etc/kernel/postinst.d/*; do\n" \
                "    [ ! -x \"$hook\" ] || DEB_MAINT_PARAMS=\"'$1'\" \"$hook\" %s /boot/vmlinuz-%s\ndone\n" % (version, version)
        packages.append(Package("linux-image-" + version, version.split("-tiny")[0], {
            "boot/vmlinuz-" + version: regular("tiny kernel %s\n" % version + "\0" * 2048),
            "boot/config-" + version: regular("CONFIG_RD_ZSTD=y\nCONFIG_RD_GZIP=y\n"),
            modules + "kernel/drivers/net/e1000.ko": regular("tiny module e1000\n"),
            modules + "kernel/drivers/net/virtio_net.ko": regular("tiny module virtio_net\n"),
            modules + "modules.dep": regular(
                "kernel/drivers/net/e1000.ko:\nkernel/drivers/net/virtio_net.ko:\n"),
            modules + "modules.alias": regular(""), modules + "modules.builtin": regular(""),
            modules + "modules.order": regular("kernel/drivers/net/e1000.ko\nkernel/drivers/net/virtio_net.ko\n")},
            scripts={"postinst": hooks}, Provides="linux-image"))
    newest = KERNELS[-1]
    return packages + [
        Package("linux-image-tiny", newest.split("-tiny")[0], Depends="linux-image-" + newest),
        Package("dracut", "059-tiny", {
            "usr/bin/dracut": regular(DRACUT, 0o755), "usr/lib/dracut/modules.d": folder(),
            "etc/dracut.conf.d": folder(),
            # Debian's dracut builds an initramfs from here; an image must not get one this way.
            "etc/kernel/postinst.d/dracut": regular(
                "#!/bin/sh\nmkdir -p /var/lib/tiny\necho \"$1\" >> /var/lib/tiny/initramfs-from-package-script\n", 0o755)}),
        # What an initramfs needs to come by its root image: stand-ins, because no tiny image is booted.
        Package("dracut-network", "059-tiny", {
            "usr/lib/dracut/modules.d/35network-legacy/module-setup.sh": regular("#!/bin/bash\n", 0o755),
            "usr/lib/dracut/modules.d/40network/module-setup.sh": regular("#!/bin/bash\n", 0o755),
            "usr/bin/curl": regular("#!/bin/sh\nexit 2\n", 0o755),
            "usr/sbin/dhclient": regular("#!/bin/sh\nexit 2\n", 0o755),
            "usr/sbin/arping2": regular("#!/bin/sh\nexit 2\n", 0o755)}, Depends="dracut"),
    ]


def stand_ins(path, present):
    """Packages without files for the plain names of a package list."""
    with open(path) as file:
        names = {line.split("#")[0].strip() for line in file} - present - {""}
    return [Package(name, "1.0", {}, Depends="linux-image-tiny") if name == "linux-image-amd64" else
            Package(name, "1.0", {}) for name in sorted(names)]
