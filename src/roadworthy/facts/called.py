"""Jobs and steps that call others: what they call is put in their place, or named where it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from roadworthy.core.documents.parts import part
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.core.values import replace
from roadworthy.facts import github
from roadworthy.facts.jobs import Job, Step

DEEP = 4
_SHELL = frozenset({"sh", "bash", "zsh", "dash"})


def reader(snapshot: Snapshot) -> Callable[[str], tuple[Mapping[str, Any], ...]]:
    """Return what reads the files that a path with wildcards names: all of them, or none."""

    def read(pattern: str) -> tuple[Mapping[str, Any], ...]:
        values = [snapshot.document(path) for path in snapshot.paths if fnmatchcase(path, pattern)]
        found = tuple(value for value in values if isinstance(value, Mapping))
        return found if len(found) == len(values) else ()

    return read


def whole(jobs: Mapping[str, tuple[Job, ...]], snapshot: Snapshot) -> Iterator[Job]:
    """Yield the jobs of GitHub workflows; one that is only called counts where it is called."""
    called = {_local(job) for each in jobs.values() for job in each}
    for path, each in jobs.items():
        for job in each:
            if path not in called or not github.only_called(job.file):
                yield from _expanded(job, jobs, snapshot, DEEP)


def _local(job: Job) -> str:
    uses = str(job.raw.get("uses") or "")
    return uses.removeprefix("./") if uses.startswith("./") else ""


def _expanded(job: Job, jobs: Mapping[str, tuple[Job, ...]], snapshot: Snapshot, depth: int) -> Iterator[Job]:
    if not job.raw.get("uses"):
        yield _with_actions(job, snapshot)
        return
    inner = jobs.get(_local(job), ()) if depth else ()
    mine = [_inside(job, each) for each in inner]
    names = tuple(each.name for each in mine)
    unread = () if inner else (f"calls {job.raw['uses']}",)
    yield replace(job, needs=(*job.needs, *names), unread=unread)
    for each in mine:
        yield from _expanded(each, jobs, snapshot, depth - 1)


def _inside(caller: Job, job: Job) -> Job:
    """A job of a called workflow, as it runs for its caller."""
    return caller.calls(
        job,
        path=caller.path,
        on_every_change=caller.on_every_change and not job.raw.get("if"),
        by_strangers=caller.by_strangers,
        sure=caller.sure and job.sure,
        trusted=caller.trusted or job.trusted,
    )


def _with_actions(job: Job, snapshot: Snapshot) -> Job:
    """The job with the steps of the project's own composite actions in the place of their calls."""
    steps: list[Step] = []
    unread: list[str] = []
    for step in job.steps:
        inner = _action(step, snapshot, DEEP) if step.uses.startswith("./") else ()
        steps += [step, *(inner or ())]
        unread += [f"uses {step.uses}"] if inner is None else []
    return replace(job, steps=tuple(steps), unread=tuple(unread))


def _action(step: Step, snapshot: Snapshot, depth: int) -> tuple[Step, ...] | None:
    """The steps of an action of the project's own; None when it runs what cannot be read here."""
    folder = step.uses.removeprefix("./").strip("/")
    path = next((p for p in (f"{folder}/action.yml", f"{folder}/action.yaml") if p in snapshot.sizes), "")
    runs = part(snapshot.document(path), "runs")
    if not depth or runs.get("using") != "composite":
        return None
    found: list[Step] = []
    for inner in github.steps_of(runs, {}, step.known):
        mine = replace(inner, sure=inner.sure and step.sure, always=inner.always or step.always, via=path)
        below = _action(mine, snapshot, depth - 1) if mine.uses.startswith("./") else ()
        if below is None:
            return None
        found += [mine, *below]
    return tuple(found)


def hidden(words: tuple[str, ...], path: str) -> bool:
    """Return whether what a command runs stands nowhere here: in a variable, or piped into a shell."""
    head, *rest = words
    if path.startswith("$"):
        return "/" not in path and rest[:1] != ["-m"]
    if head == "eval":
        return any(word.startswith("$") for word in rest)
    return head in _SHELL and all(word.startswith("-") and word != "-c" for word in rest)
