"""Debian's kernel in the form of an RPM distribution: modules are .ko.xz, divided as Enterprise Linux does it."""

import os
import re
import shutil
import subprocess

from debconvert import BASE_FOLDERS
from debs import run
from rpmbuild import Package

CORE = re.compile(r"""
  ^(arch|crypto|lib|block|security|virt|mm)/
  |^fs/(ext4|jbd2|xfs|btrfs|squashfs|overlayfs|isofs|udf|fat|nls|nfs|nfs_common|lockd|fuse|fscache|netfs|cachefiles|9p
    |autofs|binfmt|efivarfs|erofs)
  |^net/(sunrpc|ipv4|ipv6|core|802|8021q|llc|bridge|packet|unix|tls|9p|vmw_vsock|netfilter|dns_resolver)
  |^drivers/(virtio|block|scsi|ata|nvme|md|char|cdrom|nvdimm|dax|hid|firmware|input|i2c|hwmon|acpi|base|pci|vfio|vhost
    |iommu|edac|infiniband|target|dma|ptp|pps|mfd|watchdog|thermal|rtc|message|hv|xen|platform/x86|cpufreq|idle|powercap
    |tty|gpio|video|memstick|mmc|nvmem|crypto|of|parport|misc|clk|extcon|spi|bus|leds|power|pinctrl|regulator|soc|mux
    |reset|usb/(host|core|storage|common)
    |net/(virtio_net|net_failover|tun|veth|bonding|dummy|macvlan|ethernet|mdio|phy|pcs|vmxnet3|loopback|hyperv|fjes)
    |gpu/drm/(drm|ttm|virtio|qxl|bochs|tiny|vmwgfx|mgag200|ast|cirrus))
  |^drivers/net/[a-z_]*\.ko""", re.X)
EXTRA = re.compile(r"""
  ^sound/
  |^drivers/(media|staging|isdn|bluetooth|comedi|iio|nfc|w1|android|greybus|most
    |net/(wireless|can|hamradio|arcnet|wan|usb)|gpu/drm/(amd|nouveau|radeon|i915|gma500)
    |input/(joystick|touchscreen|tablet))
  |^net/(bluetooth|mac80211|wireless|nfc|ax25|netrom|rose|can|ieee802154|mac802154|6lowpan|batman-adv|appletalk|atm|x25
    |dccp)
  |^fs/(ocfs2|gfs2|ceph|afs|coda|jfs|reiserfs|ufs|hfs|hfsplus|minix|sysv|affs|befs|bfs|adfs|efs|qnx|ntfs|omfs|nilfs2
    |f2fs|orangefs|ubifs|jffs2)""", re.X)
# A new kernel gets an initramfs: what Enterprise Linux's dracut adds to kernel-install(8).
INITRAMFS_STEP = """#!/bin/bash
[ "$1" = add ] || exit 0
exec dracut --force "/boot/initramfs-$2.img" "$2"
"""
INDEXES = ("dep", "dep.bin", "alias", "alias.bin", "symbols", "symbols.bin", "softdep", "devname", "builtin.bin",
           "builtin.alias.bin")


class Kernel:
    """What all packages of the kernel share. `abi` is what `uname -r` says."""

    def __init__(self, pool, image, cache, jobs, say):
        self.abi = image[len("linux-image-"):]
        self.version, self.build = self.abi.split("-")[:2]
        self.about = "The kernel of Debian's %s (%s). uname -r is %s." % (
            image, pool.index[image]["Version"], self.abi)
        self.tree = os.path.join(cache, "kernel-" + pool.index[image]["Version"])
        if not os.path.exists(self.tree + "/.done"):
            say("unpacking the kernel and compressing its modules (once)")
            shutil.rmtree(self.tree, ignore_errors=True)
            os.makedirs(self.tree)
            run(["dpkg-deb", "-x", pool.path(image), self.tree])
            modules = [os.path.join(folder, name) for folder, _, names in os.walk(self.tree + "/lib/modules")
                       for name in names if name.endswith(".ko")]
            subprocess.run(["xargs", "-0", "-P", str(jobs), "-n", "64", "xz", "-1", "--check=crc32", "-T1"],
                           input="\0".join(modules).encode(), check=True)
            open(self.tree + "/.done", "w").close()
        self.modules = "/usr/lib/modules/" + self.abi

    def package(self, name, release, summary):
        package = Package(name, self.version, release, summary=summary)
        package.source_name, package.description, package.license = "kernel", self.about, "GPLv2"
        package.finds_requires, package.payload, package.url = False, "w1.gzdio", "https://www.kernel.org/"
        return package

    def fill(self, core, modules, extra):
        """Divides all files; `core` gets the kernel itself and owns the indexes that depmod makes."""
        folder = self.tree + "/lib/modules/" + self.abi
        for parent, _, names in os.walk(folder):
            for name in names:
                path = os.path.relpath(os.path.join(parent, name), folder)
                module = path[len("kernel/"):] if path.startswith("kernel/") else None
                if module is None and re.match(r"modules\.(dep|alias|symbols|softdep|devname|.*\.bin)", name):
                    continue
                owner = core if module is None or (CORE.search(module) and not EXTRA.search(module)) \
                    else extra if EXTRA.search(module) else modules
                self._add(owner, os.path.join(parent, name), "%s/%s" % (self.modules, path), 0o644)
        for name, mode in (("vmlinuz", 0o755), ("System.map", 0o600), ("config", 0o644)):
            for target in ("%s/%s" % (self.modules, name), "/boot/%s-%s" % (name, self.abi)):
                self._add(core, "%s/boot/%s-%s" % (self.tree, name, self.abi), target, mode)
        for package in {core, modules, extra}:
            package.add_parents(BASE_FOLDERS)
        for name in INDEXES:
            core.ghost("%s/modules.%s" % (self.modules, name))
        depmod = "[ ! -x /usr/sbin/depmod ] || /usr/sbin/depmod -a %s || :" % self.abi
        core.scripts["posttrans"] = depmod
        core.tags += ["Requires(pre): coreutils", "Requires(post): kmod, coreutils"]
        for package in {modules, extra} - {core}:
            package.scripts["post"] = depmod
            package.tags.append("Requires(post): kmod")

    @staticmethod
    def _add(package, source, path, mode):
        package.file(path, "", mode)
        package.files[path].update(source=source, mtime=int(os.stat(source).st_mtime))


def el_packages(kernel):
    """kernel, kernel-core, kernel-modules, kernel-modules-extra."""
    release = kernel.build + ".el8"
    core = kernel.package("kernel-core", release, "The Linux kernel")
    modules = kernel.package("kernel-modules", release, "kernel modules to match the core kernel")
    extra = kernel.package("kernel-modules-extra", release, "Extra kernel modules to match the kernel")
    meta = kernel.package("kernel", release, "The Linux kernel")
    kernel.fill(core, modules, extra)
    core.ghost("/boot/initramfs-%s.img" % kernel.abi, 0o600)
    core.scripts["posttrans"] = "/bin/kernel-install add %s %s/vmlinuz || exit $?" % (kernel.abi, kernel.modules)
    core.tags.append("Requires(posttrans): systemd-udev, dracut")
    # A version holds one dash at most: Enterprise Linux's form, and what uname says as a capability.
    name = "%s-%s.x86_64" % (kernel.version, release)
    core.provides |= {"kernel-abi(%s)" % kernel.abi, "kernel-uname-r = " + name, "kernel-core-uname-r = " + name,
                      "kernel-drm = 4.3.0", "installonlypkg(kernel)"}
    modules.provides |= {"kernel-modules-uname-r = " + name, "installonlypkg(kernel-module)"}
    extra.provides |= {"kernel-modules-extra-uname-r = " + name, "installonlypkg(kernel-module)"}
    meta.provides.add("installonlypkg(kernel)")
    modules.requires.add("kernel-uname-r = " + name)
    extra.requires.add("kernel-modules-uname-r = " + name)
    meta.requires |= {"kernel-core-uname-r = " + name, "kernel-modules-uname-r = " + name}
    return [core, modules, extra, meta]
