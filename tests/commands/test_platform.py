"""A platform of one's own: made, edited, tested, released, fed from upstream; and what its projects get."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from roadworthy.adapters.git import git
from roadworthy.commands.check import check
from roadworthy.commands.new import Request as NewRequest
from roadworthy.commands.new import new_project
from roadworthy.commands.platform import Request, demand_platform, generate, init_platform
from roadworthy.commands.policy import lint_pack, prove_pack
from roadworthy.commands.source import open_source
from roadworthy.commands.update import Wish, abort, preview, resume, update
from roadworthy.core.judging.models import Verdict
from roadworthy.core.merging.report import CONFLICTS, CURRENT, UPDATED, Update
from roadworthy.core.templates.source import PLATFORM, POLICY
from roadworthy.core.templates.tree import File
from roadworthy.errors import Refused, UsageError
from tests.update.upstream import edit, release, tighten, upstream
from tests.update.world import commit_all, read_folder, repository

ACME_01 = """\
id: ACME-01
title: Named after the firm
intent: Whoever meets the system knows whose it is.
severity: low
version: 1
announced: 2026-11-20
checks:
  - id: named
    title: the name starts with the firm's
    grade: derived
    expression: project.name.startsWith("acme-")
    message: '"the name is " + project.name'
    expected: '"a name that starts with acme-"'
remediation: {effort: minutes, text: Name it after the firm.}
cases:
  - {name: ours, expect: pass, given: {project.name: acme-credit}}
  - {name: somebody else's, expect: fail, given: {project.name: credit}}
  - {name: it says acme, stuffed: true, expect: fail, given: {project.name: credit-acme-}}
"""
RUNBOOK = "template/governance/runbooks/incident.md.jinja"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose repositories are trusted."""
    monkeypatch.setenv("ROADWORTHY_TRUSTED_SOURCES", f"{tmp_path}\nfile://{tmp_path}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def acme(home: Path) -> Path:
    """A platform made from release 0.1.0."""
    made = init_platform(Request(destination=home / "acme", release="0.1.0"))
    assert (made.name, made.release, bool(made.commit)) == ("acme", "0.1.0", True)
    return home / "acme"


def fates(report: Update) -> dict[str, str]:
    return {path.path: path.fate.value for path in report.paths if path.fate.value != "unchanged"}


def test_it_holds_what_the_release_holds_and_says_so(acme: Path) -> None:
    ours, theirs = open_source(str(acme), "HEAD").tree, open_source("builtin", "0.1.0").tree
    own_name, package = f"{POLICY}/pack.yaml", f"{POLICY}/__init__.py"
    assert ours.keys() ^ theirs.keys() == {PLATFORM, package}
    assert {path for path in ours.keys() & theirs.keys() if ours[path] != theirs[path]} == {own_name}
    assert yaml.safe_load(ours[own_name].data)["id"] == "acme"
    recorded = yaml.safe_load((acme / PLATFORM).read_bytes())
    assert (recorded["_src_path"], recorded["_commit"], recorded["release"]) == ("builtin", "v0.1.0", "0.1.0")
    assert git(acme, "status", "--porcelain") == b""


def test_it_passes_its_own_tests_and_they_notice_a_broken_template(acme: Path) -> None:
    def run(target: str) -> subprocess.CompletedProcess[str]:
        command = ("make", target, f"VENV={Path(sys.executable).parents[1]}")
        return subprocess.run(command, cwd=acme, capture_output=True, text=True, env=dict(os.environ))

    done = run("test")
    assert (done.returncode, "Ran 3 tests" in done.stderr) == (0, True), done.stdout + done.stderr
    (acme / "template" / "stray.txt").write_text("whose is it?\n")
    assert "stray.txt" in run("projects").stderr
    tighten(acme, "critical", "review_days", 90)
    assert "copier.yml is not what the policy makes of it" in run("policy").stderr


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_it_gets_the_ci_of_its_forge(ci: str, home: Path) -> None:
    init_platform(Request(destination=home / "p", release="0.1.0", ci=ci))
    found = {name for name in (".github/workflows/ci.yml", ".gitlab-ci.yml") if (home / "p" / name).is_file()}
    assert found == {".github/workflows/ci.yml" if ci == "github" else ".gitlab-ci.yml"}
    assert all(b"[[ " not in (home / "p" / name).read_bytes() for name in ("README.md", "Makefile", *found))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Acme Platform"}, "cannot name a platform"),
        ({"release": "9.9.9"}, r"no built-in release 9\.9\.9"),
        ({"source": "plain"}, "has no policy pack"),
    ],
)
def test_what_cannot_be_a_platform_is_refused_and_nothing_is_left(
    changes: dict[str, str], message: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(home / "plain", {"v1.0.0": {"copier.yml": File(b"name: x\n"), "a.txt": File(b"a\n")}})
    monkeypatch.chdir(home)
    with pytest.raises(UsageError, match=message):
        init_platform(Request(destination=home / "p", **changes))
    assert not (home / "p").exists()


def test_a_folder_in_use_is_refused(acme: Path) -> None:
    with pytest.raises(Refused, match="is not empty"):
        init_platform(Request(destination=acme))


def test_a_project_is_no_platform(home: Path) -> None:
    with pytest.raises(Refused, match="no platform's repository"):
        demand_platform(home)


def test_generating_carries_the_policy_into_the_questions(acme: Path) -> None:
    assert not generate(acme, check=True)
    edit(acme / "copier.yml", "default: credit-decision", "default: acme-credit")
    edit(
        acme / "copier.yml",
        '  default: 2\n  choices:\n    "a person does',
        '  default: 1\n  choices:\n    "a person does',
    )
    tighten(acme, "critical", "review_days", 90)
    with pytest.raises(Refused, match=r"copier\.yml is not what the policy makes of it"):
        generate(acme, check=True)
    assert generate(acme)
    questions = yaml.safe_load((acme / "copier.yml").read_bytes())
    assert questions["name"]["default"] == "acme-credit"
    assert questions["autonomy"]["default"] == 1, "what a question proposes is the platform's own"
    assert '"review_days": 90' in questions["obligations"]["default"]
    assert not generate(acme)


def test_edits_of_both_levels_survive_a_release_of_upstream(home: Path, acme: Path) -> None:
    # The platform team's own: words in a template file, a control, a tighter obligation.
    edit(acme / RUNBOOK, "# Incident\n", "# Incident\n\nacme: call 4711 first\n")
    (acme / "policy/controls/ACME-01.yaml").write_text(ACME_01)
    tighten(acme, "critical", "review_days", 90)
    generate(acme)
    assert lint_pack(str(acme / "policy")).problems == ()
    assert prove_pack(str(acme / "policy"), ("ACME-01",)).ok
    release(acme, "v1.0.0")

    # A team's project, with edits of its own.
    address, project = f"file://{acme}", home / "acme-credit"
    asked = NewRequest(destination=project, given={"name": "acme-credit"}, source=address, release=None)
    made = new_project(asked, lambda _: None)
    assert (made.release, made.tier) == ("v1.0.0", "critical")
    edit(
        project / "policy/gates.yaml", "schema: gates/v1", "# ours: stricter from next year\nschema: gates/v1"
    )
    (project / "src/acme_credit/model.py").write_text('"""Ours."""\n')
    commit_all(project, "Make it ours")
    assert conforms(project, acme) == "ACME-01"

    # Upstream: a release that changes template and policy.
    folder = upstream(home, {"template/Makefile.jinja": ("help: ## this list", "help: ## what there is")})
    (folder / RUNBOOK).write_text((folder / RUNBOOK).read_text() + "\nUpstream: keep the timeline.\n")
    tighten(folder, "critical", "drill_days", 14)
    copier_yml = (
        (folder / "copier.yml")
        .read_text()
        .replace('"drill_days": 31, "rebuild_days": 31', '"drill_days": 14, "rebuild_days": 31')
    )
    (folder / "copier.yml").write_text(copier_yml)
    release(folder, "v0.2.0")
    wish = Wish(project=acme, source=str(folder))
    seen = preview(wish)
    assert "obligations: drill_days: 31 to 14 (for tier critical; at once)" in seen.policy
    # Both sides' numbers stand in one generated line: shown, resolved by generating it again.
    taken = update(wish)
    assert (taken.state, [p for p, fate in fates(taken).items() if fate == "conflict"]) == (
        CONFLICTS,
        ["copier.yml"],
    )
    git(acme, "checkout", "--theirs", "copier.yml")
    generate(acme)
    git(acme, "add", "copier.yml")
    assert resume(acme).state == UPDATED
    assert yaml.safe_load((acme / PLATFORM).read_bytes())["_commit"] == "v0.2.0"
    tiers = yaml.safe_load((acme / "policy/tiers.yaml").read_bytes())["obligations"]["critical"]
    assert (tiers["review_days"], tiers["drill_days"]) == (90, 14)
    assert (acme / "policy/controls/ACME-01.yaml").read_text() == ACME_01
    release(acme, "v1.1.0")
    assert update(Wish(project=acme)).state == CURRENT

    # And the project takes the platform's new release.
    report = update(Wish(project=project))
    assert (report.state, report.before, report.after) == (UPDATED, "v1.0.0", "v1.1.0")
    commit_all(project, "Update to v1.1.0")
    runbook = (project / "governance/runbooks/incident.md").read_text()
    assert ("acme: call 4711 first" in runbook, "Upstream: keep the timeline." in runbook) == (True, True)
    assert "help: ## what there is" in (project / "Makefile").read_text()
    assert "# ours: stricter from next year" in (project / "policy/gates.yaml").read_text()
    assert (project / "src/acme_credit/model.py").read_text() == '"""Ours."""\n'
    lock = yaml.safe_load((project / ".roadworthy/lock.yaml").read_bytes())
    assert (lock["obligations"]["review_days"], lock["obligations"]["drill_days"]) == (90, 14)
    assert conforms(project, acme) == "ACME-01"
    back = update(Wish(project=project, back=True))
    assert (back.state, back.after) == (UPDATED, "v1.0.0")


def test_a_reviewer_names_a_platform_as_the_judge(
    home: Path, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (acme / "policy/controls/ACME-01.yaml").write_text(ACME_01)
    release(acme, "v1.0.0")
    asked = NewRequest(
        destination=home / "credit", given={"name": "credit-decision"}, source=f"file://{acme}", release=None
    )
    new_project(asked, lambda _: None)
    command = (sys.executable, "-m", "roadworthy", "check", str(home / "credit"), "--control", "ACME-01")

    def judged(*more: str) -> tuple[int, str]:
        done = subprocess.run((*command, *more), capture_output=True, text=True, cwd=home)
        return done.returncode, done.stdout + done.stderr

    assert (judged()[0], "there is no control ACME-01" in judged()[1]) == (2, True)
    for named in (f"file://{acme}", str(acme), "acme"):
        code, said = judged("--policy", named)
        assert (code, "the name is credit-decision" in said) == (1, True), said
    monkeypatch.setenv("ROADWORTHY_POLICY", f"file://{acme}")
    code, said = judged()
    assert (code, "the name is credit-decision" in said) == (1, True), said


def conforms(project: Path, platform: Path) -> str:
    """Judge a project by a platform's policy; return the platform's own control, which it passes."""
    report = check(str(project), policy=str(platform / "policy"))
    bad = {
        each.control.id: each.verdict
        for each in report.judged
        if each.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
    }
    assert (report.exit_code, bad, report.pack["id"]) == (0, {}, "acme")
    own = next(each for each in report.judged if each.control.id.startswith("ACME"))
    assert own.verdict is Verdict.PASS
    return own.control.id


def test_a_conflict_is_taken_back_byte_for_byte(home: Path, acme: Path) -> None:
    edit(acme / "template/Makefile.jinja", "help: ## this list", "help: ## ours")
    commit_all(acme)
    folder = upstream(home, {"template/Makefile.jinja": ("help: ## this list", "help: ## theirs")})
    release(folder, "v0.2.0")
    before = read_folder(acme)
    assert update(Wish(project=acme, source=str(folder))).state == CONFLICTS
    assert git(acme, "status", "--porcelain") == b"UU template/Makefile.jinja\n"
    abort(acme)
    assert read_folder(acme) == before


def test_the_way_back_leads_to_the_release_before(home: Path, acme: Path) -> None:
    folder = upstream(home, {"template/Makefile.jinja": ("help: ## this list", "help: ## theirs")})
    release(folder, "v0.2.0")
    before = read_folder(acme)
    assert update(Wish(project=acme, source=str(folder))).state == UPDATED
    commit_all(acme)
    assert update(Wish(project=acme, back=True)).state == UPDATED
    assert read_folder(acme) == before


def test_the_command_line(home: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (sys.executable, "-m", "roadworthy", *arguments), capture_output=True, text=True, cwd=home
        )

    made = run("platform", "init", "acme", "--release", "0.1.0", "--name", "acme-ml")
    assert (made.returncode, "the platform acme-ml" in made.stdout) == (0, True), made.stderr
    assert run("platform", "update", "acme", "--to", "0.1.0").stdout.startswith("up to date: builtin 0.1.0")
    assert run("platform", "generate", "acme", "--check").returncode == 0
    refused = run("platform", "update", ".")
    assert (refused.returncode, "platform init" in refused.stderr) == (1, True)
