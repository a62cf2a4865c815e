"""How current a project is: a source's tags say what is supported, a commit beyond one counts as that one."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Verdict
from tests.projects.making import REPOSITORY, make_project, run


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This tree's template as a platform team's own repository, without a release yet."""
    folder = tmp_path / "source"
    listed = run(["git", "ls-files", "-z", "copier.yml", "template", "src/roadworthy/policy"], cwd=REPOSITORY)
    for name in filter(None, listed.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    run(["git", "init", "-q"], cwd=folder)
    commit(folder, "Begin")
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(folder))
    return folder


def commit(folder: Path, message: str) -> None:
    (folder / "CHANGES").write_text(message)
    run(["git", "add", "-A"], cwd=folder)
    run(["git", "commit", "-qm", message], cwd=folder)


def currency(project: Path) -> tuple[Verdict, str]:
    judged = next(each for each in check(str(project)).judged if each.control.id == "GOV-06")
    return judged.verdict, " ".join(finding.message for finding in judged.findings)


def test_a_tag_behind_the_newest_commit_does_not_end_support(source: Path, tmp_path: Path) -> None:
    run(["git", "tag", "v1.0.0"], cwd=source)
    commit(source, "Go beyond the release")
    assert currency(make_project(tmp_path / "project", {}, source))[0] is Verdict.PASS


def test_a_commit_before_every_release_is_not_supported(source: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", {}, source)
    assert currency(project)[0] is Verdict.PASS
    commit(source, "Release")
    run(["git", "tag", "v1.0.0"], cwd=source)
    verdict, said = currency(project)
    assert verdict is Verdict.FAIL
    assert "is of no supported release" in said
