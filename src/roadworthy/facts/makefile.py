"""Makefile text read as data: the recipe of each target, with simple variables put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from roadworthy.core.values import frozen, replace

_VARIABLE = re.compile(r"^(?:export\s+|override\s+)?([A-Za-z_]\w*)\s*(:{1,3}|\?|\+)?=\s*(.*)$")
_SPECIFIC = re.compile(
    r"^[^\s#:=][^:=#]*:\s*(?:export\s+|override\s+)?([A-Za-z_]\w*)\s*(:{1,3}|\?|\+)?=\s*(.*)$"
)
_RULE = re.compile(r"^([^\s#:=][^:=#]*?)\s*(::?)(?!=)\s*([^=].*)?$")
_QUIET = re.compile(
    r"^\.(?:IGNORE|ONESHELL|SHELLFLAGS)\b|^(?:export\s+|override\s+)?(?:"
    r"MAKEFLAGS\s*[:+?]*=.*(?:--ignore-errors|--keep-going|--dry-run|--touch|--question|(?:^|[\s=-])\w*[iknqt]\w*(?:\s|$))"
    r"|SHELL\s*[:+?]*=\s*(?!(?:\S*/)?(?:ba|da|z|k)?sh\s*$))",
    re.MULTILINE,
)
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_OPTION = re.compile(r"\$\((?:or|if) \$\((\w+)\),([^()]*)\)")
MAX_EXPANSION = 8192


@frozen
class Recipe:
    """What a target runs, where it starts, and which targets it needs first."""

    script: str
    line: int
    needs: tuple[str, ...]
    quiet: bool = False  # this make goes on although the recipe failed, or does not run it at all


@lru_cache(maxsize=16)
def recipes(text: str) -> Mapping[str, Recipe]:
    """Return the recipes of a Makefile by target."""
    variables: dict[str, str] = {}
    found: dict[str, Recipe] = {}
    targets: list[str] = []
    fresh, quiet = False, _QUIET.search(text) is not None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("\t"):
            # Of two recipes for a target make runs the later; of two values of a variable it takes the later.
            kept = {name: replace(found[name], script="") if fresh else found[name] for name in targets}
            found |= {name: _longer(recipe, line[1:], number) for name, recipe in kept.items()}
            fresh = False
        elif match := _VARIABLE.match(line) or _SPECIFIC.match(line):
            if match[2] != "?" or match[1] not in variables:
                variables[match[1]] = match[3].split(" #")[0].strip()
        elif match := _RULE.match(line):
            targets, fresh = match[1].split(), match[2] == ":"
            needs = tuple((match[3] or "").split("##")[0].split())
            for name in targets:
                before = found.get(name) or Recipe(script="", line=number, needs=(), quiet=quiet)
                found[name] = replace(before, needs=(*before.needs, *needs))
    return {name: _expanded(recipe, variables) for name, recipe in found.items()}


def _longer(recipe: Recipe, line: str, number: int) -> Recipe:
    start = recipe.line if recipe.script else number
    return replace(recipe, script=f"{recipe.script}{line}\n", line=start)


def _expanded(recipe: Recipe, variables: Mapping[str, str]) -> Recipe:
    script = recipe.script
    for _ in range(3):
        script = _OPTION.sub(r"\2", script)
        script = _REFERENCE.sub(lambda match: variables.get(match[1], f"${match[1]}"), script)[:MAX_EXPANSION]
    return replace(recipe, script=script.replace("$$", "$"))
