"""What this engine worked out before from the same bytes, in the user's cache folder. Losing it costs time.

An entry is believed only where this user alone can have written it: folder and file are theirs and no link,
and the entry itself says which one it is and sums up right. Its name holds the state of the engine's own
files and of the packages beside it, so that an edit of either forgets everything.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import stat
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any

MOST_ENTRIES = 64
MOST_BYTES = 8 << 20
MOST_FILES = 1_000  # a look at more of them takes longer than what it would save
SETTLED_NS = 20_000_000  # two changes within one tick of a file system's clock bear the same time
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_PACKAGE = os.path.dirname(os.path.dirname(__file__))


def recall(kind: str, key: str) -> Any:
    """Return what was remembered under a key; None when nothing was, or when others could have written it."""
    name = _name(kind, key)
    try:
        with _opened(_folder()) as folder, open(os.open(name, _FLAGS, dir_fd=folder), "rb") as file:
            head, _, data = file.read(MOST_BYTES).partition(b"\n")
            if not _ours(os.fstat(file.fileno())) or head != _head(name, data):
                return None
            os.utime(file.fileno())
            return json.loads(data)
    except (OSError, ValueError):
        return None


def remember(kind: str, key: str, value: Any) -> None:
    """Keep a JSON value under a key, if there is a place to keep it."""
    name, data = _name(kind, key), json.dumps(value).encode()
    place = _folder()
    if len(data) > MOST_BYTES // 2 or not hasattr(os, "geteuid"):
        return
    with contextlib.suppress(OSError):
        if not os.path.isdir(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.mkdir(place, 0o700)
        with _opened(place) as folder:
            _tidy(folder)
            part = f"{os.urandom(8).hex()}.part"
            flags = _FLAGS | os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with open(os.open(part, flags, 0o600, dir_fd=folder), "wb") as file:
                file.write(_head(name, data) + b"\n" + data)
            os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)


def _folder() -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "roadworthy", "memory")


@contextlib.contextmanager
def _opened(place: str) -> Iterator[int]:
    """A handle of the folder, which stays the same one whoever renames things. OSError if it is not ours."""
    if not hasattr(os, "geteuid"):
        raise OSError("who owns a file cannot be told here")
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
    try:
        if not _ours(os.fstat(folder)):
            raise PermissionError(f"others can write to {place}")
        yield folder
    finally:
        os.close(folder)


def _ours(facts: os.stat_result) -> bool:
    """Whether only this user can have written a file or into a folder."""
    return facts.st_uid == os.geteuid() and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _name(kind: str, key: str) -> str:
    return f"{kind}-{hashlib.sha256(f'{_engine()} {key}'.encode()).hexdigest()}.json"


def _head(name: str, data: bytes) -> bytes:
    return f"{name} {zlib.crc32(data)}".encode()


@cache
def _engine() -> str:
    """The state of what decides what is worked out: Python, installed packages, a checkout's own files."""
    sites = [place for place in sys.path if place.endswith("-packages") and os.path.isdir(place)]
    installed = [f"{place} {os.stat(place).st_mtime_ns}" for place in sites]
    # Whoever installs, upgrades or removes a package touches the folder of packages; an editor does not.
    ours = "installed" if os.path.dirname(_PACKAGE) in sites else state_of(_PACKAGE, "__pycache__")
    # A checkout whose state cannot be told is never the same twice.
    return _digest((sys.version, _PACKAGE, *installed, ours or os.urandom(8).hex()))


def state_of(folder: str, beside: str = "") -> str:
    """Return a digest of how all below a folder is: which files, how large, last changed when.

    When a file was last changed, nobody can set back. Empty where there is no such folder, where it holds
    more than plain files and folders, or more of them than are looked at, and where one changed just now.
    """
    settled = time.time_ns() - SETTLED_NS
    try:
        rows = sorted(islice(_rows(folder, beside), MOST_FILES + 1))
    except OSError:
        return ""
    known = len(rows) <= MOST_FILES and all(changed < settled for _, changed, *_ in rows)
    return _digest(map(repr, rows)) if known else ""


def _rows(folder: str, beside: str) -> Iterator[tuple[str, float, int, int]]:
    """A row for each file and folder. A link, a device or the like never settles: its meaning may change."""
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                facts = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(facts.st_mode):
                    folders += [] if entry.name == beside else [entry.path]
                    yield entry.path, 0, 0, 0
                else:
                    changed = facts.st_ctime_ns if stat.S_ISREG(facts.st_mode) else math.inf
                    yield entry.path, changed, facts.st_ino, facts.st_size


def _digest(rows: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogateescape")).hexdigest()


def _tidy(folder: int) -> None:
    """Forget what was longest not asked for."""
    with os.scandir(folder) as entries:
        aged = sorted((entry.stat(follow_symlinks=False).st_mtime, entry.name) for entry in entries)
    for _, name in aged[: max(0, len(aged) - MOST_ENTRIES + 1)]:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)
