"""Synthetic local edits on real files: seeded, tokened, and half of them where the template changes too."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from roadworthy.core.templates.tree import File, Tree

COMMENTS = {"#": r"\.(py|ya?ml|toml|cfg|ini|sh|jl|txt|gitignore)$|(^|/)(Makefile|Dockerfile|\.\w+)$"}
OWN = ("own/notes.txt", "src/own_module.py", "own/data.bin")
IGNORED = {"scratch/.gitignore": b"*\n", "scratch/state.db": b"\0state\n", "scratch/.env": b"SECRET=mine-1\n"}


@dataclass
class Edits:
    """A project being edited: its tree, its renames, and words for what was done."""

    tree: dict[str, File]
    hot: tuple[str, ...]
    dice: random.Random
    renamed: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def token(self) -> str:
        """Return a word nobody else writes."""
        return f"mine-{self.dice.getrandbits(40):010x}"

    def a_text(self) -> str | None:
        """Return a text file of the template that was not renamed: half the time one that changes there."""
        texts = [path for path, file in self.tree.items() if _is_text(file) and not path.startswith("own/")]
        here = [path for path in self.hot if path in texts]
        found = here if here and self.dice.random() < 0.5 else texts
        return self.dice.choice(sorted(found)) if found else None


def edited(base: Tree, new: Tree, seed: str, answers_file: str, count: int = 7) -> Edits:
    """Return a project that went its own way from `base`."""
    dice = random.Random(seed)
    template = {path: file for path, file in base.items() if path != answers_file}
    hot = tuple(sorted(path for path, file in template.items() if new.get(path) != file))
    edits = Edits(tree=template, hot=hot, dice=dice)
    _add_own(edits)
    kinds: list[Callable[[Edits, str], None]] = [_edit, _edit, _edit, _insert, _append, _delete_line]
    rare = [_delete_file, _rename, _mode, _binary]
    for kind in [*dice.choices(kinds, k=count), *dice.sample(rare, 2)]:
        path = edits.a_text()
        if path is not None:
            kind(edits, path)
            edits.done.append(f"{kind.__name__[1:]} {path}")
    return edits


def _is_text(file: File) -> bool:
    return file.link is None and b"\0" not in file.data and bool(file.data.strip())


def _add_own(edits: Edits) -> None:
    for path in OWN:
        edits.tree[path] = File(f"# own {edits.token()}\n".encode() + (b"\0" if "bin" in path else b""))


def _comment(edits: Edits, path: str) -> str:
    """Return a line that says something only here, in a form most readers of such a file accept."""
    for sign, names in COMMENTS.items():
        if re.search(names, path):
            return f"{sign} {edits.token()}"
    return edits.token()


def _lines(edits: Edits, path: str) -> list[bytes]:
    return edits.tree[path].data.splitlines(keepends=True)


def _write(edits: Edits, path: str, lines: list[bytes]) -> None:
    edits.tree[path] = edits.tree[path]._replace(data=b"".join(lines))


def _edit(edits: Edits, path: str) -> None:
    """Add to a line that says something."""
    lines = _lines(edits, path)
    places = [number for number, line in enumerate(lines) if len(line.strip()) > 4]
    if path.endswith(".json"):
        places = [number for number in places if re.search(rb'": "[^"\\]*",?\s*$', lines[number])]
    if not places:
        return
    place = edits.dice.choice(places)
    text = lines[place].rstrip(b"\r\n")
    end = lines[place][len(text) :]
    if path.endswith(".json"):
        text = re.sub(rb'"(,?\s*)$', rb" " + edits.token().encode() + rb'"\1', text)
    else:
        text += f"  {_comment(edits, path)}".encode()
    lines[place] = text + end
    _write(edits, path, lines)


def _insert(edits: Edits, path: str) -> None:
    if path.endswith(".json"):
        return
    lines = _lines(edits, path)
    place = edits.dice.randrange(len(lines))
    indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())].strip(b"\r\n")
    lines.insert(place, indent + _comment(edits, path).encode() + b"\n")
    _write(edits, path, lines)


def _append(edits: Edits, path: str) -> None:
    if path.endswith(".json"):
        return
    lines = _lines(edits, path)
    if not lines[-1].endswith(b"\n"):
        lines[-1] += b"\n"
    _write(edits, path, [*lines, *(_comment(edits, path).encode() + b"\n" for _ in range(3))])


def _delete_line(edits: Edits, path: str) -> None:
    if path.endswith(".json"):
        return
    lines = _lines(edits, path)
    if len(lines) > 3:
        del lines[edits.dice.randrange(len(lines))]
        _write(edits, path, lines)


def _delete_file(edits: Edits, path: str) -> None:
    if path not in edits.renamed.values():
        del edits.tree[path]


def _rename(edits: Edits, path: str) -> None:
    if path not in edits.renamed.values() and path.rpartition("/")[2] != ".gitignore":
        edits.renamed[path] = f"own/moved-{path.rpartition('/')[2]}"
        edits.tree[edits.renamed[path]] = edits.tree.pop(path)


def _mode(edits: Edits, path: str) -> None:
    edits.tree[path] = edits.tree[path]._replace(executable=not edits.tree[path].executable)


def _binary(edits: Edits, path: str) -> None:
    """Edit a file that is no text, if the template has one."""
    found = sorted(name for name, file in edits.tree.items() if b"\0" in file.data and name not in OWN)
    if found:
        name = edits.dice.choice(found)
        edits.tree[name] = edits.tree[name]._replace(
            data=edits.tree[name].data + b"\0" + edits.token().encode()
        )
