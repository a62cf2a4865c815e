"""The files of a release on this machine: a bundle read without following links, records added."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from roadworthy.errors import Refused, Unjudgeable

_CACHE = re.compile(r"(^|/)__pycache__/|[.]egg-info/|(^|/)[.]DS_Store$")


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The regular files of a folder by relative path; `odd` names what is neither file nor folder."""

    files: Mapping[str, bytes]
    odd: tuple[str, ...]


def read_bundle(folder: Path) -> Bundle:
    """Return every file below a folder; a link in it, or the folder being one, is odd and never followed."""
    files: dict[str, bytes] = {}
    odd: list[str] = []
    if folder.is_symlink() or not folder.is_dir():
        raise Unjudgeable(f"no release bundle at {folder}", "make register, on the machine that ships it")
    for at, folders, names in os.walk(folder):
        for name in sorted((*folders, *names)):
            path = Path(at, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                files[path.relative_to(folder).as_posix()] = path.read_bytes()
            elif not stat.S_ISDIR(mode):
                odd.append(path.relative_to(folder).as_posix())
    return Bundle(files=files, odd=tuple(odd))


def read_tree(root: Path, folder: str) -> dict[str, bytes]:
    """Return the files below a folder by their path from `root`; caches of Python are nobody's work."""
    if not (root / folder).is_dir():
        return {}
    files = read_bundle(root / folder).files
    return {f"{folder}{path}": data for path, data in files.items() if not _CACHE.search(path)}


def read_file(path: Path) -> bytes | None:
    """Return a regular file's bytes; None when there is none, or when it is a link."""
    try:
        return path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else None
    except OSError:
        return None


def list_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the files directly in a folder; none when it does not exist."""
    return tuple(sorted(each.name for each in folder.iterdir() if each.is_file())) if folder.is_dir() else ()


def add(path: Path, data: bytes) -> None:
    """Add a file that must not exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise Refused(f"{path} exists, and records are add-only", "add a new record instead") from None


def replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, over whatever was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(data)
    os.replace(part, path)
