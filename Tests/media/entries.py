"""What a package holds: a dict from path to one of these."""

import tarfile

EPOCH = 1767225600  # 2026-01-01, the date of files that have none of their own


def regular(content, mode=0o644, **more):
    """A file. `content` is bytes or text."""
    data = content.encode() if isinstance(content, str) else content
    return dict(kind=tarfile.REGTYPE, data=data, mode=mode, **more)


def link(target):
    return dict(kind=tarfile.SYMTYPE, target=target, mode=0o777)


def hardlink(path, mode=0o644):
    """Another name of a file of the same package; `path` as that file is listed."""
    return dict(kind=tarfile.LNKTYPE, target=path, mode=mode)


def folder(mode=0o755):
    return dict(kind=tarfile.DIRTYPE, mode=mode)
