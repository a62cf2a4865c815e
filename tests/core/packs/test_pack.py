"""A pack is read whole and held against its schema, or it does not judge."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from roadworthy.adapters.policy import read_policy
from roadworthy.adapters.shapes import misshapen
from roadworthy.core.judging.models import Due, Grade, Severity
from roadworthy.core.packs.pack import load_pack, pack_digest
from roadworthy.errors import UsageError

TREE = read_policy()
CONTROL: dict[str, Any] = yaml.safe_load(TREE["controls/REL-03.yaml"])


def with_control(**change: Any) -> dict[str, bytes]:
    return {**TREE, "controls/REL-03.yaml": yaml.safe_dump({**CONTROL, **change}).encode()}


def test_the_built_in_pack_loads() -> None:
    pack = load_pack(TREE, misshapen)
    assert len(pack.controls) == sum(name.startswith("controls/") for name in TREE) > 40
    control = next(each for each in pack.controls if each.id == "REL-03")
    assert control.severity in tuple(Severity)
    assert {check.grade for check in control.checks} <= set(Grade)
    assert any(check.due is Due.RELEASE for check in control.checks)
    assert pack.digest == pack_digest(TREE)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "REL-04"},
        {"severity": "enormous"},
        {"checks": []},
        {"checks": [{"id": "a", "grade": "derived"}]},
        {"checks": [{"id": "a", "grade": "guessed", "expression": "true"}]},
        {"checks": [{"id": "a", "grade": "derived", "expression": "true", "on": "x", "schema": {}}]},
        {"cases": []},
        {"enforce_from": {"enormous": "2026-11-20"}},
        {"enforce_from": "soon"},
        {"applies": {"kinds": ["toaster"]}},
        {"nonsense": 1},
        {"version": 0},
    ],
)
def test_a_control_of_another_shape_is_refused_with_its_place(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"policy/controls/REL-03\.yaml"):
        load_pack(with_control(**change), misshapen)


def test_one_date_is_a_date_for_every_tier() -> None:
    pack = load_pack(with_control(enforce_from="2027-01-01"), misshapen)
    control = next(each for each in pack.controls if each.id == "REL-03")
    assert dict(control.enforce_from) == {"low": "2027-01-01"}


@pytest.mark.parametrize("missing", ["pack.yaml", "tiers.yaml", "facts.yaml"])
def test_a_pack_without_its_parts_is_refused(missing: str) -> None:
    with pytest.raises(UsageError, match=rf"policy/{missing}"):
        load_pack({name: data for name, data in TREE.items() if name != missing}, misshapen)


def test_a_pack_without_controls_is_refused() -> None:
    with pytest.raises(UsageError, match="no control"):
        load_pack({name: data for name, data in TREE.items() if not name.startswith("controls/")}, misshapen)


def test_a_file_that_cannot_be_read_is_refused_with_its_line() -> None:
    with pytest.raises(UsageError, match=r"policy/controls/REL-03\.yaml: line 2: the key 'id' twice"):
        load_pack({**TREE, "controls/REL-03.yaml": b"id: a\nid: b\n"}, misshapen)


def test_the_digest_is_over_what_decides_verdicts_and_nothing_else() -> None:
    assert pack_digest({**TREE, "__init__.py": b"x", "notes.md": b"y"}) == pack_digest(TREE)
    assert pack_digest({**TREE, "tiers.yaml": TREE["tiers.yaml"] + b"\n"}) != pack_digest(TREE)
    assert pack_digest(with_control(severity="low")) != pack_digest(TREE)
