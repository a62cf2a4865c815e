"""What an update must never do, checked from outside: the files before and after, and what was reported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from roadworthy.core.merging.entries import content
from roadworthy.core.templates.tree import File, Tree
from tests.update.world import ANSWERS, Case

TOKEN = re.compile(rb"(?:mine|policy)-[0-9a-z]+")
Block = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What an engine left: the files, the paths it told the person about, and how it died, if it did."""

    before: Tree
    after: Tree
    reported: frozenset[str] = frozenset()
    crashed: str = ""

    def covers(self, path: str) -> bool:
        """Say whether the engine told the person about this file, under whatever name it has by now."""
        return identity(path) in {identity(each) for each in self.reported}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The broken promises, by name."""

    broken: tuple[str, ...] = field(default=())


def judge(case: Case, result: Result) -> Verdict:
    """Return every promise an update broke."""
    if result.crashed:
        touched = result.after != result.before
        return Verdict(broken=(f"P5 crashed half-way: {result.crashed}",) if touched else ())
    checks = (_local_tokens, _policy_tokens, _blocks, _deletions, _foreign, _untracked, _markers)
    return Verdict(broken=tuple(line for check in checks for line in check(case, result)))


def identity(path: str) -> str:
    """Return the name a file has through renames, conflict copies and replacement by a folder."""
    path = path.removesuffix("/inner.txt").partition("~")[0]
    return re.sub(r"^(mine|policy)-\d-", "", path.rpartition("/")[2])


def _tokens(tree: Tree, who: bytes) -> Counter[bytes]:
    found = (
        token for path, file in tree.items() if path != ANSWERS for token in TOKEN.findall(content(file))
    )
    return Counter(token for token in found if token.startswith(who))


def _local_tokens(case: Case, result: Result) -> Iterator[str]:
    """P1: every local edit is there exactly as often as before; in a reported file, at least once."""
    for path, file in case.mine.items():
        for token, count in _tokens({path: file}, b"mine").items():
            after = {name: each for name, each in result.after.items() if not result.covers(name)}
            there = _tokens(result.after if result.covers(path) else after, b"mine")[token]
            if there == 0 or (there != count and not result.covers(path)):
                yield f"P1 local edit lost: {token.decode()} of {path} ({count} before, {there} after)"


def _policy_tokens(case: Case, result: Result) -> Iterator[str]:
    """P6: every policy change has landed, or its file is reported."""
    there = _tokens(result.after, b"policy")
    for path, file in case.new.items():
        for token in _tokens({path: file}, b"policy"):
            if not there[token] and not result.covers(path):
                yield f"P6 policy missing: {token.decode()} of {path}"


def _blocks(case: Case, result: Result) -> Iterator[str]:
    """P2: every key of every block is what a three-way merge of that key says, in its own block."""
    base, mine, new = (_all_blocks(tree) for tree in (case.old, case.mine, case.new))
    after = _all_blocks({path: file for path, file in result.after.items() if not result.covers(path)})
    reborn = set(_reborn(case))
    for tag, (path, block) in after.items():
        if identity(path) in reborn:
            continue
        sides = [side.get(tag, ("", {}))[1] for side in (base, mine, new)]
        if any(result.covers(side[tag][0]) for side in (base, mine, new) if tag in side):
            continue
        for key in {key for side in (*sides, block) for key in side}:
            b, o, t = (side.get(key) for side in sides)
            wanted = o if b == t or o == t else t if b == o else "a reported conflict"
            if block.get(key) != wanted:
                yield f"P2 misplaced: {path} [{tag}].{key} is {block.get(key)}, not {wanted}"


def _all_blocks(tree: Tree) -> dict[str, tuple[str, Block]]:
    return {tag: (path, block) for path, file in tree.items() for tag, block in _parsed(file).items()}


def _parsed(file: File) -> dict[str, Block]:
    """Read the blocks of a file as plain text, so that the oracle shares no parser with the engine."""
    text = file.data.decode("latin-1").replace("\r\n", "\n")
    if not text.startswith("steps:"):
        return {}
    found = {}
    for part in re.split(r"\n  - ", text)[1:]:
        rows = [row.strip() for row in part.split("\n") if ": " in row]
        block = dict(row.split(": ", 1) for row in rows)
        found[block.get("tag", part)] = block
    return found


def _deletions(case: Case, result: Result) -> Iterator[str]:
    """P3: a line that only the project deleted stays deleted, unless its file is reported."""
    mine, after = _lines(case.mine), _lines(result.after)
    reborn = set(_reborn(case))
    for line, path in _lines(case.old).items():
        told = result.covers(path) or result.covers(after.get(line, path)) or identity(path) in reborn
        if line not in mine and line in after and not told:
            yield f"P3 came back: {line!r} of {path}"


def _reborn(case: Case) -> Iterator[str]:
    """Yield files deleted here and renamed there beyond recognition: by git's measure, new files."""
    kept = {identity(path) for path in case.mine if not path.endswith("/inner.txt")}
    for path in case.new.keys() - case.old.keys():
        for old in case.old:
            alike = _alike(content(case.old[old]), content(case.new[path]))
            if identity(old) == identity(path) and identity(old) not in kept and alike < 0.5:
                yield identity(path)


def _alike(one: bytes, other: bytes) -> float:
    """Return the share of bytes in common lines, as git counts it for renames."""
    lines = (Counter(text.splitlines(keepends=True)) for text in (one, other))
    return sum(len(line) for line in (next(lines) & next(lines)).elements()) / (
        max(len(one), len(other)) or 1
    )


def _lines(tree: Tree) -> dict[bytes, str]:
    """Return lines that only one place has: tags and text lines."""
    unique = re.compile(rb"(?:.* line \d+|    tag: .*)")
    return {
        line.rstrip(b"\r"): path
        for path, file in tree.items()
        for line in file.data.split(b"\n")
        if unique.fullmatch(line.rstrip(b"\r"))
    }


def _foreign(case: Case, result: Result) -> Iterator[str]:
    """P4: what the template never knew has its exact content."""
    for path in ("own/kept.txt", ".gitignore", "mine-new.txt"):
        if path in case.mine and result.after.get(path) != case.mine[path]:
            yield f"P4 foreign file changed: {path}"


def _untracked(case: Case, result: Result) -> Iterator[str]:
    """P5: ignored and untracked files are as they were."""
    for path, data in case.untracked.items():
        if result.after.get(path) != File(data):
            yield f"P5 untracked file changed: {path}"


def _markers(case: Case, result: Result) -> Iterator[str]:
    """No conflict marker in a file that was not reported, and no leftovers."""
    for path, file in result.after.items():
        if b"<<<<<<< " in file.data and not result.covers(path):
            yield f"P6 unreported marker: {path}"
        left = path.endswith((".rej", ".orig", "~")) and path not in case.untracked
        if left and not result.covers(path.removesuffix(".rej")):
            yield f"P6 leftover: {path}"
