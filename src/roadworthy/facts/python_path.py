"""Where Python looks for modules, and what it finds there in the place of others."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.python_text import Source
from roadworthy.facts.sources import TESTED_BY

_PATHS = re.compile(
    r"(?:PYTHONPATH\s*[:+?]*=\s*|^pythonpath\s*=\s*)(\[[^\]]*\]|\S+(?:\n[ \t]+\S+)*)", re.MULTILINE
)
_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==", re.MULTILINE)
# What Python runs before the first line, and what sets the environment up.
_FIRST = frozenset({"sitecustomize", "usercustomize", "pip", "setuptools"})
# Names of the standard library that nothing on the road asks for, and that are words for folders.
_ALWAYS = sys.stdlib_module_names - {"test", "code", "profile", "cmd", "site", "this", "tkinter", "turtle"}


def search_path(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the folders where Python looks: by itself, and by what make, an image or tests say."""
    said = [
        word.removeprefix("$(CURDIR)").removeprefix("/app").strip("./")
        for path in ("Makefile", "deploy/Containerfile", *TESTED_BY)
        for value in _PATHS.findall(snapshot.text(path))
        for word in re.split(r"[\s:,\"'\[\]]+", value)
    ]
    return tuple(dict.fromkeys(("", "src", *said)))


def in_the_way(snapshot: Snapshot, sources: Mapping[str, Source], root: str) -> Iterator[dict[str, str]]:
    """Yield files of the project that Python finds before what the paved road imports under that name."""
    used = {name.partition(".")[0] for source in sources.values() for name, _ in source.imports}
    locks = (snapshot.text(path) for path in snapshot.under("requirements") if path.endswith(".txt"))
    locked = {re.sub(r"[-.]+", "_", name).lower() for text in locks for name in _LOCKED.findall(text)}
    taken = ((used | locked | _ALWAYS) - {root.split("/")[1], ""}) | _FIRST
    for place in search_path(snapshot):
        prefix = f"{place}/" if place else ""
        for path in snapshot.under(place) if place else snapshot.paths:
            name = path.removeprefix(prefix).removesuffix("/__init__.py").removesuffix(".py")
            name = name.partition(".")[0] if path.endswith((".so", ".pyd", ".pyc")) else name
            known = taken - sys.stdlib_module_names | used if place == "tests" else taken
            if "/" not in name and "." not in name and name in known and path.removeprefix(prefix) != name:
                yield {"path": path, "what": f"{path} stands before {name}"}
