"""What looks and promotions say that they counted, held against their own numbers and the other records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roadworthy.core.values import replace
from roadworthy.facts.decided import shadow, shadow_days
from roadworthy.facts.proofs import drills, monitoring
from tests.facts.snapshots import record, shelf

LOOK = json.loads((Path(__file__).parents[1] / "adversary/life/monitoring.json").read_bytes())
SWITCH = "governance/deployments/switch.json"
BEGAN = "2026-11-01T09:00:00Z"


def look(**changes: Any) -> dict[str, Any]:
    """Return the facts of a real look with some of its parts changed."""
    release = record("releases", "1", {"version": "1", "subject_digest": LOOK["subject_digest"]})
    moved = [record("deployments", "switch", {"action": "fallback"})]
    told = record("monitoring", "1", LOOK | changes)
    (found,) = monitoring(shelf(releases=[release], monitoring=[told], deployments=moved))
    return found


def test_an_honest_look() -> None:
    found = look()
    assert found["sample"] == {"lines": 387, "redact": [], "leaks": 0}
    assert found["explained"] == {"id": "day1-1942", "again": True, "inputs": ["unver", "apr", "obrat"]}
    assert found["cost"] == {"value": 0.302868, "cap": 5.0, "left_out": False}
    assert (found["stopped"], found["latest"]) == (False, True)


@pytest.mark.parametrize(
    "sample",
    [{}, {"lines": 386}, {"lines": True}, {"leaks": 1}, {"leaks": None}, {"leaks": "none"}],
    ids=str,
)
def test_a_sample_smaller_than_its_window_or_against_its_signal_is_none(sample: dict[str, Any]) -> None:
    assert look(sample=LOOK["sample"] | sample if sample else {})["sample"] == {}


@pytest.mark.parametrize("part", ["score", "without", "effect"])
@pytest.mark.parametrize("lie", [0.9, None, "most of it", True])
def test_an_explanation_that_does_not_add_up_is_none(part: str, lie: Any) -> None:
    said = json.loads(json.dumps(LOOK["explained"]))
    (said if part == "score" else said["reasons"][0])[part] = lie
    assert look(explained=said)["explained"] == {}


def test_an_input_that_moved_nothing_is_no_reason() -> None:
    idle = {"input": "apr", "without": LOOK["explained"]["score"], "effect": 0.0}
    assert look(explained=LOOK["explained"] | {"reasons": [idle]})["explained"] == {}
    assert look(explained=None)["explained"] == {}


def test_a_stop_counts_only_as_the_switch_on_record() -> None:
    assert look(cap=LOOK["cap"] | {"stopped": SWITCH})["stopped"] is True
    assert look(cap=LOOK["cap"] | {"stopped": "governance/deployments/9.json"})["stopped"] is False


def shadowed(**changes: Any) -> dict[str, Any]:
    """Return what the judge makes of a promotion that says what was counted in shadow."""
    began = record("deployments", "1", {"action": "shadow", "version": "2", "as_of": BEGAN})
    said = {"since": BEGAN, "samples": 9, "acted": 0, "answers": {"1": 10, "fallback": 2}} | changes
    kept = {name: each for name, each in said.items() if each != ()}
    return shadow(record("deployments", "2", {"version": "2", "evidence": {"shadow": kept}}), [began])


def test_a_shadow_that_was_counted() -> None:
    assert shadowed() == {"samples": 9, "acted": 0}
    assert shadowed(answers={"1": 9, "2": 1}, acted=1) == {"samples": 9, "acted": 1}


def test_a_record_from_before_answers_were_counted_by_release_is_taken_at_its_word() -> None:
    assert shadowed(answers=()) == {"samples": 9, "acted": 0}


@pytest.mark.parametrize(
    "lie",
    [
        {"answers": {"1": 9, "2": 1}},
        {"answers": {"1": 8}},
        {"answers": {"1": "many"}},
        {"since": "2026-10-01T09:00:00Z"},
        {"since": ()},
        {"acted": ()},
        {"acted": 3},
    ],
    ids=str,
)
def test_a_shadow_whose_counts_disagree_was_not_counted(lie: dict[str, Any]) -> None:
    assert shadowed(**lie) == {}


@pytest.mark.parametrize("alarm", [None, "rung", {"planted": 100, "raised": ["drift"], "seconds": 0.5}])
def test_the_alarm_of_a_drill_is_told_as_it_is_or_not_at_all(alarm: Any) -> None:
    (found,) = drills(shelf(drills=[record("drills", "1", {"alarm": alarm})]))
    assert found["alarm"] == (alarm if isinstance(alarm, dict) else dict.fromkeys(found["alarm"]))


@pytest.mark.parametrize(
    ("promoted", "days"),
    [
        ("2026-11-02T09:00:00Z", 1.0),
        ("2026-11-02T08:59:59Z", 0.99),
        ("2026-11-01T09:14:23Z", 0.0),
        ("2026-11-29T09:00:01Z", 28.0),
        ("soon", None),
    ],
)
def test_days_in_shadow_are_never_rounded_up(promoted: str, days: float | None) -> None:
    began = replace(record("deployments", "1", {"action": "shadow", "version": "2"}), base={"at": BEGAN})
    later = replace(record("deployments", "2", {"version": "2"}), base={"at": promoted})
    assert shadow_days(later, [began]) == days
    assert shadow_days(later, []) is None
