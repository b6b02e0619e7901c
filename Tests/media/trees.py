"""The files around the repositories: what says whose medium it is, and the checksums."""

import hashlib
import json
import os

from elbase import EULA
from repository import sha256, write

EL_REPOSITORIES = ("BaseOS", "AppStream")
# The first line of .discinfo of real media, where it is public knowledge.
BUILDS = {("rhel", "8.3"): "1602239874.439561", ("rhel", "8.4"): "1620069559.055704",
          ("rhel", "8.5"): "1634111543.317017", ("rhel", "8.6"): "1650472728.682141"}


def write_el_files(tree, maker, version, arch, epoch, key="placeholder: the packages of this medium are not signed\n"):
    """.discinfo, .treeinfo, media.repo, the key and the other small files at the top of an Enterprise Linux DVD."""
    build = BUILDS.get((maker.system, version), "%d.%06d" % (epoch, epoch * 7919 % 1000000))
    if maker.system == "rhel" and version.startswith("8.") and version.count(".") == 1:
        version += ".0"  # as Red Hat does for 8
    write(tree, ".discinfo", "%s\n%s\n%s\n" % (build, maker.title % version, arch))
    write(tree, "media.repo", "[InstallMedia]\nname=%s %s\nmediaid=%s\nmetadata_expire=-1\ngpgcheck=0\ncost=500\n" % (
        maker.product, version, "None" if maker.system == "rhel" else build))
    write(tree, "EULA", EULA)
    about = dict(file="EULA", size=len(EULA), checksums=dict(sha256=hashlib.sha256(EULA.encode()).hexdigest()))
    write(tree, "extra_files.json", json.dumps(dict(header=dict(version="1.0"), data=[about]), indent=4) + "\n")
    write(tree, "RPM-GPG-KEY-" + maker.release_package, key)
    write(tree, ".treeinfo", _tree_info(tree, maker, version, arch, build.split(".")[0]))


def _tree_info(tree, maker, version, arch, seconds):
    """In productmd's form, with the true checksums."""
    images = dict(initrd="images/pxeboot/initrd.img", kernel="images/pxeboot/vmlinuz")
    listed = sorted(list(images.values()) + [name + "/repodata/repomd.xml" for name in EL_REPOSITORIES])
    variants = ",".join(sorted(EL_REPOSITORIES))
    sections = {
        "checksums": {path: "sha256:" + sha256(os.path.join(tree, path)) for path in listed},
        "general": dict(
            arch=arch, family=maker.product, name="%s %s" % (maker.product, version),
            packagedir="AppStream/Packages", platforms=arch + ",xen", repository="AppStream", timestamp=seconds,
            variant="AppStream", variants=variants, version=version),
        "header": dict(type="productmd.treeinfo", version="1.2"), "images-" + arch: images, "images-xen": images,
        "media": dict(discnum="1", totaldiscs="1"),
        "release": dict(name=maker.product, short=maker.short, version=version),
        "tree": dict(arch=arch, build_timestamp=seconds, platforms=arch + ",xen", variants=variants)}
    for name in sorted(EL_REPOSITORIES):
        sections["variant-" + name] = dict(
            id=name, name=name, packages=name + "/Packages", repository=name, type="variant", uid=name)
    return "\n".join("[%s]\n" % title + "".join("%s = %s\n" % item for item in values.items())
                     for title, values in sections.items())


SLES_PRODUCTS = {"Module-Basesystem": "sle-module-basesystem",
                 "Module-Server-Applications": "sle-module-server-applications", "Product-SLES": "SLES"}


def write_sles_files(tree, service_pack, arch):
    """media.1 of the medium and of each module, and the sums of all that is no package."""
    name, version = "SLE-15-SP%d-Full" % service_pack, "15.%d-0" % service_pack
    media = "SUSE - {0}-{1}-Build187.1-Media\n{0}-{1}-Build187.1\n1\n".format(name, arch)
    write(tree, "media.1/media", media)
    write(tree, "media.1/products", "/ %s %s\n" % (name, version) + "".join(
        "/%s %s %s\n" % (folder, product, version) for folder, product in sorted(SLES_PRODUCTS.items())))
    for folder, product in SLES_PRODUCTS.items():
        write(tree, folder + "/media.1/media", media)
        write(tree, folder + "/media.1/products", "/ %s %s\n" % (product, version))
    listed = [os.path.join(parent, name) for parent, _, names in os.walk(tree) for name in names
              if not name.endswith(".rpm")]
    write(tree, "CHECKSUMS", "".join(
        "%s  %s\n" % (sha256(path), os.path.relpath(path, tree)) for path in sorted(listed)))
