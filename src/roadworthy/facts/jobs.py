"""CI jobs of any provider in one shape, with the commands that they really run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.documents.parse import ParseError, decode
from roadworthy.core.documents.snapshot import Snapshot, Unreadable
from roadworthy.core.values import frozen, replace
from roadworthy.facts.makefile import Recipe, recipes
from roadworthy.facts.shell import Command, commands, script_of

DEEP = 4
_IDLE_MAKE = frozenset(
    {"-n", "--dry-run", "-i", "--ignore-errors", "-k", "--keep-going", "-q", "-t", "--touch"}
)


@frozen
class Step:
    """One step: what it runs or uses, and whether its failure stops the job."""

    run: str = ""
    uses: str = ""
    inputs: Mapping[str, Any]
    sure: bool
    always: bool = False
    pipefail: bool = False


@frozen
class Job:
    """One job of one file, with where it comes in the order of things."""

    path: str
    name: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...]
    on_every_change: bool
    by_strangers: bool
    sure: bool
    always: bool
    environment: str
    images: tuple[str, ...] = ()
    raw: Mapping[str, Any]
    file: Mapping[str, Any]


@frozen
class Act:
    """A command that a job runs, possibly through make or a script, and through which file or target."""

    command: Command
    sure: bool
    always: bool
    via: str = ""


class Scripts:
    """The scripts and make targets of a project, so that `make gate` is known for what it runs."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        name = next((name for name in ("GNUmakefile", "makefile", "Makefile") if name in snapshot.sizes), "")
        self.makefile = name
        self.recipes: Mapping[str, Recipe] = recipes(self.text(name)) if name else {}

    def text(self, path: str) -> str:
        """Return the text of a file, empty when it cannot be read."""
        data = self.snapshot.read(path)
        if isinstance(data, Unreadable):
            return ""
        try:
            return decode(data)
        except ParseError:
            return ""

    def acts(self, job: Job) -> Iterator[Act]:
        """Yield every command that a job runs, in order."""
        for step in job.steps:
            for command in commands(step.run, pipefail=step.pipefail):
                yield from self._resolve(
                    Act(command=command, sure=command.sure and step.sure, always=step.always), DEEP
                )

    def _resolve(self, act: Act, depth: int) -> Iterator[Act]:
        yield act
        if depth:
            yield from self._made(act, depth)
            yield from self._scripted(act, depth)

    def _made(self, act: Act, depth: int) -> Iterator[Act]:
        head, *rest = act.command.words
        if head not in ("make", "gmake") or "-C" in rest or "-f" in rest:
            return
        sure = act.sure and not _IDLE_MAKE & set(rest)
        targets = [word for word in rest if not word.startswith("-") and "=" not in word]
        for target in targets:
            yield from self._target(target, replace(act, sure=sure), depth)

    def _target(self, target: str, act: Act, depth: int) -> Iterator[Act]:
        recipe = self.recipes.get(target)
        if recipe is None or not depth:
            return
        act = replace(act, via=f"{self.makefile}#{target}")
        for need in recipe.needs:
            yield from self._target(need, act, depth - 1)
        for command in commands(recipe.script):
            yield from self._resolve(replace(act, command=command, sure=act.sure and command.sure), depth - 1)

    def _scripted(self, act: Act, depth: int) -> Iterator[Act]:
        path = script_of(act.command)
        if path not in self.snapshot.sizes:
            return
        text = self.text(path)
        brave = "set -e" in text or text.startswith(("#!/bin/sh -e", "#!/bin/bash -e"))
        for command in commands(text):
            sure = act.sure and command.sure and brave
            yield from self._resolve(replace(act, command=command, sure=sure, via=path), depth - 1)
