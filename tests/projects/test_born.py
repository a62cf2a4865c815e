"""Every project is born conforming, and notices exactly what is taken away from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Report, Verdict
from tests.projects.making import REPOSITORY, make_project, run
from tests.projects.takings import TAKINGS, Taking
from tests.template.matrix import TIERS, tier_answers

BUILD_ORDER = {
    *("GOV-01", "GOV-02", "GOV-03", "GOV-05", "GOV-06", "DATA-03", "REPRO-01", "LIN-01", "EVAL-01"),
    *("EVAL-02", "APPR-01", "APPR-02", "APPR-03", "REL-01", "REL-03", "MON-01", "DOC-01"),
}
NEVER_GREEN = (Verdict.FAIL, Verdict.UNKNOWN)


@pytest.fixture(autouse=True)
def this_tree_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(REPOSITORY))


@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample project as `roadworthy new --defaults` makes it."""
    return make_project(tmp_path_factory.mktemp("born") / "project", {})


def of(report: Report, *verdicts: Verdict) -> set[str]:
    return {judged.control.id for judged in report.judged if judged.verdict in verdicts}


@pytest.mark.parametrize("ci", ["github", "gitlab"])
@pytest.mark.parametrize("mode", ["online", "batch"])
@pytest.mark.parametrize("tier", list(TIERS))
def test_a_project_is_born_conforming(tier: str, mode: str, ci: str, tmp_path: Path) -> None:
    report = check(str(make_project(tmp_path / "project", tier_answers(tier, mode, ci))))
    assert of(report, Verdict.FAIL, Verdict.UNKNOWN) == set()
    assert report.exit_code == 0
    assert {judged.control.id for judged in report.judged} >= BUILD_ORDER
    applying = of(report, Verdict.PASS, Verdict.PENDING)
    assert tier == "low" or applying >= BUILD_ORDER


@pytest.mark.parametrize("taking", TAKINGS, ids=lambda taking: f"{taking.control}: {taking.name}")
def test_what_is_taken_away_is_noticed(taking: Taking, born: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(born, project, symlinks=True)
    taking.do(project)
    run(["git", "add", "-A"], cwd=project)
    run(["git", "commit", "-qm", "Take something away"], cwd=project)
    report = check(str(project))
    wrong = [each for judged in report.judged for each in judged.findings if each.verdict in NEVER_GREEN]
    assert {each.control for each in wrong} == {taking.control}, [each.message for each in wrong]
    assert of(report, Verdict.FAIL) == {taking.control}
    assert report.exit_code == 1
