"""Ways around the release path: deploy commands in scripts, make targets, tasks and other CI."""

from __future__ import annotations

import re
from collections.abc import Iterator

from roadworthy.core.documents.parts import strings
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.deploying import SUSPECT, deploys, promotes
from roadworthy.facts.jobs import MAKEFILES, Scripts, line_by_line
from roadworthy.facts.python_runs import may_run
from roadworthy.facts.shell import Command

_OTHER_CI = re.compile(
    r"(?:azure-pipelines[^/]*|\.circleci/.*|\.drone|bitbucket-pipelines|\.(?:gitea|forgejo)/workflows/.*|\.travis"
    r"|\.woodpecker.*|buildspec[^/]*|cloudbuild[^/]*|\.buildkite/.*|\.semaphore/.*|appveyor|\.?lefthook"
    r"|(?:.*/)?(?:docker-)?compose[^/]*)\.ya?ml"
)
_TASKS = frozenset(
    {"package.json", "pyproject.toml", ".pre-commit-config.yaml", "action.yml", "action.yaml", "deno.json"}
    | {"mise.toml", *(f"{name}.{ending}" for name in ("Taskfile", "taskfile") for ending in ("yml", "yaml"))}
)
_NAMES = re.compile(
    r"\.?justfile|procfile|rakefile|earthfile|tox\.ini|jenkinsfile.*|(?:docker|container)file.*|.*\.(?:docker|container)file",
    re.IGNORECASE,
)
_SCRIPTS = (
    *(".sh", ".bash", ".zsh", ".fish", ".ksh", ".mk", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl"),
    *(".ps1", ".bat", ".cmd", ".groovy", ".php"),
)
_SHEBANG = re.compile(rb"#!.*\n")


def elsewhere(snapshot: Snapshot, scripts: Scripts, gated: frozenset[str]) -> list[str]:
    """Return deploy commands outside the jobs that CI runs, but for those in what gated jobs alone run."""
    found: list[str] = []
    for path in snapshot.paths:
        name = path.rpartition("/")[2]
        if name in MAKEFILES:
            found += _made(path, scripts, gated)
        elif path in gated:
            continue
        elif name in _TASKS or _OTHER_CI.fullmatch(path):
            found += [f"{path} {command.text}" for command in _written(path, snapshot)]
        elif _is_script(path, name, snapshot) and _suspect(path, snapshot):
            found += [f"{path}:{each.line} {each.text}" for each in scripts.commands(path) if _ships(each)]
    return found


def _is_script(path: str, name: str, snapshot: Snapshot) -> bool:
    if path.endswith(_SCRIPTS) or _NAMES.fullmatch(name) or "/.husky/" in f"/{path}":
        return True
    data = snapshot.read(path) if "." not in name else b""
    return isinstance(data, bytes) and _SHEBANG.match(data) is not None


def _suspect(path: str, snapshot: Snapshot) -> bool:
    if path.endswith(".py"):
        return may_run(snapshot.data(path) or b"")
    return SUSPECT.search(snapshot.text(path)) is not None


def _made(path: str, scripts: Scripts, gated: frozenset[str]) -> Iterator[str]:
    for target, recipe in scripts.recipes_of(path).items():
        if f"{path}#{target}" not in gated:
            for command in line_by_line(recipe.script):
                if _ships(command):
                    yield f"{path}:{recipe.line} {command.text}"


def _written(path: str, snapshot: Snapshot) -> Iterator[Command]:
    """The commands among the texts of another CI or a file of tasks."""
    for text in strings(snapshot.document(path)):
        yield from (command for command in line_by_line(text) if _ships(command))


def _ships(command: Command) -> bool:
    return deploys(command) and not promotes(command)
