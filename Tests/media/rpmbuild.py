"""Builds RPM packages with rpmbuild, the same bytes every time, and keeps them in a cache by what they hold."""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile

from entries import EPOCH, folder, link, regular

REVISION = 8  # raise when the same Package gives another RPM
DOCUMENTATION = ("/usr/share/man/", "/usr/share/info/")
SCRIPTS = ("pre", "post", "preun", "postun", "posttrans")


class BuildError(Exception):
    """rpmbuild failed; what it said."""


class Package:
    """One binary package. `files` maps absolute paths to entries, see entries.py; an entry may have besides
    `user`, `group`, `config` (a configuration file), `ghost` (owned, but not in the package), `caps`, `mtime`,
    and `source`, a file to take the content from."""

    def __init__(self, name, version="1.0", release="1", arch="x86_64", summary="", repository="BaseOS", files=None,
                 scripts=None, requires=(), provides=()):
        self.name, self.version, self.release, self.arch = name, version, release, arch
        self.summary, self.repository = summary or name, repository
        self.description, self.url, self.source_name, self.license = "", "", name, "see the Debian package"
        self.files = {"/" + path.lstrip("/"): entry for path, entry in (files or {}).items()}
        self.scripts = dict(scripts or {})
        self.requires, self.provides = set(requires), set(provides)
        self.tags = []  # further lines of the preamble
        self.finds_requires = True  # rpmbuild looks for sonames and interpreters
        self.payload = "w2.xzdio"

    @property
    def nvra(self):
        return "%s-%s-%s.%s" % (self.name, self.version, self.release, self.arch)

    def folder(self, path, mode=0o755):
        self.files[path] = folder(mode)

    def file(self, path, content, mode=0o644, config=False):
        self.files[path] = regular(content, mode, config=config)

    def link(self, path, target):
        self.files[path] = link(target)

    def ghost(self, path, mode=0o644):
        self.files[path] = regular("", mode, ghost=True)

    def add_parents(self, present):
        """Owns the folders above its files, except those in `present`."""
        for path in list(self.files):
            parent = os.path.dirname(path)
            while parent not in present and parent not in self.files and parent != "/":
                self.folder(parent)
                parent = os.path.dirname(parent)

    def spec(self):
        lines = ["Name: " + self.name, "Version: " + self.version, "Release: " + self.release,
                 "Summary: " + escaped(self.summary), "License: " + self.license, "Group: Unspecified"]
        lines += ["URL: " + self.url] if self.url else []
        lines += ["BuildArch: noarch"] if self.arch == "noarch" else []
        lines += [] if self.finds_requires else ["AutoReqProv: no"]
        lines += ["Requires: " + name for name in sorted(self.requires)]
        lines += ["Provides: " + escaped(name) for name in sorted(self.provides)]
        lines += self.tags
        lines += ["%description", escaped(self.description or self.summary), "%prep", "%build", "%install"]
        for name in SCRIPTS:
            if name in self.scripts:
                lines += ["%" + name, escaped(self.scripts[name])]
        if self.scripts.get("trigger") == "ldconfig":
            lines.append("%post -p /sbin/ldconfig")
            for moment in ("in", "postun"):
                lines += ["%%transfiletrigger%s -P 2000000 -- /lib /usr/lib /lib64 /usr/lib64" % moment,
                          "/sbin/ldconfig || :"]
        lines.append("%files")
        lines += [self.spec_line(path) for path in sorted(self.files)]
        return "\n".join(lines) + "\n"

    def spec_line(self, path):
        entry = self.files[path]
        words = []
        if entry["kind"] == tarfile.DIRTYPE:
            words.append("%dir")
        if entry.get("ghost"):
            words.append("%ghost")
        if entry.get("config"):
            words.append("%config(noreplace)")
        if path.startswith(DOCUMENTATION) and entry["kind"] != tarfile.DIRTYPE:
            words.append("%doc")
        language = re.match(r"/usr/share/locale/([A-Za-z_]+)(?:@[a-z]+)?/", path)
        if language and entry["kind"] == tarfile.REGTYPE:
            words.append("%%lang(%s)" % language.group(1))
        if entry.get("caps"):
            words.append("%%caps(%s)" % entry["caps"])
        mode = "-" if entry["kind"] == tarfile.SYMTYPE else "%04o" % entry["mode"]
        words.append("%%attr(%s,%s,%s)" % (mode, entry.get("user", "root"), entry.get("group", "root")))
        return " ".join(words) + ' "' + escaped(path) + '"'

    def key(self):
        digest = hashlib.sha256((str(REVISION) + self.spec() + self.payload).encode())
        for path in sorted(self.files):
            entry = self.files[path]
            digest.update(path.encode() + str(entry.get("target", "")).encode() + entry.get("source", "").encode())
            digest.update(hashlib.sha256(entry.get("data", b"")).digest())
        return digest.hexdigest()[:24]


def escaped(text):
    return text.replace("%", "%%")


def build(package, cache, epoch=EPOCH):
    """-> (path of the RPM in the cache, whether it was built now)"""
    store = os.path.join(cache, "rpms")
    os.makedirs(store, exist_ok=True)
    target = os.path.join(store, "%s.%s.rpm" % (package.nvra, package.key()))
    if os.path.exists(target):
        return target, False
    work = tempfile.mkdtemp(prefix="rpm-", dir=cache)
    try:
        _fill(package, work + "/root", epoch)
        with open(work + "/package.spec", "w") as file:
            file.write(package.spec())
        done = subprocess.run(_command(package, work), capture_output=True, env=dict(
            os.environ, SOURCE_DATE_EPOCH=str(epoch), LC_ALL="C.UTF-8", HOME=work))
        if done.returncode or not os.path.exists(work + "/out.rpm"):
            said = (done.stdout + done.stderr).decode(errors="replace")
            raise BuildError("rpmbuild failed for %s\n%s" % (package.name, said[-3000:]))
        os.utime(work + "/out.rpm", (epoch, epoch))  # repositories tell it
        os.rename(work + "/out.rpm", target)
    finally:
        shutil.rmtree(work)
    return target, True


def _fill(package, root, epoch):
    os.makedirs(root)
    for path, entry in sorted(package.files.items()):
        target = root + path
        if entry["kind"] == tarfile.DIRTYPE:
            os.makedirs(target, exist_ok=True)
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if entry["kind"] == tarfile.SYMTYPE:
            os.symlink(entry["target"], target)
        elif entry["kind"] == tarfile.REGTYPE and "source" in entry:
            link_or_copy(entry["source"], target)
        elif entry["kind"] == tarfile.REGTYPE:
            with open(target, "wb") as file:
                file.write(entry["data"])
            os.chmod(target, (entry["mode"] & 0o777) | 0o600)
            os.utime(target, (entry.get("mtime", epoch),) * 2)
    for path, entry in list(package.files.items()):
        if entry["kind"] != tarfile.LNKTYPE:
            continue
        first = root + "/" + entry["target"].lstrip("/")
        if os.path.exists(first):
            os.link(first, root + path)
        else:  # its file went to another package
            del package.files[path]


def _command(package, work):
    macros = {
        "_topdir": work, "_rpmdir": work, "_builddir": work, "_rpmfilename": "out.rpm", "_dbpath": work + "/db",
        "_binary_payload": package.payload, "_buildhost": "media.example.invalid", "vendor": "Catboat tests",
        "use_source_date_epoch_as_buildtime": "1", "clamp_mtime_to_source_date_epoch": "1",
        "_fileattrsdir": _attributes(work), "_build_id_links": "none", "debug_package": "%{nil}",
        "__spec_install_pre": "%{___build_pre}", "__os_install_post": "%{nil}", "__check_files": "%{nil}",
        "__brp_mangle_shebangs": "%{nil}", "_unpackaged_files_terminate_build": "0",
        "_missing_doc_files_terminate_build": "0",
    }
    command = ["rpmbuild", "-bb", "--quiet", "--target", package.arch + "-linux", "--buildroot", work + "/root"]
    for name, value in macros.items():
        command += ["--define", "%s %s" % (name, value)]
    return command + [work + "/package.spec"]


def _attributes(work):
    """Only sonames are looked for: what else Debian's rpmbuild knows would find Debian's ways."""
    folder_ = work + "/fileattrs"
    os.makedirs(folder_)
    shutil.copy("/usr/lib/rpm/fileattrs/elf.attr", folder_)
    return folder_


def link_or_copy(source, target):
    if os.path.exists(target):
        os.unlink(target)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
