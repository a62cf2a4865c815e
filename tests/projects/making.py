"""Make real projects from this tree's template, and run things in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
PASSED = re.compile(r"(\d+) passed")


def make_project(folder: Path, answers: Mapping[str, Any], source: Path = REPOSITORY) -> Path:
    """Run `roadworthy new` from a source (else this tree) into `folder`: a git repository with one commit."""
    data = folder.with_suffix(".answers.yaml")
    data.write_text(
        yaml.safe_dump({"name": "credit-decision", **answers} if source == REPOSITORY else dict(answers))
    )
    command = ["new", str(folder), "--defaults", "--source", str(source), "--data-file", str(data)]
    run([sys.executable, "-m", "roadworthy", *command], cwd=folder.parent)
    return folder


def project_python() -> Path:
    """The python of an environment with the generated project's own dependencies."""
    named = os.environ.get("ROADWORTHY_PROJECT_PYTHON")
    python = Path(named) if named else REPOSITORY / "build/project-venv/bin/python"
    assert python.exists(), f"expected the project environment at {python}: make build/project-venv/.ready"
    return python


def own_tests(project: Path, path: str) -> int:
    """Run the project's own tests with `path` as PATH; return how many passed (all must)."""
    ours = {"PATH": path, "PYTHONPATH": str(project / "src"), "ROADWORTHY_TRUSTED_SOURCES": str(REPOSITORY)}
    ours["OMP_NUM_THREADS"] = "1"  # threads that wait for one another only cost: the tables are small
    command = [str(project_python()), "-m", "pytest", "-p", "no:cacheprovider"]
    done = run(command, cwd=project, env={**os.environ, **ours})
    found = PASSED.search(done)
    assert found, done
    return int(found.group(1))


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command to its end; return what it printed, or fail with all of it."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def tool_path() -> str:
    """PATH with this environment's `roadworthy` first."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


def bare_path() -> str:
    """PATH without any `roadworthy`."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not (Path(folder) / "roadworthy").exists())
