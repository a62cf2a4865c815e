"""Globs over POSIX paths: `*` and `?` stay in a folder, `**` crosses folders, a final `/` is all below."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache


def matches(glob: str, path: str) -> bool:
    """Say whether a glob matches the whole of a path."""
    start, end = _ends(glob)
    return path.startswith(start) and path.endswith(end) and _pattern(glob).fullmatch(path) is not None


@lru_cache(maxsize=1024)
def _ends(glob: str) -> tuple[str, str]:
    """What every path that a glob matches begins and ends with: cheaper to see than a pattern to compile."""
    plain = re.split(r"[*?]", glob + "**" if glob.endswith("/") else glob)
    # `**/` may stand for nothing, its slash included.
    return plain[0], plain[-1].removeprefix("/") if len(plain) > 1 else plain[-1]


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    source = glob + "**" if glob.endswith("/") else glob
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", source)
    return re.compile("".join(pieces.get(part, re.escape(part)) for part in parts))


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Say of a path whether patterns as in a .gitignore match it."""
    return _matcher(tuple(patterns)) if any(patterns) else lambda _: False


@lru_cache(maxsize=64)
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    from pathspec import PathSpec  # 30 ms, and most templates exclude nothing

    return PathSpec.from_lines("gitignore", patterns).match_file
