"""A GitLab pipeline as jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.facts.jobs import Job, Step

FILE = ".gitlab-ci.yml"
DEEP = 8
_WORDS = frozenset(
    [
        "default",
        "include",
        "stages",
        "variables",
        "workflow",
        "image",
        "services",
        "cache",
        "before_script",
        "after_script",
        "pages:deploy",
        "spec",
    ]
)
_STAGES = [".pre", "build", "test", "deploy", ".post"]
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def jobs(pipeline: Mapping[str, Any]) -> Iterator[Job]:
    """Yield the jobs of a parsed pipeline, with what they extend put in."""
    stages = [".pre", *_listed(pipeline.get("stages")), ".post"] if pipeline.get("stages") else _STAGES
    named = {name: raw for name, raw in pipeline.items() if _is_job(name, raw)}
    whole = {name: _extended(name, pipeline, DEEP) for name in named}
    for name, job in whole.items():
        yield _job(name, job, pipeline, _needs(name, whole, stages))


def unpinned(job: Job) -> Iterator[str]:
    """Yield images and includes that are not pinned by digest."""
    yield from (image for image in job.images if not _DIGEST.search(image))


def includes(pipeline: Mapping[str, Any]) -> Iterator[str]:
    """Yield included pipelines that may change under the project."""
    value = pipeline.get("include", [])
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield from [item] if "://" in item else []
        elif isinstance(item, Mapping) and not (
            "local" in item or re.fullmatch(r"[0-9a-f]{40}", str(item.get("ref")))
        ):
            yield str(
                item.get("remote") or item.get("project") or item.get("template") or item.get("component")
            )


def _job(name: str, job: Mapping[str, Any], pipeline: Mapping[str, Any], needs: tuple[str, ...]) -> Job:
    usual = _mapping(pipeline.get("default"))
    script = [*_script(job, usual, pipeline, "before_script"), *_listed(job.get("script"))]
    image = job.get("image", usual.get("image", pipeline.get("image")))
    when = str(job.get("when", "on_success"))
    return Job(
        path=FILE,
        name=name,
        steps=(Step(run="\n".join(script), inputs={}, sure=True),),
        needs=needs,
        on_every_change=when == "on_success"
        and not ({"rules", "only", "except"} & job.keys())
        and _merges(pipeline),
        by_strangers=False,
        sure=job.get("allow_failure") in (None, False) and when in ("on_success", "manual", "delayed"),
        always=when in ("always", "on_failure"),
        environment=_environment(job.get("environment")),
        images=tuple(_images(image, job.get("services", usual.get("services")))),
        raw=job,
        file=pipeline,
    )


def _is_job(name: str, raw: Any) -> bool:
    return (
        isinstance(raw, Mapping)
        and name not in _WORDS
        and not name.startswith(".")
        and bool({"script", "trigger", "extends", "run"} & raw.keys())
    )


def _extended(name: str, pipeline: Mapping[str, Any], depth: int) -> dict[str, Any]:
    own = _mapping(pipeline.get(name))
    merged: dict[str, Any] = {}
    for base in _listed(own.get("extends")) if depth else ():
        merged.update(_extended(base, pipeline, depth - 1))
    return {**merged, **own}


def _needs(name: str, whole: Mapping[str, Mapping[str, Any]], stages: list[str]) -> tuple[str, ...]:
    """What must succeed first: the jobs it needs, or else all of the earlier stages."""
    job = whole[name]
    if isinstance(job.get("needs"), list):
        return tuple(
            str(_mapping(item).get("job")) if isinstance(item, Mapping) else str(item)
            for item in job["needs"]
        )
    place = _place(job, stages)
    return tuple(other for other, raw in whole.items() if _place(raw, stages) < place)


def _place(job: Mapping[str, Any], stages: list[str]) -> int:
    stage = str(job.get("stage", "test"))
    return stages.index(stage) if stage in stages else len(stages)


def _merges(pipeline: Mapping[str, Any]) -> bool:
    """Whether the pipeline runs for merge requests."""
    rules = _mapping(pipeline.get("workflow")).get("rules")
    if not isinstance(rules, list):
        return True
    return any(
        "merge_request" in str(_mapping(rule).get("if", "")) and _runs(_mapping(rule)) for rule in rules
    )


def _runs(rule: Mapping[str, Any]) -> bool:
    return rule.get("when") != "never" and not ({"changes", "exists"} & rule.keys())


def _script(
    job: Mapping[str, Any], usual: Mapping[str, Any], pipeline: Mapping[str, Any], name: str
) -> list[str]:
    return _listed(job.get(name, usual.get(name, pipeline.get(name))))


def _images(image: Any, services: Any) -> Iterator[str]:
    for holder in [image, *(services if isinstance(services, list) else [])]:
        name = holder if isinstance(holder, str) else _mapping(holder).get("name")
        if name:
            yield str(name)


def _environment(value: Any) -> str:
    return value if isinstance(value, str) else str(_mapping(value).get("name") or "")


def _listed(value: Any) -> list[str]:
    """A script may nest lists, by references."""
    if isinstance(value, str):
        return [value]
    return [text for item in value for text in _listed(item)] if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
