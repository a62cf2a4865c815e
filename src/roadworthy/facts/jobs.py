"""CI jobs of any provider in one shape, with the commands that they really run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.values import field, frozen, replace
from roadworthy.facts.deploying import SUSPECT
from roadworthy.facts.makefile import Pairs, Recipe, recipes
from roadworthy.facts.programs import program, script_of
from roadworthy.facts.python_runs import runs_in
from roadworthy.facts.python_text import read_source
from roadworthy.facts.shell import MAKES, Command, commands

DEEP = 4
_INCLUDE = re.compile(r"^ *[-s]?include[ \t]+(.+)$", re.MULTILINE)
_WILDCARD = re.compile(r"\$[({]wildcard ([^)}]*)[)}]")
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_SHELLS = (".sh", ".bash", ".zsh", ".ksh")
# Options by which make runs less than its file says, or something else.
_IDLE_MAKE = re.compile(
    r"--(?:dry-run|just-print|recon|ignore-errors|keep-going|question|touch|environment-overrides|eval|what-if"
    r"|new-file|assume-new|old-file|assume-old)\b.*|-[bBdLmpRrsSvw]*[nikqteoWE].*"
)
_PLACES = re.compile(r"(?:-[bBdLmpRrsSvw]*([Cf])|--(?:(directory)|file|makefile)(?==|$))=?(.*)")
_CHECKOUT = "actions/checkout@"


@frozen
class Step:
    """One step: what it runs or uses, and whether its failure stops the job."""

    run: str = ""
    uses: str = ""
    inputs: Mapping[str, Any]
    sure: bool
    always: bool = False
    pipefail: bool = False
    python: bool = False
    known: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    via: str = ""
    away: bool = False  # it runs in another folder than the root


@frozen
class Act:
    """A command that a job runs, possibly through make or a script, and through which file or target."""

    command: Command
    sure: bool
    always: bool
    via: str = ""
    away: bool = False


@frozen
class Job:
    """One job of one file, with where it comes in the order of things, and what it comes to run."""

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
    trusted: bool = True
    unread: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    raw: Mapping[str, Any]
    file: Mapping[str, Any]

    def calls(self, job: Job, **more: Any) -> Job:
        """Return a job of what this one calls, as it runs for its caller."""
        needs = (*self.needs, *(f"{self.name} / {name}" for name in job.needs))
        always = self.always or job.always
        return replace(job, name=f"{self.name} / {job.name}", needs=needs, always=always, **more)


def line_by_line(text: str) -> Iterator[Command]:
    """Yield what the lines of any text would be as commands, and what they quote."""
    for number, line in enumerate(text.splitlines(), 1):
        if SUSPECT.search(line):
            yield from (replace(command, line=number) for command in commands(line))


def _told(step: Step) -> Iterator[Command]:
    """What a step runs itself, then what it hands on in words to an action, an image or a variable."""
    if step.uses.startswith(_CHECKOUT) and not step.inputs.get("path"):
        at = [f"{name}={step.inputs[name]}" for name in ("repository", "ref") if step.inputs.get(name)]
        yield Command(words=("checkout", *at), path="checkout", line=1, sure=step.sure)
    if step.python:
        yield from runs_in(step.run.encode("utf-8", "replace"))
    else:
        yield from commands(step.run, pipefail=step.pipefail, known=step.known)
    for text in step.texts:
        yield from (replace(command, sure=False) for command in line_by_line(text))


class Scripts:
    """The scripts and make targets of a project, so that `make gate` is known for what it runs."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.makefile = next((name for name in MAKEFILES if name in snapshot.sizes), "")
        self._recipes: dict[tuple[str, Pairs, Pairs], Mapping[str, Recipe]] = {}

    def read(self, job: Job) -> Job:
        """Return a job with every command that it runs, in order."""
        return replace(job, acts=tuple(self._acts(job)))

    def _acts(self, job: Job) -> Iterator[Act]:
        for step in job.steps:
            for command in _told(step):
                sure = command.sure and step.sure
                act = Act(command=command, sure=sure, always=step.always, via=step.via, away=step.away)
                yield from self._resolve(act, DEEP)

    def _resolve(self, act: Act, depth: int) -> Iterator[Act]:
        yield act
        if depth:
            yield from self._made(act, depth)
            yield from self._scripted(act, depth)

    def _made(self, act: Act, depth: int) -> Iterator[Act]:
        head, *rest = act.command.words
        if head not in MAKES:
            return
        idle = act.away or act.command.bent or any(map(_IDLE_MAKE.fullmatch, rest))
        file, used = self._makefile(rest)
        targets = [word for word in rest if not word.startswith("-") and "=" not in word and word not in used]
        given = tuple(word.partition("=")[::2] for word in rest if "=" in word and not word.startswith("-"))
        act = replace(act, sure=act.sure and not idle)
        for target in targets:
            yield from self._target((file, given, act.command.known), target, act, depth)

    def _makefile(self, rest: list[str]) -> tuple[str, list[str]]:
        """The Makefile that these arguments of make name, else the one at the root; and those arguments."""
        given, used = {}, []
        for word, following in pairwise([*rest, ""]):
            if match := _PLACES.fullmatch(word):
                given["C" if match[1] == "C" or match[2] else "f"] = match[3] or following
                used += [] if match[3] else [following]
        if not given:
            return self.makefile, used
        folder = given.get("C", ".").removeprefix("./").strip("/.")
        names = [given["f"]] if "f" in given else [*MAKEFILES]
        places = [f"{folder}/{name}".lstrip("/") for name in names]
        return next((place for place in places if place in self.snapshot.sizes), ""), used

    def recipes_of(self, makefile: str, given: Pairs = (), known: Pairs = ()) -> Mapping[str, Recipe]:
        """Return the recipes of a Makefile by target; `given` on make's line, `known` in its environment."""
        key = (makefile, given, known)
        if key not in self._recipes:
            text = self._included(makefile, DEEP) if makefile else ""
            self._recipes[key] = recipes(text, given, known) if text else {}
        return self._recipes[key]

    def _included(self, makefile: str, depth: int) -> str:
        """The text of a Makefile, with the files of the project's own that it includes in their places."""

        def put(match: re.Match[str]) -> str:
            names = _WILDCARD.sub(r"\1", match[1]).split() if depth else ()
            here = [path for name in names for path in self._matching(name)]
            return "\n".join(self._included(name, depth - 1) for name in here) or f"# include {match[1]}"

        return _INCLUDE.sub(put, self.snapshot.text(makefile))

    def _matching(self, name: str) -> Iterator[str]:
        if "*" not in name:
            return iter((name,) if name in self.snapshot.sizes else ())
        return (path for path in self.snapshot.paths if fnmatchcase(path, name))

    def _target(self, made: tuple[str, Pairs, Pairs], target: str, act: Act, depth: int) -> Iterator[Act]:
        recipe = self.recipes_of(*made).get(target)
        if recipe is None or not depth:
            return
        act = replace(act, via=f"{made[0]}#{target}")
        for need in recipe.needs:
            yield from self._target(made, need, act, depth - 1)
        # A target that is no word but a file may be up to date: nothing is run for it then.
        done = recipe.file and target in self.snapshot.sizes
        sure = act.sure and not recipe.quiet and not done
        others = [{program(each)[0] for each in commands(other, apart=True)} for other in recipe.others]
        for command in commands(recipe.script, apart=True):
            both = all(program(command)[0] in other for other in others)
            told = replace(act, command=command, sure=sure and both and command.sure)
            yield from self._resolve(told, depth - 1)
        for other in recipe.others:
            for command in commands(other, apart=True):
                yield from self._resolve(replace(act, command=command, sure=False), depth - 1)

    def _scripted(self, act: Act, depth: int) -> Iterator[Act]:
        path = self._found(script_of(act.command))
        if not path:
            return
        text = self.snapshot.text(path)
        brave = "set -e" in text or text.startswith(("#!/bin/sh -e", "#!/bin/bash -e"))
        for command in self.commands(path):
            sure = act.sure and command.sure and brave
            yield from self._resolve(replace(act, command=command, sure=sure, via=path), depth - 1)
        for other in self._imported(path) if path.endswith(".py") else ():
            run = Command(words=("python", other), path="python", line=1, sure=False)
            yield from self._resolve(replace(act, command=run, sure=False, via=path), depth - 1)

    def absent(self, command: Command) -> bool:
        """Return whether a command runs a script that stands nowhere here."""
        path = script_of(command)
        return path.endswith((".sh", ".bash", ".py", ".js", ".rb", ".pl")) and not (
            self._found(path) or "-m" in command.words or path.startswith(("/", "$", "~"))
        )

    def _found(self, path: str) -> str:
        """The script of that path, from the root or from wherever the job went before it ran it."""
        if not path or path in self.snapshot.sizes:
            return path
        ends = [each for each in self.snapshot.paths if each.endswith(f"/{path}")]
        return ends[0] if len(ends) == 1 else ""

    def _imported(self, path: str) -> Iterator[str]:
        """The files beside a script, or in the project, that it imports."""
        data = self.snapshot.read(path)
        source = read_source(data) if isinstance(data, bytes) else None
        folder = path.rpartition("/")[0]
        for name in {name.lstrip(".").replace(".", "/") for name, _ in source.imports} if source else ():
            places = (f"{folder}/{name}.py", f"{name}.py", f"src/{name}.py")
            yield from [each for each in places if each in self.snapshot.sizes][:1]

    def commands(self, path: str) -> Iterator[Command]:
        """Yield the commands of a script, in the language that it is written in."""
        text = self.snapshot.text(path)
        if path.endswith(".py") or re.match(r"#!.*python", text):
            yield from runs_in(self.snapshot.data(path) or b"")
        elif path.endswith(_SHELLS) or re.match(r"#!.*\b(?:ba|da|z|k)?sh\b", text):
            yield from commands(text)
        else:
            yield from (replace(c, sure=False) for c in line_by_line(text))
