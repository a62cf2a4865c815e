"""Approving and revoking: what is signed, and what is refused before anything is written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roadworthy.adapters.signing import verify
from roadworthy.commands.approve import approve
from roadworthy.commands.clock import moment
from roadworthy.commands.controls import Controls
from roadworthy.commands.packs import open_bench
from roadworthy.commands.revoke import revoke
from roadworthy.core.approval.signatures import Status
from roadworthy.errors import Refused, RoadworthyError, UsageError
from roadworthy.render.approve import approve_json, approve_text, revoke_text
from tests.project_fixture import NOW, SAID, Project, make_keys, make_project

RISK, DEV, OWNER = "risk@loans.example", "dev@loans.example", "owner@loans.example"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def once(keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("project") / "p", keys)


@pytest.fixture
def project(once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A critical release that waits for its approvals."""
    controls = Controls(verdicts=(("GOV-01", "pass"), ("REL-03", "pending")), refusals=())
    monkeypatch.setattr("roadworthy.commands.approve.judge_controls", lambda *_: controls)
    shutil.copytree(once.path, tmp_path / "p")
    return Project(path=tmp_path / "p", keys=once.keys)


def ask(project: Project, who: str = RISK, **more: Any) -> Any:
    asked: dict[str, Any] = {"identity": who, "key": str(project.keys[who]), "statement": SAID, "as_of": NOW}
    return approve(str(project.path), "1", **(asked | more))


def files(project: Project) -> list[str]:
    return sorted(path.name for path in (project.path / "governance").glob("approvals/*"))


def test_a_decision_is_bound_signed_and_filed_under_its_own_name(project: Project) -> None:
    decision = ask(project)
    record = project.read(decision.path)
    assert record == decision.record
    assert record["approver"] == {"identity": RISK, "role": "model-risk", "team": "risk"}
    assert record["gate_result"]["policy_pack"] == open_bench().pack.digest
    assert record["expires_at"] == "2027-02-20T12:00:00Z"
    assert record["subject_digest"] == project.read("governance/releases/1.json")["subject_digest"]
    assert files(project) == [f"{record['id']}.yaml", f"{record['id']}.yaml.sig"]
    data, seal = (
        (project.path / decision.path).read_bytes(),
        (project.path / f"{decision.path}.sig").read_bytes(),
    )
    signers = (project.path / "governance/allowed_signers").read_bytes()
    assert verify(data, seal, signers, "roadworthy-approval", moment(NOW)).principal == RISK


def test_what_was_not_measured_is_not_shown_as_failed(project: Project) -> None:
    decision = ask(project, dry_run=True)
    bad = {"id": "ranking", "passed": False, "value": 0.6, "op": ">=", "limit": 0.7, "note": "low end"}
    few = {"id": "slice:old=1", "passed": None, "value": None, "note": "9 rows, 30 needed"}
    text = approve_text(replace(decision, evaluation={"checks": [bad, few]}))
    assert "  failed ranking: 0.6, expected >= 0.7" in text
    assert "  not measured slice:old=1: 9 rows, 30 needed" in text


def test_the_approver_is_shown_what_is_approved(project: Project) -> None:
    decision = ask(project, dry_run=True)
    text = approve_text(decision)
    assert "model.skops" in text
    assert "evaluation: 1 of 1 checks passed" in text
    assert "policy: 1 pass, 1 pending" in text
    assert "would be approved by risk@loans.example as model-risk" in text
    assert files(project) == []
    assert json.loads(approve_json(decision))["controls"] == {"GOV-01": "pass", "REL-03": "pending"}


def test_the_role_is_the_one_the_release_still_needs(project: Project) -> None:
    people = project.read("governance/roles.yaml")["people"]
    rows = [
        row | {"roles": ["model-risk", "accountable-executive"]} if row["identity"] == RISK else row
        for row in people
    ]
    project.change("governance/roles.yaml", people=rows)
    project.commit()
    assert ask(project).record["approver"]["role"] == "model-risk"
    project.commit(author=RISK)
    assert ask(project).record["approver"]["role"] == "accountable-executive"


def test_the_same_decision_twice_is_refused_because_records_are_add_only(project: Project) -> None:
    ask(project)
    with pytest.raises(Refused, match="add-only"):
        ask(project)


def _swap_model(project: Project) -> None:
    (project.path / "var/releases/1/model.skops").write_bytes(b"another")


def _uncommit(project: Project) -> None:
    project.change("governance/releases/1.json", change_type="retrain")


def _unlist(project: Project) -> None:
    file = project.path / "governance/allowed_signers"
    file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith(RISK)))
    project.commit()


def _nothing(project: Project) -> None:
    pass


REFUSED: dict[str, tuple[Callable[[Project], None], dict[str, Any], str]] = {
    "bundle changed": (
        _swap_model,
        {},
        "model model.skops: expected sha256 [0-9a-f]{64}, found [0-9a-f]{64}",
    ),
    "release not committed": (_uncommit, {}, "differs from HEAD"),
    "stranger": (_nothing, {"identity": "eve@loans.example"}, "nobody in governance/roles.yaml"),
    "role not held": (
        _nothing,
        {"role": "accountable-executive"},
        "holds model-risk, not accountable-executive",
    ),
    "no role that counts": (_nothing, {"identity": OWNER}, "not any of independent-validator"),
    "builder": (_nothing, {"identity": DEV, "role": "developer"}, "approver-is-builder.*built it"),
    "no statement": (_nothing, {"statement": ""}, "says nothing"),
    "OK": (_nothing, {"statement": "OK"}, "less than 10 letters: 'OK'"),
    "TODO": (_nothing, {"statement": "TODO"}, "says nothing"),
    "N/A": (_nothing, {"statement": "N/A"}, "says nothing"),
    "No impact.": (_nothing, {"statement": "No impact."}, "says nothing"),
    "key not listed": (_unlist, {}, "not listed for approvals"),
    "no such release": (lambda p: (p.path / "governance/releases/1.json").unlink(), {}, "differs from HEAD"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_before_anything_is_written(case: str, project: Project) -> None:
    spoil, asked, words = REFUSED[case]
    spoil(project)
    with pytest.raises(Refused, match=f"(?s){words}") as caught:
        ask(project, **asked)
    assert caught.value.hint
    assert files(project) == []


def test_somebody_elses_key_is_refused_with_the_line_that_would_admit_it(project: Project) -> None:
    with pytest.raises(Refused, match=r"it is owner@loans\.example's") as caught:
        ask(project, key=str(project.keys[OWNER]))
    assert f'{RISK} namespaces="roadworthy-approval,git" ssh-ed25519 AAAA' in caught.value.hint
    assert files(project) == []


def test_a_builder_may_reject_what_they_built(project: Project) -> None:
    assert ask(project, DEV, role="developer", decision="reject").record["decision"] == "reject"


def test_identity_and_key_default_to_git(project: Project) -> None:
    project.git("config", "user.email", RISK)
    project.git("config", "user.signingkey", str(project.keys[RISK]))
    decision = approve(str(project.path), "1", statement=SAID, as_of=NOW)
    assert decision.record["approver"]["identity"] == RISK


def test_without_any_key_the_three_ways_are_named(project: Project) -> None:
    with pytest.raises(UsageError) as caught:
        ask(project, key=None)
    assert all(way in caught.value.hint for way in ("--key", "ROADWORTHY_KEY", "user.signingkey"))


def test_a_revocation_is_signed_and_leaves_the_approval_alone(project: Project) -> None:
    decision = ask(project)
    before = (project.path / decision.path).read_bytes()
    who = {"identity": OWNER, "key": str(project.keys[OWNER]), "as_of": NOW}
    done = revoke(str(project.path), decision.record["id"], reason="The data was from last year.", **who)
    assert (project.path / decision.path).read_bytes() == before
    data, seal = (project.path / done.path).read_bytes(), (project.path / f"{done.path}.sig").read_bytes()
    signers = (project.path / "governance/allowed_signers").read_bytes()
    assert verify(data, seal, signers, "roadworthy-approval", moment(NOW)).status is Status.VALID
    assert "revoked by owner@loans.example: The data was from last year." in revoke_text(done)


@pytest.mark.parametrize(
    ("approval", "reason", "who"),
    [
        ("apr-9", "It was wrong.", RISK),
        ("../apr", "It was wrong.", RISK),
        ("", "TODO", RISK),
        ("", "It was wrong.", "eve@loans.example"),
    ],
)
def test_a_revocation_needs_an_approval_a_reason_and_a_person(
    approval: str, reason: str, who: str, project: Project
) -> None:
    decision = ask(project)
    name = approval or decision.record["id"]
    with pytest.raises(RoadworthyError):
        revoke(str(project.path), name, reason=reason, identity=who, key=str(project.keys[RISK]), as_of=NOW)
    assert not [name for name in files(project) if "revoked" in name]


def test_the_command_line_never_waits_and_answers_with_an_exit_code(project: Project) -> None:
    arguments = ("approve", "1", "--project", str(project.path), "--identity", RISK, "--as-of", NOW)
    done = subprocess.run(
        (sys.executable, "-m", "roadworthy", *arguments, "--key", str(project.keys[RISK])),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=dict(os.environ),
        timeout=60,
    )
    assert done.returncode == 1
    assert b"the statement says nothing" in done.stderr
    assert b"next: pass --statement" in done.stderr
    assert b"Traceback" not in done.stderr
