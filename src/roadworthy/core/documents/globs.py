"""Globs over POSIX paths: `*` and `?` stay in a folder, `**` crosses folders, a final `/` is all below."""

from __future__ import annotations

import re
from functools import lru_cache


def matches(glob: str, path: str) -> bool:
    """Say whether a glob matches the whole of a path."""
    return _pattern(glob).fullmatch(path) is not None


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    source = glob + "**" if glob.endswith("/") else glob
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", source)
    return re.compile("".join(pieces.get(part, re.escape(part)) for part in parts))
