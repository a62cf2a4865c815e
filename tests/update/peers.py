"""Copier and cruft as their users run them, on the same cases: engines the harness must catch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from roadworthy.adapters.git import git, isolated
from roadworthy.core.templates.tree import File, Tree
from tests.update.oracle import Result
from tests.update.world import ANSWERS, NEW, OLD, Case, build, read_folder, repository

PERSON = {"NAME": "Test Author", "EMAIL": "author@tests.example"}
SLUG = "{{cookiecutter.name}}"
SECONDS = 120
IDENTITY = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in PERSON.items()}
COPIER = """
import sys, copier
how = dict(defaults=True, overwrite=True, quiet=True, skip_tasks=True, settings=copier.Settings())
copier.run_update(sys.argv[1], vcs_ref=sys.argv[2], **how)
"""


def copier(root: Path, case: Case) -> Result:
    """Update with Copier."""
    return copier_in(build(root, case).project, NEW)


def copier_in(project: Path, release: str) -> Result:
    """Update a project that is there, with Copier; a template's tasks are not run."""
    return _run(project, read_folder(project), (sys.executable, "-c", COPIER, str(project), release))


def cruft(root: Path, case: Case, command: str) -> Result:
    """Update with cruft, which lives in an environment of its own."""
    template, project = root / "template", root / "project"
    settings = File(json.dumps({"name": "project", "_copy_without_render": ["*"]}).encode())
    releases = {OLD: _as_cookiecutter(case.old, settings), NEW: _as_cookiecutter(case.new, settings)}
    repository(template, releases)
    state = {
        "template": str(template),
        "commit": git(template, "rev-parse", OLD, env=isolated()).decode().strip(),
        "checkout": None,
        "context": {"cookiecutter": {"name": "project", "_template": str(template)}},
        "directory": None,
    }
    repository(project, {"": {**case.mine, ".cruft.json": File(json.dumps(state).encode())}})
    _dress(project, case)
    before = _without_state(read_folder(project))
    result = _run(project, before, (command, "update", "-y", "--checkout", NEW))
    return Result(
        before=before, after=_without_state(result.after), reported=result.reported, crashed=result.crashed
    )


def _dress(project: Path, case: Case) -> None:
    for key, value in case.config.items():
        git(project, "config", key, value)
    for path, data in case.untracked.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(data)


def _as_cookiecutter(tree: Tree, settings: File) -> dict[str, File]:
    return {f"{SLUG}/{path}": file for path, file in tree.items()} | {"cookiecutter.json": settings}


def _without_state(tree: Tree) -> dict[str, File]:
    return {path: file for path, file in tree.items() if path not in (".cruft.json", ANSWERS)}


def _run(project: Path, before: Tree, command: tuple[str, ...]) -> Result:
    done = subprocess.run(
        command, cwd=project, env={**os.environ, **IDENTITY}, capture_output=True, text=True, timeout=SECONDS
    )
    after = read_folder(project)
    lines = done.stderr.strip().splitlines()
    crashed = (lines[-1] if lines else f"exit code {done.returncode}") if done.returncode else ""
    return Result(before=before, after=after, reported=_reported(project, after), crashed=crashed)


def _reported(project: Path, after: Tree) -> frozenset[str]:
    """Return what an engine that only leaves traces has told: unmerged paths and rejected hunks."""
    rows = git(project, "ls-files", "-u", "-z", env=isolated()).decode("utf-8", "surrogateescape").split("\0")
    unmerged = {row.partition("\t")[2] for row in rows if row}
    return frozenset(unmerged | {path.removesuffix(".rej") for path in after if path.endswith(".rej")})
