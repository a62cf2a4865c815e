"""Single paths of a work tree: look, keep a copy, put in place in one rename."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from roadworthy.core.templates.tree import File

if TYPE_CHECKING:
    from _typeshed import StrPath


def look_at(path: StrPath) -> File | None:
    """Return the file or link at a path; None for nothing, and for a folder."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        return File(link=os.readlink(path))
    if not stat.S_ISREG(status.st_mode):
        return None
    return File(read_bytes(path), executable=bool(status.st_mode & stat.S_IXUSR))


def read_bytes(path: StrPath) -> bytes:
    """Return what a file holds (all at once: a buffer, and what it asks of the file, costs as much again)."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def write_bytes(path: StrPath, data: bytes) -> None:
    """Make a file hold these bytes; a full disk does not say by itself which file it refuses."""
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        error.filename = error.filename or os.fspath(path)
        raise


def save(source: str, place: str) -> File | None:
    """Store what lies at a path, with its permissions and times, and return it."""
    found = look_at(source)
    if found is not None:
        _write(place, found)
        _make_alike(place, source)
    return found


def put(root: StrPath, path: str, file: File | None, kept: str = "") -> None:
    """Make a path be `file`, in one rename; folders come and go as git lets them.

    A file that a journal has `kept` and needs no longer is linked from there: that takes no room on the disk.
    """
    target = os.path.join(root, path)
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name}.roadworthy~")
    if os.path.lexists(beside):
        os.unlink(beside)
    found = look_at(target)
    if file is None:
        if found is not None:
            os.unlink(target)
        _drop_empty(root, path)
    if found == file or file is None:
        return
    if not os.path.isdir(folder):
        os.makedirs(folder)
    if kept:
        _take(kept, beside)
    else:
        _write(beside, file)
        _inherit_permissions(target, beside, file)
    if os.path.isdir(target) and not os.path.islink(target):
        os.rmdir(target)  # an empty one, as with git
    os.replace(beside, target)


def _write(place: str, file: File) -> None:
    if file.link is not None:
        os.symlink(file.link, place)
        return
    write_bytes(place, file.data)
    if file.executable:
        os.chmod(place, 0o755)


def _take(kept: str, beside: str) -> None:
    """Give a stored file a second name; where the file system cannot, copy it."""
    try:
        os.link(kept, beside, follow_symlinks=False)
    except OSError:
        save(kept, beside)


def _make_alike(copy: str, source: str) -> None:
    """Give a copy the times and permissions of its source, and whatever else the system knows of it."""
    facts = os.lstat(source)
    os.utime(copy, ns=(facts.st_atime_ns, facts.st_mtime_ns), follow_symlinks=False)
    if _has_attributes(source):
        from shutil import copystat  # 2 ms, and most files have none

        copystat(source, copy, follow_symlinks=False)
    elif not stat.S_ISLNK(facts.st_mode):
        os.chmod(copy, stat.S_IMODE(facts.st_mode))


def _has_attributes(path: str) -> bool:
    """Say whether a file may have more than permissions and times."""
    listed = getattr(os, "listxattr", None)  # macOS has them, and no such function
    try:
        return listed is None or bool(listed(path, follow_symlinks=False))
    except OSError:
        return True


def _inherit_permissions(target: str, beside: str, file: File) -> None:
    if file.link is None and os.path.exists(target) and not os.path.islink(target):
        bits = stat.S_IMODE(os.stat(target).st_mode)
        os.chmod(beside, bits | 0o111 if file.executable else bits & ~0o111)


def _drop_empty(root: StrPath, path: str) -> None:
    with suppress(OSError):
        while path := os.path.dirname(path):
            os.rmdir(os.path.join(root, path))
