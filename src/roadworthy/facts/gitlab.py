"""A GitLab pipeline as jobs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from roadworthy.core.documents.parts import mapping, named, part, rows, texts
from roadworthy.core.values import replace
from roadworthy.facts.jobs import Job, Step

FILE = ".gitlab-ci.yml"
DEEP = 8
# Reads the files of the project that a path with wildcards names.
Read = Callable[[str], Sequence[Mapping[str, Any]]]
_WORDS = frozenset(
    {
        *("default", "include", "stages", "variables", "workflow", "image", "services", "cache"),
        *("before_script", "after_script", "spec"),
    }
)
_STAGES = [".pre", "build", "test", "deploy", ".post"]
_ANYWAY = frozenset({"always", "on_failure"})
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def whole(
    pipeline: Mapping[str, Any], read: Read, depth: int = DEEP
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a pipeline with the files of the project's own that it includes, and those that are not here."""
    merged: dict[str, Any] = {}
    unread: list[str] = []
    for item in _items(pipeline.get("include")):
        found = read(_local(item)) if depth and _local(item) else ()
        unread += [] if found else [_named(item)]
        for included in found:
            below, missing = whole(included, read, depth - 1)
            merged.update(below)
            unread += missing
    return {**merged, **pipeline}, tuple(unread)


def jobs(pipeline: Mapping[str, Any], read: Read, depth: int = DEEP) -> Iterator[Job]:
    """Yield the jobs of a whole pipeline, with what they extend put in, and the jobs of those they start."""
    stages = [".pre", *_listed(pipeline.get("stages")), ".post"] if pipeline.get("stages") else _STAGES
    named = {name: raw for name, raw in pipeline.items() if _is_job(name, raw)}
    extended = {name: _extended(name, pipeline, DEEP) for name in named}
    for name, raw in extended.items():
        job = _job(name, raw, pipeline, _needs(name, extended, stages))
        if "trigger" in raw:
            children, unread = _started(job, read, depth)
            yield replace(job, unread=unread)
            yield from children
        else:
            yield job


def _started(job: Job, read: Read, depth: int) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """The jobs of the pipelines that a job starts, each after what that job needs, and those not here."""
    trigger = job.raw.get("trigger")
    if not isinstance(trigger, Mapping) or "project" in trigger or not depth:
        return (), (f"starts {_named(trigger)}",)
    child, unread = whole({"include": trigger.get("include")}, read)
    found = tuple(job.calls(each, on_every_change=False) for each in jobs(child, read, depth - 1))
    return found, tuple(f"starts {name}" for name in unread)


def _items(include: Any) -> list[Any]:
    return include if isinstance(include, list) else [include] if include else []


def _local(item: Any) -> str:
    """The path of an included file of the project's own."""
    name = item if isinstance(item, str) and "://" not in item else ""
    named = mapping(item)
    return (name or str("" if "project" in named else named.get("local") or "")).lstrip("/")


def _named(item: Any) -> str:
    if isinstance(item, str):
        return item
    names = (
        mapping(item).get(key) for key in ("project", "remote", "template", "component", "local", "artifact")
    )
    return next((str(name) for name in names if name), "something that is not said")


def unpinned(job: Job) -> Iterator[str]:
    """Yield images and includes that are not pinned by digest."""
    yield from (image for image in job.images if not _DIGEST.search(image))


def includes(pipeline: Mapping[str, Any]) -> Iterator[str]:
    """Yield included pipelines that may change under the project."""
    for item in _items(pipeline.get("include")):
        pinned = re.fullmatch(r"[0-9a-f]{40}", str(mapping(item).get("ref")))
        if not _local(item) and not pinned:
            yield _named(item)


def _job(name: str, job: Mapping[str, Any], pipeline: Mapping[str, Any], needs: tuple[str, ...]) -> Job:
    usual = part(pipeline, "default")
    hooks = _listed(part(job if "hooks" in job else usual, "hooks").get("pre_get_sources_script"))
    script = [*_script(job, usual, pipeline, "before_script"), *_listed(job.get("script"))]
    after = _script(job, usual, pipeline, "after_script")
    known = {**texts(pipeline.get("variables")), **texts(job.get("variables"))}
    image = job.get("image", usual.get("image", pipeline.get("image")))
    when = str(job.get("when", "on_success"))
    return Job(
        path=FILE,
        name=name,
        steps=(
            Step(run="\n".join(script), inputs={}, sure=_fetches(known), known=known, texts=_run(job)),
            Step(run="\n".join([*after, *hooks]), inputs={}, sure=False, always=True, known=known),
        ),
        needs=needs,
        on_every_change=when == "on_success"
        and not ({"rules", "only", "except"} & job.keys())
        and _merges(pipeline),
        by_strangers=False,
        sure=_sure(job, when),
        always=not _ANYWAY.isdisjoint({when, *(str(rule.get("when")) for rule in rows(job.get("rules")))}),
        environment=named(job.get("environment")),
        images=tuple(_images(image, job.get("services", usual.get("services")))),
        raw=job,
        file=pipeline,
    )


def _fetches(known: Mapping[str, str]) -> bool:
    """Whether a job works on the sources of its commit, not on what another left."""
    stale = known.get("GIT_STRATEGY") in ("none", "empty")
    return not stale and known.get("GIT_CHECKOUT", "").lower() != "false"


def _sure(job: Mapping[str, Any], when: str) -> bool:
    """Whether what comes after a job waits for it: one by hand is passed by, unless it says otherwise."""
    allowed = job.get("allow_failure")
    forgiven = any(rule.get("allow_failure") for rule in rows(job.get("rules")))
    waits = when in ("on_success", "delayed") or (when == "manual" and allowed is False)
    return allowed in (None, False) and waits and not forgiven


def _is_job(name: str, raw: Any) -> bool:
    return (
        isinstance(raw, Mapping)
        and name not in _WORDS
        and not name.startswith(".")
        and bool({"script", "trigger", "extends", "run"} & raw.keys())
    )


def _extended(name: str, pipeline: Mapping[str, Any], depth: int) -> dict[str, Any]:
    own = part(pipeline, name)
    merged: dict[str, Any] = {}
    for base in _listed(own.get("extends")) if depth else ():
        merged.update(_extended(base, pipeline, depth - 1))
    return {**merged, **{key: _referred(value, pipeline, depth) for key, value in own.items()}}


def _referred(value: Any, pipeline: Mapping[str, Any], depth: int) -> Any:
    """Put in what `!reference [.job, script]` names: here a list of names that lead somewhere."""
    if not isinstance(value, list) or not depth:
        return value
    found: Any = pipeline
    for step in value:
        found = found.get(step) if isinstance(found, Mapping) and isinstance(step, str) else None
    if len(value) > 1 and found is not None:
        return _referred(found, pipeline, depth - 1)
    return [_referred(each, pipeline, depth - 1) for each in value]


def _needs(name: str, whole: Mapping[str, Mapping[str, Any]], stages: list[str]) -> tuple[str, ...]:
    """What must succeed first: the jobs it needs, or else all of the earlier stages."""
    job = whole[name]
    if isinstance(job.get("needs"), list):
        named = (item if isinstance(item, Mapping) else {"job": item} for item in job["needs"])
        # A job of another pipeline may have the name of one of this.
        return tuple(
            str(item.get("job")) for item in named if not {"project", "pipeline", "optional"} & _true(item)
        )
    place = _place(job, stages)
    return tuple(other for other, raw in whole.items() if _place(raw, stages) < place)


def _true(item: Mapping[str, Any]) -> set[str]:
    return {name for name, value in item.items() if value}


def _place(job: Mapping[str, Any], stages: list[str]) -> int:
    stage = str(job.get("stage", "test"))
    return stages.index(stage) if stage in stages else len(stages)


def _merges(pipeline: Mapping[str, Any]) -> bool:
    """Whether the pipeline runs for merge requests."""
    rules = part(pipeline, "workflow").get("rules")
    asks = (rule for rule in rows(rules) if "merge_request" in str(rule.get("if", "")))
    return not isinstance(rules, list) or any(_runs(rule) for rule in asks)


def _runs(rule: Mapping[str, Any]) -> bool:
    return rule.get("when") != "never" and not ({"changes", "exists"} & rule.keys())


def _script(
    job: Mapping[str, Any], usual: Mapping[str, Any], pipeline: Mapping[str, Any], name: str
) -> list[str]:
    return _listed(job.get(name, usual.get(name, pipeline.get(name))))


def _run(job: Mapping[str, Any]) -> tuple[str, ...]:
    """The scripts of GitLab's steps."""
    return tuple(str(step.get("script", "")) for step in rows(job.get("run")))


def _images(image: Any, services: Any) -> Iterator[str]:
    for holder in [image, *(services if isinstance(services, list) else [])]:
        if name := named(holder):
            yield name


def _listed(value: Any) -> list[str]:
    """A script may nest lists, by references."""
    if isinstance(value, str):
        return [value]
    return [text for item in value for text in _listed(item)] if isinstance(value, list) else []
