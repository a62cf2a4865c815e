"""Retraining follows a signal, with its numbers; a broken feed or a young release holds it back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from project import module
from serving_fixtures import Workshop, keys, workshop
from serving_samples import RETRAINING

__all__ = ["keys", "workshop"]
LATER = "2026-12-20T00:00:00Z"


@pytest.fixture
def one(workshop: Workshop) -> Workshop:
    """Release 1, made on 1 November, serves."""
    workshop.release("1")
    module("pipeline.promote").promote("1")
    return workshop


def look(
    made: Workshop, alarmed: dict[str, str] | None = None, kinds: tuple[str, ...] = (), version: str = "1"
) -> None:
    """One earlier look of `monitor`, as it leaves it."""
    entry = {
        "at": "2026-12-19T00:00:00Z",
        "as_of": "2026-12-19T00:00:00Z",
        "version": version,
        "level": "ok",
        "labels_joined": 0,
        "alarmed": alarmed or {},
        "kinds": list(kinds),
    }
    file = made.root / "var/monitor/history.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream:
        stream.write(json.dumps(entry) + "\n")


def retrain(as_of: str = LATER) -> Any:
    return module("monitoring.retrain").retrain(as_of)


def fired(outcome: Any) -> list[str]:
    return [each["id"] for each in outcome.details["fired"]]


def test_nothing_happened(one: Workshop) -> None:
    look(one)
    outcome = retrain()
    assert outcome.ok
    assert fired(outcome) == []
    assert not outcome.details["due"]
    assert len(outcome.details["triggers"]) == 4


def test_drift_in_enough_windows(one: Workshop) -> None:
    look(one, {"input-drift": "pause"})
    look(one)
    assert fired(retrain()) == []
    look(one, {"score-drift": "investigate"})
    outcome = retrain()
    assert fired(outcome) == ["drift"]
    assert outcome.details["due"]
    assert "2 of the last 3 looks: input-drift, score-drift" in outcome.details["fired"][0]["found"]


def test_old_windows_and_other_releases_do_not_count(one: Workshop) -> None:
    look(one, {"input-drift": "pause"})
    look(one, {"input-drift": "pause"})
    for _ in range(3):
        look(one)
    look(one, {"input-drift": "pause"}, version="9")
    assert fired(retrain()) == []


def test_lost_performance_needs_one_window(one: Workshop) -> None:
    look(one, {"accuracy": "rollback"}, ("concept",))
    assert fired(retrain()) == ["performance"]


def test_enough_new_outcomes(one: Workshop) -> None:
    one.labels([1] * 299, at="2026-12-01T00:00:00Z")
    one.labels([1] * 50, prefix="old", at="2026-10-01T00:00:00Z")
    assert fired(retrain()) == []
    one.labels([1], prefix="more", at="2026-12-02T00:00:00Z")
    assert fired(retrain()) == ["new-outcomes"]


def test_enough_human_feedback(one: Workshop) -> None:
    folder = one.root / "var/feedback"
    folder.mkdir(parents=True)
    lines = [{"id": f"t{n}", "at": f"2026-12-1{n}T00:00:00Z", "kind": "overruled"} for n in range(3)]
    (folder / "december.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    assert fired(retrain()) == ["human-feedback"]


def test_a_young_release_cools_down(one: Workshop) -> None:
    entry = {"input-drift": "pause"}
    look(one, entry)
    look(one, entry)
    file = one.root / "var/releases/1/release.json"
    file.write_text(file.read_text().replace("2026-11-01", "2026-12-18"))
    outcome = retrain()
    assert fired(outcome) == ["drift"]
    assert not outcome.details["due"]
    assert "cool-down" in outcome.details["held_back"]


def test_a_broken_feed_is_mended_not_learned_from(one: Workshop) -> None:
    look(one, {"input-drift": "pause"})
    look(one, {"input-drift": "pause", "refused": "pause"}, ("pipeline",))
    outcome = retrain()
    assert not outcome.details["due"]
    assert "mend the feed" in outcome.details["held_back"]


@pytest.mark.parametrize("triggers", ["triggers: []", "triggers: [{id: monthly, kind: calendar}]"])
def test_a_calendar_or_nothing_is_no_trigger(one: Workshop, triggers: str) -> None:
    one.policy("retraining", f"{triggers}\ncool_down_days: 0\n")
    with pytest.raises(module("pipeline.outcome").Refused):
        retrain()


def test_without_a_release_there_is_nothing_to_replace(workshop: Workshop) -> None:
    workshop.policy("retraining", RETRAINING)
    with pytest.raises(module("pipeline.outcome").Refused, match="no release"):
        retrain()
