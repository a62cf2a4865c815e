"""Overlays tighten, set numbers and add; they loosen with a reason, and never below what a law demands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roadworthy import __version__
from roadworthy.adapters.policy import read_policy
from roadworthy.adapters.shapes import misshapen
from roadworthy.core.judging.models import Control, Pack
from roadworthy.core.packs.overlay import compose, extends
from roadworthy.core.packs.pack import load_pack
from roadworthy.core.packs.strictness import looser
from roadworthy.errors import UsageError

BASE = read_policy(None)
REASON = "Our platform answers for this, by contract of 2026."


def overlay(**about: Any) -> dict[str, bytes]:
    return {"pack.yaml": json.dumps({"id": "acme", "version": "1", "extends": "builtin", **about}).encode()}


def pack(**about: Any) -> Pack:
    return load_pack(compose(BASE, overlay(**about), misshapen), misshapen)


def control(found: Pack, name: str) -> Control:
    return next(each for each in found.controls if each.id == name)


def test_an_empty_overlay_asks_the_same_under_its_own_name() -> None:
    found, base = pack(), load_pack(BASE, misshapen)
    assert found.controls == base.controls
    assert found.tiers == base.tiers
    assert (found.id, found.notes) == ("acme", (f"acme 1 extends roadworthy {__version__}",))
    assert found.digest != base.digest


def test_it_tightens_and_sets_numbers() -> None:
    found = pack(
        obligations={"high": {"approvals": 3, "drill_days": 30, "unknown_blocks": "merge"}},
        limits={"low": {"eval_cases": 40}},
        controls={"COST-01": {"severity": "high", "applies": {"min_tier": "low"}, "waivable": False}},
    )
    assert found.tiers["obligations"]["high"]["approvals"] == 3
    assert found.tiers["limits"]["low"]["eval_cases"] == 40
    cost = control(found, "COST-01")
    assert (cost.severity, cost.applies.min_tier, cost.waivable) == ("high", "low", False)
    assert len(found.notes) == 1


def test_it_adds_a_control() -> None:
    text = BASE["controls/GOV-06.yaml"].replace(b"id: GOV-06", b"id: ACME-01")
    found = load_pack(compose(BASE, {**overlay(), "controls/ACME-01.yaml": text}, misshapen), misshapen)
    assert control(found, "ACME-01").title
    assert len(found.controls) == sum(path.startswith("controls/") for path in BASE) + 1


LOOSER: list[tuple[dict[str, Any], str]] = [
    ({"obligations": {"high": {"approvals": 1}}}, "obligations.high.approvals"),
    ({"obligations": {"low": {"review_days": 1000}}}, "obligations.low.review_days"),
    ({"obligations": {"high": {"approver_roles": ["model-risk"]}}}, "obligations.high.approver_roles"),
    ({"obligations": {"high": {"self_approval": True}}}, "obligations.high.self_approval"),
    ({"obligations": {"critical": {"unknown_blocks": "none"}}}, "obligations.critical.unknown_blocks"),
    (
        {"obligations": {"critical": {"independent_validation": "peer"}}},
        "obligations.critical.independent_validation",
    ),
    ({"limits": {"critical": {"red_team_cases": 10}}}, "limits.critical.red_team_cases"),
    ({"controls": {"REL-03": {"severity": "low"}}}, "controls.REL-03.severity"),
    ({"controls": {"APPR-02": {"waivable": True}}}, "controls.APPR-02.waivable"),
    ({"controls": {"REL-03": {"lifecycle": "experimental"}}}, "controls.REL-03.lifecycle"),
    ({"controls": {"REL-03": {"enforce_from": "2030-01-01"}}}, "controls.REL-03.enforce_from"),
    ({"controls": {"REL-03": {"enforce_from": {"high": "2030-01-01"}}}}, "controls.REL-03.enforce_from"),
    ({"controls": {"REL-03": {"applies": {"min_tier": "high"}}}}, "controls.REL-03.applies"),
    ({"controls": {"REL-03": {"applies": {"kinds": ["llm"]}}}}, "controls.REL-03.applies"),
    ({"controls": {"REL-03": {"drop": ["rehearsed"]}}}, "controls.REL-03.checks.rehearsed"),
    ({"controls": {"REL-03": {"due": {"honest-drills": "release"}}}}, "controls.REL-03.due.honest-drills"),
]


@pytest.mark.parametrize(("change", "path"), LOOSER, ids=[path for _, path in LOOSER])
def test_loosening_needs_a_reason_and_shows_in_every_report(change: dict[str, Any], path: str) -> None:
    with pytest.raises(UsageError, match=path):
        pack(**change)
    with pytest.raises(UsageError, match=path):
        pack(**change, loosen=[{"path": path, "reason": "TODO: to be decided later"}])
    found = pack(**change, loosen=[{"path": path, "reason": REASON}])
    assert found.notes[-1] == f"loosened by policy: {path} ({REASON})"


FLOORS: list[dict[str, Any]] = [
    {"obligations": {"high": {"log_retention_days": 182}}},
    {"obligations": {"critical": {"log_retention_days": 30}}},
    {"limits": {"low": {"statutory_log_days": 1}}},
    {"limits": {"critical": {"document_years": 9}}},
]


@pytest.mark.parametrize("change", FLOORS, ids=json.dumps)
def test_no_reason_loosens_what_a_law_demands(change: dict[str, Any]) -> None:
    table, row = next(iter(change.items()))
    tier, values = next(iter(row.items()))
    path = f"{table}.{tier}.{next(iter(values))}"
    with pytest.raises(UsageError, match="by law"):
        pack(**change, loosen=[{"path": path, "reason": REASON}])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"obligation": {}}, '"obligation" is not one of .*, "obligations"'),
    ({"obligations": {"high": 3}}, "obligations.high: 3 is not of type"),
    ({"controls": ["REL-03"]}, "controls: .* is not of type"),
    (
        {"controls": {"REL-03": {"severity": "hgh"}}},
        'severity: "hgh" is not one of "low", .*"critical"',
    ),
    ({"controls": {"REL-03": {"applies": {"min_tier": "lw"}}}}, "controls.REL-03.applies.min_tier"),
    ({"controls": {"REL-03": {"enforce_from": "soon"}}}, "controls.REL-03.enforce_from"),
    ({"controls": {"REL-03": {"due": {"rehearsed": "never"}}}}, "controls.REL-03.due.rehearsed"),
    ({"loosen": ["obligations.low.approvals"]}, "loosen.0"),
    ({"obligations": {"high": {"approvalz": 3}}}, "approvalz is not in the pack"),
    ({"controls": {"REL-99": {}}}, "no such control"),
    (
        {"controls": {"REL-03": {"expression": "true"}}},
        'REL-03: "expression" is not one of "severity", "w.*"due"',
    ),
    ({"controls": {"REL-03": {"drop": ["rehearsal"]}}}, "no check rehearsal"),
    ({"loosen": [{"path": "obligations.low.approvals", "reason": REASON}]}, "which is not looser"),
    ({"version": ""}, 'version: "" is shorter'),
]


@pytest.mark.parametrize(("about", "text"), WRONG, ids=[text for _, text in WRONG])
def test_a_wrong_overlay_says_what_is_wrong(about: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        pack(**about)


def test_a_control_cannot_be_replaced_by_a_file() -> None:
    with pytest.raises(UsageError, match="patch it"):
        compose(BASE, {**overlay(), "controls/REL-03.yaml": BASE["controls/REL-03.yaml"]}, misshapen)


def test_what_stands_alone_extends_nothing() -> None:
    assert extends(BASE) == ""
    assert extends(overlay()) == "builtin"


@pytest.mark.parametrize(
    ("name", "value", "demand", "expected"),
    [
        ("approvals", 2, 3, True),
        ("approvals", 3, 3, False),
        ("approvals", None, 1, True),
        ("approvals", True, 1, True),
        ("drill_days", 32, 31, True),
        ("drill_days", 1, 31, False),
        ("unknown_blocks", "release", "merge", True),
        ("unknown_blocks", "nonsense", "none", True),
        ("self_approval", True, False, True),
        ("self_approval", False, True, False),
        ("approver_roles", ["a", "b"], ["a"], False),
        ("approver_roles", ["b"], ["a"], True),
    ],
)
def test_which_way_is_looser(name: str, value: Any, demand: Any, expected: bool) -> None:
    assert looser(name, value, demand) is expected
