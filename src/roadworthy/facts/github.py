"""GitHub workflows as jobs, and what is wrong with them besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.documents.parts import mapping, named, part, strings, texts
from roadworthy.facts.jobs import Job, Step

FOLDER = ".github/workflows/"
_DIGEST = re.compile(r"@[0-9a-f]{40}$|@sha256:[0-9a-f]{64}$")
_SECRET = re.compile(r"\$\{\{[^}]*\bsecrets\s*(?:\.\s*(\w+)|\[\s*['\"](\w+)['\"]\s*\])", re.IGNORECASE)
_CLOUD_KEY = re.compile(r"AWS|GCP|GOOGLE|AZURE|KUBE|DEPLOY|PROD|GATE|SIGNING|HEROKU|FLY_", re.IGNORECASE)
_STRANGE_TEXT = re.compile(
    r"\$\{\{[^}]*github\s*\.\s*(?:head_ref|event\s*\.[\w.*\[\]]*(?:title|body|message|label|email|name|ref|page_name))\b",
    re.IGNORECASE,
)
_FETCHES = re.compile(r"\bgh\s+pr\s+checkout\b|\bgit\s+(?:fetch|pull)\b.*\b(?:refs/)?pull/")
_WIDE = ("contents", "actions", "packages", "id-token", "deployments")
_DEPLOYING_RIGHTS = ("id-token", "packages", "deployments")
_CONTEXT = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")
# Options of a shell that change nothing in what it runs, or in whether it stops.
_PLAIN, _LETTERS = frozenset({"--noprofile", "--norc", "--login", "--posix"}), frozenset("eEfhluvxo")
_ROOT = frozenset({"", ".", "./", "${{github.workspace}}"})
_STRANGERS = frozenset(
    {"pull_request", "pull_request_target", "issue_comment", "issues", "fork", "workflow_run"}
)


def jobs(path: str, workflow: Mapping[str, Any]) -> Iterator[Job]:
    """Yield the jobs of one parsed workflow."""
    triggers = _triggers(workflow)
    for name, raw in part(workflow, "jobs").items():
        job = mapping(raw)
        condition = str(job.get("if", ""))
        yield Job(
            path=path,
            name=name,
            steps=tuple(steps_of(job, workflow, texts(workflow.get("env")))),
            needs=tuple(_listed(job.get("needs"))),
            on_every_change=_every_change(triggers) and not condition,
            by_strangers=bool(_STRANGERS & triggers.keys()),
            sure=job.get("continue-on-error") in (None, False),
            always=_runs_anyway(condition),
            environment=named(job.get("environment")),
            images=tuple(_images(job)),
            trusted=_trusted(job, workflow),
            raw=job,
            file=workflow,
        )


def unpinned(job: Job) -> Iterator[str]:
    """Yield the actions and images of a job that are not pinned by digest."""
    uses = [*(step.uses for step in job.steps), str(job.raw.get("uses", ""))]
    named = [word for word in uses if word and not word.startswith("./")]
    yield from (word for word in (*named, *job.images) if not _DIGEST.search(word))


def broad_permissions(job: Job) -> Iterator[str]:
    """Yield what a job may do beyond its needs."""
    granted = job.raw.get("permissions", job.file.get("permissions"))
    if granted is None:
        yield "none declared, so whatever the repository's default is"
    elif granted == "write-all":
        yield "write-all"
    elif job.by_strangers and isinstance(granted, Mapping):
        yield from (
            f"{name}: write on changes from anybody" for name in _WIDE if granted.get(name) == "write"
        )


def exposed_secrets(job: Job, deploying: bool) -> Iterator[str]:
    """Yield secrets that a job should not see."""
    for name in sorted(_secrets({**job.raw, "env of the file": job.file.get("env")})):
        if name.upper() == "GITHUB_TOKEN":
            continue
        if "pull_request_target" in _triggers(job.file):
            yield f"{name} in a job that strangers can start"
        elif _CLOUD_KEY.search(name) and not deploying:
            yield f"{name} in a job that does not deploy"
    if job.raw.get("secrets") == "inherit" and not deploying:
        yield "all secrets, inherited"
    if "pull_request_target" in _triggers(job.file) and any(_checks_out_head(step) for step in job.steps):
        yield "a checkout of strangers' code in a job with the repository's rights"


def injections(job: Job) -> Iterator[str]:
    """Yield text of strangers that is expanded into a script."""
    for step in job.steps:
        script = step.inputs.get("script", "") if "github-script" in step.uses else ""
        yield from (match[0] for match in _STRANGE_TEXT.finditer(f"{step.run}\n{script}"))


def only_called(workflow: Mapping[str, Any]) -> bool:
    """Return whether a workflow runs only where another one calls it."""
    return set(_triggers(workflow)) == {"workflow_call"}


def steps_of(
    holder: Mapping[str, Any], workflow: Mapping[str, Any], known: Mapping[str, str]
) -> Iterator[Step]:
    """Yield the steps of a job or of a composite action; `known` is the environment around it."""
    usual = _shell(holder) or _shell(workflow)
    choices = tuple(strings(holder.get("strategy")))
    around = {**known, **texts(holder.get("env"))}
    for raw in holder.get("steps", ()) if isinstance(holder.get("steps"), list) else ():
        step = mapping(raw)
        condition = str(step.get("if", ""))
        shell = str(step.get("shell") or usual)
        brave = shell in ("", "bash", "sh") or _is_brave(shell.split())
        run = _CONTEXT.sub(lambda match: f"${{{{{match[1]}}}}}", str(step.get("run", "")))
        yield Step(
            run=run,
            uses=str(step.get("uses", "")),
            inputs=part(step, "with"),
            sure=not condition and step.get("continue-on-error") in (None, False) and brave,
            always=_runs_anyway(condition),
            pipefail=shell == "bash" or "pipefail" in shell,
            python=shell.startswith("python"),
            known={**around, **texts(step.get("env"))},
            away=_folder(step, holder, workflow) not in _ROOT,
            texts=(*_handed(step), shell, *(choices if "matrix." in run else ())),
        )


def _is_brave(words: list[str]) -> bool:
    """Whether a shell of one's own still runs the script, and stops at the first failure."""
    head, *rest = words or [""]
    *options, script = rest or [""]
    named = [word for word in options if word.startswith("--")]
    short = [word for word in options if not word.startswith("--") and word not in ("pipefail", "errexit")]
    known = head.rpartition("/")[2] in ("bash", "sh", "dash", "zsh", "ksh") and _PLAIN.issuperset(named)
    letters = "".join(word.removeprefix("-") for word in short)
    return known and script == "{0}" and "e" in letters and _LETTERS.issuperset(letters)


def _handed(step: Mapping[str, Any]) -> Iterator[str]:
    """What a step hands to an action, and an image with what it is told to run."""
    inputs = part(step, "with")
    yield from strings(inputs)
    image = str(step.get("uses", ""))
    if image.startswith("docker://"):
        yield " ".join((image, str(inputs.get("entrypoint", "")), str(inputs.get("args", ""))))


def _trusted(job: Mapping[str, Any], workflow: Mapping[str, Any]) -> bool:
    """Whether a job holds what it takes to deploy: a secret, or a right of the kind that deploys."""
    named = _secrets({**job, "env of the file": workflow.get("env")}) - {"GITHUB_TOKEN", "github_token"}
    granted = job.get("permissions", workflow.get("permissions"))
    rights = mapping(granted)
    wide = granted in (None, "write-all") or any(rights.get(name) == "write" for name in _DEPLOYING_RIGHTS)
    return bool(named) or bool(job.get("secrets")) or wide


def _shell(holder: Mapping[str, Any]) -> str:
    return str(part(part(holder, "defaults"), "run").get("shell") or "")


def _folder(step: Mapping[str, Any], holder: Mapping[str, Any], workflow: Mapping[str, Any]) -> str:
    """Where a step runs, as far as it says."""
    usual = (part(part(each, "defaults"), "run") for each in (holder, workflow))
    named = (str(each.get("working-directory") or "") for each in (step, *usual))
    return "".join(next(filter(None, named), "").split())


def _runs_anyway(condition: str) -> bool:
    """Whether a condition lets a job or step run although something before it failed."""
    anyway = re.search(r"\b(always|failure|cancelled)\s*\(", condition)
    return bool(anyway or (re.search(r"\bsuccess\s*\(", condition) and re.search(r"\|\||!(?!=)", condition)))


def _triggers(workflow: Mapping[str, Any]) -> dict[str, Any]:
    # YAML 1.1 reads a bare `on` as true; the parser here is 1.2, but both keys are looked at.
    on = workflow.get("on", workflow.get("true"))
    if isinstance(on, Mapping):
        return dict(on)
    return {str(name): None for name in _listed(on)}


def _every_change(triggers: Mapping[str, Any]) -> bool:
    request = part(triggers, "pull_request")
    narrowed = {"paths", "paths-ignore", "branches-ignore", "types"} & request.keys()
    branches = _listed(request.get("branches"))
    reaches = not branches or bool({"main", "master", "**", "*"} & set(branches))
    return "pull_request" in triggers and not narrowed and reaches


def _images(job: Mapping[str, Any]) -> Iterator[str]:
    holders = [job.get("container"), *part(job, "services").values()]
    for holder in holders:
        if image := named(holder, "image"):
            yield image


def _checks_out_head(step: Step) -> bool:
    named = re.search(r"head|refs/pull/", str(step.inputs.get("ref", "")))
    return bool(named and step.uses.startswith("actions/checkout@")) or bool(_FETCHES.search(step.run))


def _secrets(value: Any) -> set[str]:
    return {match[1] or match[2] for text in strings(value) for match in _SECRET.finditer(text)}


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, list) else []
