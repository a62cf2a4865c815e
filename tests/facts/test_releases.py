"""Facts about a real release: real keys, real commits, and what each tampering changes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from roadworthy.adapters.signing import sign
from roadworthy.commands.check import sources_of
from roadworthy.commands.clock import moment
from roadworthy.commands.controls import Controls
from roadworthy.commands.dossier import open_dossier
from roadworthy.commands.gate import gate
from roadworthy.commands.packs import open_bench
from roadworthy.commands.target import open_target
from roadworthy.core.approval.approvals import Demand
from roadworthy.core.expressions.cells import typed
from roadworthy.core.memo import Memo
from roadworthy.facts.collect import COLLECTORS, Collection, collect
from roadworthy.facts.releases import demanded
from tests.project_fixture import ANSWERS, GATE, NOW, Project, make_keys, make_project


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def released_once(keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Approve, gate and deploy release 1; what the policy's controls say has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for place in ("approve", "gate"):
            patch.setattr(
                f"roadworthy.commands.{place}.judge_controls", lambda *_: Controls(verdicts=(), refusals=())
            )
        project = make_project(tmp_path_factory.mktemp("project") / "p", keys)
        project.approve_all()
        assert gate(str(project.path), "1", key=str(keys[GATE]), as_of=NOW).refusals == ()
        project.commit("Gate release 1", author="gate", at="2026-11-20T11:30:00Z")
        deploy(project, "1", "2026-11-20T11:40:00Z")
        yield project


@pytest.fixture
def project(released_once: Project, tmp_path: Path) -> Project:
    shutil.copytree(released_once.path, tmp_path / "p")
    return Project(path=tmp_path / "p", keys=released_once.keys)


def deploy(project: Project, version: str, at: str, action: str = "promote") -> None:
    release = project.path / f"governance/releases/{version}.json"
    digest = json.loads(release.read_text())["subject_digest"] if release.is_file() else None
    record = {
        "schema": "deployment/v1",
        "action": action,
        "version": version,
        "at": at,
        "by": "ops@x.example",
    }
    stem = at.replace("-", "").replace(":", "")
    project.write(
        f"governance/deployments/{stem}-{action}-{version}.json", {**record, "subject_digest": digest}
    )
    project.commit(f"{action} {version}", author="ops@x.example", at=at)


def facts(project: Project, as_of: str = NOW, for_release: str = "") -> Mapping[str, Any]:
    bench, target = open_bench(), open_target(str(project.path))
    collection = Collection(sources_of(target, bench, moment(as_of), for_release))
    roots = frozenset(COLLECTORS) - {"imports", "workflows", "requirements", "managed"}
    return typed(collect(collection, roots), (), bench.schema.root, Memo()).values


def release(project: Project, **more: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = facts(project, **more)["records"]["releases"][0]
    return found


def test_every_root_of_the_schema_has_a_collector() -> None:
    assert set(COLLECTORS) == set(open_bench().schema.root.fields)


def test_a_proper_release(project: Project) -> None:
    found = release(project)
    assert {
        name: found[name] for name in ("digest_ok", "files_ok", "run_known", "evaluation_passed", "gated")
    } == {
        "digest_ok": True,
        "files_ok": True,
        "run_known": True,
        "evaluation_passed": True,
        "gated": True,
    }
    assert (found["served"], found["live"], found["judged"], found["latest"]) == (True, True, True, True)
    assert found["approvers"] == ["exec@loans.example", "risk@loans.example", "val@loans.example"]
    assert found["refusals"] == []
    assert found["schema_ok"]
    assert found["added_once"] is True


def test_records_around_it(project: Project) -> None:
    found = facts(project)
    records = found["records"]
    assert [each["signature"] for each in records["approvals"]] == ["valid"] * 3
    assert all(
        each["principal_ok"] and each["release_known"] and each["days"] == 92 for each in records["approvals"]
    )
    verdict = records["gates"][0]
    assert (verdict["result"], verdict["signature"], verdict["subject_ok"], verdict["approvals_ok"]) == (
        "PASSED",
        "valid",
        True,
        True,
    )
    assert (records["deployments"][0]["gated"], records["deployments"][0]["first"]) == (True, True)
    assert found["project"]["released"] is True
    assert found["signatures"]["available"] is True
    assert found["history"]["edited_records"] == []
    assert found["history"]["loosened_thresholds"] == []


def test_an_approval_changed_after_it_was_signed_is_invalid(project: Project) -> None:
    path = facts(project)["records"]["approvals"][0]["path"]
    project.change(path, statement="I looked at something else entirely, honestly.")
    project.commit("Correct")
    found = facts(project)
    assert found["records"]["approvals"][0]["signature"] == "invalid"
    assert found["records"]["gates"][0]["approvals_ok"] is False
    assert path in found["history"]["edited_records"]
    assert "approval-edited" in {each["code"] for each in found["records"]["releases"][0]["refusals"]}


def test_an_approval_expires_by_the_clock_of_the_judgement(project: Project) -> None:
    late = release(project, as_of="2027-03-01")
    assert late["approvers"] == []
    assert "approval-expired" in {each["code"] for each in late["refusals"]}
    assert release(project, as_of=NOW)["refusals"] == []


def test_a_revoked_approval_does_not_count(project: Project) -> None:
    found = facts(project)["records"]["approvals"][0]
    revocation = {
        "schema": "revocation/v1",
        "approval": found["id"],
        "identity": found["identity"],
        "reason": "Drift",
    }
    project.write(found["path"].replace(".yaml", ".revoked.yaml"), revocation)
    project.commit("Revoke")
    again = facts(project)["records"]
    assert again["approvals"][0]["revoked"] is True
    assert found["identity"] not in again["releases"][0]["approvers"]


def asked(project: Project) -> tuple[Demand, Demand]:
    """What the gate would ask of release 1, and what a check asks."""
    bench, target = open_bench(), open_target(str(project.path))
    deck = Collection(sources_of(target, bench, moment(NOW))).deck
    return open_dossier(project.path, "1", NOW).demand, demanded(deck, deck.shelf.of("releases")[0])


RISK_MANAGER = "risk@loans.example"


def _ungated(project: Project) -> None:
    shutil.rmtree(project.path / "governance/gates")
    project.commit("Not gated yet")


def _edited_before_the_gate(project: Project) -> None:
    """An approver works on it between registration and gate."""
    project.git("reset", "-q", "--hard", ":/Register")
    project.write("src/credit_decision/other.py", "x = 1\n")
    project.commit("Write more", author=RISK_MANAGER)


def _recorded_by_an_approver(project: Project) -> None:
    project.git("reset", "-q", "--soft", ":/Start")
    project.commit("Register release 1", author=RISK_MANAGER)


def _understated(project: Project) -> None:
    """The answers and the release come to low; what the project was made as says more."""
    answers = {name: {"answer": answer} for name, answer in ANSWERS["low"].items()}
    project.write("governance/risk.yaml", {"schema": "risk/v1", "tier": "low", "answers": answers})
    project.write(".copier-answers.yml", ANSWERS["high"])
    project.write(".roadworthy/lock.yaml", {"schema": "lock/v1", "tier": "moderate"})
    project.change("governance/releases/1.json", tier="low")
    project.commit("Play it down")


@pytest.mark.parametrize(
    ("case", "tier", "built"),
    [
        (lambda _: None, "critical", False),
        (_ungated, "critical", False),
        (_edited_before_the_gate, "critical", True),
        (_recorded_by_an_approver, "critical", True),
        (_understated, "high", False),
    ],
)
def test_gate_and_check_ask_the_same_of_a_release(
    project: Project, case: Callable[[Project], None], tier: str, built: bool
) -> None:
    case(project)
    gates, checks = asked(project)
    assert gates == checks
    assert (gates.tier, RISK_MANAGER in gates.builders.people) == (tier, built)
    assert (
        gates.obligations["approver_roles"] == open_bench().pack.tiers["obligations"][tier]["approver_roles"]
    )


def test_what_comes_after_the_gate_is_no_work_on_a_release_that_passed(project: Project) -> None:
    project.write("src/credit_decision/other.py", "x = 1\n")
    project.commit("Begin the next release", author=RISK_MANAGER)
    gates, checks = asked(project)
    assert RISK_MANAGER in gates.builders.people, "what is about to ship now is another tree"
    assert RISK_MANAGER not in checks.builders.people


def test_a_later_release_does_not_excuse_who_built_the_one_before(project: Project) -> None:
    _recorded_by_an_approver(project)
    first = json.loads((project.path / "governance/releases/1.json").read_text())
    later = {"version": "2", "created_at": "2026-11-20T11:45:00Z", "commit": project.git("rev-parse", "HEAD")}
    project.write("governance/releases/2.json", first | later)
    verdict = (project.path / "governance/gates/1.json").read_text()
    verdict = verdict.replace('"version": "1"', '"version": "2"')
    project.write("governance/gates/2.json", verdict)
    seal = sign(str(project.keys[GATE]), "roadworthy-gate", verdict.encode())
    project.write("governance/gates/2.json.sig", seal)
    project.commit("Gate release 2")
    for demand in asked(project):
        assert RISK_MANAGER in demand.builders.people


@pytest.mark.parametrize(
    ("path", "change", "fact"),
    [
        ("governance/releases/1.json", {"subject_digest": "sha256:" + "0" * 64}, "digest_ok"),
        ("governance/releases/1.json", {"run_id": "20261120T090000Z-ffffff"}, "run_known"),
        ("governance/evaluations/20261120T090000Z-ab12cd.json", {"passed": False}, "evaluation_passed"),
        (
            "governance/evaluations/20261120T090000Z-ab12cd.json",
            {"model_sha256": "0" * 64},
            "evaluation_passed",
        ),
        ("governance/releases/1.json", {"commit": "0" * 40}, "files_ok"),
        ("governance/releases/1.json", {"subject_digest": "sha256:" + "1" * 64}, "gated"),
    ],
)
def test_a_link_that_is_cut_is_seen(project: Project, path: str, change: dict[str, Any], fact: str) -> None:
    project.change(path, **change)
    project.commit("Change")
    assert release(project)[fact] is False
    assert release(project)["added_once"] is (path != "governance/releases/1.json")


def test_a_verdict_signed_by_anybody_else_is_no_verdict(project: Project) -> None:
    signature = next((project.path / "governance/approvals").glob("*.sig")).read_bytes()
    project.write("governance/gates/1.json.sig", signature)
    project.commit("Replace")
    found = facts(project)["records"]
    assert found["gates"][0]["signature"] != "valid"
    assert found["releases"][0]["gated"] is False
    assert found["deployments"][0]["gated"] is False


def test_a_verdict_that_says_passed_counts_as_released_even_if_it_is_forged(project: Project) -> None:
    shutil.rmtree(project.path / "governance" / "deployments")
    (project.path / "governance/gates/1.json.sig").unlink()
    project.commit("Hide")
    assert facts(project)["project"]["released"] is True


def test_going_back_needs_something_that_served_and_stands(project: Project) -> None:
    found = facts(project)["registry"]["rollback_candidate"]
    assert found == {"version": "fallback", "served": False, "approved": False, "expired": False}
    deploy(project, "fallback", "2026-11-20T11:50:00Z", action="fallback")
    found = facts(project)["registry"]["rollback_candidate"]
    assert found == {"version": "1", "served": True, "approved": True, "expired": False}
    late = facts(project, as_of="2027-03-01")["registry"]["rollback_candidate"]
    assert (late["version"], late["expired"]) == ("fallback", True)


def test_a_first_release_goes_back_to_a_drilled_fallback(project: Project) -> None:
    assert release(project)["rollback_ok"] is False
    drill = {"schema": "drill/v1", "at": "2026-11-20T11:00:00Z", "to": "fallback", "passed": True}
    project.write("governance/drills/d.json", drill)
    assert release(project)["rollback_ok"] is True


def test_the_release_that_is_named_is_judged(project: Project) -> None:
    assert release(project, for_release="1")["judged"] is True
    assert release(project, for_release="2")["judged"] is False


def test_thresholds_loosened_since_are_found(keys: dict[str, Path], project: Project) -> None:
    from roadworthy.facts.thresholds import looser

    was = {
        "metrics": [{"id": "a", "op": ">=", "limit": 0.7}],
        "fairness": {"ratio": {"op": "<=", "limit": 0.1}},
    }
    same = {
        "metrics": [{"id": "a", "op": ">=", "limit": 0.8}],
        "fairness": {"ratio": {"op": "<=", "limit": 0.05}},
    }
    loose = {"metrics": [{"id": "a", "op": ">=", "limit": 0.6}], "fairness": {}}
    assert list(looser(was, same)) == []
    assert list(looser(was, loose)) == ["metrics.a: 0.7, now 0.6", "fairness.ratio: 0.1, now None"]


def test_without_history_nothing_of_the_past_is_claimed(project: Project) -> None:
    shutil.rmtree(project.path / ".git")
    found = facts(project)
    assert found["history"]["available"] is False
    assert found["records"]["releases"][0]["files_ok"] is None
    assert found["records"]["runs"][0]["gates_ok"] is None
    assert found["records"]["runs"][0]["added_once"] is None


def test_unusable_signature_tools_are_unknown_and_not_invalid(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = facts(project)
    assert found["signatures"]["available"] is False
    assert "ssh-keygen" in found["signatures"]["reason"]
