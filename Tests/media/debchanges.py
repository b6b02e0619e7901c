"""What is changed in Debian's packages on their way to RPMs: places of files, users, texts, modes, dependencies."""

import re

UNITS = "/usr/lib/systemd/system/"

# New places, /usr merged already; None leaves the file out.
MOVED = {
    "/usr/bin/which.debianutils": "/usr/bin/which", UNITS + "ssh.service": UNITS + "sshd.service",
    UNITS + "ssh.socket": UNITS + "sshd.socket", UNITS + "ssh@.service": UNITS + "sshd@.service",
    UNITS + "chrony.service": UNITS + "chronyd.service", UNITS + "cron.service": UNITS + "crond.service",
    "/usr/sbin/cron": "/usr/sbin/crond", "/usr/share/openssh/sshd_config": "/etc/ssh/sshd_config",
    "/usr/share/chrony/chrony.conf": "/etc/chrony.conf", "/usr/share/chrony/chrony.keys": "/etc/chrony.keys",
    "/usr/share/libc-bin/nsswitch.conf": "/etc/nsswitch.conf",
    "/usr/share/nfs-common/conffiles/nfs.conf": "/etc/nfs.conf",
    "/usr/share/nfs-common/conffiles/idmapd.conf": "/etc/idmapd.conf",
    "/etc/dhcp/dhclient-exit-hooks.d/chrony": None, "/usr/bin/ischroot": None,
}
LEFT_OUT = """/usr/share/lintian/* /usr/share/bug/* /usr/share/doc-base/* /etc/init.d/* /etc/apparmor.d/* /etc/init/*
 /etc/runit/* /etc/sv/* /etc/ufw/* /etc/apt/* /etc/network/* /etc/ppp/* /usr/share/apport/* /usr/share/runit/*
 /usr/share/debconf/* /usr/share/initramfs-tools/* /usr/share/pam-configs/* /usr/share/pam/*
 /usr/sbin/pam-auth-update /usr/sbin/pam_getenv /usr/share/locale/*/LC_MESSAGES/*debconf*
 /usr/lib/sysusers.d/basic.conf /var/log/runit/* /usr/share/doc/* /etc/logcheck/* /etc/insserv* /usr/share/menu/*
 /usr/share/perl5/Debconf/* /usr/sbin/update-ca-certificates /etc/update-motd.d/* /etc/cron.daily/dpkg
 /etc/cron.daily/apt* /usr/share/openssh/*.md5sum /usr/share/nfs-common/conffiles/* /etc/modprobe.d/dkms*
 /usr/lib/networkd-dispatcher/* /usr/sbin/shadowconfig /usr/share/python3/debpython* /usr/share/python3/*
 /usr/lib/systemd/system/rescue-ssh.target /usr/share/polkit-1/rules.d/systemd-networkd* /usr/bin/py3*compile
 /usr/bin/pdb3* /usr/bin/pygettext* /usr/bin/pydoc* /usr/share/pixmaps/* /usr/share/applications/*
 /usr/lib/systemd/system/cron.service.d/* /usr/share/keyrings/debian* /usr/bin/savelog
 /usr/sbin/update-passwd""".split()

USERS = {  # package: name, id, home, comment
    "openssh-server": ("sshd", 74, "/run/sshd", "Privilege-separated SSH"),
    "chrony": ("_chrony", 151, "/var/lib/chrony", "chrony"), "dbus": ("dbus", 81, "/", "System message bus"),
    "rpcbind": ("_rpc", 32, "/var/lib/rpcbind", "Rpcbind Daemon"),
    "nfs-utils": ("statd", 29, "/var/lib/nfs", "RPC Service User"),
    "munge": ("munge", 150, "/var/lib/munge", "Runs Uid 'N' Gid Emporium"),
    "dnsmasq": ("dnsmasq", 152, "/var/lib/dnsmasq", "Dnsmasq DHCP and DNS server"),
    "tcpdump": ("tcpdump", 72, "/", "tcpdump"),
}
POST = {
    "systemd": "systemd-machine-id-setup >/dev/null 2>&1 || :\nsystemd-sysusers >/dev/null 2>&1 || :\n"
               "systemctl preset-all >/dev/null 2>&1 || :\nmkdir -p /var/log/journal",
    "systemd-udev": "systemd-sysusers >/dev/null 2>&1 || :\nsystemd-hwdb update >/dev/null 2>&1 || :",
}

_BUNDLE = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
ADDED_LINKS = {
    "gawk": {"/usr/bin/awk": "gawk"}, "bash": {"/usr/bin/sh": "bash"}, "dnf": {"/usr/bin/yum": "dnf-3"},
    "vim-minimal": {"/usr/bin/vi": "vim.tiny", "/usr/bin/vim": "vim.tiny", "/usr/bin/view": "vim.tiny"},
    "python3": {"/usr/libexec/platform-python": "../bin/python3"},
    "chrony": {"/etc/chrony/chrony.conf": "../chrony.conf", "/etc/chrony/chrony.keys": "../chrony.keys"},
    "iptables": {"/usr/sbin/" + name: name.replace("tables", "tables-nft", 1)
                 for name in ("iptables", "ip6tables", "iptables-save", "iptables-restore")},
    "ca-certificates": {"/etc/pki/tls/certs/ca-bundle.crt": _BUNDLE, "/etc/pki/tls/cert.pem": _BUNDLE,
                        "/etc/ssl/certs/ca-certificates.crt": _BUNDLE},
    "util-linux": {"/etc/mtab": "../proc/self/mounts"},
}

_DENY = "\trequisite\tpam_deny.so\n"
_PERMIT = "\trequired\tpam_permit.so\n"
_SESSION = "session\t[default=1]\tpam_permit.so\nsession" + _DENY + "session" + _PERMIT + "session\trequired\tpam_unix.so\n"
PAM = {
    "common-auth": "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth" + _DENY + "auth" + _PERMIT,
    "common-account": "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so\n"
                      "account" + _DENY + "account" + _PERMIT,
    "common-password": "password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt\n"
                       "password" + _DENY + "password" + _PERMIT,
    "common-session": _SESSION + "-session\toptional\tpam_systemd.so\n",
    "common-session-noninteractive": _SESSION,
}
for _name in ("system-auth", "password-auth"):
    PAM[_name] = "".join("@include common-%s\n" % _part for _part in ("auth", "account", "password", "session"))

ADDED_FILES = {  # package: path: text, whether it is a configuration file
    "pam": {"/etc/pam.d/" + name: (text, True) for name, text in PAM.items()},
    "openssh-server": {UNITS + "sshd-keygen.service": (
        "[Unit]\nDescription=OpenSSH host key generation\nConditionPathExists=|!/etc/ssh/ssh_host_ed25519_key\n"
        "ConditionPathExists=|!/etc/ssh/ssh_host_rsa_key\nBefore=sshd.service\n[Service]\nType=oneshot\n"
        "RemainAfterExit=yes\nExecStart=/usr/bin/ssh-keygen -A\n[Install]\n"
        "WantedBy=sshd.service multi-user.target\n", False)},
    "rpm": {"/usr/lib/rpm/macros.d/macros.dbpath": ("%_dbpath %{_var}/lib/rpm\n", False)},
    "dnf-data": {"/etc/dnf/dnf.conf": (
        "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\n"
        "skip_if_unavailable=False\n", True)},
    "NetworkManager": {"/etc/NetworkManager/NetworkManager.conf": ("[main]\nplugins=keyfile\n\n[logging]\n", True)},
    "dracut": {"/usr/lib/dracut/dracut.conf.d/01-dist.conf": (
        'hostonly="yes"\nhostonly_cmdline="no"\ni18n_vars="/etc/vconsole.conf:KEYMAP"\n', False)},
    "glibc-common": {"/etc/ld.so.conf": ("include /etc/ld.so.conf.d/*.conf\n/usr/lib64\n", True),
                     "/etc/locale.conf": ("LANG=C.UTF-8\n", True)},
}


def changed_text(path, text):
    """Debian's names in a few text files become Enterprise Linux's."""
    if path == UNITS + "sshd.service":
        text = text.replace("Alias=sshd.service\n", "")
        text = text.replace("After=network.target", "After=network.target sshd-keygen.service")
        text = text.replace("[Unit]\n", "[Unit]\nWants=sshd-keygen.service\n", 1)
    elif path == UNITS + "chronyd.service":
        text = text.replace("Alias=chronyd.service\n", "").replace("ConfigurationDirectory=chrony\n", "")
    elif path == UNITS + "crond.service":
        text = text.replace("/usr/sbin/cron ", "/usr/sbin/crond ")
    elif path == "/etc/ssh/sshd_config":
        text = text.replace("#PermitRootLogin prohibit-password", "PermitRootLogin yes")
    elif path == "/etc/nsswitch.conf":
        text = re.sub(r"^(passwd|group):.*$", r"\1:         files systemd", text, flags=re.M)
        text = re.sub(r"^hosts:.*$", "hosts:          files dns myhostname", text, flags=re.M)
    elif path in ("/usr/share/dbus-1/system.conf", "/usr/lib/sysusers.d/dbus.conf"):
        text = text.replace("messagebus", "dbus")
    return text


CAPABILITIES = {"/usr/bin/" + name: "cap_net_raw=ep" for name in ("ping", "arping", "clockdiff")}
MODES = {
    "/etc/ssh/sshd_config": 0o600, "/etc/shadow": 0, "/etc/gshadow": 0, "/usr/sbin/unix_chkpwd": 0o4755,
    "/usr/bin/chage": 0o4755, "/usr/bin/expiry": 0o755, "/etc/chrony.keys": 0o640, "/etc/sudoers": 0o440}

REQUIRED = {
    "bash": "filesystem", "glibc": "basesystem", "systemd-udev": "systemd", "openssh-clients": "openssh",
    "systemd": "dbus pam systemd-pam kmod util-linux shadow-utils systemd-libs setup",
    "dracut": "systemd-udev bash coreutils cpio gzip xz kmod util-linux procps-ng sed findutils grep diffutils",
    "openssh-server": "openssh pam systemd", "coreutils": "ncurses-libs", "dnf": "python3-dnf dnf-data",
    "python3": "python3-libs", "nfs-utils": "rpcbind keyutils libnfsidmap", "rpm": "coreutils rpm-libs",
    "basesystem": "setup filesystem", "filesystem": "setup", "cronie": "systemd", "iputils": "systemd",
    "NetworkManager": "NetworkManager-libnm systemd dbus polkit",
    "dracut-network": "dracut iproute dhcp-client iputils", "dracut-live": "dracut dracut-network device-mapper",
}
# What everything else stands on depends on nothing.
FREE_STANDING = {"bash", "glibc", "libgcc", "setup", "filesystem", "basesystem", "ncurses-base", "tzdata"}
PROVIDED = {
    "bash": "/bin/sh /bin/bash", "glibc-common": "/sbin/ldconfig", "coreutils": "/bin/cp", "gawk": "/bin/awk",
    "glibc": "glibc-langpack-en glibc-langpack glibc-minimal-langpack rtld(GNU_HASH)",
    "systemd": "systemd-sysv /sbin/init", "python3": "platform-python python36 /usr/bin/python3",
    "shadow-utils": "passwd /usr/sbin/useradd /usr/sbin/groupadd", "dnf": "yum", "vim-minimal": "/bin/vi vi",
    "procps-ng": "procps", "rsyslog": "syslog", "openssh-server": "sshd", "iptables": "iptables-nft",
    "util-linux": "/bin/mount", "cronie": "crontabs /usr/sbin/crond", "iproute": "iproute-tc", "gnupg2": "gpg",
    "kexec-tools": "kexec-tools-eppic", "dhcp-client": "dhclient", "perl-interpreter": "perl /usr/bin/perl",
}
