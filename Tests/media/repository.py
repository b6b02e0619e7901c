"""Repositories of RPMs and the image around them: createrepo_c, comps, the proof that nothing is missing, xorriso."""

import glob
import gzip
import hashlib
import os
import time
import xml.etree.ElementTree as ElementTree

from debs import MediaError, run

# Group id: name, description, shown, and the packages by how they belong to it.
GROUPS = {
    "core": ("Core", "Smallest possible installation", False, {
        "mandatory": """basesystem bash coreutils cronie curl dnf e2fsprogs filesystem glibc hostname iproute iputils
          irqbalance kbd kexec-tools less ncurses openssh-clients openssh-server parted procps-ng rootfiles rpm
          setup shadow-utils sudo systemd util-linux vim-minimal xfsprogs release-package""",
        "default": "NetworkManager chrony rsyslog logrotate dracut file",
        "optional": "dracut-network nfs-utils lvm2 mdadm python3"}),
    "standard": ("Standard", "The standard installation of this product", True, {
        "mandatory": """acl attr bash-completion bc bzip2 chrony cpio dosfstools ethtool file lsof pciutils psmisc rsync
          rsyslog tar which xz nfs-utils""",
        "default": "strace tcpdump wget", "optional": "tmux jq"}),
    "network-file-system-client": (
        "Network File System Client", "Enables the system to attach to network storage.", True,
        {"mandatory": "nfs-utils", "default": "keyutils"}),
    "headless-management": (
        "Headless Management", "Tools for managing the system without an attached graphical console.", True,
        {"mandatory": "openssh-server", "optional": "ipmitool"}),
    "scientific": ("Scientific Support", "Tools for mathematical and scientific computations.", True,
                   {"mandatory": "numactl hwloc", "optional": "munge"}),
}
ENVIRONMENTS = {
    "minimal-environment": ("Minimal Install", "Basic functionality.", ["core"],
                            ["standard", "network-file-system-client"]),
    "server-product-environment": ("Server", "An integrated, easy-to-manage server.",
                                   ["core", "standard", "headless-management"],
                                   ["network-file-system-client", "scientific"]),
}


def comps(names, release_package, groups=None, environments=None):
    """comps.xml of the packages `names`; groups without any are left out."""
    groups = GROUPS if groups is None else groups
    top, kept = ElementTree.Element("comps"), []
    for group, (title, description, is_shown, lists) in groups.items():
        members = [(kind, release_package if name == "release-package" else name)
                   for kind, text in lists.items() for name in text.split()]
        members = [(kind, name) for kind, name in members if name in names]
        if not members:
            continue
        kept.append(group)
        element = _element(top, "group", id=group, name=title, description=description,
                           default="true" if group == "core" else "false", uservisible=str(is_shown).lower())
        packages = ElementTree.SubElement(element, "packagelist")
        for kind, name in members:
            ElementTree.SubElement(packages, "packagereq", type=kind).text = name
    chosen = ENVIRONMENTS if environments is None else environments
    for environment, (title, description, wanted, possible) in chosen.items():
        element = _element(top, "environment", id=environment, name=title, description=description, display_order="5")
        for tag, listed in (("grouplist", wanted), ("optionlist", possible)):
            part = ElementTree.SubElement(element, tag)
            for group in listed:
                if group in kept:
                    ElementTree.SubElement(part, "groupid").text = group
    ElementTree.indent(top)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" '
            '"comps.dtd">\n' + ElementTree.tostring(top, encoding="unicode") + "\n")


def _element(top, tag, **texts):
    element = ElementTree.SubElement(top, tag)
    for name, text in texts.items():
        ElementTree.SubElement(element, name).text = text
    return element


def create(folder, epoch, jobs, cache=None, groups=None, distribution=None):
    """Makes `folder`/repodata. `groups` is the path of a comps.xml."""
    command = ["createrepo_c", "--quiet", "--no-database", "--set-timestamp-to-revision", "--revision", str(epoch),
               "--workers", str(jobs)]
    command += ["--groupfile", groups] if groups else []
    command += ["--cachedir", os.path.join(cache, "repodata")] if cache else []
    command += ["--distro", distribution] if distribution else []
    run(command + [folder])


METADATA, RPM = "{http://linux.duke.edu/metadata/common}", "{http://linux.duke.edu/metadata/rpm}"


def unmet(folders):
    """What packages in these repositories require and none provides: (name, requirement) pairs, sorted."""
    provided, required = set(), []
    for folder in folders:
        for package in _packages(folder, "primary"):
            name, format_ = package.find(METADATA + "name").text, package.find(METADATA + "format")
            provided.add(name)
            for tag in ("provides", "requires"):
                listed = format_.find(RPM + tag)
                for item in listed if listed is not None else ():
                    if tag == "provides":
                        provided.add(item.get("name"))
                    else:
                        required.append((name, item.get("name")))
        for package in _packages(folder, "filelists"):
            provided.update(item.text for item in package.iter() if item.tag.endswith("}file"))
    merged = ("/usr/bin/", "/usr/sbin/", "/usr/lib/")
    provided |= {path[len("/usr"):] for path in provided if path.startswith(merged)}
    return sorted({(name, item) for name, item in required if item not in provided and not item.startswith("rpmlib(")})


def _packages(folder, kind):
    with gzip.open(glob.glob("%s/repodata/*%s.xml.gz" % (folder, kind))[0]) as file:
        return ElementTree.parse(file).getroot()


def require_closed(folders):
    missing = unmet(folders)
    if missing:
        raise MediaError("the medium is not closed:\n" + "\n".join("  %s needs %s" % pair for pair in missing))


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def write(tree, path, text):
    full = os.path.join(tree, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)


def write_image(tree, target, label, epoch):
    """An ISO image with Rock Ridge and Joliet names; the same tree and epoch give the same bytes."""
    stamp = time.strftime("%Y%m%d%H%M%S00", time.gmtime(epoch))
    partial = "%s.%d.tmp" % (target, os.getpid())
    run(["xorriso", "-as", "mkisofs", "-quiet", "-o", partial, "-V", label[:32], "-J", "-joliet-long", "-R", "-r",
         "--modification-date=" + stamp, "--set_all_file_dates", stamp, tree])
    os.rename(partial, target)
