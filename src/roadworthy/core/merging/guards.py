"""What must hold of a merge before it is believed: each guard returns what it refuses, with the reason."""

from __future__ import annotations

from collections.abc import Collection

from roadworthy.core.merging.entries import STRUCTURED, Entries

MARKERS = (b"<<<<<<< ", b"||||||| ", b">>>>>>> ")


def one_sided(
    base: Entries, ours: Entries, theirs: Entries, result: Entries, moved: Collection[str]
) -> dict[str, str]:
    """Where only one side changed a path, the result is that side, to the byte; renames (`moved`) aside."""
    refused = {}
    for path in (base.keys() | theirs.keys()) - set(moved):
        b, o, t = base.get(path), ours.get(path), theirs.get(path)
        expected = o if b == t or o == t else t if b == o else result.get(path)
        if result.get(path) != expected:
            refused[path] = "only one side changed it, and the merge is not that side"
    return refused


def foreign(
    base: Entries, ours: Entries, theirs: Entries, result: Entries, moved: Collection[str]
) -> dict[str, str]:
    """What the template does not know keeps its exact content; nothing appears that no side has."""
    known = base.keys() | theirs.keys() | set(moved)
    outside = (ours.keys() | result.keys()) - known
    return {
        path: "not the template's, yet the merge would change it"
        for path in outside
        if ours.get(path) != result.get(path)
    }


def merged_text(path: str, base: bytes | None, ours: bytes, theirs: bytes, result: bytes) -> str:
    """Return why a cleanly merged file is not to be believed, or an empty string."""
    if _markers(result) > _markers(ours) + _markers(theirs):
        return "the merge left conflict markers"
    if path.endswith(STRUCTURED):
        return _meaning(path, base, ours, theirs, result)
    return ""


def _meaning(path: str, base: bytes | None, ours: bytes, theirs: bytes, result: bytes) -> str:
    from roadworthy.core.documents.parse import ParseError, parse  # most merges are of plain text
    from roadworthy.core.merging.keymerge import ABSENT, differing, merge_values, same

    def parsed(data: bytes | None) -> object:
        try:
            return ABSENT if data is None else parse(path, data)
        except ParseError:
            return ABSENT

    try:
        sides = [parse(path, side) for side in (ours, theirs)]
    except ParseError:
        return ""  # a side that nobody can parse has no keys to compare; its lines were merged
    try:
        value = parse(path, result)
    except ParseError as error:
        return f"both sides parse, their merge does not ({error})"
    merged = merge_values(parsed(base), *sides)
    if merged.conflicts:
        return f"both sides changed {merged.conflicts[0]}"
    if not same(value, merged.value):
        return f"merged lines say something else than both sides at {differing(merged.value, value)}"
    return ""


def _markers(data: bytes) -> int:
    return sum(line.startswith(MARKERS) for line in data.splitlines())
