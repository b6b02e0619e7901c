"""How an RPM medium is made of Debian packages: what mk-el-media and mk-sles-media share."""

import argparse
import concurrent.futures
import contextlib
import fcntl
import glob
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time

import debnames
from debconvert import Converter
from debs import DebPool, MediaError, run
from elkernel import Kernel
from rpmbuild import BuildError, Package, build, link_or_copy

TOOLS = {"rpmbuild": "rpm", "createrepo_c": "createrepo-c", "xorriso": "xorriso", "xz": "xz-utils", "dpkg-deb": "dpkg",
         "apt-get": "apt"}


class Flavour:
    """A family of distributions. `repositories` maps a repository to the Debian packages that are asked for in it,
    each with all before it."""

    key = ""  # what its changes depend on, for the cache
    merged, split, dropped = debnames.MERGED, debnames.SPLIT, debnames.DROPPED
    repositories = {}

    def release(self, base, update):
        """Release of a package: base is Debian's revision, update the number of a stable update or None."""
        raise NotImplementedError

    def finished(self, package):
        """The last word on a converted package."""
        return package

    def own_packages(self):
        raise NotImplementedError

    def kernel_packages(self, kernel):
        raise NotImplementedError


def parser(name, text):
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    options = argparse.ArgumentParser(
        prog=name, description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", help="the ISO image to write")
    options.add_argument("--cache", help="downloads and built packages", default=os.environ.get(
        "CATBOAT_MEDIA_CACHE") or os.path.join(base, "catboat-media"))
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="packages built at a time")
    options.add_argument("--refresh", action="store_true", help="fetch the package indexes anew")
    return options


class Workshop:
    """Makes the packages of one medium. The cache is locked as long: a second run waits."""

    def __init__(self, options, flavour, say):
        self.options, self.flavour, self.say = options, flavour, say
        self.cache, self.target = os.path.abspath(options.cache), os.path.abspath(options.out)
        self.started = time.monotonic()
        missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
        if missing:
            raise MediaError("programs are missing, install: " + " ".join(missing))
        for folder in (self.cache, os.path.dirname(self.target)):
            os.makedirs(folder, exist_ok=True)
        self.lock = open(os.path.join(self.cache, "rpm.lock"), "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run with this cache")
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        for left in glob.glob(self.cache + "/rpm-??????*") + glob.glob(self.cache + "/tree-*"):
            if os.path.basename(left) != "rpm-apt":
                shutil.rmtree(left, ignore_errors=True)
        self.pool = DebPool(self.cache, say, options.refresh)
        self.epoch = self.pool.epoch

    @contextlib.contextmanager
    def tree(self):
        """A folder for the medium's files, beside the cached packages so that these can be linked."""
        folder = tempfile.mkdtemp(prefix="tree-", dir=self.cache)
        os.chmod(folder, 0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def packages(self):
        """All packages, as (Package, path of the RPM) pairs, and the Kernel."""
        wanted, closures = ["linux-image-amd64"], {}
        for repository, names in self.flavour.repositories.items():
            wanted = wanted + names
            closures[repository] = [name for name in self.pool.closure(wanted) if name not in self.flavour.dropped]
        closure = closures[list(closures)[-1]]
        converter = Converter(self.pool, self.flavour, closure)
        self.pool.fetch([name for name in closure if name != "linux-image-amd64"])
        images = [name for name in closure if name.startswith("linux-image-") and name != "linux-image-amd64"]
        if len(images) != 1:
            raise MediaError("expected one kernel, got: " + " ".join(images))
        kernel = Kernel(self.pool, images[0], self.cache, self.options.jobs, self.say)

        def repository_of(debs):
            return next(name for name, names in closures.items() if set(debs) & set(names))
        jobs = []
        taken = [(name, deb, paths) for name, (deb, paths) in self.flavour.split.items() if deb in closure]
        for name, debs in sorted(converter.members().items()):
            leaving = [path for _, deb, paths in taken if deb in debs for path in paths]
            jobs.append(((name, repository_of(debs), tuple(debs)), lambda name=name, debs=debs, leaving=leaving:
                         converter.convert(name, debs, repository_of(debs), leaving=leaving)))
        for name, deb, paths in taken:
            jobs.append(((name, repository_of([deb]), (deb,)), lambda name=name, deb=deb, paths=paths:
                         converter.convert(name, [deb], repository_of([deb]), taking=paths)))
        for package in self.flavour.own_packages() + self.flavour.kernel_packages(kernel):
            if "/etc/passwd" in package.files:
                converter.add_files(package, "netbase")
            jobs.append((None, lambda package=package: package))
        return self._build(jobs, converter), kernel

    def _build(self, jobs, converter):
        """Builds in parallel; `index` remembers which RPM a conversion gave, so that a known one unpacks nothing."""
        index = os.path.join(self.cache, "index")
        os.makedirs(index, exist_ok=True)
        common = self._sources() + self.flavour.key + str(self.epoch) + str(sorted(converter.names.items()))

        def made(job):
            what, function = job
            if what:
                sums = [self.pool.index[deb]["SHA256"] for deb in what[2]]
                key = hashlib.sha256((common + repr(what) + repr(sums)).encode()).hexdigest()[:32]
                note = os.path.join(index, key)
                if os.path.exists(note):
                    with open(note) as file:
                        known = json.load(file)
                    if os.path.exists(known["path"]):
                        return Package(*known["package"]), known["path"], False
            package = function()
            path, is_new = build(package, self.cache, self.epoch)
            package.files = {}
            if what:
                facts = [package.name, package.version, package.release, package.arch, "", package.repository]
                with open(note + ".tmp", "w") as file:
                    json.dump(dict(package=facts, path=path), file)
                os.rename(note + ".tmp", note)
            return package, path, is_new

        results, count = [], 0
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            try:
                for package, path, is_new in pool.map(made, jobs):
                    results.append((package, path))
                    count += is_new
            except BuildError:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        self.say("%d packages, %d of them built now" % (len(results), count))
        return results

    @staticmethod
    def _sources():
        """The programs that decide what an RPM holds."""
        here = os.path.dirname(os.path.realpath(__file__))
        texts = []
        for name in ("debchanges.py", "debconvert.py", "debnames.py", "rpmbuild.py"):
            with open(os.path.join(here, name)) as file:
                texts.append(file.read())
        return "".join(texts)

    def place(self, path, package, tree, folder):
        os.makedirs(os.path.join(tree, folder), exist_ok=True)
        link_or_copy(path, os.path.join(tree, folder, package.nvra + ".rpm"))

    def boot_files(self, tree, kernel, kernel_path, initrd_path):
        """The kernel as the installer's, and an empty initramfs: nobody can install from the medium."""
        with tempfile.TemporaryDirectory(dir=self.cache, prefix="rpm-boot-") as work:
            empty = run(["cpio", "-o", "-H", "newc", "--quiet", "--reproducible"], input=b"", cwd=work)
        for path in (kernel_path, initrd_path):
            os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
        link_or_copy("%s/boot/vmlinuz-%s" % (kernel.tree, kernel.abi), os.path.join(tree, kernel_path))
        with open(os.path.join(tree, initrd_path), "wb") as file:
            file.write(empty)

    def tell(self, text):
        self.say("done: %s, %d MiB, %s, in %d s" % (
            self.target, os.path.getsize(self.target) >> 20, text, time.monotonic() - self.started))


def main(name, work):
    """Runs `work`; errors are one message and status 1."""
    try:
        work(lambda text: print("%s: %s" % (name, text), flush=True))
    except (MediaError, BuildError) as error:
        sys.exit("%s: error: %s" % (name, error))
