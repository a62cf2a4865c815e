"""Plain situations of a project's life, each with what Copier 9.19.1 and cruft 2.16.0 make of it.

`tools/compare_engines.py` measures that again. Every local edit carries a `mine-` token, every policy change
a `policy-` token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from roadworthy.core.templates.tree import File
from tests.update.world import Case

LINES = [f"line {number}" for number in range(1, 21)]
OTHER = {"other.txt": File(b"other\n")}
CHANGED = {"other.txt": File(b"policy-other\n")}


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A case by name, the fate we give its paths, and what the two other engines make of it."""

    name: str
    case: Case
    fates: Mapping[str, str]
    copier: str
    cruft: str
    contains: Mapping[str, bytes] = field(default_factory=dict)


def text(*changes: tuple[int, str], end: str = "\n", last: str = "\n") -> File:
    """Return twenty lines with some of them replaced (an empty replacement deletes)."""
    lines = [dict(changes).get(number, line) for number, line in enumerate(LINES, 1)]
    return File((end.join(line for line in lines if line) + last).encode())


def steps(*names: str, **edits: str) -> File:
    """Return a list of long blocks, alike but for their tags; `edits` sets the retries of a block."""
    before, after = (
        ("kind: check", "run: make", "env: ci", "shell: bash"),
        ("cache: on", "quiet: on", "late: on"),
    )
    blocks = [(f"tag: {name}", *before, f"retries: {edits.get(name, '1')}", *after) for name in names]
    rows = [f"  {' ' if number else '-'} {row}\n" for block in blocks for number, row in enumerate(block)]
    return File("".join(["steps:\n", *rows]).encode())


def situation(
    name: str,
    old: Mapping[str, File],
    new: Mapping[str, File],
    mine: Mapping[str, File | None],
    *,
    fates: Mapping[str, str],
    copier: str,
    cruft: str,
    untracked: Mapping[str, bytes] | None = None,
    config: Mapping[str, str] | None = None,
    contains: Mapping[str, bytes] | None = None,
) -> Situation:
    """Write a situation down: `mine` are the project's differences from `old` (None deletes)."""
    kept = {path: file for path, file in old.items() if path not in mine}
    changed = {path: file for path, file in mine.items() if file is not None}
    case = Case(old=old, new=new, mine={**kept, **changed}, untracked=untracked or {}, config=config or {})
    return Situation(name=name, case=case, fates=fates, copier=copier, cruft=cruft, contains=contains or {})


PNG = File(b"\x89PNG\0old\xff")
MY_PNG = File(b"\x89PNG\0mine-png\xff")
IGNORE = {".gitignore": File(b".env\ndata/\n*.rej\n")}
CLASH = ({"a.txt": text()}, {"a.txt": text((9, "policy-9"))}, {"a.txt": text((9, "mine-9"))})
EDIT = ({"a.txt": text()}, {"a.txt": text((3, "policy-3"))}, {"a.txt": text((15, "mine-15 "))})

SITUATIONS = (
    situation(
        "binary edited, another file changed",
        {"logo.png": PNG, **OTHER},
        {"logo.png": PNG, **CHANGED},
        {"logo.png": MY_PNG},
        fates={"logo.png": "kept", "other.txt": "synced"},
        copier="edit lost",
        cruft="right",
    ),
    situation(
        "line that is not UTF-8",
        {"a.txt": text()},
        {"a.txt": text((3, "policy-3"))},
        {"a.txt": File(text((15, "")).data + b"caf\xe9 mine-15\n")},
        fates={"a.txt": "merged"},
        copier="edit altered",
        cruft="right",
        contains={"a.txt": b"caf\xe9 mine-15"},
    ),
    situation(
        "template renames a file edited here",
        {"a.txt": text()},
        {"b.txt": text((3, "policy-3"))},
        {"a.txt": text((15, "mine-15"))},
        fates={"b.txt": "renamed"},
        copier="edit lost",
        cruft="right",
    ),
    situation(
        "template deletes a file edited here",
        {"a.txt": text(), **OTHER},
        CHANGED,
        {"a.txt": text((15, "mine-15"))},
        fates={"a.txt": "conflict", "other.txt": "synced"},
        copier="edit lost",
        cruft="right",
    ),
    situation(
        "git-ignored generated file edited (.env)",
        {".env": File(b"KEY=\n"), **IGNORE, **OTHER},
        {".env": File(b"KEY=\nNEW=policy-env\n"), **IGNORE, **CHANGED},
        {".env": None},
        untracked={".env": b"KEY=mine-secret\n"},
        fates={".env": "ignored by git", "other.txt": "synced"},
        copier="ignored changed",
        cruft="conflict reported",
    ),
    situation(
        "git-ignored generated folder edited (data/)",
        {"data/x.csv": File(b"a\n"), **IGNORE, **OTHER},
        {"data/x.csv": File(b"policy-x\n"), **IGNORE, **CHANGED},
        {"data/x.csv": None},
        untracked={"data/x.csv": b"mine-x\n"},
        fates={"data/x.csv": "ignored by git", "other.txt": "synced"},
        copier="ignored changed",
        cruft="conflict reported",
    ),
    situation(
        "repeated blocks, template removes an earlier one",
        {"s.yaml": steps("sA", "sB", "sC", "sD")},
        {"s.yaml": steps("sB", "sC", "sD")},
        {"s.yaml": steps("sA", "sB", "sC", "sD", sC="mine-c")},
        fates={"s.yaml": "merged"},
        copier="misplaced",
        cruft="right",
    ),
    situation(
        "repeated blocks, template prepends one",
        {"s.yaml": steps("sA", "sB", "sC", "sD")},
        {"s.yaml": steps("policy-0", "sA", "sB", "sC", "sD")},
        {"s.yaml": steps("sA", "sB", "sC", "sD", sD="mine-d")},
        fates={"s.yaml": "merged"},
        copier="misplaced",
        cruft="right",
    ),
    situation(
        "git config apply.whitespace=error",
        *EDIT,
        config={"apply.whitespace": "error"},
        fates={"a.txt": "merged"},
        copier="edit lost",
        cruft="right",
    ),
    situation(
        "git config apply.whitespace=fix",
        *EDIT,
        config={"apply.whitespace": "fix"},
        fates={"a.txt": "merged"},
        contains={"a.txt": b"mine-15 \n"},
        copier="edit altered",
        cruft="right",
    ),
    situation(
        "git config status.showUntrackedFiles=no, same line",
        *CLASH,
        config={"status.showUntrackedFiles": "no"},
        fates={"a.txt": "conflict"},
        copier="conflict reported",
        cruft="conflict reported",
    ),
    situation(
        "file replaced by a folder here",
        {"a": text(), **OTHER},
        {"a": text((3, "policy-3")), **CHANGED},
        {"a": None, "a/inner.txt": File(b"mine-inner\n")},
        fates={"a~release-v2.0.0": "conflict"},
        copier="crash, half done",
        cruft="policy missing",
    ),
    situation(
        "file replaced by a folder in the template",
        {"a": text(), **OTHER},
        {"a/inner.txt": File(b"policy-inner\n"), **CHANGED},
        {"a": text((15, "mine-15"))},
        fates={"a~yours": "conflict"},
        copier="crash, half done",
        cruft="policy missing",
    ),
    situation(
        "file renamed here",
        {"a.txt": text()},
        {"a.txt": text((3, "policy-3"))},
        {"a.txt": None, "b.txt": text((15, "mine-15"))},
        fates={"b.txt": "renamed"},
        copier="policy missing",
        cruft="policy missing",
    ),
    situation(
        "file deleted here, template changes it",
        {"a.txt": text(), **OTHER},
        {"a.txt": text((3, "policy-3")), **OTHER},
        {"a.txt": None},
        fates={"a.txt": "conflict"},
        copier="policy missing",
        cruft="policy missing",
    ),
    situation(
        "file replaced by a link here",
        {"a.txt": text(), **OTHER},
        {"a.txt": text((3, "policy-3")), **OTHER},
        {"a.txt": File(link="mine-target")},
        fates={"a.txt~release-v2.0.0": "conflict"},
        copier="policy missing",
        cruft="policy missing",
    ),
    situation(
        "ignored file named like a rejected patch",
        {"a.txt": text(), **IGNORE},
        {"a.txt": text((9, "policy-9")), **IGNORE},
        {"a.txt": text((9, "mine-9"))},
        untracked={"b.txt.rej": b"mine-rej\n"},
        fates={"a.txt": "conflict"},
        copier="crash, half done",
        cruft="conflict reported",
    ),
    situation(
        "same line",
        *CLASH,
        fates={"a.txt": "conflict"},
        copier="conflict reported",
        cruft="conflict reported",
    ),
    situation(
        "added on both sides",
        OTHER,
        {"n.txt": File(b"policy-n\n"), **OTHER},
        {"n.txt": File(b"mine-n\n")},
        fates={"n.txt": "conflict"},
        copier="conflict reported",
        cruft="conflict reported",
    ),
    situation(
        "adjacent lines",
        {"a.txt": text()},
        {"a.txt": text((9, "policy-9"))},
        {"a.txt": text((10, "mine-10"))},
        fates={"a.txt": "conflict"},
        copier="conflict reported",
        cruft="conflict reported",
    ),
    situation(
        "line ends of Windows",
        {"a.txt": text(end="\r\n", last="\r\n")},
        {"a.txt": text((3, "policy-3"), end="\r\n", last="\r\n")},
        {"a.txt": text((15, "mine-15"), end="\r\n", last="\r\n")},
        fates={"a.txt": "merged"},
        contains={"a.txt": b"mine-15\r\n"},
        copier="right",
        cruft="right",
    ),
    situation(
        "executable bit set here",
        {"a.txt": text()},
        {"a.txt": text((3, "policy-3"))},
        {"a.txt": File(text((15, "mine-15")).data, executable=True)},
        fates={"a.txt": "merged"},
        copier="right",
        cruft="right",
    ),
    situation(
        "name with spaces and accents",
        {"ä b.txt": text()},
        {"ä b.txt": text((3, "policy-3"))},
        {"ä b.txt": text((15, "mine-15"))},
        fates={"ä b.txt": "merged"},
        copier="right",
        cruft="right",
    ),
    situation(
        "same change on both sides",
        {"a.txt": text(), **OTHER},
        {"a.txt": text((9, "policy-9")), **CHANGED},
        {"a.txt": text((9, "policy-9"))},
        fates={"a.txt": "unchanged"},
        copier="right",
        cruft="conflict reported",
    ),
    situation(
        "git config diff.noprefix=true",
        *EDIT,
        config={"diff.noprefix": "true"},
        fates={"a.txt": "merged"},
        copier="right",
        cruft="right",
    ),
    situation(
        "no newline at the end",
        {"a.txt": text()},
        {"a.txt": text((3, "policy-3"))},
        {"a.txt": text((20, "mine-20"), last="")},
        fates={"a.txt": "merged"},
        copier="right",
        cruft="right",
    ),
    situation(
        "lines clash, keys do not",
        {"p.yaml": File(b"a: 1\nb: 2\n")},
        {"p.yaml": File(b"a: 1\nb: policy-2\n")},
        {"p.yaml": File(b"a: mine-1\nb: 2\n")},
        fates={"p.yaml": "merged"},
        copier="conflict reported",
        cruft="conflict reported",
    ),
)
