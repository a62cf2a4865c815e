"""A bounded look at a folder: from one root handle, never through a link, only regular files."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from roadworthy.core.documents.snapshot import (
    MAX_DEPTH,
    MAX_FILE,
    MAX_FILES,
    MAX_PATH,
    MAX_TOTAL,
    Snapshot,
    Unreadable,
)
from roadworthy.errors import UsageError

# Of folders that are kept open while their files are read.
MOST_HANDLES = 64
TOO_DEEP = "too deep a path"
# State of one machine and installed packages: never part of what a project delivers.
PASSED_BY = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox"}
    | {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"}
)
PASSED_BY_AT_ROOT = frozenset({"var"})
_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
_BY_HANDLE = os.open in os.supports_dir_fd and os.scandir in os.supports_fd and hasattr(os, "O_NOFOLLOW")


class _Walk:
    """What one walk has seen so far."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.refused: dict[str, str] = {}
        self.seen = 0
        self.incomplete = ""


def open_folder(folder: str | Path) -> Snapshot:
    """Return a snapshot of a folder; its files are read later, each through the same guarded door."""
    place = Path(folder)
    try:
        root: int | str = (
            os.open(place, os.O_RDONLY | os.O_DIRECTORY) if _BY_HANDLE else str(place.resolve(True))
        )
    except OSError as error:
        raise UsageError(
            f"{place} is not a folder that can be read ({error.strerror})", "name an existing folder"
        ) from None
    walk = _Walk()
    _descend(root, "", 0, walk)
    reader = _Reader(root)
    return Snapshot(
        sizes=walk.sizes,
        refused=walk.refused,
        reader=reader.read,
        source={"kind": "folder", "path": str(folder)},
        incomplete=walk.incomplete,
    )


def _descend(folder: int | str, prefix: str, depth: int, walk: _Walk) -> None:
    for entry in _entries(folder, walk):
        path = f"{prefix}{entry.name}"
        reason = _odd_name(path, depth)
        if reason:
            walk.refused[ascii(path)[1:-1][:200]] = reason
            walk.incomplete = walk.incomplete or (TOO_DEEP if reason == TOO_DEEP else "")
        elif entry.is_dir(follow_symlinks=False):
            if entry.name not in PASSED_BY and not (depth == 0 and entry.name in PASSED_BY_AT_ROOT):
                _enter(folder, entry.name, path, depth, walk)
        else:
            _note(entry, path, walk)


def _entries(folder: int | str, walk: _Walk) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            walk.seen += 1
            if walk.seen > MAX_FILES:
                # Nobody can say what lies beyond, so nothing of it is looked at.
                walk.incomplete = f"more than {MAX_FILES:,} files and folders"
                walk.sizes.clear()
                return
            yield entry


def _odd_name(path: str, depth: int) -> str:
    if depth > MAX_DEPTH or len(path) > MAX_PATH:
        return TOO_DEEP
    try:
        path.encode()
    except UnicodeEncodeError:
        return "a name that is not UTF-8"
    return ""


def _enter(folder: int | str, name: str, path: str, depth: int, walk: _Walk) -> None:
    try:
        inner = _folder(folder, name)
        try:
            if _is_repository(inner):
                walk.refused[path] = "another repository, which is not looked into"
                return
            _descend(inner, f"{path}/", depth + 1, walk)
        finally:
            if isinstance(inner, int):
                os.close(inner)
    except OSError as error:
        walk.refused[path] = f"a folder that cannot be read ({error.strerror})"
        walk.incomplete = walk.incomplete or f"{ascii(path)[1:-1]}: {walk.refused[path]}"


def _is_repository(folder: int | str) -> bool:
    """Whether a folder has a history of its own: at a revision it is a submodule, and no file of this one."""
    try:
        os.stat(
            ".git" if isinstance(folder, int) else f"{folder}/.git",
            dir_fd=folder if isinstance(folder, int) else None,
        )
    except OSError:
        return False
    return True


def _folder(parent: int | str, name: str) -> int | str:
    """Open a folder below an open one; where the system has no such handles, name it."""
    if isinstance(parent, str):
        return f"{parent}/{name}"
    return os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=parent)


def _note(entry: os.DirEntry[str], path: str, walk: _Walk) -> None:
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError as error:
        walk.refused[path] = f"cannot be read ({error.strerror})"
        return
    reason = _odd(facts)
    if reason:
        walk.refused[path] = reason
    else:
        walk.sizes[path] = facts.st_size


def _odd(facts: os.stat_result) -> str:
    """Why a directory entry is not a plain file of this project; empty when it is."""
    if stat.S_ISLNK(facts.st_mode):
        return "a symbolic link, which is not followed"
    if not stat.S_ISREG(facts.st_mode):
        return "not a regular file"
    if facts.st_nlink > 1:
        return "a hard link: it has another name, perhaps outside the project"
    return ""


class _Reader:
    """Reads files below one root, within one budget of bytes; closes what it opened when nobody needs it."""

    def __init__(self, root: int | str) -> None:
        self.root = root
        self.left = MAX_TOTAL
        self.folders: dict[str, int] = {}

    def __del__(self) -> None:
        self._forget()
        if isinstance(self.root, int):
            os.close(self.root)

    def read(self, path: str) -> bytes | Unreadable:
        """Return the bytes of one file, looked at again after opening: it may have been swapped."""
        try:
            handle = self._open(path)
        except OSError as error:
            link = error.errno in (errno.ELOOP, errno.EMLINK)
            return Unreadable(
                reason="a symbolic link, which is not followed" if link else str(error.strerror)
            )
        try:
            return self._bounded(handle)
        finally:
            os.close(handle)

    def _open(self, path: str) -> int:
        """Open a file through real folders only: each from the handle of the one above, and each once."""
        if isinstance(self.root, str):
            return _open_by_name(self.root, path)
        folder, _, name = path.rpartition("/")
        if len(self.folders) >= MOST_HANDLES:
            self._forget()
        return os.open(name, _FLAGS, dir_fd=self._handle(folder, self.root))

    def _handle(self, folder: str, root: int) -> int:
        if not folder:
            return root
        if folder not in self.folders:
            above, _, name = folder.rpartition("/")
            self.folders[folder] = os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=self._handle(above, root))
        return self.folders[folder]

    def _forget(self) -> None:
        while self.folders:
            os.close(self.folders.popitem()[1])

    def _bounded(self, handle: int) -> bytes | Unreadable:
        facts = os.fstat(handle)
        reason = _odd(facts)
        if reason:
            return Unreadable(reason=reason)
        if facts.st_size > min(MAX_FILE, self.left):
            return Unreadable(reason=f"larger than {min(MAX_FILE, self.left):,} bytes")
        data = _all(handle, facts.st_size)
        self.left -= len(data)
        return data if len(data) <= facts.st_size else Unreadable(reason="it grew while it was read")


def beginning(place: Path, most: int) -> bytes:
    """Return at most so many bytes from the start of a file that git keeps; none of what is no file."""
    try:
        handle = os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            return _all(handle, most - 1) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
        finally:
            os.close(handle)
    except (OSError, ValueError):
        return b""


def _all(handle: int, size: int) -> bytes:
    """All there is, and one byte more if it grew; a read that ends where the file should has seen its end."""
    data = os.read(handle, size + 1)
    while len(data) != size and len(data) <= size and (chunk := os.read(handle, size + 1 - len(data))):
        data += chunk
    return data


def _open_by_name(root: str, path: str) -> int:
    """Where the system has no handles for folders: a link anywhere on the way is refused before opening."""
    place = Path(root, path)
    if place.is_symlink() or place.resolve() != place:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return os.open(place, _FLAGS | (getattr(os, "O_BINARY", 0) if sys.platform == "win32" else 0))
