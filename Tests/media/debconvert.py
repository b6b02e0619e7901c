"""Makes RPM packages of Debian's: files, modes, owners, links and conffiles as they are, moved to a merged /usr."""

import fnmatch
import os
import re
import subprocess
import tarfile

import debchanges
from debs import MediaError, control_files
from entries import link
from rpmbuild import Package

UNITS = debchanges.UNITS


def merged_path(path):
    """/bin/x is /usr/bin/x."""
    for name in ("/bin", "/sbin", "/lib", "/lib64"):
        if path == name or path.startswith(name + "/"):
            return "/usr" + path
    return path


def base_folders():
    """The folders that the package filesystem owns, and their modes."""
    folders = dict.fromkeys("""/boot /dev /etc /etc/X11 /etc/default /etc/opt /etc/pki /etc/pki/rpm-gpg
      /etc/profile.d /etc/skel /etc/sysconfig /etc/cron.d /etc/cron.daily /etc/cron.hourly /etc/cron.weekly
      /etc/cron.monthly /etc/logrotate.d /etc/pam.d /etc/xdg /etc/xdg/autostart /etc/yum.repos.d /etc/dnf /home
      /media /mnt /opt /proc /run /srv /sys /usr /usr/bin /usr/games /usr/include /usr/lib /usr/lib/debug
      /usr/lib/modules /usr/lib/locale /usr/lib/tmpfiles.d /usr/lib/sysusers.d /usr/lib/sysctl.d
      /usr/lib/modprobe.d /usr/lib/modules-load.d /usr/lib/firmware /usr/lib/systemd /usr/lib/systemd/system
      /usr/lib/systemd/system-preset /usr/lib/systemd/user /usr/lib/udev /usr/lib/udev/rules.d
      /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/libexec /usr/local /usr/local/bin /usr/local/etc /usr/local/lib
      /usr/local/lib64 /usr/local/sbin /usr/local/share /usr/local/src /usr/sbin /usr/share
      /usr/share/applications /usr/share/bash-completion /usr/share/bash-completion/completions /usr/share/doc
      /usr/share/info /usr/share/licenses /usr/share/locale /usr/share/man /usr/share/misc /usr/share/zsh
      /usr/share/zsh/vendor-completions /usr/share/zsh/site-functions /usr/src /var /var/adm /var/cache /var/db
      /var/empty /var/games /var/lib /var/lib/misc /var/lib/rpm-state /var/local /var/log /var/nis /var/opt
      /var/preserve /var/spool /var/spool/cron /var/yp""".split(), 0o755)
    folders.update(dict.fromkeys(("/usr/share/man/man%d" % section for section in range(1, 9)), 0o755))
    folders.update(dict.fromkeys(
        ("/", "/proc", "/sys", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/boot"), 0o555))
    folders.update({"/root": 0o550, "/tmp": 0o1777, "/var/tmp": 0o1777, "/var/spool/mail": 0o775})
    return folders


BASE_FOLDERS = base_folders()


def rpm_version(text, dist):
    """Debian's version as Version and Release: 2.36-9+deb12u14 -> 2.36 and dist("9", "14")."""
    text = re.sub(r"^\d+:", "", text)
    upstream, _, revision = text.rpartition("-") if "-" in text else (text, "", "1")
    upstream = re.sub(r"[^A-Za-z0-9._+~]", ".", upstream)
    upstream = re.sub(r"[+~](really|dfsg|ds|git|repack|deb12).*$", "", upstream) or upstream
    match = re.match(r"^(.*?)(?:[+~]deb12u(\d+))?(?:\+b\d+)?$", revision)
    base = re.sub(r"[^A-Za-z0-9.]", ".", match.group(1)) or "1"
    return upstream, dist(base, match.group(2))


class Converter:
    """Converts packages of one medium."""

    def __init__(self, pool, flavour, closure):
        self.pool, self.flavour, self.closure = pool, flavour, set(closure)
        self.names = {deb: name for name, debs in flavour.merged.items() for deb in debs}
        for deb in closure:
            self.names.setdefault(deb, deb)
        self.names["netbase"] = "setup"
        self.providers = {}
        for deb in closure:
            for name in pool.provided(deb):
                self.providers.setdefault(name, deb)

    def members(self):
        """RPM names and the Debian packages that each is made of."""
        members = {}
        for deb in sorted(self.closure):
            if not self._is_special(deb):
                members.setdefault(self.names[deb], []).append(deb)
        for name in members:
            if name in self.flavour.merged:
                members[name] = [deb for deb in self.flavour.merged[name] if deb in members[name]]
        return members

    @staticmethod
    def _is_special(deb):
        """Kernels, and what goes into packages written by hand."""
        return deb.startswith(("linux-image-", "linux-headers")) or deb in ("netbase", "linux-base")

    def convert(self, name, debs, repository, taking=None, leaving=()):
        fields = self.pool.index[debs[0]]
        version, release = rpm_version(fields["Version"], self.flavour.release)
        is_noarch = all(self.pool.index[deb]["Architecture"] == "all" for deb in debs)
        summary, *text = fields.get("Description", name).split("\n")
        package = Package(name, version, release, "noarch" if is_noarch else "x86_64", summary, repository)
        package.description = "\n".join(line.strip() for line in text if line.strip() != ".") or summary
        package.url = fields.get("Homepage", "")
        for deb in debs:
            self.add_files(package, deb, taking, leaving)
        self._change(package)
        package.add_parents(BASE_FOLDERS)
        self._add_dependencies(package, debs)
        self._add_scripts(package)
        return self.flavour.finished(package)

    # -- files

    def add_files(self, package, deb, taking=None, leaving=()):
        path = self.pool.path(deb)
        conffiles = {merged_path(line.split()[-1]) for line in
                     control_files(path).get("conffiles", b"").decode().split("\n") if line.startswith("/")}
        unpacker = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", path], stdout=subprocess.PIPE)
        with tarfile.open(fileobj=unpacker.stdout, mode="r|") as tar:
            for member in tar:
                entry_path = merged_path("/" + member.name.lstrip("./").rstrip("/"))
                is_config = entry_path in conffiles
                if entry_path in debchanges.MOVED:
                    entry_path = debchanges.MOVED[entry_path]
                    is_config = (entry_path or "").startswith("/etc/")
                if entry_path is None or not self._is_taken(entry_path, member, taking, leaving):
                    continue
                entry = self._entry(entry_path, member, tar, is_config)
                if entry is not None:
                    package.files[entry_path] = entry
        if unpacker.wait():
            raise MediaError("cannot be read: '%s'" % path)

    @staticmethod
    def _is_taken(path, member, taking, leaving):
        if path != "/usr/share/doc" and any(
                fnmatch.fnmatch(path + ("/" if member.isdir() else ""), pattern) or path == pattern.rstrip("/*")
                for pattern in debchanges.LEFT_OUT):
            return False
        if member.isdir() and (path in BASE_FOLDERS or path == "/"):
            return False

        def is_below(folders):
            return any(path == folder or path.startswith(folder + "/") for folder in folders)
        if taking is not None:
            return is_below(taking)
        return member.isdir() or not is_below(leaving)

    @staticmethod
    def _entry(path, member, tar, is_config):
        entry = dict(kind=member.type, mode=member.mode & 0o7777, user=member.uname or "root", mtime=member.mtime)
        if member.gname not in ("", "root"):  # groups of Debian's that no RPM makes
            entry["mode"] &= ~0o2000
        if member.issym():
            return link(member.linkname)
        if member.islnk():
            first = merged_path("/" + member.linkname.lstrip("./"))
            entry["target"] = debchanges.MOVED.get(first, first)
        elif member.isfile():
            entry["kind"], data = tarfile.REGTYPE, tar.extractfile(member).read()
            is_program = data[:4] == b"\x7fELF"
            if is_program and ".so" in os.path.basename(path) and data[16:18] == b"\x03\x00":
                entry["mode"] |= 0o111  # shared objects: rpmbuild looks only into executable files
            if not is_program and (path.startswith("/etc/") or path.endswith((".conf", ".service", ".socket"))):
                try:
                    data = debchanges.changed_text(path, data.decode()).encode()
                except UnicodeDecodeError:
                    pass
            entry.update(data=data, config=is_config)
        elif not member.isdir():
            return None
        return entry

    def _change(self, package):
        name, files = package.name, package.files
        for path, target in debchanges.ADDED_LINKS.get(name, {}).items():
            package.link(path, target)
        for path, (text, is_config) in debchanges.ADDED_FILES.get(name, {}).items():
            package.file(path, text, config=is_config)
        for path, mode in debchanges.MODES.items():
            if path in files:
                files[path]["mode"] = mode
        for path, capabilities in debchanges.CAPABILITIES.items():
            if path in files and files[path]["kind"] == tarfile.REGTYPE:
                files[path]["caps"] = capabilities
        if name == "ca-certificates":
            bundle = b"".join(entry["data"] for path, entry in sorted(files.items())
                              if path.startswith("/usr/share/ca-certificates/") and "data" in entry)
            package.file("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", bundle, 0o444)
        helper = "/usr/lib/dbus-1.0/dbus-daemon-launch-helper"
        if helper in files:
            files[helper].update(mode=0o4750, group="dbus")
        if name == "glibc":
            files.pop("/usr/share/doc", None)

    # -- dependencies and scripts

    def _add_dependencies(self, package, debs):
        name = package.name
        if name not in debchanges.FREE_STANDING:
            for deb in debs:
                for alternatives in self.pool.dependencies(deb):
                    package.requires.update(self._required(alternatives, name))
        package.requires.update(debchanges.REQUIRED.get(name, "").split())
        package.provides.update(debchanges.PROVIDED.get(name, "").split())

    def _required(self, alternatives, name):
        """The RPM for the first alternative that is on the medium; libraries are found by their sonames."""
        for deb in alternatives:
            if deb in self.flavour.dropped:
                return []
            deb = deb if deb in self.names else self.providers.get(deb)
            if deb is None:
                continue
            is_library = deb.startswith("lib") and not re.search(
                r"common|data|modules|bin|plugin|perl|python|nss|pam|stdlib|minimal", deb)
            required = self.names[deb]
            return [] if is_library or required == name else [required]
        return []

    def _add_scripts(self, package):
        name, files = package.name, package.files
        post = [debchanges.POST[name]] if name in debchanges.POST else []
        if name != "systemd":
            if any(path.startswith("/usr/lib/sysusers.d/") for path in files):
                post.append("[ ! -x /usr/bin/systemd-sysusers ] || systemd-sysusers >/dev/null 2>&1 || :")
            units = sorted(
                os.path.basename(path) for path, entry in files.items()
                if os.path.dirname(path) + "/" == UNITS and path.endswith((".service", ".socket", ".timer"))
                and "@" not in path and b"[Install]" in entry.get("data", b""))
            if units:
                post.append("if [ $1 -eq 1 ] && [ -x /usr/bin/systemctl ]; then "
                            "systemctl --no-reload preset %s >/dev/null 2>&1 || :; fi" % " ".join(units))
        if post:
            package.scripts["post"] = "\n".join(post)
        if name in debchanges.USERS:
            user, number, home, comment = debchanges.USERS[name]
            package.scripts["pre"] = (
                "getent group {0} >/dev/null || groupadd -g {1} -r {0} || :\n"
                "getent passwd {0} >/dev/null || useradd -u {1} -g {0} -r -M -d {2} -s /sbin/nologin -c \"{3}\" {0} || :"
                .format(user, number, home, comment))
            package.tags.append("Requires(pre): shadow-utils, glibc-common")
        if name == "glibc-common":
            package.scripts["trigger"] = "ldconfig"
