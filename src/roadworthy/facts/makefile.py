"""Makefile text read as data: the recipe of each target, with simple variables put in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from roadworthy.core.values import frozen

_VARIABLE = re.compile(r"^(?:export\s+|override\s+)?([A-Za-z_]\w*)\s*(?::::?|::?|\?|\+)?=\s*(.*)$")
_RULE = re.compile(r"^([^\s#:=][^:=#]*?)\s*::?(?!=)\s*([^=].*)?$")
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_OPTION = re.compile(r"\$\((?:or|if) \$\((\w+)\),([^()]*)\)")
MAX_EXPANSION = 8192


@frozen
class Recipe:
    """What a target runs, where it starts, and which targets it needs first."""

    script: str
    line: int
    needs: tuple[str, ...]


def recipes(text: str) -> dict[str, Recipe]:
    """Return the recipes of a Makefile by target."""
    variables: dict[str, str] = {}
    found: dict[str, Recipe] = {}
    targets: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("\t"):
            for target in targets:
                found[target] = _longer(found[target], line[1:], number)
        elif match := _VARIABLE.match(line):
            variables.setdefault(match[1], match[2].split(" #")[0].strip())
        elif match := _RULE.match(line):
            targets = match[1].split()
            needs = tuple((match[2] or "").split("##")[0].split())
            found.update(
                {name: Recipe(script="", line=number, needs=needs) for name in targets if name not in found}
            )
    return {name: _expanded(recipe, variables) for name, recipe in found.items()}


def _longer(recipe: Recipe, line: str, number: int) -> Recipe:
    start = recipe.line if recipe.script else number
    return Recipe(script=f"{recipe.script}{line}\n", line=start, needs=recipe.needs)


def _expanded(recipe: Recipe, variables: Mapping[str, str]) -> Recipe:
    script = recipe.script
    for _ in range(3):
        script = _OPTION.sub(r"\2", script)
        script = _REFERENCE.sub(lambda match: variables.get(match[1], f"${match[1]}"), script)[:MAX_EXPANSION]
    return Recipe(script=script.replace("$$", "$"), line=recipe.line, needs=recipe.needs)
