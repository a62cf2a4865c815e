"""Pages on updates that are run, not written: a conflict resolved with plain git, and plain situations."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from roadworthy.core.templates.tree import File
from tests.update.situations import SITUATIONS, Situation
from tests.update.world import WHO, Case, build

GATES = """schema: gates/v1
metrics:
  - id: auc
    minimum: 0.70
  - id: calibration
    maximum: 0.10
rows: {rows}
"""
RUNBOOK = "# Roll back\n\n1. Read the alarm.\n2. {step}\n3. Keep the log.\n4. Tell the owner.\n{more}"
CASE = Case(
    old={
        "policy/gates.yaml": File(GATES.format(rows=500).encode()),
        "runbooks/rollback.md": File(RUNBOOK.format(step="Run `make rollback`.", more="").encode()),
        "ci.yml": File(b"run: make check\n"),
    },
    new={
        "policy/gates.yaml": File(GATES.format(rows=1000).encode()),
        "runbooks/rollback.md": File(RUNBOOK.format(step="Run `make rollback drill`.", more="").encode()),
        "ci.yml": File(b"run: make check trace\n"),
        "runbooks/incident.md": File(b"# Incident\n"),
    },
    mine={
        "policy/gates.yaml": File(GATES.format(rows=800).encode()),
        "runbooks/rollback.md": File(
            RUNBOOK.format(step="Run `make rollback`.", more="\nOur pager: 4711\n").encode()
        ),
        "ci.yml": File(b"run: make check\n"),
        "src/ours.py": File(b"OURS = True\n"),
    },
)
COMMANDS = (
    "roadworthy update --dry-run",
    "roadworthy update",
    "git status --short",
    "cat policy/gates.yaml",
    "edit policy/gates.yaml",
    "git diff --no-color",
    "git add policy/gates.yaml",
    "roadworthy update --continue",
    "git status --short",
    "git commit -q -m 'Update to v2.0.0, and keep our 800 rows until March'",
    "roadworthy update",
)
RESOLVED = GATES.format(rows="800  # the release says 1000: ours until March, see incident 12")


def conflict_page() -> str:
    """Return the page of a conflict that a person resolves with plain git."""
    with tempfile.TemporaryDirectory(prefix="roadworthy-page-") as folder:
        root = Path(folder).resolve()
        project = build(root, CASE).project
        screen = "".join(_shown(command, project, root) for command in COMMANDS)
    return f"""# Resolve a conflict

Written by `tools/generate.py`, which runs these commands; a test holds it fresh.

A project has raised `rows` of its gates to 800, and the release to 1000. Nobody but a person can say which
it is. The rest merges: the team's line in the runbook stays, the release's step beside it arrives.

```text
{screen}```

`roadworthy update --abort` at any moment before the commit puts every byte back. `git mergetool`, an editor,
or `git checkout --ours` and `--theirs` do equally well: to git it is a conflict like any other.
"""


def _shown(command: str, project: Path, root: Path) -> str:
    if command.startswith("edit "):
        (project / command.removeprefix("edit ")).write_text(RESOLVED, "utf-8")
        return f"$ $EDITOR {command.removeprefix('edit ')}\n"
    done = subprocess.run(
        command.replace("roadworthy", f"{sys.executable} -m roadworthy", 1),
        shell=True,
        cwd=project,
        env=_environment(root),
        capture_output=True,
        text=True,
    )
    said = (done.stdout + done.stderr).replace(f"{root}/", "../")
    ended = f"(exit code {done.returncode})\n" if done.returncode else ""
    return f"$ {command}\n{said}{ended}"


def _environment(root: Path) -> dict[str, str]:
    roles = [f"GIT_{role}" for role in ("AUTHOR", "COMMITTER")]
    person = {f"{role}_{part.upper()}": WHO[f"user.{part}"] for role in roles for part in ("name", "email")}
    calm = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    return {**os.environ, **person, **calm, "ROADWORTHY_TRUSTED_SOURCES": str(root)}


def situations_page() -> str:
    """Return the table of the plain situations, three engines side by side."""
    rows = "".join(f"| {each.name} | {_ours(each)} | {each.copier} | {each.cruft} |\n" for each in SITUATIONS)
    lost = {name: sum(_silent(getattr(each, name)) for each in SITUATIONS) for name in ("copier", "cruft")}
    return f"""# Plain situations, three engines

Written by `tools/generate.py` from `tests/update/situations.py`. Each situation is a test of our engine
(`tests/update/test_situations.py`), on real git. All three are run again by `python tools/compare_engines.py
--cruft CRUFT --cases 0 --peers 0`, which says where a line no longer holds. Copier 9.19.1, cruft 2.16.0.

`right` and what is `reported` are good ends. Anything else happened with exit code 0 and nothing said, or
broke off half-way: {lost["copier"]} of {len(SITUATIONS)} with Copier, {lost["cruft"]} with cruft, none here.

| situation | roadworthy | Copier | cruft |
|---|---|---|---|
{rows}"""


def _ours(situation: Situation) -> str:
    fates = situation.fates.values()
    if "ignored by git" in fates:
        return "untouched, reported"
    return "conflict reported" if "conflict" in fates else "right"


def _silent(word: str) -> bool:
    return word not in ("right", "conflict reported")
