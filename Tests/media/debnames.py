"""Which Debian packages an RPM medium is made of, and the names they get there. Packages named nowhere keep theirs."""

BASE = """bash coreutils findutils grep sed gawk diffutils tar gzip bzip2 xz-utils zstd lz4 cpio
 util-linux util-linux-extra mount bsdutils bsdextrautils fdisk eject login passwd procps psmisc hostname debianutils
 kmod udev systemd systemd-sysv libnss-systemd libnss-myhostname libpam-systemd dbus dbus-bin
 network-manager iproute2 iputils-ping iputils-arping iputils-tracepath net-tools openssh-server openssh-client
 openssh-sftp-server curl ca-certificates openssl chrony rsyslog logrotate cron rpm rpcbind
 nfs-common keyutils rsync e2fsprogs xfsprogs dosfstools parted gdisk lvm2 dmsetup mdadm vim-tiny
 less file sudo python3 ethtool pciutils numactl dracut-core dracut-network dracut-live dracut-squash
 squashfs-tools isc-dhcp-client ncurses-bin ncurses-base ncurses-term libc-bin tzdata polkitd kbd kexec-tools
 irqbalance acl attr libcap2-bin bash-completion netbase libc6 readline-common efibootmgr dmidecode
 libpam-modules libpam-runtime libatm1 bc lsof nvme-cli ipset iptables pigz createrepo-c
 linux-image-amd64 firmware-linux-free""".split()
# The second repository.
APPLICATIONS = """wget tcpdump ipmitool jq munge hwloc-nox strace tmux dnsmasq-base perl-base perl squashfuse""".split()

# In Depends of something, but Debian's own plumbing: never on the medium.
DROPPED = set("""adduser apt base-files base-passwd dpkg debconf debconf-2.0 cdebconf init-system-helpers
 lsb-base sysvinit-utils sensible-utils ucf usrmerge usr-is-merged mawk dash init runit-helper
 debugedit libfile-find-rule-perl libnumber-compare-perl libtext-glob-perl tzdata-legacy
 install-info update-inetd linux-base initramfs-tools initramfs-tools-core
 klibc-utils libklibc busybox insserv startpar media-types mime-support
 libwtmpdb0 libdebconfclient0 krb5-locales e-wrapper libpaper1
 sgml-base xml-core alsa-topology-conf dictionaries-common readline-doc bsd-mailx exim4 default-mta""".split())


def _table(text):
    rows = (line.split(":") for line in text.strip().split("\n"))
    return {name.strip(): debs.split() for name, debs in rows}


# RPM name: Debian packages whose files it takes; the first gives its version.
MERGED = _table("""
NetworkManager: network-manager
NetworkManager-libnm: libnm0
audit-libs: libaudit1 libaudit-common
brotli: libbrotli1
bzip2-libs: libbz2-1.0
createrepo_c: createrepo-c
createrepo_c-libs: libcreaterepo-c0
cronie: cron cron-daemon-common
cyrus-sasl-lib: libsasl2-2 libsasl2-modules-db
dbus: dbus dbus-bin dbus-system-bus-common dbus-session-bus-common
dbus-libs: libdbus-1-3
device-mapper: dmsetup
device-mapper-event: dmeventd
device-mapper-event-libs: libdevmapper-event1.02.1
device-mapper-libs: libdevmapper1.02.1
dhcp-client: isc-dhcp-client
dnsmasq: dnsmasq-base
dracut: dracut-core
drpm: libdrpm0
e2fsprogs: e2fsprogs logsave
e2fsprogs-libs: libext2fs2
elfutils-libelf: libelf1
elfutils-libs: libdw1
expat: libexpat1
file-libs: libmagic1 libmagic-mgc
gdbm-libs: libgdbm6 libgdbm-compat4
glib2: libglib2.0-0
glibc: libc6
glibc-common: libc-bin
gmp: libgmp10
gnupg2: gnupg gpg gpgconf gpg-agent gpgsm dirmngr gnupg-utils gnupg-l10n gpg-wks-client gpg-wks-server gpgv
gnutls: libgnutls30
gpgme: libgpgme11
hwdata: pci.ids
hwloc: hwloc-nox
hwloc-libs: libhwloc15
inih: libinih1
iproute: iproute2
iptables-libs: libxtables12 libip4tc2 libip6tc2
iputils: iputils-ping iputils-arping iputils-tracepath
jansson: libjansson4
jq: jq libjq1
json-c: libjson-c5
keyutils-libs: libkeyutils1
kmod-libs: libkmod2
krb5-libs: libkrb5-3 libgssapi-krb5-2 libk5crypto3 libkrb5support0
libacl: libacl1
libaio: libaio1
libarchive: libarchive13
libassuan: libassuan0
libattr: libattr1
libblkid: libblkid1
libbpf: libbpf1
libcap: libcap2 libcap2-bin libpam-cap
libcap-ng: libcap-ng0
libcom_err: libcom-err2
libcomps: libcomps0
libcurl: libcurl4
libdb: libdb5.3
libdnf: libdnf2 libdnf2-common
libestr: libestr0
libevent: libevent-core-2.1-7 libevent-2.1-7
libfastjson: libfastjson4
libfdisk: libfdisk1
libffi: libffi8
libgcc: libgcc-s1 gcc-12-base
libgcrypt: libgcrypt20
libgpg-error: libgpg-error0
libidn2: libidn2-0
libksba: libksba8
libmnl: libmnl0
libmodulemd: libmodulemd2
libmount: libmount1
libndp: libndp0
libnetfilter_conntrack: libnetfilter-conntrack3
libnfnetlink: libnfnetlink0
libnfsidmap: libnfsidmap1
libnftnl: libnftnl11
libnghttp2: libnghttp2-14
libpcap: libpcap0.8
libpcre: libpcre3
libpsl: libpsl5
libpwquality: libpwquality1
librepo: librepo0
libseccomp: libseccomp2
libselinux: libselinux1
libsemanage: libsemanage2 libsemanage-common
libsepol: libsepol2
libsigsegv: libsigsegv2
libsmartcols: libsmartcols1
libsolv: libsolv1 libsolvext1
libss: libss2
libssh: libssh-4
libssh2: libssh2-1
libstdc++: libstdc++6
libtasn1: libtasn1-6
libtirpc: libtirpc3 libtirpc-common
libunistring: libunistring2
libuuid: libuuid1
libxcrypt: libcrypt1
libyaml: libyaml-0-2
libzstd: libzstd1
linux-firmware: firmware-linux-free
lua-libs: liblua5.3-0
lvm2-libs: liblvm2cmd2.03
lz4-libs: liblz4-1
mpfr: libmpfr6
munge-libs: libmunge2
ncurses: ncurses-bin
ncurses-libs: libtinfo6 libncursesw6
nettle: libnettle8 libhogweed6
newt: libnewt0.52
nfs-utils: nfs-common
npth: libnpth0
numactl-libs: libnuma1
oniguruma: libonig5
openldap: libldap-2.5-0
openssh-clients: openssh-client
openssh-server: openssh-server openssh-sftp-server
openssl-libs: libssl3
p11-kit: libp11-kit0
pam: libpam0g libpam-modules libpam-modules-bin libpam-runtime
parted-libs: libparted2
pciutils-libs: libpci3
pcre2: libpcre2-8-0
perl-interpreter: perl-base perl
perl-libs: libperl5.36 perl-modules-5.36
pinentry: pinentry-curses
polkit: polkitd
polkit-libs: libpolkit-gobject-1-0 libpolkit-agent-1-0
popt: libpopt0
procps-ng: procps libproc2-0
python3: python3 python3-minimal python3.11 python3.11-minimal
python3-libs: libpython3.11-minimal libpython3.11-stdlib libpython3-stdlib libpython3.11
readline: libreadline8 readline-common
rpm: rpm rpm-common rpm2cpio
rpm-build-libs: librpmbuild9 librpmsign9
rpm-libs: librpm9 librpmio9
shadow-utils: passwd login libsubid4
slang: libslang2
sqlite: sqlite3
sqlite-libs: libsqlite3-0
systemd: systemd systemd-sysv libsystemd-shared
systemd-libs: libsystemd0 libudev1 libnss-systemd libnss-myhostname
systemd-pam: libpam-systemd
systemd-udev: udev
userspace-rcu: liburcu8
util-linux: util-linux util-linux-extra mount bsdutils bsdextrautils fdisk eject
vim-minimal: vim-tiny vim-common
which: debianutils
xz: xz-utils
xz-libs: liblzma5
zlib: zlib1g
""")

# RPM name: the Debian package that it takes some files out of, and those files.
SPLIT = {
    "openssh": ("openssh-client", ["/usr/bin/ssh-keygen", "/usr/lib/openssh/ssh-keysign", "/etc/ssh",
                                   "/usr/share/man/man1/ssh-keygen.1.gz"]),
}
