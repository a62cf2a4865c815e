"""What an update may touch, and what became of every path. Pure: trees and entries in, words out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from roadworthy.core.merging.entries import Entries, Entry, content
from roadworthy.core.templates.tree import File, Tree
from roadworthy.core.values import frozen

_PIECE = rb"[^\n]{0,63}\n|[^\n]{1,64}"
SIMILAR = 0.6  # git's own rename threshold is 0.5; where we are stricter, a file is kept instead of moved


class Fate(Enum):
    """What an update does to one path."""

    UNCHANGED = "unchanged"
    SYNCED = "synced"
    MERGED = "merged"
    KEPT = "kept"
    RENAMED = "renamed"
    DELETED = "deleted by you"
    IGNORED = "ignored by git"
    HEALED = "healed"
    CONFLICT = "conflict"


@frozen
class PathPlan:
    """One path of the template and its fate; `note` says more in a few words."""

    path: str
    fate: Fate
    note: str = ""


@frozen
class Sides:
    """Base and target as the merge sees them, and the paths it does not see."""

    base: Tree
    theirs: Tree
    ignored: frozenset[str] = frozenset()
    yours: frozenset[str] = frozenset()
    generated: frozenset[str] = frozenset()


KindOf = Callable[[str], str]


def shape(
    base: Tree,
    theirs: Tree,
    ours: Entries,
    *,
    kind_of: KindOf,
    generated: Iterable[str],
    ignored: Iterable[str],
) -> Sides:
    """Take out of both sides what a merge must not touch: generated, git-ignored, seeded and record files.

    A seeded or record file is still created when it is new, and a seeded file still follows a rename.
    """
    ignored, generated = frozenset(ignored), frozenset(generated)
    moved = _moved(base, theirs, ours, kind_of)
    yours = frozenset(
        path
        for path in base.keys() | theirs.keys()
        if kind_of(path) in ("seeded", "record") and (path in base or path in ours) and path not in moved
    )
    out = ignored | generated | yours
    return Sides(
        base={path: file for path, file in base.items() if path not in out},
        theirs={path: file for path, file in theirs.items() if path not in out},
        ignored=ignored,
        yours=yours - ignored - generated,
        generated=generated,
    )


def _moved(base: Tree, theirs: Tree, ours: Entries, kind_of: KindOf) -> set[str]:
    """Return the seeded files that the template renamed and the project still has under the old name."""
    gone = [path for path in base if path not in theirs and path in ours and kind_of(path) == "seeded"]
    new = [path for path in theirs if path not in base and path not in ours]
    return {path for path in gone if any(_similar(base[path], theirs[other]) for other in new)}


def _similar(one: File, other: File) -> bool:
    if one == other:
        return True
    if one.link is not None or other.link is not None:
        return False
    from difflib import SequenceMatcher

    lines = (one.data.splitlines(), other.data.splitlines())
    matcher = SequenceMatcher(None, *lines, autojunk=False)
    return matcher.real_quick_ratio() >= SIMILAR and matcher.ratio() >= SIMILAR


def may_rename(base: Tree, theirs: Tree) -> bool:
    """Say no only if git cannot find a rename: it compares lines, cut at 64 bytes, and none is shared."""
    gone = {piece for path in base.keys() - theirs.keys() for piece in _pieces(base[path])}
    return any(not gone.isdisjoint(_pieces(theirs[path])) for path in theirs.keys() - base.keys())


def _pieces(file: File) -> list[bytes]:
    return re.findall(_PIECE, content(file).replace(b"\r\n", b"\n"))


@frozen
class Outcome:
    """Everything `classify` reads: the three sides, the result, and what is known about single paths."""

    base: Entries
    ours: Entries
    theirs: Entries
    result: Entries
    sides: Sides
    conflicts: Mapping[str, str]
    renames: Mapping[str, str]
    healed: frozenset[str] = frozenset()
    resolved: frozenset[str] = frozenset()


def classify(outcome: Outcome) -> tuple[PathPlan, ...]:
    """Return the fate of every path that the template knows or the merge changed."""
    changed = {path for path, item in outcome.result.items() if outcome.ours.get(path) != item}
    paths = outcome.base.keys() | outcome.theirs.keys() | outcome.conflicts.keys() | changed
    aside = {path.rpartition("~")[0] for path in outcome.conflicts} - outcome.conflicts.keys()
    blocked = aside - outcome.result.keys()  # told of under the name that git gave it
    fates = (_fate(path, outcome) for path in sorted(paths - outcome.sides.generated - blocked))
    return tuple(fate for fate in fates if fate is not None)


def _fate(path: str, found: Outcome) -> PathPlan | None:
    if path in found.conflicts:
        return PathPlan(path=path, fate=Fate.CONFLICT, note=found.conflicts[path])
    if path in found.sides.ignored:
        return PathPlan(path=path, fate=Fate.IGNORED, note="a .gitignore hides it, so it is left alone")
    if path in found.healed:
        return PathPlan(path=path, fate=Fate.HEALED, note="the release's content again")
    if path in found.renames:
        return PathPlan(path=path, fate=Fate.RENAMED, note=f"was {found.renames[path]}")
    if path in found.renames.values() and path not in found.result:
        return None
    return _plain(path, found)


def _plain(path: str, found: Outcome) -> PathPlan | None:
    base, ours = found.base.get(path), found.ours.get(path)
    theirs, result = found.theirs.get(path), found.result.get(path)
    if ours is None and result is None:
        return _absent(path, theirs)
    if path in found.sides.yours:
        return PathPlan(
            path=path, fate=Fate.UNCHANGED if ours == theirs else Fate.KEPT, note="yours since creation"
        )
    if result == ours:
        return PathPlan(path=path, fate=_standing(base, ours, theirs))
    if ours == base or ours is None:
        return PathPlan(path=path, fate=Fate.SYNCED, note=_news(ours, result))
    return PathPlan(path=path, fate=Fate.MERGED, note="key by key" if path in found.resolved else "")


def _absent(path: str, theirs: Entry | None) -> PathPlan | None:
    return None if theirs is None else PathPlan(path=path, fate=Fate.DELETED, note="stays deleted")


def _standing(base: Entry | None, ours: Entry | None, theirs: Entry | None) -> Fate:
    if ours == theirs:
        return Fate.UNCHANGED
    return Fate.KEPT if base == theirs or theirs is None else Fate.MERGED


def _news(ours: Entry | None, result: Entry | None) -> str:
    return "new" if ours is None else "removed" if result is None else ""
