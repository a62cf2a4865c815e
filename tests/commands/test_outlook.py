"""The target's policy judges an update: what it newly demands is told, what the merge broke blocks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roadworthy.adapters.git import git
from roadworthy.commands.new import Request, new_project
from roadworthy.commands.update import Wish, preview, resume, update
from roadworthy.core.merging.report import CONFLICTS, UPDATED, Outlook
from roadworthy.core.templates.source import POLICY
from roadworthy.render.update import update_json, update_text
from tests.update.situations import text
from tests.update.upstream import NEW_01, edit, release, upstream
from tests.update.world import Case, build, commit_all

FUTURE = "2199-01-01"
ROLLBACK = "template/governance/runbooks/rollback.md.jinja"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", str(tmp_path))
    return tmp_path


@pytest.fixture
def source(home: Path) -> Path:
    """A source with release v0.1.0, whose next release a test writes."""
    return upstream(home, {})


@pytest.fixture
def project(home: Path, source: Path) -> Path:
    """A project of v0.1.0."""
    asked = Request(
        destination=home / "credit", given={"name": "credit-decision"}, source=str(source), release="v0.1.0"
    )
    assert new_project(asked, lambda _: None).release == "v0.1.0"
    return home / "credit"


def test_what_policy_newly_demands_is_told_and_does_not_block(source: Path, project: Path) -> None:
    (source / POLICY / "controls/NEW-01.yaml").write_text(NEW_01.format(since=""))
    release(source, "v0.2.0")
    seen = preview(Wish(project=project))
    assert seen.outlook.unjudged == ""
    assert seen.outlook == Outlook(demanded=("NEW-01/named: the name is credit-decision (binds at once)",))
    assert seen.exit_code == 0
    assert "  newly demanded: NEW-01/named: the name is credit-decision (binds at once)" in update_text(seen)
    done = update(Wish(project=project))
    assert (done.state, done.outlook, done.exit_code) == (UPDATED, seen.outlook, 0)
    assert json.loads(update_json(done))["outlook"]["demanded"] == list(seen.outlook.demanded)


def test_a_demand_with_a_date_says_the_date(source: Path, project: Path) -> None:
    (source / POLICY / "controls/NEW-01.yaml").write_text(NEW_01.format(since=f"enforce_from: {FUTURE}\n"))
    release(source, "v0.2.0")
    assert preview(Wish(project=project)).outlook.demanded == (
        f"NEW-01/named: the name is credit-decision (binds from {FUTURE})",
    )


def test_the_policy_difference_is_of_this_project_with_its_own_day(source: Path, project: Path) -> None:
    dates = f"enforce_from: {{low: 2199-03-01, high: {FUTURE}}}\n"
    other = "applies: {kinds: [llm], min_tier: low}\n"
    for name, more in (("NEW-01", dates), ("NEW-02", other)):
        text = NEW_01.replace("NEW-01", name).format(since=more)
        (source / POLICY / f"controls/{name}.yaml").write_text(text)
    release(source, "v0.2.0")
    told = f"NEW-01: new control: Named after the firm (1 checks, low) (binds from {FUTURE})"
    assert preview(Wish(project=project)).policy == (told,)


def test_what_failed_before_is_no_news(source: Path, project: Path) -> None:
    (project / "src/credit_decision/pipeline/verdict.py").write_text("# gone\n")
    commit_all(project, "Break a promise")
    edit(source / "template/Makefile.jinja", "help: ## this list", "help: ## what there is")
    release(source, "v0.2.0")
    assert preview(Wish(project=project)).outlook == Outlook()


def test_what_the_merge_breaks_blocks(source: Path, project: Path) -> None:
    (source / ROLLBACK).unlink()
    release(source, "v0.2.0")
    done = update(Wish(project=project))
    assert (done.state, done.exit_code, done.outlook.demanded) == (UPDATED, 1, ())
    assert any("roadworthy update --abort" in step for step in done.next)
    assert any("rollback" in line for line in done.outlook.broken), done.outlook
    assert "broken by the merge: " in update_text(done)


def test_conflicts_are_judged_once_they_are_resolved(source: Path, project: Path) -> None:
    edit(project / "Makefile", "help: ## this list", "help: ## ours")
    commit_all(project)
    edit(source / "template/Makefile.jinja", "help: ## this list", "help: ## theirs")
    (source / ROLLBACK).unlink()
    release(source, "v0.2.0")
    assert update(Wish(project=project)).state == CONFLICTS
    git(project, "checkout", "--theirs", "Makefile")
    git(project, "add", "Makefile")
    done = resume(project)
    assert (done.state, done.exit_code) == (UPDATED, 1)
    assert any("rollback" in line for line in done.outlook.broken), done.outlook


def test_a_pack_that_cannot_be_read_is_unknown_and_not_green(source: Path, project: Path) -> None:
    (source / POLICY / "facts.yaml").write_text("- not a mapping\n")
    release(source, "v0.2.0")
    done = update(Wish(project=project))
    assert (done.exit_code, "facts.yaml" in done.outlook.unjudged) == (3, True)
    assert "not judged: " in update_text(done)


def test_a_source_without_a_pack_has_nothing_to_judge_by_and_says_so(home: Path) -> None:
    world = build(
        home / "plain", Case(old={"a.txt": text()}, new={"a.txt": text((3, "new"))}, mine={"a.txt": text()})
    )
    done = update(Wish(project=world.project))
    assert (done.exit_code, done.outlook) == (0, Outlook())
    assert any("no policy pack" in note for note in done.notes)
