"""Trees as git stores them: path, mode and object name. What merges compare."""

# Annotations are evaluated: of a text, NamedTuple compiles each, and the first compiled one takes 1 ms.

import hashlib
from collections.abc import Collection, Mapping
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

    `messages` holds git's kind of conflict and its sentence, by path. The `settled` ones of the `entries` are
    not in the tree: git was not asked about them.
    """

    tree: str
    entries: Entries
    settled: Entries = field(default_factory=dict)
    stages: Mapping[str, Mapping[int, Entry]] = field(default_factory=dict)
    messages: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def settled(base: Entries, ours: Entries, theirs: Entries) -> dict[str, Entry]:
    """Return what needs no merge: what all have and at most one side changed, and what only the project has.

    Nothing where the project lacks a file of the base, or a file meets a folder: then git must see it all.
    What git cannot put at its place it calls NAME~SIDE, so it must also see what is called like that.
    """
    foreign, new = ours.keys() - base.keys() - theirs.keys(), theirs.keys() - base.keys()
    if base.keys() - ours.keys() or any(_meet(path, foreign) for path in new):
        return {}
    plain = {path: _plain(base[path], ours[path], theirs[path]) for path in base.keys() & theirs.keys()}
    plain |= {path: ours[path] for path in foreign}
    return {path: item for path, item in plain.items() if item and "~" not in path}


def _meet(path: str, others: Collection[str]) -> bool:
    """Say whether a path is a folder of others, or lies below one of them."""
    parts = path.split("/")
    above = any("/".join(parts[:depth]) in others for depth in range(1, len(parts)))
    return above or any(other.startswith(f"{path}/") for other in others)


def _plain(base: Entry, ours: Entry, theirs: Entry) -> Entry | None:
    return ours if theirs in (base, ours) else theirs if ours == base else None


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
