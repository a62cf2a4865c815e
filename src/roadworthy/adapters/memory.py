"""What was worked out before from the same bytes, in the user's cache folder. Losing it costs only time."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST_ENTRIES = 256


def recall(kind: str, key: str) -> Any:
    """Return what was remembered under a key; None when nothing was, or when others could have written it."""
    place = _folder() / f"{kind}-{key}.json"
    try:
        with place.open("rb") as file:
            return json.loads(file.read()) if _ours(os.fstat(file.fileno())) else None
    except (OSError, ValueError):
        return None


def remember(kind: str, key: str, value: Any) -> None:
    """Keep a JSON value under a key, if there is a place to keep it."""
    folder = _folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _tidy(folder)
        part = folder / f"{os.urandom(8).hex()}.part"
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(part, folder / f"{kind}-{key}.json")


def once(kind: str, key: str, make: Callable[[], Any]) -> Any:
    """Return what was remembered under a key, or make it and remember it."""
    known = recall(kind, key)
    if known is None:
        known = make()
        remember(kind, key, known)
    return known


def _folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(home) / "roadworthy"


def _ours(facts: os.stat_result) -> bool:
    """Whether only this user can have written a file; where files have no owner, the folder is the user's."""
    if not hasattr(os, "getuid"):
        return True
    return facts.st_uid == os.getuid() and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _tidy(folder: Path) -> None:
    entries = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime)
    for old in entries[:-MOST_ENTRIES]:
        old.unlink(missing_ok=True)
