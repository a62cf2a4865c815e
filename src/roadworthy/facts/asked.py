"""Whether CI asks the judge: by its own name, about this project, today, with nothing in its way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts import gitlab
from roadworthy.facts.jobs import Act, Job
from roadworthy.facts.shell import Command, calls

# What would run instead of Roadworthy: a program or a module of its name.
_SHADOW = re.compile(r"(?:^|/)roadworthy$|^(?:src/)?roadworthy(?:/__(?:init|main)__)?\.py$")
_OTHER_GATE = frozenset({"--as-of", "--project", "--verify", "--signers"})
_LESS = frozenset({"--control", "--as-of", "--revision", "--for-release"})
_FROM = frozenset({"--policy", "--waivers"})
_VALUES = re.compile(r"--(?:format|output|policy|waivers)[ =]\S+|\d?>>?\s*\S+")
_HERE = frozenset({".", "./", "$PWD", "$GITHUB_WORKSPACE", "$CI_PROJECT_DIR"})


class Asked:
    """The commands of a project's CI that really ask."""

    def __init__(self, snapshot: Snapshot, jobs: Sequence[Job]) -> None:
        self._snapshot, self._jobs = snapshot, jobs
        self._shadowed = any(_SHADOW.search(path) for path in snapshot.paths)

    def is_gate(self, act: Act) -> bool:
        """Return whether a command runs the gate so that its failure ends the job."""
        return act.sure and self._asks(act.command, "gate", _OTHER_GATE)

    def is_check(self, act: Act) -> bool:
        """Return whether a command holds the whole project to its policy."""
        _, _, words = " ".join(act.command.words).partition(" check")
        told = {word for word in _VALUES.sub("", words).split() if not word.startswith("-")}
        return self._asks(act.command, "check", _LESS) and told <= _HERE

    def first(self, job: Job, wanted: Callable[[Act], bool]) -> bool:
        """Return whether the gate comes before the first command of a kind."""
        acts = job.acts
        end = next((index for index, act in enumerate(acts) if wanted(act)), len(acts))
        gate = next((index for index, act in enumerate(acts[:end]) if self.is_gate(act)), None)
        return gate is not None and not any(_moves_path(act.command) for act in acts[:gate])

    def before(self, job: Job) -> bool:
        """Return whether a job that must succeed before this one runs the gate."""
        others = {other.name: other for other in self._jobs if other.path == job.path}
        return any(self._stops(others[name], job) for name in _before(job, others))

    def _stops(self, job: Job, later: Job) -> bool:
        """A job that rules may leave out stops nothing, unless the same rules leave out what comes after."""
        alike = job.path != gitlab.FILE or all(
            job.raw.get(name) in (None, later.raw.get(name)) for name in ("rules", "only", "except")
        )
        return job.sure and not job.always and alike and self.first(job, lambda _: False)

    def _asks(self, command: Command, verb: str, but: frozenset[str]) -> bool:
        if not calls(command, "roadworthy", verb):
            return False
        words = {word.partition("=")[0] for word in command.words}
        mine = command.bent or self._shadowed or command.path.removeprefix("./") in self._snapshot.sizes
        return not (mine or but & words or (_FROM & words and any(map(self._own, command.words[1:]))))

    def _own(self, word: str) -> bool:
        """Whether a word names a file or a folder of the project."""
        place = word.rpartition("=")[2]
        folder = place.removeprefix("./").rstrip("/")
        return place in self._snapshot.sizes or (
            folder not in ("", ".") and bool(self._snapshot.under(folder))
        )


def _moves_path(command: Command) -> bool:
    """Whether a command lets later steps find programs in the project first."""
    text = " ".join(command.words)
    own = re.search(r"PWD|WORKSPACE|github\.workspace|(?:^|\s)(?:\.|[\w-]+/)", text)
    return bool(
        ("GITHUB_PATH" in text and own) or ("GITHUB_ENV" in text and re.search(r"\b(PATH|BASH_ENV)=", text))
    )


def _before(job: Job, others: Mapping[str, Job]) -> set[str]:
    found: set[str] = set()
    waiting = list(job.needs)
    while waiting:
        name = waiting.pop()
        if name in others and name not in found:
            found.add(name)
            waiting.extend(others[name].needs)
    return found
