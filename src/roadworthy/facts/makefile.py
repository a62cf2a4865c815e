"""Makefile text read as data: the recipe of each target, with simple variables put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from roadworthy.core.values import frozen, replace

_MANNERS = r"(?:(?:export|override|private)\s+)*"
_VARIABLE = re.compile(rf"^{_MANNERS}([A-Za-z_]\w*)\s*(:{{1,3}}|[?+!])?=\s*(.*)$")
_SPECIFIC = re.compile(rf"^[^\s#:=][^:=#]*:\s*{_MANNERS}([A-Za-z_]\w*)\s*(:{{1,3}}|[?+!])?=\s*(.*)$")
_DEFINE = re.compile(rf"^{_MANNERS}define\s+([A-Za-z_]\w*).*\n((?:.*\n)*?) *endef.*$", re.MULTILINE)
_RULE = re.compile(r"^([^\s#:=][^:=#]*?)\s*(::?)(?!=)\s*([^=].*)?$")
_QUIET = re.compile(
    rf"^\.(?:IGNORE|ONESHELL|SHELLFLAGS)\b|^[^\s#:=][^:=#]*:\s*{_MANNERS}\.SHELLFLAGS\b"
    r"|\$[({]eval\b.*\b(?:\w*PYTHON\w*|ROADWORTHY|VENV|SHELL|MAKEFLAGS|IGNORE|test|gate)\b"
    rf"|^(?:[^\s#:=][^:=#]*:)?\s*{_MANNERS}(?:"
    r"PYTEST_ADDOPTS\s*[:+?]*=.*--(?:co\b|collect-only|help|version|setup-|fixtures|markers)|"
    r"MAKEFLAGS\s*[:+?]*=.*(?:--ignore-errors|--keep-going|--dry-run|--touch|--question|(?:^|[\s=-])\w*[iknqt]\w*(?:\s|$))"
    r"|SHELL\s*[:+?]*=\s*(?!(?:\S*/)?(?:ba|da|z|k)?sh\s*$))",
    re.MULTILINE,
)
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_OPTION = re.compile(r"\$\((?:or|if) \$\((\w+)\),([^()]*)\)")
_CONDITION = re.compile(r"^ *(ifn?def|ifn?eq|else|endif)\b")
# A line that goes on, of what is no recipe: those the shell puts together itself.
_CONTINUED = re.compile(r"^(?!\t).*\\\n(?:.*\\\n)*.*$", re.MULTILINE)
_LEFT_OUT = re.compile(r"^# include (.+)$", re.MULTILINE)
MAX_EXPANSION = 8192
LATER = "?"
Pairs = tuple[tuple[str, str], ...]


@frozen
class Recipe:
    """What a target runs, where it starts, and which targets it needs first."""

    script: str
    line: int
    needs: tuple[str, ...]
    quiet: bool = False  # this make goes on although the recipe failed, or does not run it at all
    file: bool = True  # no word of `.PHONY`: nothing is run where a file of that name is new enough
    others: tuple[str, ...] = ()  # what it runs where a condition turns out otherwise


@lru_cache(maxsize=32)
def recipes(text: str, given: Pairs = (), known: Pairs = ()) -> Mapping[str, Recipe]:
    """Return the recipes of a Makefile by target; `given` on make's line, `known` in its environment."""
    text = _CONTINUED.sub(_joined, text)
    text = _DEFINE.sub(lambda match: f"{match[1]} = {'; '.join(match[2].split(chr(10)))}", text)
    first, second = _branches(text)
    found = _recipes(first, given, known)
    otherwise = _recipes(second, given, known) if second != first else found
    words = set(found[".PHONY"].needs) if ".PHONY" in found else set[str]()
    # What is made on the way and then included may say anything.
    made = any(name in found for line in _LEFT_OUT.findall(text) for name in line.split())
    return {
        name: replace(
            recipe,
            quiet=recipe.quiet or made,
            file=name not in words,
            others=() if _said(otherwise, name) == recipe.script else (_said(otherwise, name),),
        )
        for name, recipe in (otherwise | found).items()
    }


def _joined(match: re.Match[str]) -> str:
    """One line of several, and as many empty ones as keep the numbers of those below."""
    return re.sub(r"\\\n\s*", " ", match[0]) + "\n" * match[0].count("\n")


def _said(found: Mapping[str, Recipe], name: str) -> str:
    return found[name].script if name in found else ""


def _branches(text: str) -> tuple[str, str]:
    """A Makefile where every condition holds, and where none does."""
    first, second, inside = list[str](), list[str](), list[bool]()
    for line in text.splitlines():
        if match := _CONDITION.match(line):
            if match[1] == "endif":
                inside = inside[:-1]
            else:
                inside = [*inside[:-1], False] if match[1] == "else" else [*inside, True]
            kept = (False, False)
        else:
            kept = (all(inside), not any(inside))
        first.append(line if kept[0] else "")
        second.append(line if kept[1] else "")
    return "\n".join(first), "\n".join(second)


def _recipes(text: str, given: Pairs, known: Pairs) -> dict[str, Recipe]:
    variables: dict[str, str] = dict(known)
    found: dict[str, Recipe] = {}
    targets: list[str] = []
    fresh, quiet = False, _QUIET.search(text) is not None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw if raw.startswith("\t") else raw.lstrip(" ")
        if line.startswith("\t"):
            # Of two recipes for a target make runs the later; of two values of a variable it takes the later.
            kept = {name: replace(found[name], script="") if fresh else found[name] for name in targets}
            found |= {name: _longer(recipe, line[1:], number) for name, recipe in kept.items()}
            fresh = False
        elif match := _VARIABLE.match(line) or _SPECIFIC.match(line):
            if match[2] != "?" or match[1] not in variables:
                variables[match[1]] = match[3].split(" #")[0].strip() if match[2] != "!" else LATER
        elif match := _RULE.match(line):
            targets, fresh = match[1].split(), match[2] == ":"
            asked, inline, script = (match[3] or "").split("##")[0].partition(";")
            for name in targets:
                before = found.get(name) or Recipe(script="", line=number, needs=(), quiet=quiet)
                found[name] = replace(before, needs=(*before.needs, *asked.split()))
                if inline:
                    found[name] = _longer(replace(found[name], script=""), script.strip(), number)
            fresh = fresh and not inline
    variables |= dict(given)
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
