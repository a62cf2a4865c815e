"""Random histories: a template evolves, a project evolves, every edit carries a token nobody else writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from roadworthy.core.templates.tree import File
from tests.update.world import Case

RUNS = ("make", "make test", "true")
LEVELS = ("1", "2")
HOSTILE = {
    "apply.whitespace": ("error", "fix"),
    "status.showUntrackedFiles": ("no",),
    "core.quotepath": ("true",),
    "diff.noprefix": ("true",),
    "merge.renames": ("false",),
    "merge.conflictStyle": ("diff3",),
    "core.hooksPath": ("/nowhere",),
    "diff.renames": ("false",),
}
Steps = tuple[int, ...]
BUSY, CALM = (
    (0, 1, 1, 2),
    (0, 0, 1),
)  # how many edits a side makes in a file: most end in conflicts, most do not
NAMES = ("ci.yaml", "policy/gates.yaml", "steps.yaml", "docs/ü b.md", "notes.txt", "-dash.txt")


@dataclass(frozen=True)
class Block:
    """One item of a repetitive YAML list; only `tag` is its own, and only some lists name their items."""

    tag: str
    run: str
    level: str
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Doc:
    """A file that evolves: blocks of YAML, or lines of text."""

    named: bool = False
    blocks: tuple[Block, ...] = ()
    lines: tuple[str, ...] = ()
    crlf: bool = False
    end: bool = True

    def file(self, executable: bool = False) -> File:
        """Return the bytes."""
        lines = (
            [line for block in self.blocks for line in _block_lines(block, self.named)]
            if self.blocks
            else [*self.lines]
        )
        text = "\n".join(["steps:", *lines] if self.blocks else lines) + ("\n" if self.end else "")
        return File(text.replace("\n", "\r\n" if self.crlf else "\n").encode("latin-1"), executable)


def _block_lines(block: Block, named: bool) -> list[str]:
    rows = [
        f"run: {block.run}",
        f"level: {block.level}",
        *(f"{k}: {v}" for k, v in block.extra),
        f"tag: {block.tag}",
    ]
    rows = [f"name: {block.tag}", *rows] if named else rows
    return [("  - " if number == 0 else "    ") + row for number, row in enumerate(rows)]


Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def cases(draw: Draw, content_only: bool = False) -> Case:
    """Draw a template with two releases, and a project that went its own way."""
    docs = {
        name: draw(_docs(name))
        for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    }
    old = {name: doc.file() for name, doc in docs.items()} | {"logo.png": File(b"\x89PNG\0logo\0\xff\xfe")}
    steps = draw(st.sampled_from((CALM, BUSY)))
    new = _evolve(draw, docs, old, "policy", content_only, steps)
    mine = _evolve(draw, docs, old, "mine", content_only, steps)
    if not content_only:
        mine |= {"own/kept.txt": File(b"mine-own\n"), ".gitignore": File(b"*.log\nvar/\n")}
    untracked = {"run.log": b"log\n", "var/state.db": b"\0state", "scratch.txt": b"untracked\n"}
    config = {
        key: draw(st.sampled_from(values)) for key, values in HOSTILE.items() if draw(st.integers(0, 4)) == 0
    }
    return Case(old=old, new=new, mine=mine, untracked={} if content_only else untracked, config=config)


@st.composite
def _docs(draw: Draw, name: str) -> Doc:
    if not name.endswith(".yaml"):
        count = draw(st.integers(3, 14))
        return Doc(lines=tuple(f"{name[:2].strip('-')} line {number}" for number in range(count)))
    blocks = tuple(
        Block(f"{name[0]}{number}", draw(st.sampled_from(RUNS)), draw(st.sampled_from(LEVELS)))
        for number in range(draw(st.integers(2, 6)))
    )
    return Doc(named=draw(st.booleans()), blocks=blocks)


def _evolve(
    draw: Draw, docs: dict[str, Doc], old: dict[str, File], who: str, content_only: bool, steps: Steps
) -> dict[str, File]:
    """Let one side change every file a little, or not at all."""
    made = dict(old)
    for number, (name, doc) in enumerate(docs.items()):
        for step in range(draw(st.sampled_from(steps))):
            doc = draw(_edited(doc, f"{who}-{number}{step}"))
        made[name] = doc.file()
        if not content_only:
            _whole_file(draw, made, name, doc, f"{who}-{number}")
    if not content_only and draw(st.integers(0, 5)) == 0:
        made["logo.png"] = File(old["logo.png"].data + f"\0{who}-logo".encode())
    if not content_only and draw(st.integers(0, 3)) == 0:
        made[draw(st.sampled_from((f"{who}-new.txt", "both-new.txt")))] = File(f"{who}-added\n".encode())
    return made


def _whole_file(draw: Draw, made: dict[str, File], name: str, doc: Doc, token: str) -> None:
    """Now and then delete, rename, replace or re-encode a whole file."""
    variants = {
        5: doc.file(executable=True),
        6: replace(doc, crlf=True).file(),
        7: replace(doc, end=False).file(),
        8: File(link=f"{token}-target"),
        10: File(made[name].data + (f"caf\xe9 {token}\n".encode("latin-1") if doc.lines else b"")),
    }
    chance = draw(st.integers(0, 29))
    if chance in variants:
        made[name] = variants[chance]
    elif chance <= 1:
        del made[name]
    elif chance <= 4:
        made[f"moved/{token}-{name.rpartition('/')[2]}"] = made.pop(name)
    elif chance == 9:
        del made[name]
        made[f"{name}/inner.txt"] = File(f"{token}-inner\n".encode())


@st.composite
def _edited(draw: Draw, doc: Doc, token: str) -> Doc:
    edited: Doc = draw(_edited_blocks(doc, token) if doc.blocks else _edited_lines(doc, token))
    return edited


@st.composite
def _edited_blocks(draw: Draw, doc: Doc, token: str) -> Doc:
    place = draw(st.integers(0, len(doc.blocks) - 1))
    block, rest = doc.blocks[place], list(doc.blocks)
    match draw(st.sampled_from(("set", "set", "level", "extra", "insert", "delete", "swap"))):
        case "set":
            rest[place] = replace(block, run=token)
        case "level":
            rest[place] = replace(block, level=token)
        case "extra":
            rest[place] = replace(block, extra=(*block.extra, (f"key-{token}", token)))
        case "insert":
            rest.insert(place, Block(token, draw(st.sampled_from(RUNS)), draw(st.sampled_from(LEVELS))))
        case "delete" if len(rest) > 1:
            del rest[place]
        case "swap" if place:
            rest[place - 1], rest[place] = rest[place], rest[place - 1]
    return replace(doc, blocks=tuple(rest))


@st.composite
def _edited_lines(draw: Draw, doc: Doc, token: str) -> Doc:
    place = draw(st.integers(0, len(doc.lines) - 1))
    lines = list(doc.lines)
    match draw(st.sampled_from(("replace", "insert", "delete"))):
        case "replace":
            lines[place] = f"{token} instead"
        case "insert":
            lines.insert(place, f"{token} inserted")
        case "delete" if len(lines) > 1:
            del lines[place]
    return replace(doc, lines=tuple(lines))
