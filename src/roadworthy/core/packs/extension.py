"""What an installed extension adds to a pack: facts under a root of its own, and controls. Nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.core.packs.pack import Tree, as_file, read_file
from roadworthy.core.values import frozen
from roadworthy.errors import UsageError

FACTS, PACK = "facts.yaml", "pack.yaml"
# Facts about the facts, which the engine writes: an extension never says itself that it is to be believed.
OWN = {"available": "its extension ran and answered in its own types", "reason": "why it did not"}
_ROOT = r"[a-z][a-z0-9_]{2,30}"
_RESERVED = {"files", "for", "var", "let", "true", "false", "null", "else", "void", "loop", "const", "while"}


@frozen
class Extension:
    """An entry point of an installed distribution: its policy files were read, its code was not imported."""

    distribution: str
    version: str
    root: str
    target: str
    folder: str
    files: Tree

    @property
    def name(self) -> str:
        """Return the distribution and its version, as every report names them."""
        return f"{self.distribution} {self.version}"

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the patterns of the project's files that it asks to see."""
        return tuple(_facts(self).get("reads", ()))


def extended(tree: Tree, extensions: Iterable[Extension]) -> Tree:
    """Return the files of a pack with what extensions add. UsageError where one meets what is there."""
    for extension in extensions:
        controls = {path: data for path, data in extension.files.items() if path.startswith("controls/")}
        if taken := sorted(controls.keys() & tree.keys()):
            raise _wrong(extension, f"{taken[0]} is there already", "name its control otherwise")
        facts = as_file(_joined(read_file(FACTS, tree[FACTS]), extension))
        tree = {
            **tree,
            **controls,
            FACTS: facts,
            PACK: as_file(_noted(read_file(PACK, tree[PACK]), extension, controls)),
        }
    return tree


def _joined(facts: Mapping[str, Any], extension: Extension) -> dict[str, Any]:
    root, types = extension.root, _facts(extension)["facts"]
    there = {path.partition(".")[0] for path in facts["facts"]} | facts["needs"].keys() | _RESERVED
    if root in there or not re.fullmatch(_ROOT, root):
        raise _wrong(extension, f"its facts cannot be called {root!r}", "name its entry point otherwise")
    for path, entry in types.items():
        below = path.removeprefix(f"{root}.")
        if path != root and (below == path or below in OWN):
            raise _wrong(extension, f"the fact {path} is not its own", f"its facts begin with {root}.")
        if not isinstance(entry, list) or [type(each) for each in entry] != [str, str]:
            raise _wrong(extension, f"the fact {path} is not [type, meaning]")
    own = {f"{root}.{name}": ["string" if name == "reason" else "bool", text] for name, text in OWN.items()}
    all_types = {**facts["facts"], root: ["map", f"facts of {extension.name}"], **types, **own}
    need = {name: f"{root}.{name}" for name in OWN}
    return {**facts, "facts": all_types, "needs": {**facts["needs"], root: need}}


def _noted(about: Mapping[str, Any], extension: Extension, controls: Iterable[str]) -> dict[str, Any]:
    """Return the pack's own file with a note for every report, and which control came from where."""
    ids = sorted(path.removeprefix("controls/").removesuffix(".yaml") for path in controls)
    note = f"extension {extension.name} adds {', '.join(ids) or 'no control'}"
    origins = {**about.get("origins", {}), **dict.fromkeys(ids, extension.name)}
    return {**about, "notes": [*about.get("notes", ()), note], "origins": origins}


def _facts(extension: Extension) -> dict[str, Any]:
    """Return its facts.yaml; one that has another shape is its author's to repair."""
    try:
        document: dict[str, Any] = parse(FACTS, extension.files[FACTS])
    except ParseError as error:
        raise _wrong(extension, f"{FACTS}: {error}") from None
    reads = document.get("reads", []) if isinstance(document, dict) else None
    sound = isinstance(reads, list) and all(isinstance(each, str) for each in reads)
    if (
        not sound
        or document.keys() - {"schema", "reads"} != {"facts"}
        or not isinstance(document["facts"], dict)
    ):
        raise _wrong(extension, f"expected {FACTS} with facts, and reads as a list of patterns")
    return document


def _wrong(extension: Extension, text: str, fix: str = "repair it, or take it off the list") -> UsageError:
    return UsageError(f"extension {extension.name}: {text}", fix)
