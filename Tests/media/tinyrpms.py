"""The packages of the tiny RPM media: a userland of busybox, kernels that do not boot, and what tests name in lists."""

import os

import tinyfiles
from entries import hardlink, link, regular
from rpmbuild import Package
from tinyfiles import host_file, program

# uname -r of two kernels whose order is not their order as strings.
EL_KERNELS = ("4.18.0-80", "4.18.0-372")
SLES_KERNELS = ("5.3.18-9", "5.3.18-57")
RPM_FOLDER = "/usr/lib/rpm"
# The package scripts of real kernels have an initramfs made; an image must not get one this way.
EL_INITRAMFS = "#!/bin/sh\n[ \"$1\" != add ] || dracut --force /boot/initramfs-$2.img $2\n"
SLES_INITRAMFS = "#!/bin/sh\ndracut --force /boot/initrd-$1 $1\n"


def package(name, version="1.0", files=None, post=None, arch="x86_64", requires=(), provides=(), **tags):
    one = Package(name, version, arch=arch, files=files, requires=requires, provides=provides,
                  summary=name + " of the tiny test medium")
    if post:
        one.scripts["post"] = post
    one.tags += ["%s: %s" % item for item in tags.items()]
    one.finds_requires, one.license, one.payload = False, "MIT", "w1.gzdio"
    return one


def userland(is_sles):
    """With these a root image holds a shell, tar and rpm. Others find them by /bin/sh."""
    users = ("root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
             "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
    groups = "root:x:0:\ndaemon:x:1:\ntty:x:5:\ndisk:x:6:\nnobody:x:65534:\n"
    shadow = "".join(line.split(":")[0] + ":*:19700:0:99999:7:::\n" for line in users.split("\n") if line)
    accounts = {"etc/passwd": regular(users, config=True), "etc/group": regular(groups, config=True),
                "etc/shadow": regular(shadow, 0, config=True), **tinyfiles.settings()}
    folders = ("etc/sysconfig", "usr/lib/sysimage", "var/lib/rpm", "etc/yum.repos.d")
    database = program("rpm")
    rpm = {"usr/bin/rpm": host_file(database), "usr/bin/rpmdb": host_file(program("rpmdb")),
           "usr/lib/rpm/macros.d/macros.dbpath": regular("%_dbpath %{_var}/lib/rpm\n")}
    for name in ("macros", "rpmrc", "rpmpopt-4.18.0", "platform/x86_64-linux/macros"):
        if os.path.exists(os.path.join(RPM_FOLDER, name)):
            rpm["usr/lib/rpm/" + name] = host_file(os.path.join(RPM_FOLDER, name), 0o644)
    c_library = tinyfiles.c_library([program(name) for name in ("rpm", "rpmdb", "tar", "env") + tinyfiles.ATTRIBUTES])
    shell = ["/bin/sh", "/bin/bash", "bash", "coreutils", "findutils", "gzip", "cpio"]
    return [
        package("filesystem", "3.8", tinyfiles.base_folders(folders)),
        package("aaa_base" if is_sles else "setup", "2.12", accounts, requires=["filesystem", "system-release"]),
        package("glibc", "2.28", c_library, requires=["filesystem"]),
        package("busybox", "1.35.0", tinyfiles.busybox(("tar", "ldconfig", "env", "rpm", "rpm2cpio")),
                requires=["glibc"], provides=shell),
        package("tar", "1.30", {"usr/bin/tar": host_file(program("tar"))}, requires=["glibc"]),
        package("env", "8.30", {"usr/bin/env": host_file(program("env"))}, requires=["glibc"]),
        package("rpm", "4.14", rpm, requires=["busybox"]),
    ]


def optional(generation):
    """Packages that tests name in their lists. `generation` 2 brings newer versions of some."""
    newer = generation > 1
    version = "1.1" if newer else "1.0"
    hello = package("tiny-hello", version, {
        "usr/bin/tiny-hello": regular("#!/bin/sh\necho \"hello %s\"\n" % version, 0o755)},
        _note("tiny-hello post"), requires=["libtiny >= 1.0"])
    hello.scripts["preun"] = _note("tiny-hello preun")
    stops = package("tiny-stops")
    stops.scripts["pre"] = "echo 'tiny-stops: this script always fails' >&2\nexit 4\n"
    colours = [package("tiny-" + colour, files={"usr/share/tiny/colour": regular(colour + "\n")},
                       provides=["tiny-colour"], Conflicts="tiny-" + other)
               for colour, other in (("red", "blue"), ("blue", "red"))]
    return colours + [
        hello, stops,
        package("libtiny", files={"usr/lib/tiny/libtiny.so": regular("not a library\n")}),
        package("tiny-two", "1.0", {"usr/share/tiny/two": regular("1.0\n")}),
        package("tiny-two", "2.0", {"usr/share/tiny/two": regular("2.0\n")}),
        package("tiny-fail", files={"usr/share/tiny/fail": regular("installed\n")},
                post="echo 'tiny-fail: this script always fails' >&2\nexit 3\n"),
        package("tiny-unmet", requires=["tiny-absent >= 5"]),
        package("tiny-clash", files={"usr/bin/tiny-hello": regular("of another package\n", 0o755)}),
        package("tiny-recommends", arch="noarch", Recommends="tiny-extra"),
        package("tiny-extra", "2.0" if newer else "1.0", {"usr/share/tiny/extra": regular("extra\n")}),
        package("tiny-conf", files={"etc/tiny.conf": regular("setting = default\n", config=True)}),
        package("tiny-slow", post="sleep ${TINY_SLOW:-5}\n"),
        package("tiny-network", post=tinyfiles.NETWORK),
        package("tiny-traces", post=tinyfiles.TRACES),
        package("tiny-tools", files=tinyfiles.attribute_tools(), requires=["glibc"]),
        package("tiny-caps", files={
            "usr/bin/tiny-ping": regular("#!/bin/sh\necho ping\n", 0o755, caps="cap_net_raw=ep")}),
        package("tiny-files", files={
            "usr/share/tiny/files/first": regular("one file, two names\n"),
            "usr/share/tiny/files/second": hardlink("usr/share/tiny/files/first"),
            "usr/share/tiny/files/a b": regular("a space in its name\n"),
            "usr/share/tiny/files/outside": link("/etc/../../outside"),
            "usr/bin/tiny-setuid": regular("#!/bin/sh\nid -u\n", 0o4755),
            "usr/share/tiny/files/owned": regular("owned by daemon\n", user="daemon", group="daemon")},
            post=tinyfiles.ODD_FILES),
    ]


def _note(text):
    return "mkdir -p /var/lib/tiny\necho \"%s $1\" >> /var/lib/tiny/scripts\n" % text


def streams():
    """Two versions of one package, each in a stream of the module tiny."""
    packages = []
    for stream in ("1", "2"):
        one = package("tiny-stream", stream + ".0", {"usr/share/tiny/stream": regular(stream + "\n")},
                      ModularityLabel="tiny:%s:20260101000000:00000000" % stream)
        one.release = "1.module_el8"
        packages.append(one)
    return packages


MODULE = """---
document: modulemd
version: 2
data:
  name: tiny
  stream: "%(stream)s"
  version: 20260101000000
  context: "00000000"
  arch: x86_64
  summary: A tiny module
  description: >-
    A module of one package, to choose a stream of.
  license:
    module:
    - MIT
  profiles:
    common:
      rpms:
      - tiny-stream
  artifacts:
    rpms:
    - tiny-stream-0:%(stream)s.0-1.module_el8.x86_64
...
"""
DEFAULT = """---
document: modulemd-defaults
version: 1
data:
  module: tiny
  stream: "1"
  profiles:
    "1": [common]
    "2": [common]
...
"""


def modules():
    """The text of modules.yaml: stream 1 is the default."""
    return "".join(MODULE % dict(stream=stream) for stream in ("1", "2")) + DEFAULT


def el_kernels():
    packages = []
    for number in EL_KERNELS:
        version, build = number.split("-")
        name = number + ".el8.x86_64"
        files = tinyfiles.kernel(name)
        files["usr/lib/modules/%s/vmlinuz" % name] = files["boot/vmlinuz-" + name]
        core = package("kernel-core", version, files, provides=["kernel-uname-r = " + name, "installonlypkg(kernel)"])
        core.scripts["posttrans"] = "[ ! -x /bin/kernel-install ] || kernel-install add %s /lib/modules/%s/vmlinuz\n" % (
            name, name)
        meta = package("kernel", version, requires=["kernel-core = %s-%s.el8" % (version, build)],
                       provides=["installonlypkg(kernel)"])
        for one in (core, meta):
            one.release = build + ".el8"
        packages += [core, meta]
    dracut = tinyfiles.dracut()
    dracut["usr/lib/kernel/install.d/50-dracut.install"] = regular(EL_INITRAMFS, 0o755)
    run_all = "#!/bin/sh\nfor hook in /usr/lib/kernel/install.d/*.install /etc/kernel/install.d/*.install; do\n" \
        "    [ ! -x \"$hook\" ] || \"$hook\" \"$@\"\ndone\n"
    return packages + [
        package("dracut", "049", dracut, requires=["systemd-udev", "busybox"]),
        package("dracut-network", "049", tinyfiles.dracut_network(), requires=["dracut"]),
        package("systemd-udev", "239", {"usr/bin/kernel-install": regular(run_all, 0o755)}),
    ]


def sles_kernels():
    packages = []
    for number in SLES_KERNELS:
        version, build = number.split("-")
        name = number + "-default"
        core = package("kernel-default", version, tinyfiles.kernel(name), provides=[
            "kernel = %s-150300.%s.1" % (version, build), "multiversion(kernel)"])
        core.release = "150300.%s.1" % build
        core.scripts["posttrans"] = "regenerate=/usr/lib/module-init-tools/regenerate-initrd-posttrans\n" \
            "[ ! -x $regenerate ] || $regenerate %s\n" % name
        packages.append(core)
    files = dict(tinyfiles.dracut(), **tinyfiles.dracut_network())
    tools = {"usr/lib/module-init-tools/regenerate-initrd-posttrans": regular(SLES_INITRAMFS, 0o755)}
    return packages + [package("dracut", "055", files, requires=["busybox", "suse-module-tools"]),
                       package("suse-module-tools", "15.3.15", tools)]


def suse_release(service_pack):
    text = ('NAME="SLES"\nVERSION="15-SP%d"\nVERSION_ID="15.%d"\nID="sles"\nID_LIKE="suse"\n'
            'PRETTY_NAME="SUSE Linux Enterprise Server 15 SP%d, tiny"\n' % ((service_pack,) * 3))
    one = package("sles-release", "15.%d" % service_pack, {
        "usr/lib/os-release": regular(text), "etc/os-release": link("../usr/lib/os-release"),
        "etc/products.d/baseproduct": link("SLES.prod"),
        "etc/products.d/SLES.prod": regular("<product><name>SLES</name></product>\n")},
        provides=["system-release", "product() = SLES"])
    one.repository = "Product-SLES"
    return one


def pattern():
    return package("patterns-base-minimal_base", "20200124", requires=["busybox", "tar", "rpm", "filesystem"],
                   provides=["pattern() = minimal_base", "pattern-visible()"])


def stand_ins(path, present, kernel):
    """Packages without files for the names of a package list, groups and what is there already left out."""
    with open(path) as file:
        names = {line.split("#")[0].strip() for line in file}
    names = {name for name in names if name and not name.startswith("@")} - present
    return [package(name, requires=[kernel] if name == "kernel" else []) for name in sorted(names)]


def finished(packages):
    """Each package owns the folders of its files that filesystem does not."""
    base = next(one for one in packages if one.name == "filesystem")
    for one in packages:
        if one is not base:
            one.add_parents(base.files)
    return packages
