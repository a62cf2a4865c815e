"""The gate lets a proper release pass, and every refusal blocks on a real repository with real keys."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from roadworthy.commands.controls import Controls
from roadworthy.commands.gate import gate, verify_verdict
from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.approval.verdict import Gated
from roadworthy.errors import Refused, RoadworthyError, Unjudgeable, UsageError
from tests.project_fixture import GATE, NOW, PEOPLE, RUN_ID, Project, make_keys, make_project

VAL, RISK, DEV, OWNER = (
    "val@loans.example",
    "risk@loans.example",
    "dev@loans.example",
    "owner@loans.example",
)
RUN, REPORT, RELEASE = (
    f"governance/runs/{RUN_ID}.json",
    f"governance/evaluations/{RUN_ID}.json",
    "governance/releases/1.json",
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(autouse=True)
def no_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about the release; what the policy's controls say has tests of its own."""
    for place in ("approve", "gate"):
        monkeypatch.setattr(
            f"roadworthy.commands.{place}.judge_controls", lambda *_: Controls(verdicts=(), refusals=())
        )


@pytest.fixture(scope="module")
def approved_once(keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "roadworthy.commands.approve.judge_controls", lambda *_: Controls(verdicts=(), refusals=())
        )
        project = make_project(tmp_path_factory.mktemp("project") / "p", keys)
        project.approve_all()
        yield project


@pytest.fixture
def approved(approved_once: Project, tmp_path: Path) -> Project:
    """A critical release with every approval it needs, to spoil."""
    shutil.copytree(approved_once.path, tmp_path / "p", symlinks=True)
    return Project(path=tmp_path / "p", keys=approved_once.keys)


def at_gate(project: Project, as_of: str = NOW) -> Gated:
    return gate(str(project.path), "1", key=str(project.keys[GATE]), as_of=as_of)


def codes(gated: Gated) -> set[str]:
    return {refusal.code for refusal in gated.refusals}


def approval(project: Project, role: str) -> str:
    (found,) = (project.path / "governance/approvals").glob(f"apr-1-{role}-*.yaml")
    return found.relative_to(project.path).as_posix()


def resigned(project: Project, name: str, **values: Any) -> None:
    """Forge an approval whole: other words, honestly signed anew, in a history rewritten to fit."""
    from roadworthy.adapters.signing import sign

    project.change(name, **values)
    data = (project.path / name).read_bytes()
    identity = project.read(name)["approver"]["identity"]
    (project.path / f"{name}.sig").write_bytes(sign(str(project.keys[identity]), "roadworthy-approval", data))
    once(project)


def once(project: Project) -> None:
    """Make approvals look added just once: replay the last commits as one."""
    project.git("reset", "-q", "--soft", ":/Register")
    project.commit("Approve", author=VAL, at="2026-11-20T11:00:00Z")


# ---- what passes -------------------------------------------------------------------------------------------


def test_a_proper_critical_release_passes_with_a_verdict_that_stands_alone(
    approved: Project, tmp_path: Path
) -> None:
    gated = at_gate(approved)
    assert gated.refusals == ()
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("1.json", "1.json.sig"):
        shutil.copy(approved.path / "governance/gates" / name, alone)
    shutil.copy(approved.path / "governance/allowed_signers", alone)
    seen = verify_verdict(
        str(alone / "1.json"), project=".", signers=str(alone / "allowed_signers"), as_of=NOW
    )
    assert (seen.sealed_by, seen.refusals) == (GATE, ())
    predicate = seen.verdict["predicate"]
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["verifiedLevels"] == ["ROADWORTHY_TIER_CRITICAL"]
    assert predicate["resourceUri"] == "roadworthy:credit-decision@1"
    assert len(predicate["inputAttestations"]) == 3
    assert {each["name"] for each in seen.verdict["subject"]} >= {"model.skops", "policy/gates.yaml"}


@pytest.mark.parametrize("tier", ["low", "moderate", "high"])
def test_each_tier_asks_for_its_own_approvals(tier: str, keys: dict[str, Path], tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", keys, tier)
    assert {"approval-role-missing", "approvals-too-few"} <= codes(at_gate(project))
    roles = {"low": ["reviewer"], "moderate": ["model-approver"], "high": ["business-owner", "model-risk"]}[
        tier
    ]
    for role in roles:
        project.approve(RISK if role == "model-risk" else OWNER, role)
    assert at_gate(project).refusals == ()


def test_a_one_person_team_may_approve_itself_at_low_and_the_verdict_says_so(
    keys: dict[str, Path], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "p", keys, "low", alone=True)
    project.approve(DEV, "reviewer", statement="")
    gated = at_gate(project)
    assert gated.refusals == ()
    assert "self-approval" in gated.verdict["predicate"]["roadworthy"]["notes"][0]


def test_a_verdict_that_a_deployment_names_is_kept_when_another_takes_its_place(approved: Project) -> None:
    verdict = approved.path / at_gate(approved).path
    at_gate(approved, "2026-11-21T12:00:00Z")
    folder = approved.path / "governance/deployments"
    assert not folder.exists(), "a verdict that nothing named goes"
    named = hashlib.sha256(verdict.read_bytes()).hexdigest()
    given, seal = verdict.read_bytes(), verdict.with_suffix(".json.sig").read_bytes()
    approved.write("governance/deployments/20261121T120000Z-shadow-1.json", {"verdict_sha256": named})
    for day in ("22", "23"):
        at_gate(approved, f"2026-11-{day}T12:00:00Z")
    assert verdict.read_bytes() != given
    kept = {file.name: file.read_bytes() for file in folder.glob("*.verdict*")}
    assert kept == {f"{named}.verdict": given, f"{named}.verdict.sig": seal}


def test_a_slice_too_small_to_tell_is_no_reason_to_refuse(approved: Project) -> None:
    small = {"id": "slice:old=1", "value": None, "op": ">=", "limit": 0.6, "passed": None}
    approved.change(REPORT, checks=[*approved.read(REPORT)["checks"], small])
    approved.commit()
    assert "evaluation-failed" not in codes(at_gate(approved))


def test_a_dirty_run_is_only_said_at_low(keys: dict[str, Path], tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", keys, "low")
    project.approve(OWNER, "reviewer")
    project.change(RUN, code=project.read(RUN)["code"] | {"dirty": True})
    project.commit()
    gated = at_gate(project)
    assert "run-dirty" not in codes(gated)
    assert any("uncommitted changes" in note for note in gated.verdict["predicate"]["roadworthy"]["notes"])


def test_an_approver_who_merges_the_builders_branch_has_built_nothing(approved: Project) -> None:
    approved.git("checkout", "-q", "-b", "topic")
    approved.write("src/credit_decision/other.py", "x = 1\n")
    approved.commit("Write more")
    approved.git("checkout", "-q", "main")
    as_risk = {
        f"GIT_{part}_{what}": value
        for part in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Rui"), ("EMAIL", RISK))
    }
    approved.git("merge", "-q", "--no-ff", "-m", "Merge", "topic", env=as_risk)
    assert at_gate(approved).refusals == ()


def test_a_merge_that_slips_something_in_was_built_by_who_merged(approved: Project) -> None:
    approved.git("checkout", "-q", "-b", "topic")
    approved.write("src/credit_decision/other.py", "x = 1\n")
    approved.commit("Write more")
    approved.git("checkout", "-q", "main")
    approved.git("merge", "-q", "--no-ff", "--no-commit", "topic")
    approved.write("src/credit_decision/other.py", "x = 2\n")
    approved.commit("Merge", author=RISK)
    assert "approver-is-builder" in codes(at_gate(approved))


def test_the_forge_that_commits_a_squash_is_no_builder(approved: Project) -> None:
    approved.write("src/credit_decision/other.py", "x = 1\n")
    approved.commit("Squash", author="123+dev@users.noreply.github.com", committer="noreply@github.com")
    assert codes(at_gate(approved)) == {"builder-unknown"}
    people = approved.read("governance/roles.yaml")["people"]
    approved.change("governance/roles.yaml", people=[people[0] | {"handles": ["@dev"]}, *people[1:]])
    approved.commit("Name the handle")
    assert at_gate(approved).refusals == ()


def test_a_bot_counts_as_the_person_it_works_for(approved: Project) -> None:
    bot = "49699333+dependabot[bot]@users.noreply.github.com"
    approved.write("src/credit_decision/other.py", "x = 1\n")
    approved.commit(f"Bump\n\nRequested-by: Dana Devlin <{DEV}>", author=bot)
    assert at_gate(approved).refusals == ()
    approved.write("src/credit_decision/other.py", "x = 2\n")
    approved.commit("Bump again", author=bot)
    assert codes(at_gate(approved)) == {"builder-unknown"}


def test_who_built_only_before_the_last_approved_release_may_approve(
    approved: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert at_gate(approved).refusals == ()
    sha = approved.commit("Gate release 1", author=DEV)
    release = approved.read(RELEASE) | {"version": "2"}
    approved.write("governance/releases/2.json", release | {"commit": sha})
    shutil.copytree(approved.path / "var/releases/1", approved.path / "var/releases/2")
    approved.commit("Register release 2", author=OWNER, at="2026-11-20T11:30:00Z")
    second = gate(str(approved.path), "2", key=str(approved.keys[GATE]), as_of=NOW)
    from roadworthy.commands.dossier import open_dossier

    built = open_dossier(approved.path, "2", NOW).demand.builders.people
    assert OWNER in built
    assert built[DEV] == "submitted the run"
    assert "approval-role-missing" in codes(second)


def test_a_new_approval_heals_an_expired_one(approved: Project) -> None:
    old = approval(approved, "model-risk")
    resigned(approved, old, expires_at="2026-11-20T11:30:00Z")
    assert codes(at_gate(approved)) >= {"approval-expired", "approval-role-missing"}
    approved.approve(RISK, "model-risk", as_of="2026-11-20T11:45:00Z")
    assert at_gate(approved).refusals == ()


def test_a_rejection_blocks_until_the_same_person_approves(approved: Project) -> None:
    approved.approve(RISK, "model-risk", decision="reject", as_of="2026-11-20T11:30:00Z")
    assert codes(at_gate(approved)) >= {"rejected"}
    approved.approve(RISK, "model-risk", as_of="2026-11-20T11:45:00Z")
    assert at_gate(approved).refusals == ()


# ---- what is refused: (what is done to an approved release) -> the code that must answer -------------------


def _edit_committed(project: Project) -> None:
    project.change(approval(project, "model-risk"), statement="Looks fine to me, ship it.")
    project.commit(author=RISK)


def _edit_here(project: Project) -> None:
    project.change(approval(project, "model-risk"), statement="Looks fine to me, ship it.")


def _unsigned(project: Project) -> None:
    (project.path / f"{approval(project, 'model-risk')}.sig").unlink()
    once(project)


def _uncommitted(project: Project) -> None:
    project.git("reset", "-q", "HEAD~1")


def _deleted(project: Project) -> None:
    project.approve(RISK, "model-risk", decision="reject", as_of="2026-11-20T11:30:00Z")
    rejection = next(
        path
        for path in (project.path / "governance/approvals").glob("*.yaml")
        if "decision: reject" in path.read_text()
    )
    rejection.unlink()
    rejection.with_name(f"{rejection.name}.sig").unlink()
    project.commit("Tidy up")


def _revoked(project: Project) -> None:
    from roadworthy.commands.revoke import revoke

    name = Path(approval(project, "model-risk")).stem
    who = {"identity": RISK, "key": str(project.keys[RISK]), "as_of": NOW}
    revoke(str(project.path), name, reason="The slice table was wrong.", **who)


def _expired(project: Project) -> None:
    resigned(project, approval(project, "model-risk"), expires_at="2026-11-20T11:30:00Z")


def _lasts_too_long(project: Project) -> None:
    resigned(project, approval(project, "model-risk"), expires_at="2028-11-20T11:30:00Z")


def _from_the_future(project: Project) -> None:
    resigned(project, approval(project, "model-risk"), decided_at="2026-11-21T00:00:00Z")


def _other_subject(project: Project) -> None:
    resigned(project, approval(project, "model-risk"), subject_digest="sha256:" + "0" * 64)


def _other_policy(project: Project) -> None:
    resigned(project, approval(project, "model-risk"), gate_result={"policy_pack": "sha256:old"})


def _other_tier(project: Project) -> None:
    resigned(project, approval(project, "model-risk"), tier="high")


def _malformed(project: Project) -> None:
    record = project.read(approval(project, "model-risk"))
    del record["subject_digest"]
    project.write(approval(project, "model-risk"), record)
    once(project)


def _placeholder_statement(project: Project) -> None:
    resigned(project, approval(project, "model-risk"), statement="N/A")


def _terse_statement(project: Project) -> None:
    resigned(project, approval(project, "model-risk"), statement="OK")


def _in_another_name(project: Project) -> None:
    record = project.read(approval(project, "model-risk"))
    record["approver"] = {"identity": OWNER, "role": "business-owner", "team": "lending"}
    project.write(approval(project, "model-risk"), record)
    _sign_as(project, approval(project, "model-risk"), RISK)


def _sign_as(project: Project, name: str, who: str) -> None:
    from roadworthy.adapters.signing import sign

    data = (project.path / name).read_bytes()
    (project.path / f"{name}.sig").write_bytes(sign(str(project.keys[who]), "roadworthy-approval", data))
    once(project)


def _signers(project: Project, change: Callable[[list[str]], list[str]]) -> None:
    file = project.path / "governance/allowed_signers"
    file.write_text("\n".join(change(file.read_text().splitlines())) + "\n")
    project.commit("Change the signers")


def _key_not_listed(project: Project) -> None:
    _signers(project, lambda lines: [line for line in lines if not line.startswith(RISK)])


def _key_ended_before(project: Project) -> None:
    ended = f'{RISK} valid-before="20261101"'
    _signers(project, lambda lines: [line.replace(RISK, ended) for line in lines])


def _key_listed_twice(project: Project) -> None:
    _signers(
        project, lambda lines: [*lines, next(x for x in lines if x.startswith(RISK)).replace(RISK, OWNER, 1)]
    )


def _wrong_namespace(project: Project) -> None:
    from roadworthy.adapters.signing import sign

    name = approval(project, "model-risk")
    data = (project.path / name).read_bytes()
    (project.path / f"{name}.sig").write_bytes(sign(str(project.keys[RISK]), "git", data))
    once(project)


def _roles(project: Project, who: str, **values: Any) -> None:
    people = project.read("governance/roles.yaml")["people"]
    rows = [row | values if row["identity"] == who else row for row in people]
    project.change("governance/roles.yaml", people=rows)
    project.commit("Change the roles")


def _role_taken_away(project: Project) -> None:
    _roles(project, RISK, roles=["support-owner"])


def _person_gone(project: Project) -> None:
    people = project.read("governance/roles.yaml")["people"]
    project.change("governance/roles.yaml", people=[row for row in people if row["identity"] != RISK])
    project.commit("Farewell")


def _one_person_two_entries(project: Project) -> None:
    _roles(project, RISK, emails=[RISK, VAL])


def _one_person_two_roles(project: Project) -> None:
    _roles(project, RISK, roles=["model-risk", "accountable-executive"])
    project.git(
        "rm",
        "-q",
        approval(project, "accountable-executive"),
        f"{approval(project, 'accountable-executive')}.sig",
    )
    once(project)
    project.approve(RISK, "accountable-executive")


def _too_few(project: Project) -> None:
    project.git("rm", "-q", approval(project, "model-risk"), f"{approval(project, 'model-risk')}.sig")
    once(project)


def _author_replaced(project: Project) -> None:
    """Let git show another author, by a replacement that a clone can carry along."""
    _author(project)
    true = project.git("rev-parse", "HEAD")
    tree, parent = project.git("rev-parse", "HEAD^{tree}"), project.git("rev-parse", "HEAD^")
    false = project.git("commit-tree", tree, "-p", parent, "-m", "Help out")
    project.git("replace", true, false)


def _history_grafted(project: Project) -> None:
    """Cut the commits that say who built it out of the history, the old way."""
    _author(project)
    project.commit("Go on")
    start = project.git("rev-list", "--max-parents=0", "HEAD")
    (project.path / ".git/info/grafts").write_text(f"{project.git('rev-parse', 'HEAD')} {start}\n")


def _mapped(project: Project) -> None:
    """Rename the author by a mailmap."""
    _author(project)
    project.write(".mailmap", f"Dana Devlin <{DEV}> <{RISK}>\n")
    project.commit("Tidy the names")


def _built(project: Project, **who: str) -> None:
    project.write("src/credit_decision/other.py", "x = 1\n")
    project.commit(who.pop("message", "Help out"), **who)


def _author(project: Project) -> None:
    _built(project, author=RISK, committer=DEV)


def _author_by_alias(project: Project) -> None:
    _roles(project, RISK, emails=[RISK, "rui@home.example"])
    _built(project, author="rui@home.example", committer=DEV)


def _author_by_name(project: Project) -> None:
    project.write("src/credit_decision/other.py", "x = 1\n")
    project.git("add", "--all")
    project.git(
        "-c",
        "user.name=Rui Rocha",
        "commit",
        "-q",
        "-m",
        "x",
        "--author",
        "Rui  Rocha <rui@unlisted.example>",
    )


def _committer(project: Project) -> None:
    _built(project, author=DEV, committer=RISK)


def _co_author(project: Project) -> None:
    _built(
        project,
        author=DEV,
        message=f"Pair\n\nwith words after\n\nco-authored-by: Rui <{RISK.upper()}>\n\nmore",
    )


def _policy_author(project: Project) -> None:
    project.write("policy/monitoring.yaml", "drift: 0.2\n")
    project.commit("Set the monitoring", author=RISK)


def _run_submitter(project: Project) -> None:
    project.change(RUN, submitter={"name": "Rui Rocha", "email": RISK})
    project.commit()


def _same_team(project: Project) -> None:
    _roles(project, VAL, team="credit")


def _unknown_builder(project: Project) -> None:
    _built(project, author="stranger@elsewhere.example")


def _bot(project: Project) -> None:
    _built(project, author="renovate[bot]@users.noreply.github.com")


def _bundle(project: Project, name: str, data: bytes) -> None:
    file = project.path / "var/releases/1" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _model_swapped(project: Project) -> None:
    _bundle(project, "model.skops", b"another model")


def _thresholds_swapped(project: Project) -> None:
    _bundle(project, "policy/gates.yaml", b"accuracy: {minimum: 0.1}\n")


def _features_swapped(project: Project) -> None:
    _bundle(project, "src/credit_decision/features.py", b"def income(row): return 1\n")


def _file_gone(project: Project) -> None:
    (project.path / "var/releases/1/governance/cards/1.md").unlink()


def _extra_file(project: Project) -> None:
    _bundle(project, "hook.py", b"print('hello')\n")


def _link(project: Project) -> None:
    file = project.path / "var/releases/1/model.skops"
    data = file.read_bytes()
    (project.path / "var/elsewhere").write_bytes(data)
    file.unlink()
    file.symlink_to(project.path / "var/elsewhere")


def _head_moved_on(project: Project) -> None:
    project.write("policy/serving.yaml", {"threshold": 0.4})
    project.commit("Lower the bar")


def _role_dropped(project: Project) -> None:
    rows = [row for row in project.read(RELEASE)["subject"] if row["role"] != "thresholds"]
    project.change(RELEASE, subject=rows)
    project.commit()


def _digest_edited(project: Project) -> None:
    project.change(RELEASE, subject_digest="sha256:" + "1" * 64)
    project.commit()


def _loosened_after_run(project: Project) -> None:
    """Loosen the thresholds after the run and register again, as if nothing had happened."""
    run = project.read(RUN)
    project.write("policy/gates.yaml", {"accuracy": {"minimum": 0.1}})
    project.commit("Be generous", at="2026-11-20T09:30:00Z")
    project.register()
    project.write(RUN, run)
    project.commit()


def _run_says_later_commit(project: Project) -> None:
    project.write("policy/gates.yaml", {"accuracy": {"minimum": 0.1}})
    project.commit("Be generous", at="2026-11-20T10:30:00Z")
    project.register()


def _report_edit(project: Project, **values: Any) -> None:
    project.change(REPORT, **values)
    project.commit()


def _check(**values: Any) -> dict[str, Any]:
    return {"checks": [{"id": "a", "value": 0.9, "op": ">=", "limit": 0.8, "passed": True} | values]}


def _run_gone(project: Project) -> None:
    (project.path / RUN).unlink()
    project.commit()


def _report_gone(project: Project) -> None:
    (project.path / REPORT).unlink()
    project.commit()


def _artifact_of_another_run(project: Project) -> None:
    project.change(RUN, artifacts={"model.skops": "0" * 64, "features.py": "0" * 64})
    project.commit()


def _config_of_another_run(project: Project) -> None:
    project.change(RUN, config={"policy/training.yaml": "0" * 64})
    project.commit()


def _dirty(project: Project) -> None:
    project.change(RUN, code=project.read(RUN)["code"] | {"dirty": True})
    project.commit()


def _commit_nowhere(project: Project) -> None:
    project.change(RELEASE, commit="0" * 40)
    project.commit()


def _placeholder_in_words(project: Project) -> None:
    project.change("governance/card.yaml", limits="TODO: ask Dana")
    project.commit()


def _empty_words(project: Project) -> None:
    project.change("governance/system.yaml", purpose="")
    project.commit()


def _no_impact(project: Project) -> None:
    project.change("governance/risk.yaml", harms={"wrong": "No impact."})
    project.commit()


def _words_gone(project: Project) -> None:
    (project.path / "governance/card.yaml").unlink()
    project.commit()


def _tier_raised(project: Project) -> None:
    project.change(RELEASE, tier="high")
    project.commit()


def _prohibited(project: Project) -> None:
    project.change("governance/risk.yaml", prohibited=["social_scoring"])
    project.commit()


def _pickle(project: Project) -> None:
    (project.path / "var/runs/model.skops").write_bytes(pickle.dumps({"weights": [1, 2]}))
    project.register()


def _roles_here_only(project: Project) -> None:
    project.change("governance/roles.yaml", people=project.read("governance/roles.yaml")["people"][:1])


def _drill_here_only(project: Project) -> None:
    project.write("governance/drills/20261120T110000Z.json", {"schema": "drill/v1", "passed": True})


def _code_here_only(project: Project) -> None:
    project.write("src/credit_decision/features.py", "def income(row):\n    return 1\n")


def _base_moved(project: Project) -> None:
    """Say that the release before was built later than it was, so that nobody seems to have built this."""
    project.write("governance/releases/0.json", project.read(RELEASE) | {"version": "0"})
    shutil.copytree(project.path / "var/releases/1", project.path / "var/releases/0")
    project.commit("Register release 0", author=OWNER, at="2026-11-20T11:20:00Z")
    _author(project)
    project.change("governance/releases/0.json", commit=project.git("rev-parse", "HEAD"))
    forged = {"version": "0", "commit": project.git("rev-parse", "HEAD")}
    predicate = {"verificationResult": "PASSED", "timeVerified": NOW, "roadworthy": forged}
    project.write("governance/gates/0.json", {"predicate": predicate})
    _seal(project, "governance/gates/0.json", RISK)
    project.commit("Pass release 0")


def _seal(project: Project, name: str, who: str) -> None:
    from roadworthy.adapters.signing import sign

    seal = sign(str(project.keys[who]), "roadworthy-gate", (project.path / name).read_bytes())
    (project.path / f"{name}.sig").write_bytes(seal)


def _rejection_hidden(project: Project) -> None:
    """Move a rejection to another version, so that nobody looks for it here."""
    project.approve(RISK, "model-risk", decision="reject", as_of="2026-11-20T11:30:00Z")
    folder = project.path / "governance/approvals"
    rejection = next(path for path in folder.glob("*.yaml") if "decision: reject" in path.read_text())
    project.change(rejection.relative_to(project.path).as_posix(), version="7")
    project.commit("Correct the version")


REFUSED: dict[str, tuple[Callable[[Project], object], str]] = {
    "approval edited and committed": (_edit_committed, "approval-edited"),
    "approval edited here": (_edit_here, "approval-edited"),
    "approval edited, signature": (_edit_here, "approval-signature"),
    "approval unsigned": (_unsigned, "approval-unsigned"),
    "approval uncommitted": (_uncommitted, "approval-uncommitted"),
    "rejection deleted": (_deleted, "record-deleted"),
    "rejection moved to another version": (_rejection_hidden, "record-edited"),
    "run record edited": (_run_submitter, "record-edited"),
    "approval revoked": (_revoked, "approval-revoked"),
    "approval expired": (_expired, "approval-expired"),
    "approval lasts too long": (_lasts_too_long, "approval-expired"),
    "approval from the future": (_from_the_future, "approval-expired"),
    "approval of another subject": (_other_subject, "approval-other-subject"),
    "approval under another policy": (_other_policy, "approval-other-policy"),
    "approval at another tier": (_other_tier, "approval-other-tier"),
    "approval malformed": (_malformed, "approval-malformed"),
    "statement of one word": (_terse_statement, "approval-placeholder"),
    "statement is a placeholder": (_placeholder_statement, "approval-placeholder"),
    "approval in another's name": (_in_another_name, "approval-other-signer"),
    "key not listed": (_key_not_listed, "approval-unknown-key"),
    "key ended before it signed": (_key_ended_before, "approval-unknown-key"),
    "key listed for two people": (_key_listed_twice, "approval-shared-key"),
    "signature for another purpose": (_wrong_namespace, "approval-signature"),
    "role taken away": (_role_taken_away, "approver-role"),
    "person no longer listed": (_person_gone, "approver-unknown"),
    "one address, two people": (_one_person_two_entries, "roles-ambiguous"),
    "one person in two roles": (_one_person_two_roles, "approval-two-roles"),
    "too few approvals": (_too_few, "approvals-too-few"),
    "a role is missing": (_too_few, "approval-role-missing"),
    "approver is author": (_author, "approver-is-builder"),
    "approver is author, behind a replacement": (_author_replaced, "approver-is-builder"),
    "approver is author, behind a graft": (_history_grafted, "approver-is-builder"),
    "approver is author, behind a mailmap": (_mapped, "approver-is-builder"),
    "approver is author by another address": (_author_by_alias, "approver-is-builder"),
    "approver is author by name": (_author_by_name, "approver-is-builder"),
    "approver is committer": (_committer, "approver-is-builder"),
    "approver is co-author": (_co_author, "approver-is-builder"),
    "approver wrote the policy": (_policy_author, "approver-is-builder"),
    "approver submitted the run": (_run_submitter, "approver-is-builder"),
    "validator is of the builders' team": (_same_team, "validator-not-independent"),
    "builder nobody knows": (_unknown_builder, "builder-unknown"),
    "builder is a bot": (_bot, "builder-unknown"),
    "model swapped": (_model_swapped, "subject-changed"),
    "thresholds swapped": (_thresholds_swapped, "subject-changed"),
    "features swapped": (_features_swapped, "subject-changed"),
    "a file of the subject is gone": (_file_gone, "subject-changed"),
    "a file nobody approved": (_extra_file, "subject-unlisted"),
    "a link in the bundle": (_link, "subject-unlisted"),
    "HEAD moved on": (_head_moved_on, "subject-not-head"),
    "subject without thresholds": (_role_dropped, "subject-incomplete"),
    "digest edited": (_digest_edited, "subject-digest"),
    "thresholds loosened after the run": (_loosened_after_run, "thresholds-after-run"),
    "run names a commit after itself": (_run_says_later_commit, "thresholds-after-run"),
    "evaluation failed": (lambda p: _report_edit(p, passed=False), "evaluation-failed"),
    "evaluation checked nothing": (lambda p: _report_edit(p, checks=[]), "evaluation-failed"),
    "evaluation's numbers disagree": (lambda p: _report_edit(p, **_check(value=0.2)), "evaluation-failed"),
    "a check is unknown": (lambda p: _report_edit(p, **_check(passed=None, value=None)), "evaluation-failed"),
    "a check failed under a pass": (lambda p: _report_edit(p, **_check(passed=False)), "evaluation-failed"),
    "evaluation of another model": (
        lambda p: _report_edit(p, model_sha256="0" * 64),
        "evaluation-other-model",
    ),
    "other thresholds judged": (
        lambda p: _report_edit(p, gates_sha256="0" * 64),
        "evaluation-other-thresholds",
    ),
    "no run record": (_run_gone, "run-missing"),
    "no evaluation": (_report_gone, "evaluation-missing"),
    "artifact of another run": (_artifact_of_another_run, "run-other-artifact"),
    "configuration of another run": (_config_of_another_run, "run-other-config"),
    "dirty run": (_dirty, "run-dirty"),
    "release of an unknown commit": (_commit_nowhere, "commit-unknown"),
    "placeholder in the card": (_placeholder_in_words, "placeholder"),
    "empty value in the system record": (_empty_words, "placeholder"),
    "No impact.": (_no_impact, "placeholder"),
    "a record people write is gone": (_words_gone, "record-unreadable"),
    "registered at a lower tier": (_tier_raised, "tier-lowered"),
    "prohibited practice": (_prohibited, "tier-prohibited"),
    "pickle in the artifact": (_pickle, "pickle"),
    "a record that only this machine has": (_drill_here_only, "record-uncommitted"),
    "code changed here only": (_code_here_only, "record-uncommitted"),
    "a builder moved the last release's commit": (_base_moved, "approver-is-builder"),
    "roles changed here only": (_roles_here_only, "record-uncommitted"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, approved: Project) -> None:
    spoil, code = REFUSED[case]
    spoil(approved)
    gated = at_gate(approved)
    assert code in codes(gated)
    assert all(refusal.message and refusal.fix for refusal in gated.refusals)
    written = json.loads((approved.path / gated.path).read_text())["predicate"]
    assert written["verificationResult"] == "FAILED"
    assert code in {each["code"] for each in written["roadworthy"]["refusals"]}
    assert written["verifiedLevels"] == []
    seen = verify_verdict(str(approved.path / gated.path), project=str(approved.path), as_of=NOW)
    assert "verdict-failed" in {refusal.code for refusal in seen.refusals}


def test_every_refusal_code_of_the_gate_has_a_case() -> None:

    root = Path(__file__).parents[2] / "src/roadworthy/core/approval"
    sources = "".join(
        (root / f"{name}.py").read_text() for name in ("approvals", "subject", "evidence", "duties", "people")
    )
    made = set(
        re.findall(
            r'(?:code=|_fault\(|_gap\(|yield )"([a-z]+(?:-[a-z]+)+|rejected|pickle|placeholder)"', sources
        )
    )
    shown = {code for _, code in REFUSED.values()} | {"rejected"}
    assert len(made) > 30
    assert made - shown == set()


def test_all_refusals_are_listed_not_only_the_first(approved: Project) -> None:
    _dirty(approved)
    _model_swapped(approved)
    _placeholder_in_words(approved)
    assert {"run-dirty", "subject-changed", "placeholder"} <= codes(at_gate(approved))


def test_a_failing_control_of_the_policy_blocks(approved: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Refusal(code="control", message="REL-03 fail: no drill", fix="roadworthy approve VERSION")
    controls = Controls(verdicts=(("REL-03", "fail"),), refusals=(refusal,))
    monkeypatch.setattr("roadworthy.commands.gate.judge_controls", lambda *_: controls)
    gated = at_gate(approved)
    assert codes(gated) == {"control"}
    assert gated.refusals[0].fix == "roadworthy approve 1"
    assert gated.verdict["predicate"]["roadworthy"]["controls"] == [{"id": "REL-03", "verdict": "fail"}]


# ---- what cannot be judged, and verdicts that cannot be believed -------------------------------------------


def test_a_cut_off_history_cannot_say_who_built_it(approved: Project, tmp_path: Path) -> None:
    approved.git("clone", "-q", "--depth", "1", f"file://{approved.path}", str(tmp_path / "shallow"))
    with pytest.raises(Unjudgeable, match="cut off"):
        gate(str(tmp_path / "shallow"), "1", key=str(approved.keys[GATE]))


def test_there_is_no_verdict_about_a_release_that_does_not_exist(approved: Project) -> None:
    with pytest.raises(Refused, match=r"governance/releases/9\.json"):
        gate(str(approved.path), "9", key=str(approved.keys[GATE]))
    with pytest.raises(UsageError, match="no version"):
        gate(str(approved.path), "../1", key=str(approved.keys[GATE]))


def test_a_folder_without_git_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(RoadworthyError, match="not in a git repository"):
        gate(str(tmp_path), "1", key="nowhere")


def test_the_gate_needs_a_key_that_others_can_verify(approved: Project, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    stranger = make_keys(tmp_path / "x")
    with pytest.raises(UsageError) as caught:
        gate(str(approved.path), "1", key=str(stranger[GATE]), as_of=NOW)
    assert 'gate namespaces="roadworthy-gate" ssh-ed25519 AAAA' in caught.value.hint
    with pytest.raises(UsageError, match="no signing key"):
        gate(str(approved.path), "1", key=str(tmp_path / "none"), as_of=NOW)
    assert not (approved.path / "governance/gates").exists()


def test_a_person_cannot_be_the_gate(approved: Project) -> None:
    both = 'namespaces="roadworthy-approval,git,roadworthy-gate"'
    _signers(
        approved, lambda lines: [line.replace('namespaces="roadworthy-approval,git"', both) for line in lines]
    )
    with pytest.raises(UsageError, match="a person"):
        gate(str(approved.path), "1", key=str(approved.keys[DEV]), as_of=NOW)


def test_a_verdict_that_was_touched_unsigned_or_outlived_is_refused(approved: Project) -> None:
    path = approved.path / at_gate(approved).path

    def verified(as_of: str = NOW) -> set[str]:
        seen = verify_verdict(str(path), project=str(approved.path), as_of=as_of)
        return {refusal.code for refusal in seen.refusals}

    assert verified() == set()
    assert verified("2028-01-01") == {"verdict-expired"}
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"version": "1"', b'"version": "2"'))
    assert verified() == {"verdict-signature"}
    path.write_bytes(b"{}")
    assert verified() == {"verdict-malformed"}
    path.write_bytes(good)
    path.with_name("1.json.sig").unlink()
    assert verified() == {"verdict-signature"}


def test_an_approvers_key_cannot_seal_a_verdict(approved: Project) -> None:
    from roadworthy.adapters.signing import sign

    path = approved.path / at_gate(approved).path
    forged = sign(str(approved.keys[RISK]), "roadworthy-gate", path.read_bytes())
    path.with_name("1.json.sig").write_bytes(forged)
    seen = verify_verdict(str(path), project=str(approved.path), as_of=NOW)
    assert [refusal.code for refusal in seen.refusals] == ["verdict-signature"]


def test_everybody_in_the_fixture_is_one_person() -> None:
    assert len({name for name, _, _ in PEOPLE.values()}) == len(PEOPLE)


# ---- the command line --------------------------------------------------------------------------------------


def said(project: Project, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    from roadworthy.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["gate", *arguments, "--project", str(project.path), "--as-of", NOW])
    return int(ended.value.code or 0), capsys.readouterr().out


def test_the_command_says_passed_and_who_approved(
    approved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(approved, capsys, "1", "--key", str(approved.keys[GATE]))
    assert code == 0
    assert text.startswith("PASSED: credit-decision release 1, tier critical")
    assert "approved by risk@loans.example as model-risk" in text
    assert "next: git add governance/gates" in text
    file = str(approved.path / "governance/gates/1.json")
    code, text = said(approved, capsys, "--verify", file)
    assert code == 0
    assert "sealed by gate at 2026-11-20T12:00:00Z" in text


def test_the_command_says_failed_with_a_next_step_for_each_refusal(
    approved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    _model_swapped(approved)
    _dirty(approved)
    code, text = said(approved, capsys, "1", "--key", str(approved.keys[GATE]))
    assert code == 1
    assert text.startswith("FAILED: credit-decision release 1")
    assert text.count("    next: ") == len(re.findall(r"^  (?!note:)[a-z-]+: ", text, re.MULTILINE))
    code, text = said(approved, capsys, "1", "--key", str(approved.keys[GATE]), "--json")
    whole = json.loads(text)
    assert (code, whole["ok"]) == (1, False)
    assert {"run-dirty", "subject-changed"} <= {refusal["code"] for refusal in whole["refusals"]}
    code, text = said(approved, capsys, "--verify", str(approved.path / "governance/gates/1.json"), "--json")
    assert (code, json.loads(text)["sealed_by"]) == (1, "gate")


def test_who_changed_roles_or_keys_is_noted_for_whoever_reads_the_verdict(approved: Project) -> None:
    notes = at_gate(approved).verdict["predicate"]["roadworthy"]["notes"]
    assert any("roles or keys changed" in note and DEV in note for note in notes)
