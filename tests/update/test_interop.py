"""Projects move freely between Copier and us: the answers file is Copier's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roadworthy.adapters.git import git, isolated
from roadworthy.commands.new import Request, new_project
from roadworthy.commands.update import Wish, update
from roadworthy.core.merging.report import CURRENT, UPDATED
from roadworthy.core.templates.source import LOCK
from roadworthy.core.templates.tree import File
from tests.update.peers import COPIER
from tests.update.situations import text
from tests.update.upstream import edit, release, upstream
from tests.update.world import ANSWERS, NEW, OLD, WHO, Case, build, commit_all

CASE = Case(
    old={"a.txt": text(), "n.txt.jinja": File(b"{{ name }}\n")},
    new={"a.txt": text((3, "policy-3")), "n.txt.jinja": File(b"{{ name }} policy-n\n")},
    mine={"a.txt": text((15, "mine-15")), "n.txt": File(b"demo\n")},
)
COPY = "import sys, copier; copier.run_copy(*sys.argv[1:3], vcs_ref=sys.argv[3], defaults=True, quiet=True)"


def test_a_project_made_by_copier_is_updated_by_us_and_known_to_copier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(tmp_path))
    world = build(tmp_path, CASE)
    made = tmp_path / "made"
    subprocess.run((sys.executable, "-c", COPY, str(world.template), str(made), OLD), check=True)
    git(made, "init", "-q", env=isolated(WHO))
    commit_all(made)
    (made / "a.txt").write_bytes(text((15, "mine-15")).data)
    commit_all(made)
    assert update(Wish(project=made)).state == UPDATED
    assert (made / "a.txt").read_bytes() == text((3, "policy-3"), (15, "mine-15")).data
    assert (made / "n.txt").read_bytes() == b"demo policy-n\n"
    commit_all(made)
    assert update(Wish(project=made)).state == CURRENT
    recorded = (made / ANSWERS).read_bytes()
    subprocess.run((sys.executable, "-c", COPIER, str(made), NEW), check=True)
    assert ((made / ANSWERS).read_bytes(), git(made, "status", "--porcelain")) == (recorded, b"")


@pytest.fixture
def born(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A governed project of v0.1.0, and its source, which has a v0.2.0."""
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(tmp_path))
    source, project = upstream(tmp_path, {}), tmp_path / "credit"
    asked = Request(destination=project, given={}, source=str(source), release="v0.1.0")
    new_project(asked, lambda _: None)
    edit(source / "template/Makefile.jinja", "help: ## this list", "help: ## what there is")
    release(source, "v0.2.0")
    return source, project


def test_a_governed_project_updated_by_copier_gets_its_lock_from_our_next_update(
    born: tuple[Path, Path],
) -> None:
    _, project = born
    subprocess.run((sys.executable, "-c", COPIER, str(project), "v0.2.0"), check=True)
    commit_all(project)
    before = (project / LOCK).read_text()
    assert ("v0.2.0" in (project / ANSWERS).read_text(), "v0.2.0" in before) == (True, False)
    report = update(Wish(project=project))
    assert (report.before, report.after) == ("v0.1.0", "v0.2.0")
    assert (report.state, report.notes) == (UPDATED, (f"only what is recorded changes: {ANSWERS}, {LOCK}",))
    assert git(project, "status", "--porcelain").decode() == f"M  {LOCK}\n"
    commit_all(project)
    for wish in (Wish(project=project), Wish(project=project, heal=True)):
        assert update(wish).state == CURRENT


def test_a_release_that_was_only_written_down_still_has_to_land(born: tuple[Path, Path]) -> None:
    _, project = born
    edit(project / ANSWERS, "_commit: v0.1.0", "_commit: v0.2.0")
    commit_all(project)
    report = update(Wish(project=project))
    assert (report.before, report.after) == ("v0.1.0", "v0.2.0")
    assert {each.path for each in report.paths if each.fate.value == "synced"} == {"Makefile"}
    assert "what there is" in (project / "Makefile").read_text()
