"""CI as data: which jobs deploy, what gates them, what every change goes through, and the ways around."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.core.documents.snapshot import Snapshot, Unreadable
from roadworthy.facts import called, github, gitlab
from roadworthy.facts.asked import Asked
from roadworthy.facts.codeowners import codeowners, ruleset
from roadworthy.facts.deploying import deploys
from roadworthy.facts.elsewhere import elsewhere
from roadworthy.facts.jobs import Act, Job, Scripts, Step
from roadworthy.facts.programs import runs_tests

_DEPLOY_ACTION = re.compile(r"deploy|k8s|helm|kubectl|app-engine|ecs|lambda", re.IGNORECASE)
_PAGES = re.compile(r"pages|docs", re.IGNORECASE)
MOST = 20


def workflows(snapshot: Snapshot) -> dict[str, Any]:
    """Return the facts under `workflows`."""
    scripts = Scripts(snapshot)
    paths = tuple(p for p in snapshot.under(github.FOLDER) if p.endswith((".yml", ".yaml")))
    files = (*paths, *([gitlab.FILE] if gitlab.FILE in snapshot.sizes else []))
    provider = "github" if paths else "gitlab" if files else ""
    parsed, broken = _parsed(files, snapshot)
    read, unread = _jobs(parsed, snapshot)
    jobs = [scripts.read(job) for job in read]
    asked = Asked(snapshot, jobs)
    deploying = [(job, _why_ungated(job, asked)) for job in jobs if _deploys(job)]
    after_gate = [job for job in jobs if job.unread and asked.before(job)]
    entitled = {(job.path, job.name) for job in (*(job for job, _ in deploying), *after_gate)}
    githubs = [job for job in jobs if job.path != gitlab.FILE]
    return {
        "available": bool(files) and not broken,
        "reason": "; ".join(broken) or ("" if files else "there is no CI file"),
        "provider": provider,
        "files": list(files),
        "deploy_jobs": [_deploy_job(job, why) for job, why in deploying],
        "deploy_elsewhere": elsewhere(snapshot, scripts, _gated(deploying))[:MOST],
        "unread": [*unread, *(each for job in jobs for each in _unread(job, asked, scripts))][:MOST],
        "check_job": _always(jobs, asked.is_check),
        "tests_job": _always(jobs, lambda act: runs_tests(act.command)),
        "unpinned": _said(jobs, _unpinned)
        + [f"{gitlab.FILE}: {name}" for name in gitlab.includes(parsed.get(gitlab.FILE, {}))],
        "broad_permissions": _said(githubs, github.broad_permissions),
        "exposed_secrets": _said(
            githubs, lambda job: github.exposed_secrets(job, (job.path, job.name) in entitled)
        ),
        "injections": _said(githubs, github.injections),
        "codeowners": codeowners(snapshot, provider, files),
        "ruleset": ruleset(snapshot),
    }


def _parsed(files: Iterable[str], snapshot: Snapshot) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    parsed: dict[str, Mapping[str, Any]] = {}
    broken = []
    for path in files:
        value = snapshot.once("ci", [path], partial(_said_in, path, snapshot.read(path)))
        if isinstance(value, Mapping):
            parsed[path] = value
        else:
            broken.append(f"{path}: {value if isinstance(value, str) else 'no mapping'}")
    return parsed, broken


def _said_in(path: str, data: bytes | Unreadable) -> Any:
    try:
        return parse(path, data) if isinstance(data, bytes) else data.reason
    except ParseError as error:
        return str(error)


def _jobs(parsed: Mapping[str, Mapping[str, Any]], snapshot: Snapshot) -> tuple[tuple[Job, ...], list[str]]:
    """Every job with what it calls put in, and the included files that cannot be read."""
    written = {path: tuple(github.jobs(path, value)) for path, value in parsed.items() if path != gitlab.FILE}
    found = list(called.whole(written, snapshot))
    if gitlab.FILE not in parsed:
        return tuple(found), []
    read = called.reader(snapshot)
    pipeline, unread = gitlab.whole(parsed[gitlab.FILE], read)
    return (*found, *gitlab.jobs(pipeline, read)), [f"{gitlab.FILE} includes {name}" for name in unread]


def _deploys(job: Job) -> bool:
    return any(deploys(act.command) for act in job.acts) or any(_deploy_action(step) for step in job.steps)


def _deploy_action(step: Step) -> bool:
    name = step.uses.partition("@")[0]
    pushes = name == "docker/build-push-action" and str(step.inputs.get("push")).lower() == "true"
    return pushes or bool(_DEPLOY_ACTION.search(name) and not _PAGES.search(name))


def _deploy_job(job: Job, why: str) -> dict[str, Any]:
    where = {"path": job.path, "job": job.name, "environment": job.environment}
    return {**where, "gated": not why, "why_ungated": why}


def _why_ungated(job: Job, asked: Asked) -> str:
    """What is missing between the gate and a deployment; empty when nothing is."""
    if job.always:
        return "it runs although what it needs has failed"
    if any(deploys(act.command) and act.always for act in job.acts):
        return "a deploying step runs although the gate has failed"
    by_action = any(_deploy_action(step) for step in job.steps)
    if (not by_action and asked.first(job, lambda act: deploys(act.command))) or asked.before(job):
        return ""
    return "no step or needed job before it runs `roadworthy gate` so that its failure stops the run"


def _unread(job: Job, asked: Asked, scripts: Scripts) -> Iterator[str]:
    """What a job hands its secrets or rights to before any gate, and nobody can read here."""
    if not job.trusted or (not job.always and asked.before(job)):
        return

    def hidden(act: Act) -> bool:
        return called.hidden(act.command.words, act.command.path) or scripts.absent(act.command)

    yield from (f"{job.path} {job.name} {what}" for what in job.unread)
    if not asked.first(job, hidden):
        yield from (f"{job.path} {job.name} runs {act.command.text}" for act in job.acts if hidden(act))


def _always(jobs: Iterable[Job], wanted: Callable[[Act], bool]) -> bool:
    """Whether some job does this on every change, and fails when it fails."""
    binding = (job for job in jobs if job.on_every_change and job.sure)
    return any(act.sure and wanted(act) for job in binding for act in job.acts)


def _unpinned(job: Job) -> Iterator[str]:
    return gitlab.unpinned(job) if job.path == gitlab.FILE else github.unpinned(job)


def _said(jobs: Iterable[Job], faults: Callable[[Job], Iterable[str]]) -> list[str]:
    return [f"{job.path} {job.name}: {fault}" for job in jobs for fault in faults(job)][:MOST]


def _gated(deploying: Iterable[tuple[Job, str]]) -> frozenset[str]:
    """The scripts and make targets that only gated jobs are known to run."""
    return frozenset(act.via for job, why in deploying if not why for act in job.acts)
