"""A project is held to the reviewer's rubric, never to less than it claims."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from roadworthy.adapters.policy import read_policy
from roadworthy.core.documents.parse import parse
from roadworthy.core.documents.snapshot import Snapshot, Unreadable
from roadworthy.facts.project import duties, project_facts

RUBRIC: Mapping[str, Any] = parse("tiers.yaml", read_policy()["tiers.yaml"])
LOW = {"impact": 1, "autonomy": 0, "reversibility": 1, "regulatory": 0, "scale": 0}
HIGH = {"impact": 2, "autonomy": 3, "reversibility": 1, "regulatory": 2, "scale": 3}


def snapshot(**files: Mapping[str, Any] | str) -> Snapshot:
    names = {"answers": ".copier-answers.yml", "lock": ".roadworthy/lock.yaml"}
    data = {
        names[name]: (each if isinstance(each, str) else json.dumps(each)).encode()
        for name, each in files.items()
    }
    return Snapshot(
        sizes={name: len(each) for name, each in data.items()},
        refused={},
        reader=lambda name: data.get(name, Unreadable(reason="none")),
        source={"kind": "folder", "path": "p"},
    )


def project(risk: Any = None, system: Any = None, **files: Any) -> dict[str, Any]:
    documents = {"risk": {"value": risk or {}}, "system": {"value": system or {}}}
    return project_facts(snapshot(**files), documents, RUBRIC)


def risk(answers: Mapping[str, int], **more: Any) -> dict[str, Any]:
    return {"answers": {name: {"answer": each} for name, each in answers.items()}, **more}


@pytest.mark.parametrize(
    ("given", "tier"),
    [
        ({"risk": risk(LOW)}, "low"),
        ({"risk": risk(LOW, tier="high")}, "high"),
        ({"risk": risk(HIGH, tier="low")}, "high"),
        ({"risk": risk(LOW), "answers": HIGH}, "high"),
        ({"risk": risk(HIGH), "answers": LOW}, "high"),
        ({"risk": risk(LOW), "lock": {"tier": "critical"}}, "critical"),
        ({"risk": risk(LOW), "lock": {"tier": "nonsense"}}, "low"),
        ({"risk": risk(LOW, circumstances=["annex_iii"])}, "high"),
        ({"risk": risk(LOW), "answers": {**LOW, "circumstances": ["annex_iii"]}}, "high"),
        ({"risk": risk(LOW, circumstances=["no-such", {"a": 1}, 7])}, "low"),
        ({"risk": risk(LOW, prohibited=["social_scoring"])}, "prohibited"),
        ({"risk": {"answers": {}}}, "critical"),
        ({"risk": {"answers": "none of your business"}}, "critical"),
        ({}, "critical"),
        ({"risk": risk({**LOW, "impact": 99})}, "moderate"),
    ],
)
def test_the_strictest_of_what_is_computed_and_claimed(given: dict[str, Any], tier: str) -> None:
    found = project(**given)
    assert found["tier"] == tier
    assert RUBRIC["tiers"][found["tier_rank"]] == tier


def test_prohibited_practices_are_named_and_held_to_the_highest_duties() -> None:
    assert project(risk(LOW, prohibited=["social_scoring"]))["prohibited"] == ["Art. 5(1)(c)"]
    assert duties("prohibited", RUBRIC) == duties("critical", RUBRIC)


@pytest.mark.parametrize(
    ("system", "lock", "answers", "kind"),
    [
        ("trained", "trained", "trained", "trained"),
        ("trained", None, None, "trained"),
        ("llm", "trained", "trained", ""),
        ("toaster", None, None, ""),
        (None, None, None, ""),
        (["trained"], "trained", None, ""),
    ],
)
def test_files_that_disagree_on_the_kind_say_nothing(system: Any, lock: Any, answers: Any, kind: str) -> None:
    found = project(risk(LOW), {"kind": system}, lock={"kind": lock}, answers={"kind": answers})
    assert found["kind"] == kind


def test_obligations_recorded_looser_than_demanded_are_found() -> None:
    demanded = duties("high", RUBRIC)
    looser = {
        "approvals": 1,
        "approver_roles": ["reviewer"],
        "self_approval": True,
        "independent_validation": "peer",
        "unknown_blocks": "none",
        "rollback_seconds": "soon",
        "drill_days": demanded["drill_days"] + 1,
        "log_retention_days": demanded["log_retention_days"] - 1,
    }
    found = project(risk(HIGH), lock={"tier": "high", "obligations": {**demanded, **looser}})["loosened"]
    assert {line.partition(":")[0] for line in found} == set(looser)


def test_tighter_or_equal_obligations_are_fine() -> None:
    demanded = duties("high", RUBRIC)
    tighter = {
        "approvals": 5,
        "drill_days": 1,
        "unknown_blocks": "merge",
        "independent_validation": "external",
    }
    roles = [*demanded["approver_roles"], "reviewer"]
    lock = {"tier": "high", "obligations": {**demanded, **tighter, "approver_roles": roles}}
    assert project(risk(HIGH), lock=lock)["loosened"] == []


def test_a_duty_that_is_left_out_is_looser() -> None:
    demanded = dict(duties("high", RUBRIC))
    del demanded["drill_days"]
    found = project(risk(HIGH), lock={"tier": "high", "obligations": demanded})["loosened"]
    assert found == [f"drill_days: nothing recorded, {duties('high', RUBRIC)['drill_days']} demanded"]


def test_answers_that_cannot_be_read_are_no_answers() -> None:
    assert project(risk(LOW), answers="a: [")["tier"] == "low"
    assert project(answers="[1, 2]")["tier"] == "critical"
