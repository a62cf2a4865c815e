"""Three-way merge of parsed documents, key by key: what both sides meant, whatever their lines look like.

Lists whose items carry a unique `id` or `name` are merged by that identity; others item by item, in order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

from roadworthy.core.values import frozen

Key = TypeVar("Key", bound=Hashable)
IDENTITIES = ("id", "name")


class _Absent:
    """The value of a key that is not there."""

    def __repr__(self) -> str:
        return "(absent)"


ABSENT = _Absent()


@frozen
class Merged:
    """The merged value, and the key paths that both sides changed differently (ours is kept there)."""

    value: Any
    conflicts: tuple[str, ...] = ()


def merge_values(base: Any, ours: Any, theirs: Any) -> Merged:
    """Return the three-way merge of three parsed documents; `base` may be ABSENT."""
    conflicts: list[str] = []
    value = _merge("", base, ours, theirs, conflicts)
    return Merged(value=value, conflicts=tuple(conflicts))


def same(one: Any, other: Any) -> bool:
    """Say whether two values are equal in type as well: 1, 1.0 and true are three things."""
    if one is ABSENT or other is ABSENT:
        return one is other
    return bool(one == other) and _canonical(one) == _canonical(other)


def differing(one: Any, other: Any, path: str = "") -> str:
    """Return the first key path at which two values differ, or an empty string."""
    if same(one, other):
        return ""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            if found := differing(one.get(key, ABSENT), other.get(key, ABSENT), _below(path, key)):
                return found
    return path or "the whole document"


def interleave(ours: Sequence[Key], theirs: Sequence[Key]) -> list[Key]:
    """Return the keys of `ours` in order, each key only in `theirs` placed after its predecessor there."""
    merged = list(ours)
    known = set(ours)
    for position, key in enumerate(theirs):
        if key not in known:
            before = theirs[position - 1] if position else None
            merged.insert(merged.index(before) + 1 if before is not None else 0, key)
            known.add(key)
    return merged


def _merge(path: str, base: Any, ours: Any, theirs: Any, conflicts: list[str]) -> Any:
    if same(ours, theirs) or same(base, theirs):
        return ours
    if same(base, ours):
        return theirs
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _merge_mappings(path, base if isinstance(base, dict) else {}, ours, theirs, conflicts)
    if isinstance(ours, list) and isinstance(theirs, list) and isinstance(base, list):
        return _merge_lists(path, base, ours, theirs, conflicts)
    conflicts.append(path or "the whole document")
    return ours


def _merge_mappings(
    path: str, base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], conflicts: list[str]
) -> dict[str, Any]:
    merged = {}
    for key in interleave(list(ours), list(theirs)):
        b, o, t = (side.get(key, ABSENT) for side in (base, ours, theirs))
        value = _merge(_below(path, key), b, o, t, conflicts)
        if value is not ABSENT:
            merged[key] = value
    return merged


def _merge_lists(
    path: str, base: list[Any], ours: list[Any], theirs: list[Any], conflicts: list[str]
) -> list[Any]:
    for identity in IDENTITIES:
        b, o, t = (_by_identity(side, identity) for side in (base, ours, theirs))
        if b is not None and o is not None and t is not None:
            return list(_merge_mappings(path, b, o, t, conflicts).values())
    return _merge_in_order(path, base, ours, theirs, conflicts)


def _by_identity(items: list[Any], identity: str) -> dict[str, Any] | None:
    names = [item.get(identity) if isinstance(item, dict) else None for item in items]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        return None
    return {f"[{name}]": item for name, item in zip(names, items, strict=True)}


def _merge_in_order(
    path: str, base: list[Any], ours: list[Any], theirs: list[Any], conflicts: list[str]
) -> list[Any]:
    merged: list[Any] = []
    here = path or "the whole document"
    for chunk in _chunks(base, ours, theirs):
        b, o, t = chunk
        if _same_items(o, t) or _same_items(b, t):
            merged += o
        elif _same_items(b, o):
            merged += t
        elif _in_step(b, o) and _in_step(b, t):
            merged += [_merge(f"{path}[]", *item, conflicts) for item in zip(b, o, t, strict=True)]
        else:
            conflicts.append(here)
            merged += o
    if here not in conflicts and _torn(base, ours, theirs, merged):
        conflicts.append(here)
    return merged


def _torn(*sides: list[Any]) -> bool:
    """Say whether an item that one side took away or edited stands again where the other side moved it."""
    base, ours, theirs, merged = (Counter(map(_canonical, side)) for side in sides)
    return any(
        merged[item] != min(ours[item], theirs[item]) for item in base if _one_lost(item, base, ours, theirs)
    )


def _one_lost(item: str, base: Counter[str], ours: Counter[str], theirs: Counter[str]) -> bool:
    return min(ours[item], theirs[item]) < max(ours[item], theirs[item]) == base[item]


def _in_step(base: list[Any], side: list[Any]) -> bool:
    """Say whether each item of a side is plainly its base item, edited at most: nothing moved or replaced."""
    return len(base) == len(side) and all(_is_edited(base, place, item) for place, item in enumerate(side))


def _is_edited(base: list[Any], place: int, item: Any) -> bool:
    likeness = [_likeness(other, item) for other in base]
    rivals = [score for other, score in enumerate(likeness) if other != place]
    return likeness[place] >= 0.5 and likeness[place] > max(rivals, default=0)


def _likeness(one: Any, other: Any) -> float:
    if same(one, other):
        return 1.0
    if not (isinstance(one, dict) and isinstance(other, dict) and one):
        return 0.0
    return sum(key in other and same(one[key], other[key]) for key in one) / len(one)


def _chunks(
    base: list[Any], ours: list[Any], theirs: list[Any]
) -> list[tuple[list[Any], list[Any], list[Any]]]:
    """Cut three lists at the items that all of them share in order: the classic diff3 split."""
    b, o, t = ([_canonical(item) for item in side] for side in (base, ours, theirs))
    in_ours, in_theirs = _matches(b, o), _matches(b, t)
    found, start = [], (0, 0, 0)
    for place in range(len(b)):
        if place in in_ours and place in in_theirs:
            end = (place, in_ours[place], in_theirs[place])
            found.append(_slices(base, ours, theirs, start, end))
            found.append(([base[end[0]]], [ours[end[1]]], [theirs[end[2]]]))
            start = (end[0] + 1, end[1] + 1, end[2] + 1)
    found.append(_slices(base, ours, theirs, start, (len(b), len(o), len(t))))
    return found


def _matches(base: list[str], side: list[str]) -> dict[int, int]:
    from difflib import SequenceMatcher

    blocks = SequenceMatcher(None, base, side, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _slices(
    base: list[Any],
    ours: list[Any],
    theirs: list[Any],
    start: tuple[int, int, int],
    end: tuple[int, int, int],
) -> tuple[list[Any], list[Any], list[Any]]:
    return base[start[0] : end[0]], ours[start[1] : end[1]], theirs[start[2] : end[2]]


def _same_items(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _below(path: str, key: str) -> str:
    return f"{path}{key}" if key.startswith("[") else f"{path}.{key}" if path else key
