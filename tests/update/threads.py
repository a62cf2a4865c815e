"""P1 to P6 for real files, line by line: what a three-way merge of each file must and must not hold.

The random histories put a token into every edit; a real template's own changes carry none. So here every line
is counted: what only one side changed must be as that side has it, in the file it belongs to. Paths count
exactly; a file is excused only if the engine told of it, under one of its own three names.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from roadworthy.core.templates.tree import File, Tree
from tests.update.oracle import Result, Verdict

SIMILAR = 0.5
TOKEN = re.compile(rb"mine-[0-9a-f]{10}")
Lines = list[bytes]


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """A project between two releases: three trees, what it renamed, what git ignores, whose a file is."""

    old: Tree
    mine: Tree
    new: Tree
    renamed: Mapping[str, str] = field(default_factory=dict)
    untracked: Mapping[str, bytes] = field(default_factory=dict)
    seeded: Callable[[str], bool] = lambda path: False


@dataclass(frozen=True, kw_only=True)
class Thread:
    """One file through its life: its name in the old release, in the project and in the new release."""

    old: str | None = None
    mine: str | None = None
    new: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return its names, the one first under which it must be found."""
        moved_here = self.mine is not None and self.mine != self.old
        order = (self.mine, self.new, self.old) if moved_here else (self.new, self.mine, self.old)
        return tuple(dict.fromkeys(name for name in order if name))


def judge_upgrade(upgrade: Upgrade, result: Result) -> Verdict:
    """Return every promise an update broke."""
    if result.crashed:
        touched = result.after != result.before
        return Verdict(broken=(f"P5 crashed half-way: {result.crashed}",) if touched else ())
    told = {path.partition("~")[0] for path in result.reported}
    lines: list[str] = [*_untracked(upgrade, result), *_leftovers(upgrade, result, told)]
    for thread in threads(upgrade):
        if told.intersection(thread.names):
            lines += _kept_somewhere(upgrade, thread, result)
        else:
            lines += _file(upgrade, thread, result)
    return Verdict(broken=tuple(lines))


def threads(upgrade: Upgrade) -> list[Thread]:
    """Return every file of the three trees once."""
    moved = template_renames(upgrade.old, upgrade.new)
    found = [
        Thread(
            old=path,
            mine=_there(upgrade.renamed.get(path, path), upgrade.mine),
            new=_there(moved.get(path, path), upgrade.new),
        )
        for path in upgrade.old
    ]
    known = {name for thread in found for name in thread.names}
    rest = (upgrade.mine.keys() | upgrade.new.keys()) - known
    return found + [
        Thread(mine=_there(path, upgrade.mine), new=_there(path, upgrade.new)) for path in sorted(rest)
    ]


def _there(path: str, tree: Tree) -> str | None:
    return path if path in tree else None


def template_renames(old: Tree, new: Tree) -> dict[str, str]:
    """Return the files a template renamed, as git sees it: each goes where most of it went."""
    gone, come = [path for path in old if path not in new], [path for path in new if path not in old]
    pairs = sorted(((_alike(old[a], new[b]), a, b) for a in gone for b in come), reverse=True)
    found: dict[str, str] = {}
    for share, a, b in pairs:
        if share >= SIMILAR and a not in found and b not in found.values():
            found[a] = b
    return found


def _alike(one: File, other: File) -> float:
    if one == other:
        return 1.0
    return difflib.SequenceMatcher(None, one.data.splitlines(), other.data.splitlines(), False).ratio()


def _at(tree: Tree, path: str | None) -> File | None:
    return tree.get(path) if path else None


def _file(upgrade: Upgrade, thread: Thread, result: Result) -> Iterator[str]:
    """Judge a file of which nothing was told."""
    old, mine = _at(upgrade.old, thread.old), _at(upgrade.mine, thread.mine)
    new, shown = _at(upgrade.new, thread.new), thread.names[0]
    after = _at(result.after, next((name for name in thread.names if name in result.after), None))
    if new == old or (old is not None and upgrade.seeded(shown)):
        if after != mine:
            yield f"{_whose(old, mine)} {shown}: {_words(mine, after)}"
    elif mine == old:
        if after != new:
            yield f"P6 {shown}: not as the new release has it, and nobody edited it ({_words(new, after)})"
    else:
        yield from _both(shown, old or File(), mine, new, after)


def _whose(old: File | None, mine: File | None) -> str:
    return "P4 own file" if old is None else "P3 came back" if mine is None else "P1"


def _words(wanted: File | None, after: File | None) -> str:
    if wanted is None or after is None:
        return "gone" if after is None else "there again"
    return "mode changed" if wanted.data == after.data else "content changed"


def _both(path: str, base: File, mine: File | None, new: File | None, after: File | None) -> Iterator[str]:
    """Judge a file that both sides changed: whether it is there, its mode, and each line's number."""
    if mine is None:
        yield f"P6 {path}: deleted here, changed there, nothing said"
    elif after is None:
        yield f"P1 {path}: edited here, gone"
    elif new is not None and mine != new:
        yield from _texts(path, base, mine, new, after)


def _texts(path: str, base: File, mine: File, new: File, after: File) -> Iterator[str]:
    if mine.executable != base.executable and after.executable != mine.executable:
        yield f"P1 {path}: mode changed"
    if any(b"\0" in file.data or file.link for file in (mine, new)):
        yield f"P1 {path}: both sides changed what is no text, nothing said"
        return
    yield from _counts(path, base.data, mine.data, new.data, after.data)
    yield from _order(path, mine.data, new.data, after.data)


def _counts(path: str, *texts: bytes) -> Iterator[str]:
    counts = [Counter(text.splitlines()) for text in texts]
    for line in set().union(*counts):
        base, mine, new, after = (count[line] for count in counts)
        if new == base and after != mine:
            yield f"{'P3 came back' if after > mine else 'P1 lost'} {path}: {line!r} ({mine}, now {after})"
        elif mine == base and after != new:
            yield f"P6 {path}: {line!r} (wanted {new}, is {after})"
        elif not min(mine, new, mine + new - base) <= after <= max(mine, new, mine + new - base):
            yield f"P1 {path}: {line!r} ({base}; {mine} and {new}; now {after})"


def _order(path: str, *texts: bytes) -> Iterator[str]:
    """P2: an edit lies between the same neighbours as before, where the new release kept these in order."""
    mine, new, after = (text.splitlines() for text in texts)
    places = [_places(lines) for lines in (mine, new, after)]
    anchors = [line for line in mine if all(line in each for each in places)]
    for line in (line for line in mine if TOKEN.search(line) and line in places[0] and line in places[2]):
        above = [each for each in anchors if places[0][each] < places[0][line]][-1:]
        below = [each for each in anchors if places[0][each] > places[0][line]][:1]
        if above and below and places[1][above[0]] > places[1][below[0]]:
            continue
        late = [each for each in above if places[2][each] > places[2][line]]
        if late or [each for each in below if places[2][each] < places[2][line]]:
            yield f"P2 {path}: {line!r} lies elsewhere"


def _places(lines: Lines) -> dict[bytes, int]:
    """Return where each line that occurs once is."""
    counts = Counter(lines)
    return {line: number for number, line in enumerate(lines) if counts[line] == 1}


def _kept_somewhere(upgrade: Upgrade, thread: Thread, result: Result) -> Iterator[str]:
    """P1: whatever was told of a file, every edit of it must still lie in the work tree."""
    mine = _at(upgrade.mine, thread.mine)
    for token in set(TOKEN.findall(mine.data)) if mine else set():
        if not any(token in file.data for file in result.after.values()):
            yield f"P1 {thread.names[0]}: {token.decode()} is gone, though the file is reported"


def _untracked(upgrade: Upgrade, result: Result) -> Iterator[str]:
    for path, data in upgrade.untracked.items():
        after = result.after.get(path)
        if after is None or after.data != data:
            yield f"P5 {path}: ignored by git, {'gone' if after is None else 'changed'}"


def _leftovers(upgrade: Upgrade, result: Result, told: set[str]) -> Iterator[str]:
    known = upgrade.old.keys() | upgrade.mine.keys() | upgrade.new.keys() | upgrade.untracked.keys()
    for path, file in result.after.items():
        excused = told.intersection({path, path.removesuffix(".rej"), path.partition("~")[0]})
        if path not in known and path not in result.before and not excused:
            yield f"P6 {path}: left over"
        if file.data.startswith(b"<<<<<<< ") or b"\n<<<<<<< " in file.data:
            yield from () if excused or path in result.before else (f"P6 {path}: a marker nobody told of",)
