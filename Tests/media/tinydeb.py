"""Writes Debian packages, the same bytes every time, without dpkg-deb: deb(5), tar in the GNU format."""

import gzip
import hashlib
import io
import tarfile

from entries import EPOCH, folder, regular


class Package:
    """One binary package. `files` maps a path without a leading slash to regular(), link(), hardlink() or folder()."""

    def __init__(self, name, version="1.0", files=None, scripts=None, conffiles=(), architecture="amd64", **fields):
        self.name, self.version, self.architecture = name, version, architecture
        self.files, self.scripts, self.conffiles = files or {}, scripts or {}, conffiles
        self.fields = {key.replace("_", "-"): value for key, value in fields.items()}

    @property
    def file_name(self):
        return "%s_%s_%s.deb" % (self.name, self.version, self.architecture)

    @property
    def pool_path(self):
        prefix = self.name[:4] if self.name.startswith("lib") else self.name[0]
        return "pool/main/%s/%s/%s" % (prefix, self.name, self.file_name)

    def control(self):
        fields = {
            "Package": self.name, "Version": self.version, "Architecture": self.architecture,
            "Maintainer": "Catboat tests <tests@example.invalid>", "Priority": "optional", "Section": "misc",
            "Installed-Size": str(1 + sum(len(entry.get("data", b"")) for entry in self.files.values()) // 1024),
        }
        fields.update(self.fields)
        fields.setdefault("Description", "%s of the tiny test medium" % self.name)
        return "".join("%s: %s\n" % item for item in fields.items())

    def build(self):
        """The bytes of the .deb."""
        listed = [(path.encode("utf-8", "surrogateescape"), entry) for path, entry in self.files.items()]
        sums = "".join(
            "%s  %s\n" % (hashlib.md5(entry["data"]).hexdigest(), path.decode("utf-8", "replace"))
            for path, entry in listed if entry["kind"] == tarfile.REGTYPE and b"\n" not in path)
        control = {"control": regular(self.control()), "md5sums": regular(sums)}
        if self.conffiles:
            control["conffiles"] = regular("".join("/%s\n" % path for path in self.conffiles))
        for name, text in self.scripts.items():
            control[name] = regular("#!/bin/sh\nset -e\n" + text, 0o755)
        members = [
            ("debian-binary", b"2.0\n"), ("control.tar.gz", _tar(control)), ("data.tar.gz", _tar(self.files))]
        out = io.BytesIO()
        out.write(b"!<arch>\n")
        for name, data in members:
            out.write(b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name.encode(), EPOCH, 0, 0, b"100644", len(data)))
            out.write(data + b"\n" * (len(data) % 2))
        return out.getvalue()

    def stanza(self, data):
        """This package's paragraph in Packages."""
        return self.control() + "Filename: %s\nSize: %d\nMD5sum: %s\nSHA256: %s\n" % (
            self.pool_path, len(data), hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest())


def _tar(files):
    entries = {"": folder()}
    for path in files:
        parts = path.split("/")[:-1]
        for depth in range(len(parts)):
            entries.setdefault("/".join(parts[:depth + 1]), folder())
    entries.update(files)
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as tar:
        # Folders first, hard links after the file they name: dict order within, parents before children.
        for path in sorted(entries, key=lambda p: (entries[p]["kind"] == tarfile.LNKTYPE, p)):
            entry = entries[path]
            member = tarfile.TarInfo("./" + path if path else "./")
            member.type, member.mode, member.mtime = entry["kind"], entry["mode"], EPOCH
            member.uid, member.gid = entry.get("uid", 0), entry.get("gid", 0)
            if "target" in entry:
                hard = entry["kind"] == tarfile.LNKTYPE
                member.linkname = "./" + entry["target"] if hard else entry["target"]
            data = entry.get("data", b"")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data) if data else None)
    return out.getvalue()
