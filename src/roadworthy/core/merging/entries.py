"""Trees as git stores them: path, mode and object name. What merges compare."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from roadworthy.core.templates.tree import File, Tree
from roadworthy.core.values import field, frozen

LINK = "120000"
STRUCTURED = (".yaml", ".yml", ".toml", ".json")


class Entry(NamedTuple):
    """One path of a git tree."""

    mode: str
    oid: str


Entries = Mapping[str, Entry]


@frozen
class TreeMerge:
    """What git made of a merge: the merged tree, and for each conflicted path its index stages (1, 2, 3).

    `messages` holds git's kind of conflict and its sentence, by path.
    """

    tree: str
    entries: Entries
    stages: Mapping[str, Mapping[int, Entry]] = field(default_factory=dict)
    messages: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def content(file: File) -> bytes:
    """Return the bytes git stores for a file: of a link, its target."""
    return file.data if file.link is None else file.link.encode("utf-8", "surrogateescape")


def mode(file: File) -> str:
    """Return the mode git stores for a file."""
    return LINK if file.link is not None else "100755" if file.executable else "100644"


def entry(file: File, algorithm: str = "sha1") -> Entry:
    """Return the entry a file has in a repository of that object format."""
    data = content(file)
    return Entry(mode(file), hashlib.new(algorithm, b"blob %d\0" % len(data) + data).hexdigest())


def entries(
    tree: Tree, algorithm: str = "sha1", like: Tree | None = None, known: Entries | None = None
) -> dict[str, Entry]:
    """Return the entries a tree has in a repository of that object format; of what `like` has, as `known`."""
    like, known = like or {}, known or {}
    return {
        path: known[path] if like.get(path) == file else entry(file, algorithm) for path, file in tree.items()
    }
