"""Whether CI asks the judge: by its own name, about this project, today, with nothing in its way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts import gitlab
from roadworthy.facts.jobs import Act, Job
from roadworthy.facts.programs import calls, script_of
from roadworthy.facts.shell import BENDING, Command, defined

# What would run instead of Roadworthy: a program or a module of its name.
_SHADOW = re.compile(r"(?:^|/)roadworthy$|^(?:src/)?roadworthy(?:/__(?:init|main)__)?\.py$")
# A package that brings a program or a module of its name.
_PACKAGED = re.compile(r"""roadworthy['"]?\s*=\s*['"]?[\w.]+:\w|\bname\s*=\s*['"]roadworthy['"]""")
_PACKAGES = ("pyproject.toml", "setup.py", "setup.cfg")
# What puts something else in the place of a program.
_PUTS = frozenset({"cp", "ln", "mv", "install", "tee", "dd"})
_PUT = re.compile(r"(?:^|[\s=/])roadworthy$")
_PUT_BY_SHELL = re.compile(r">>?\s*\S*\broadworthy(?:\s|$)")
# What puts other files in the place of those that were gated.
_MOVES = frozenset({"checkout", "switch", "reset", "pull", "merge", "rebase", "apply", "am", "cherry-pick"})
_OTHER_GATE = frozenset({"--as-of", "--project", "--verify", "--signers"})
_LESS = frozenset({"--control", "--as-of", "--revision", "--for-release"})
_FROM = frozenset({"--policy", "--waivers"})
_VALUES = re.compile(r"--(?:format|output|policy|waivers)[ =]\S+|\d?>>?\s*\S+")
_HERE = frozenset({".", "./", "$PWD", "$GITHUB_WORKSPACE", "$CI_PROJECT_DIR"})


class Asked:
    """The commands of a project's CI that really ask."""

    def __init__(self, snapshot: Snapshot, jobs: Sequence[Job]) -> None:
        self._snapshot, self._jobs = snapshot, jobs
        packages = (path for path in snapshot.paths if path.rpartition("/")[2] in _PACKAGES)
        self._shadowed = any(_SHADOW.search(path) for path in snapshot.paths) or any(
            _PACKAGED.search(snapshot.text(path)) for path in packages
        )

    def is_gate(self, act: Act) -> bool:
        """Return whether a command runs the gate so that its failure ends the job."""
        return act.sure and not act.away and self._asks(act.command, "gate", _OTHER_GATE)

    def is_check(self, act: Act) -> bool:
        """Return whether a command holds the whole project to its policy."""
        _, _, words = " ".join(act.command.words).partition(" check")
        told = {word for word in _VALUES.sub("", words).split() if not word.startswith("-")}
        return not act.away and self._asks(act.command, "check", _LESS) and told <= _HERE

    def first(self, job: Job, wanted: Callable[[Act], bool]) -> bool:
        """Return whether the gate comes before the first command of a kind."""
        acts = job.acts
        end = next((index for index, act in enumerate(acts) if wanted(act)), len(acts))
        gate = next((index for index, act in enumerate(acts[:end]) if self.is_gate(act)), None)
        if gate is None or any(map(self._replaces, acts[:gate])):
            return False
        after = acts[gate:end] if end < len(acts) else ()
        return {_checked_out(each) for each in after} <= {"", self._at(acts[:gate])}

    def _at(self, acts: Sequence[Act]) -> str:
        """What the last of some commands left checked out, as far as it is another than the usual."""
        return next((found for act in reversed(acts) if (found := _checked_out(act))), "checkout")

    def before(self, job: Job) -> bool:
        """Return whether a job that must succeed before this one runs the gate."""
        others = {other.name: other for other in self._jobs if other.path == job.path}
        return any(self._stops(others[name], job) for name in _before(job, others))

    def _stops(self, job: Job, later: Job) -> bool:
        """A job that rules may leave out stops nothing, unless the same rules leave out what comes after."""
        alike = job.path != gitlab.FILE or all(
            job.raw.get(name) in (None, later.raw.get(name)) for name in ("rules", "only", "except")
        )
        if not (job.sure and not job.always and alike and self.first(job, lambda _: False)):
            return False
        gate = next(index for index, act in enumerate(job.acts) if self.is_gate(act))
        return {_checked_out(act) for act in later.acts} <= {"", self._at(job.acts[:gate])}

    def _replaces(self, act: Act) -> bool:
        """Whether a command puts something else in the place of the tool for those after it."""
        head, *rest = act.command.words
        text = " ".join(rest)
        script = script_of(act.command) if head in ("source", ".") else ""
        own = (
            {"roadworthy", "command_not_found_handle"} & defined(self._snapshot.text(script))
            if script
            else ()
        )
        puts = _PUT_BY_SHELL.search(text) or (head in _PUTS and any(map(_PUT.search, rest)))
        return bool(own or puts) or _moves_path(act.command)

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
    named = BENDING & set(re.findall(r"(\w+)=", text)) or "BASH_FUNC_" in text
    return bool(("GITHUB_PATH" in text and own) or ("GITHUB_ENV" in text and named))


def _checked_out(act: Act) -> str:
    """The files that a command checks out, in words that only another such command has; empty for none."""
    head, *rest = act.command.words
    if head == "checkout":
        return " ".join(act.command.words)
    new = {"-b", "-B", "-c", "-C", "--orphan"} & set(rest)
    return act.command.text if head == "git" and rest[:1] and rest[0] in _MOVES and not new else ""


def _before(job: Job, others: Mapping[str, Job]) -> set[str]:
    found: set[str] = set()
    waiting = list(job.needs)
    while waiting:
        name = waiting.pop()
        if name in others and name not in found:
            found.add(name)
            # What runs although something failed passes no failure on.
            waiting.extend(others[name].needs if not others[name].always else ())
    return found
