"""The tests that a project receives pass as it is made, in every shape, and still do without Roadworthy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.projects.making import bare_path, make_project, own_tests, run, tool_path
from tests.template.matrix import tier_answers

SHAPES = [
    ("low", "online", "gitlab"),
    ("low", "batch", "github"),
    ("moderate", "batch", "gitlab"),
    ("high", "online", "gitlab"),
    ("critical", "online", "github"),
]


@pytest.mark.life
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(("chunk", *shape)))
def test_a_new_project_passes_its_own_tests(shape: tuple[str, str, str], tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", tier_answers(*shape))
    assert own_tests(project, tool_path()) > 20


@pytest.mark.life
def test_an_ejected_project_still_passes_its_own_tests(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", tier_answers("critical", "batch", "github"))
    eject(project)
    assert own_tests(project, bare_path()) > 20


def eject(project: Path) -> None:
    """Leave Roadworthy, as the project's README says: the lock, its requirements, the policy job."""
    shutil.rmtree(project / ".roadworthy")
    workflows = project / ".github/workflows"
    assert workflows.is_dir()
    shutil.rmtree(workflows)
    run(["git", "commit", "-qam", "Leave the paved road"], cwd=project)
