"""The data contract: good rows pass, and every kind of bad rows is refused by the check that is about it."""

from __future__ import annotations

from typing import Any

import pytest

import mutations
from conftest import Project
from project import module

BAD = {
    "nulls": mutations.null_spike,
    "type": mutations.type_change,
    "range": mutations.out_of_range,
    "values": mutations.unknown_value,
    "present": mutations.missing_column,
    "duplicates": mutations.duplicates,
    "freshness": mutations.stale,
    "shift": mutations.category_shift,
    "rows": mutations.too_few,
}


def policy() -> Any:
    policies = module("pipeline.policies")
    return policies.load(policies.DataPolicy)


def failing(outcome: Any) -> set[str]:
    return {check["id"] for check in outcome.details["checks"] if check["passed"] is False}


def test_good_rows_pass(ran: Project, rows: Any) -> None:
    outcome = module("pipeline.dataset").prepare(rows)
    assert outcome.ok
    assert len(outcome.details["checks"]) >= 9
    assert not failing(outcome)


@pytest.mark.parametrize("kind", BAD)
def test_bad_rows_are_refused(ran: Project, rows: Any, kind: str) -> None:
    before = ran.path("var", "data", "current").read_text()
    outcome = module("pipeline.dataset").prepare(BAD[kind](rows, policy()))
    assert not outcome.ok
    assert kind in failing(outcome)
    assert kind in outcome.lines[-1]
    assert ran.path("var", "data", "current").read_text() == before, "no snapshot of bad rows"


@pytest.mark.parametrize("kind", sorted(set(BAD) - {"present", "type"}))
def test_one_fault_fails_one_check(ran: Project, rows: Any, kind: str) -> None:
    assert failing(module("pipeline.dataset").prepare(BAD[kind](rows, policy()))) == {kind}


@pytest.mark.parametrize(("happened", "late"), [("2026-03-02", False), ("2026-02-01", True)])
def test_late_rows_are_refused(ran: Project, rows: Any, happened: str, late: bool) -> None:
    received, event = policy().time.received, policy().time.event or "happened_on"
    limits = {"event": event, "max_age_days": 99999, "max_delay_days": 14}
    ran.edit("policy/data.yaml", lambda value: value["time"].update(limits))
    dated = rows.assign(**{event: "2026-03-01", received: "2026-03-05"})
    dated.loc[dated.index[0], event] = happened
    assert ("late" in failing(module("pipeline.dataset").prepare(dated))) is late


def test_what_cannot_be_measured_is_unknown(ran: Project, rows: Any) -> None:
    ran.path("var", "data", "current").unlink()
    checks = {check["id"]: check for check in module("pipeline.dataset").prepare(rows).details["checks"]}
    assert checks["shift"]["passed"] is None
    assert "first snapshot" in checks["shift"]["note"]


@pytest.mark.parametrize(("new", "why"), [(["word"], "no such column"), ([], "no category")])
def test_other_categories_than_yesterday_are_unknown(
    ran: Project, rows: Any, new: list[str], why: str
) -> None:
    ran.edit("policy/data.yaml", lambda value: value["columns"].update(word={"type": "string"}))
    ran.edit("policy/data.yaml", lambda value: value["categories"].update(columns=new))
    outcome = module("pipeline.dataset").prepare(rows.assign(word="a"))
    checks = {check["id"]: check for check in outcome.details["checks"]}
    assert checks["shift"]["passed"] is None
    assert why in checks["shift"]["note"]


@pytest.mark.parametrize("dates", [None, "soon", float("nan")])
def test_rows_without_a_date_are_refused(ran: Project, rows: Any, dates: Any) -> None:
    name = policy().time.received
    undated = rows.drop(columns=name) if dates is None else rows.assign(**{name: dates})
    with pytest.raises(module("pipeline.outcome").Refused, match=name):
        module("pipeline.dataset").prepare(undated)


@pytest.mark.parametrize("key", ["target", "columns", "splits", "time"])
def test_a_contract_without_a_key_is_refused_by_its_name(ran: Project, key: str) -> None:
    ran.edit("policy/data.yaml", lambda value: value.pop(key))
    with pytest.raises(module("pipeline.outcome").Refused, match=key):
        policy()


@pytest.mark.parametrize("key", ["key", "target", "protected"])
def test_a_contract_that_names_a_column_it_does_not_list_is_refused(ran: Project, key: str) -> None:
    lost = ["nowhere"] if key == "protected" else "nowhere"
    ran.edit("policy/data.yaml", lambda value: value.update({key: lost}))
    with pytest.raises(module("pipeline.outcome").Refused, match=f"`{key}` names `nowhere`"):
        policy()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"percent": {"train": 0}}, "deals no rows"),
        ({"percent": {"train": 150, "test": -50}}, "deals no rows"),
        ({"hard": [{"column": "word", "above": 4}]}, "is a text"),
    ],
)
def test_splits_that_deal_nothing_are_refused(ran: Project, change: dict[str, Any], why: str) -> None:
    ran.edit("policy/data.yaml", lambda value: value["columns"].update(word={"type": "string"}))
    ran.edit("policy/data.yaml", lambda value: value["splits"].update(change))
    with pytest.raises(module("pipeline.outcome").Refused, match=why):
        policy()


def test_a_broken_contract_is_refused_with_its_line(ran: Project) -> None:
    file = ran.path("policy", "data.yaml")
    file.write_text("schema: data/v1\ncolumns: [\n", "utf-8")
    with pytest.raises(module("pipeline.outcome").Refused, match="line 3: ") as told:
        policy()
    assert str(file) in told.value.repair
