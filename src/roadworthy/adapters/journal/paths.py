"""Single paths of a work tree: look, keep a copy, put in place in one rename."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from roadworthy.core.templates.tree import File


def look_at(path: Path) -> File | None:
    """Return the file or link at a path; None for nothing, and for a folder."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        return File(link=os.readlink(path))
    if not stat.S_ISREG(status.st_mode):
        return None
    return File(path.read_bytes(), executable=bool(status.st_mode & stat.S_IXUSR))


def save(source: Path, place: Path) -> File | None:
    """Store what lies at a path, with its permissions and times, and return it."""
    found = look_at(source)
    if found is not None:
        _write(place, found)
        _make_alike(place, source)
    return found


def put(root: Path, path: str, file: File | None, kept: Path | None = None) -> None:
    """Make a path be `file`, in one rename; folders come and go as git lets them.

    A file that a journal has `kept` and needs no longer is linked from there: that takes no room on the disk.
    """
    target = root / path
    beside = target.with_name(f".{target.name}.roadworthy~")
    if os.path.lexists(beside):
        beside.unlink()
    found = look_at(target)
    if file is None:
        if found is not None:
            target.unlink()
        _drop_empty(root, target.parent)
    if found == file or file is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if kept is None:
        _write(beside, file)
        _inherit_permissions(target, beside, file)
    else:
        _take(kept, beside)
    if target.is_dir() and not target.is_symlink():
        target.rmdir()  # an empty one, as with git
    os.replace(beside, target)


def _write(place: Path, file: File) -> None:
    if file.link is not None:
        place.symlink_to(file.link)
        return
    try:
        place.write_bytes(file.data)
    except OSError as error:
        error.filename = error.filename or str(place)  # a full disk does not say which file it refuses
        raise
    if file.executable:
        place.chmod(0o755)


def _take(kept: Path, beside: Path) -> None:
    """Give a stored file a second name; where the file system cannot, copy it."""
    try:
        os.link(kept, beside, follow_symlinks=False)
    except OSError:
        save(kept, beside)


def _make_alike(copy: Path, source: Path) -> None:
    """Give a copy the times and permissions of its source, and whatever else the system knows of it."""
    facts = source.lstat()
    os.utime(copy, ns=(facts.st_atime_ns, facts.st_mtime_ns), follow_symlinks=False)
    if _has_attributes(source):
        from shutil import copystat  # 2 ms, and most files have none

        copystat(source, copy, follow_symlinks=False)
    elif not stat.S_ISLNK(facts.st_mode):
        copy.chmod(stat.S_IMODE(facts.st_mode))


def _has_attributes(path: Path) -> bool:
    """Say whether a file may have more than permissions and times."""
    listed = getattr(os, "listxattr", None)  # macOS has them, and no such function
    try:
        return listed is None or bool(listed(path, follow_symlinks=False))
    except OSError:
        return True


def _inherit_permissions(target: Path, beside: Path, file: File) -> None:
    if file.link is None and target.exists() and not target.is_symlink():
        bits = stat.S_IMODE(target.stat().st_mode)
        beside.chmod(bits | 0o111 if file.executable else bits & ~0o111)


def _drop_empty(root: Path, folder: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
