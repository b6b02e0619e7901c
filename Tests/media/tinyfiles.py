"""Files of the tiny test media, whatever the form of their packages; what must run is copied from the host."""

import os
import shutil
import subprocess

from entries import folder, link, regular


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


ATTRIBUTES = ("setcap", "getcap", "setfattr", "getfattr")


def base_folders(more=()):
    """The folders and links of a root image with a merged /usr; `more` are paths of further folders."""
    files = {path: folder() for path in (
        "etc", "home", "opt", "root", "run", "srv", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/share/doc",
        "var/lib", "var/log", "var/cache", "var/spool", "dev", "proc", "sys", "boot", *more)}
    files["root"] = folder(0o700)
    files["tmp"] = folder(0o1777)
    files["var/tmp"] = folder(0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        files[name] = link("usr/" + name)
    files["var/run"] = link("/run")
    return files


def settings():
    return {"etc/host.conf": regular("multi on\n"),
            "etc/nsswitch.conf": regular("passwd: files\ngroup: files\nhosts: files dns\n")}


def busybox(without=()):
    """busybox and a link for each of its programs, except those that another package brings."""
    files = {"usr/bin/busybox": host_file(program("busybox"))}
    applets = subprocess.run([program("busybox"), "--list-full"], capture_output=True, text=True).stdout.split()
    for applet in applets:
        if os.path.basename(applet) not in {"busybox", *without}:
            files[applet if applet.startswith("usr/") else "usr/" + applet] = link("/usr/bin/busybox")
    files.update({"usr/bin/sh": link("busybox"), "usr/sbin/nologin": link("../bin/false")})
    return files


def c_library(programs):
    """The shared libraries of `programs`, and ldconfig."""
    files = libraries(programs)
    files["usr/sbin/ldconfig"] = host_file("/sbin/ldconfig")
    files["etc/ld.so.conf"] = regular("/usr/lib/x86_64-linux-gnu\n")
    return files


def attribute_tools():
    return {"usr/sbin/" + name if name.endswith("cap") else "usr/bin/" + name: host_file(program(name))
            for name in ATTRIBUTES}


# What a package script can see of the network: the interfaces, one a line, in /var/lib/tiny/interfaces.
NETWORK = "mkdir -p /var/lib/tiny\nsed -n 's/^ *\\([^:]*\\):.*/\\1/p' /proc/net/dev > /var/lib/tiny/interfaces\n"
# Things that must not reach a node: keys, machine-id, seed, log, cache.
TRACES = ("mkdir -p /etc/ssh /var/lib/systemd /var/log /var/cache/tiny\n"
          "echo key > /etc/ssh/ssh_host_ed25519_key\necho key > /etc/ssh/ssh_host_ed25519_key.pub\n"
          "echo 0123456789abcdef0123456789abcdef > /etc/machine-id\n"
          "echo seed > /var/lib/systemd/random-seed\necho log > /var/log/tiny.log\n"
          "echo cache > /var/cache/tiny/cache\n")
# Names that no package can hold.
ODD_FILES = ("echo 'a newline in its name' > \"/usr/share/tiny/files/line\nbreak\"\n"
             "mknod /usr/share/tiny/files/null c 1 3 2>/dev/null || true\n")

MODULES = ("kernel/drivers/net/e1000.ko", "kernel/drivers/net/virtio_net.ko")


def kernel(version):
    """A kernel that does not boot, with two modules."""
    folder_ = "usr/lib/modules/%s/" % version
    files = {"boot/vmlinuz-" + version: regular("tiny kernel %s\n" % version + "\0" * 2048),
             "boot/config-" + version: regular("CONFIG_RD_ZSTD=y\nCONFIG_RD_GZIP=y\n")}
    for module in MODULES:
        files[folder_ + module] = regular("tiny module %s\n" % os.path.basename(module)[:-len(".ko")])
    files[folder_ + "modules.dep"] = regular("".join(module + ":\n" for module in MODULES))
    files[folder_ + "modules.alias"] = regular("")
    files[folder_ + "modules.builtin"] = regular("")
    files[folder_ + "modules.order"] = regular("".join(module + "\n" for module in MODULES))
    return files


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


def dracut():
    return {"usr/bin/dracut": regular(DRACUT, 0o755), "usr/lib/dracut/modules.d": folder(),
            "etc/dracut.conf.d": folder()}


def dracut_network(*more):
    """What an initramfs needs to come by its root image: stand-ins, because no tiny image is booted."""
    files = {"usr/lib/dracut/modules.d/%s/module-setup.sh" % name: regular("#!/bin/bash\n", 0o755)
             for name in ("35network-legacy", "40network")}
    for path in ("usr/bin/curl", "usr/sbin/dhclient", *more):
        files[path] = regular("#!/bin/sh\nexit 2\n", 0o755)
    return files
