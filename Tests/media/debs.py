"""Debian packages of the mirror that the host's apt uses: their index, dependencies and files, in a private apt state."""

import fcntl
import glob
import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile

SUITE = "bookworm"


class MediaError(Exception):
    """What is wrong, in words for people."""


def run(command, **options):
    done = subprocess.run(command, capture_output=True, **options)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise MediaError("failed: %s\n%s" % (" ".join(command[:6]), said[-4000:]))
    return done.stdout


class DebPool:
    """`index` maps names to the fields of their paragraphs. Downloads stay in the cache."""

    def __init__(self, cache, say, refresh=False):
        self.cache, self.say = cache, say
        self.state, self.folder = os.path.join(cache, "rpm-apt"), os.path.join(cache, "debs")
        for name in ("etc", "lists/partial", "cache/archives/partial", "state"):
            os.makedirs(os.path.join(self.state, name), exist_ok=True)
        os.makedirs(self.folder, exist_ok=True)
        open(self.state + "/state/status", "w").close()
        sources = self.state + "/etc/sources.list"
        wanted = "\n".join(self._sources()) + "\n"
        if not os.path.exists(sources) or read_text(sources) != wanted:
            with open(sources, "w") as file:
                file.write(wanted)
            refresh = True
        self.options = self._options(sources)
        if refresh or not self._releases():
            say("fetching the package indexes")
            run(["apt-get"] + self.options + ["update", "-q"])
        date = re.search(r"^Date: *(.*)$", read_text(self._releases()[0]), re.M).group(1)
        self.epoch = int(run(["date", "-u", "-d", date, "+%s"]))
        self.index = dict(self._paragraphs())

    def _releases(self):
        return glob.glob(self.state + "/lists/*_dists_%s_InRelease" % SUITE)

    @staticmethod
    def _sources():
        """The host's sources of this suite, whatever mirror or proxy they name."""
        def listed():
            fields = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)"
            out = subprocess.run(["apt-get", "indextargets", "--format", fields, "Created-By: Packages"],
                                 capture_output=True, text=True).stdout
            targets = [line.split("|") for line in out.split("\n") if line.count("|") == 4]
            return ["deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main"
                    % (uri, release) for origin, uri, release, component, arch in targets
                    if (origin, component, arch) == ("Debian", "main", "amd64") and release.startswith(SUITE)]
        found = listed()
        if not found:
            run(["apt-get", "update", "-q"])
            found = listed()
        if not found:
            raise MediaError("the host's apt has no Debian %s 'main' source" % SUITE)
        return found

    def _options(self, sources):
        options = {
            "Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null", "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": self.state + "/state", "Dir::State::lists": self.state + "/lists",
            "Dir::State::status": self.state + "/state/status", "Dir::Cache": self.state + "/cache",
            "Dir::Cache::archives": self.state + "/cache/archives", "Dir::Cache::pkgcache": "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "", "APT::Architecture": "amd64", "APT::Architectures::": "amd64",
            "APT::Sandbox::User": "root", "Acquire::Languages": "none", "Acquire::Retries": "3",
            "APT::Install-Recommends": "false", "Debug::NoLocking": "1", "APT::Update::Post-Invoke": "",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false"}
        return [word for name, value in options.items() for word in ("-o", "%s=%s" % (name, value))]

    def _paragraphs(self):
        for text in run(["apt-cache"] + self.options + ["dumpavail"]).decode().split("\n\n"):
            fields, last = {}, None
            for line in text.split("\n"):
                match = re.match(r"([A-Za-z0-9-]+): ?(.*)$", line)
                if match:
                    last = match.group(1)
                    fields[last] = match.group(2)
                elif line.startswith(" ") and last == "Description":
                    fields["Description"] += "\n" + line
            if fields:
                yield fields["Package"], fields

    def closure(self, names):
        """These packages and all that they depend on, sorted."""
        out = run(["apt-get"] + self.options + ["-s", "-q", "install"] + names).decode()
        return sorted({match.group(1).split(":")[0] for match in re.finditer(r"^Inst (\S+) \(", out, re.M)})

    def path(self, name):
        return os.path.join(self.folder, os.path.basename(self.index[name]["Filename"]))

    def fetch(self, names):
        """Downloads what is not there; every file is checked against the index."""
        # The Debian medium is made from the same folder under this lock.
        with open(os.path.join(self.cache, "debian.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            missing = [name for name in names if not self._is_whole(name)]
            if not missing:
                return
            self.say("downloading %d packages" % len(missing))
            work = os.path.join(self.state, "downloads")
            shutil.rmtree(work, ignore_errors=True)
            os.makedirs(work)
            for start in range(0, len(missing), 300):
                part = ["%s=%s" % (name, self.index[name]["Version"]) for name in missing[start:start + 300]]
                run(["apt-get"] + self.options + ["-qq", "download"] + part, cwd=work)
            for name in os.listdir(work):
                os.rename(os.path.join(work, name), os.path.join(self.folder, re.sub(r"_\d+%3a", "_", name)))
            for name in missing:
                if not self._is_whole(name):
                    raise MediaError("package did not arrive whole: '%s'" % name)

    def _is_whole(self, name):
        fields, path = self.index[name], self.path(name)
        if not os.path.exists(path) or os.path.getsize(path) != int(fields["Size"]):
            return False
        mark = path + ".ok"
        if os.path.exists(mark) and read_text(mark) == fields["SHA256"]:
            return True
        with open(path, "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != fields["SHA256"]:
                return False
        with open(mark, "w") as file:
            file.write(fields["SHA256"])
        return True

    def dependencies(self, name):
        """Of Depends and Pre-Depends: a list of alternatives for each."""
        fields, found = self.index[name], []
        for key in ("Pre-Depends", "Depends"):
            for clause in fields.get(key, "").split(","):
                alternatives = [re.sub(r"[ (:].*$", "", word.strip()) for word in clause.split("|") if word.strip()]
                if alternatives:
                    found.append(alternatives)
        return found

    def provided(self, name):
        return [re.sub(r"[ (:].*$", "", word.strip())
                for word in self.index[name].get("Provides", "").split(",") if word.strip()]


def control_files(path):
    """The files of a .deb's control archive."""
    packed = run(["dpkg-deb", "--ctrl-tarfile", path])
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {os.path.basename(member.name): tar.extractfile(member).read() for member in tar if member.isfile()}


def read_text(path):
    with open(path) as file:
        return file.read()
