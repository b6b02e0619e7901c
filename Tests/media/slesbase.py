"""What makes a medium SUSE's: names, release, patterns, the kernel as one package, a stand-in for wicked."""

import re

import debnames
import elbase
from debchanges import UNITS
from rpmbuild import Package
from rpmmedium import Flavour

# The names in debnames.py are Enterprise Linux's.
NAMES = {
    "setup": "aaa_base", "basesystem": "aaa_base-extras", "shadow-utils": "shadow", "procps-ng": "procps",
    "iproute": "iproute2", "vim-minimal": "vim", "nfs-utils": "nfs-client", "glibc-common": "glibc-extra",
    "python3": "python3-base", "python3-libs": "libpython3", "systemd-udev": "udev", "numactl-libs": "libnuma1",
    "sqlite-libs": "libsqlite3-0", "openssl-libs": "libopenssl3", "libgcc": "libgcc_s1", "zlib": "libz1",
    "bzip2-libs": "libbz2-1", "ncurses-libs": "libncurses6", "ncurses-base": "terminfo-base", "xz-libs": "liblzma5",
    "dbus": "dbus-1", "openssh": "openssh-common", "tzdata": "timezone", "gnupg2": "gpg2",
    "net-tools": "net-tools-deprecated", "linux-firmware": "kernel-firmware-all", "perl-interpreter": "perl",
    "dracut-network": "dracut"}
ALSO = {"vim": "vim-small", "kernel-firmware-all": "kernel-firmware"}

PATTERNS = {
    "base-minimal_base": ("Minimal Appliance Base", """aaa_base filesystem bash coreutils glibc rpm systemd udev shadow
      procps util-linux util-linux-systemd grep sed gawk tar gzip sles-release wicked iproute2 iputils less kmod
      hostname findutils vim rootfiles cronie"""),
    "base-base": ("Minimal Base System", """patterns-base-minimal_base openssh chrony rsyslog curl nfs-client rsync
      e2fsprogs sudo"""),
}

WICKED = """#!/bin/sh
# A stand-in for wicked: brings up the interfaces of /etc/sysconfig/network, those with DHCP by dhclient.
[ "$1" = ifup ] || exit 0
for file in /etc/sysconfig/network/ifcfg-*; do
    BOOTPROTO='' STARTMODE='' IPADDR=''
    [ -r "$file" ] && . "$file"
    nic=${file##*/ifcfg-}
    [ "$STARTMODE" = auto ] && [ "$nic" != lo ] || continue
    ip link set "$nic" up
    case $BOOTPROTO in
    dhcp*) dhclient "$nic" ;;
    static) ip address replace "$IPADDR" dev "$nic" ;;
    esac
done
"""
WICKED_UNIT = """[Unit]
Description=wicked managed network interfaces
Wants=network.target
Before=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/wicked ifup all
[Install]
WantedBy=multi-user.target
Alias=network.service
"""


class SUSELinux(Flavour):
    split = dict(debnames.SPLIT, **{"util-linux-systemd": ("util-linux", ["/usr/bin/lsblk", "/usr/bin/findmnt"])})
    merged = {name: debs for name, debs in debnames.MERGED.items() if name != "dracut"}
    merged["dracut"] = ["dracut-core", "dracut-network"]
    dropped = debnames.DROPPED | {"dnf", "dnf-data", "python3-dnf"}

    def __init__(self, service_pack):
        self.service_pack = service_pack
        self.repositories = {"Module-Basesystem": debnames.BASE + ["zypper"],
                             "Module-Server-Applications": debnames.APPLICATIONS}
        with open(__file__) as file:
            self.key = "sles%d" % service_pack + file.read()

    def release(self, base, update):
        return "150%d00.%s.%s" % (self.service_pack, base, update or "1")

    def finished(self, package):
        def named(requirement):
            name, *rest = requirement.split(" ")
            return " ".join([NAMES.get(name, name)] + rest)
        if package.name in NAMES:
            package.provides.add("%s = %s-%s" % (package.name, package.version, package.release))
            package.name = NAMES[package.name]
        if package.name in ALSO:
            package.provides.add(ALSO[package.name])
        package.provides = {item for item in package.provides if item.split(" ")[0] != package.name}
        package.requires = {named(item) for item in package.requires} - {package.name}
        package.tags = [re.sub(r"[A-Za-z0-9_+-]+(?=,|$)", lambda match: named(match.group()), tag)
                        for tag in package.tags]
        return package

    def own_packages(self):
        base = [self.finished(package) for package in elbase.base_packages(self)]
        for package in base:
            package.repository = "Module-Basesystem"
        return base + [self._release()] + self._network() + [self._openssh()] + [
            self._pattern(name, *rest) for name, rest in PATTERNS.items()]

    def _package(self, name, version, summary, repository="Module-Basesystem"):
        return Package(name, version, self.release("1", None), summary=summary, repository=repository)

    def _release(self):
        number, pack = "15.%d" % self.service_pack, self.service_pack
        title = "SUSE Linux Enterprise Server 15 SP%d" % pack
        package = Package("sles-release", number, "55.4.1", summary=title, repository="Product-SLES")
        package.file("/usr/lib/os-release", "".join('%s="%s"\n' % fact for fact in (
            ("NAME", "SLES"), ("VERSION", "15-SP%d" % pack), ("VERSION_ID", number), ("PRETTY_NAME", title),
            ("ID", "sles"), ("ID_LIKE", "suse"), ("ANSI_COLOR", "0;32"),
            ("CPE_NAME", "cpe:/o:suse:sles:15:sp%d" % pack))))
        package.link("/etc/os-release", "../usr/lib/os-release")
        package.file("/etc/issue", "\nWelcome to %s  (x86_64) - Kernel \\r (\\l).\n\n" % title, config=True)
        package.link("/etc/products.d/baseproduct", "SLES.prod")
        package.file("/etc/products.d/SLES.prod", PRODUCT % dict(number=number, pack=pack, title=title))
        for path, text in elbase.presets().items():
            package.file(path.replace("90-default", "90-default-SUSE").replace("99-default-disable", "99-default"), text)
        label = title.replace(" ", "%20")
        package.provides |= {
            "system-release = " + number, "distribution-release", "suse-release = " + number, "product() = SLES",
            "product(SLES) = %s-0" % number, "product-label() = " + label,
            "product-cpeid() = cpe%%3A%%2Fo%%3Asuse%%3Asles%%3A15%%3Asp%d" % pack}
        return elbase.completed(package)

    def _network(self):
        settings = self._package("sysconfig", "0.85.4", "The sysconfig scheme for traditional network scripts")
        settings.file("/etc/sysconfig/network/ifcfg-lo", "STARTMODE=auto\nIPADDR=127.0.0.1/8\n", config=True)
        settings.file("/etc/sysconfig/network/dhcp", 'DHCLIENT_SET_HOSTNAME="yes"\n', config=True)
        service = self._package("wicked", "0.6.66", "Network configuration infrastructure (stand-in)")
        service.file("/usr/sbin/wicked", WICKED, 0o755)
        service.file(UNITS + "wicked.service", WICKED_UNIT)
        service.scripts["post"] = "if [ $1 -eq 1 ] && [ -x /usr/bin/systemctl ]; then " \
            "systemctl --no-reload preset wicked.service >/dev/null 2>&1 || :; fi"
        service.requires |= {"sysconfig", "dhcp-client", "iproute2"}
        return [elbase.completed(settings), elbase.completed(service)]

    def _openssh(self):
        package = self._package("openssh", "9.2p1", "Secure Shell Client and Server (Remote Login Program)")
        package.requires |= {"openssh-server", "openssh-clients"}
        return elbase.completed(package)

    def _pattern(self, name, title, required):
        package = Package("patterns-" + name, "20200124", "10.5.1", summary=title, repository="Module-Basesystem")
        package.file("/usr/share/doc/packages/patterns/%s.txt" % name,
                     "This file marks the pattern %s to be installed.\n" % name)
        package.requires |= set(required.split())
        package.provides |= {"pattern() = " + name.split("-", 1)[1], "pattern-visible()",
                             "pattern-category() = Base%20Technologies"}
        return elbase.completed(package)

    def kernel_packages(self, kernel):
        """kernel-default, which holds what Enterprise Linux divides, and kernel-default-extra."""
        release = "150%d00.%s.1" % (self.service_pack, kernel.build)
        core = kernel.package("kernel-default", release, "The Standard Kernel")
        extra = kernel.package("kernel-default-extra", release, "The Standard Kernel - Unsupported kernel modules")
        core.repository = extra.repository = "Module-Basesystem"
        kernel.fill(core, core, extra)
        core.link("/boot/vmlinuz", "vmlinuz-" + kernel.abi)
        for path in ("/boot/initrd", "/boot/initrd-" + kernel.abi):
            core.ghost(path, 0o600)
        name = "%s-%s" % (kernel.version, release)
        core.provides |= {"kernel = " + name, "multiversion(kernel)", "kernel-abi(%s)" % kernel.abi}
        extra.provides.add("multiversion(kernel)")
        extra.requires.add("kernel-default = " + name)
        return [core, extra]


PRODUCT = """<?xml version="1.0" encoding="UTF-8"?>
<product schemeversion="0">
  <vendor>SUSE</vendor>
  <name>SLES</name>
  <version>%(number)s</version>
  <baseversion>15</baseversion>
  <patchlevel>%(pack)d</patchlevel>
  <release>0</release>
  <arch>x86_64</arch>
  <cpeid>cpe:/o:suse:sles:15:sp%(pack)d</cpeid>
  <productline>sles</productline>
  <summary>%(title)s</summary>
  <shortsummary>SLES15-SP%(pack)d</shortsummary>
</product>
"""
