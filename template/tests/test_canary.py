"""A challenger is seen before it acts: shadow never answers, a canary is sticky, and neither is skipped."""

from __future__ import annotations

import json

import pytest

from project import module
from serving_fixtures import INPUTS, Workshop, keys, workshop

__all__ = ["keys", "workshop"]


def promote(version: str, **options):
    return module("pipeline.promote").promote(version, **options)


def refusal(match: str):
    return pytest.raises(module("pipeline.outcome").Refused, match=match)


@pytest.fixture
def two(workshop: Workshop) -> Workshop:
    """Release 1 serves; release 2 is approved."""
    for version in "12":
        workshop.release(version, expires_at="2027-06-01T00:00:00Z")
    promote("1")
    return workshop


def traffic(entities: range) -> list[dict]:
    """Requests of these entities, answered and captured as the server would."""
    live = module("serving.live").Live()
    live.refresh()
    answers = module("serving.answer").Answerer(module("serving.capture").capture(), "refer")
    read = module("serving.request").read
    return [
        answers.answer(live.serving, read(json.dumps({"inputs": INPUTS, "entity": f"e{n}"}).encode()))
        for n in entities
    ]


def test_shadow_is_scored_written_down_and_never_answers(two: Workshop) -> None:
    promote("2", stage="shadow")
    traffic(range(30))
    lines = two.lines()
    assert len(lines) == 30
    assert {each["version"] for each in lines} == {"1"}
    assert {each["route"] for each in lines} == {"champion"}
    assert {each["shadow"]["version"] for each in lines} == {"2"}
    assert all(0 <= each["shadow"]["score"] <= 1 for each in lines)
    direct = module("pipeline.scorer").load_scorer(two.root / "var/releases/2", []).score(INPUTS)
    assert lines[0]["shadow"]["score"] == pytest.approx(direct)
    assert lines[0]["score"] != lines[0]["shadow"]["score"]


def test_a_shadow_that_breaks_touches_nobody(two: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    promote("2", stage="shadow")
    release = module("serving.release").Release
    judge = release.judge
    monkeypatch.setattr(
        release, "judge", lambda self, row: 1 / 0 if self.version == "2" else judge(self, row)
    )
    (line,) = traffic(range(1))
    assert line["decision"] in ("approve", "review")
    assert line["error"] is None
    assert "ZeroDivisionError" in line["shadow"]["error"]


def test_a_canary_is_sticky_and_takes_its_share(two: Workshop) -> None:
    promote("2", stage="shadow", as_of="2026-12-01")
    traffic(range(10))
    promote("2", stage="canary", percent=20, as_of="2026-12-30")
    first = {n: line["version"] for n, line in enumerate(traffic(range(400)))}
    again = {n: line["version"] for n, line in enumerate(traffic(range(400)))}
    assert first == again
    share = sum(1 for version in first.values() if version == "2") / 400
    assert 0.12 < share < 0.28
    assert two.read("var/routes.json")["canary_percent"] == 20


def test_stages_cannot_be_skipped(two: Workshop) -> None:
    with refusal("none seen"):
        promote("2")
    with refusal("none seen"):
        promote("2", stage="canary")
    assert two.read("var/routes.json")["champion"] == "1"


def test_a_shadow_too_short_or_too_thin(two: Workshop) -> None:
    promote("2", stage="shadow", as_of="2026-12-01")
    with refusal(r"10\.0 of 28 days; shadow: 0 of 5 samples"):
        promote("2", stage="canary", as_of="2026-12-11")
    traffic(range(5))
    with refusal("10.0 of 28 days$"):
        promote("2", stage="canary", as_of="2026-12-11")


def test_a_canary_too_thin(two: Workshop) -> None:
    promote("2", stage="shadow", as_of="2026-12-01")
    traffic(range(10))
    promote("2", stage="canary", percent=20, as_of="2026-12-30")
    with refusal("canary: 0 of 3 samples"):
        promote("2", as_of="2026-12-31")


def test_a_rollout_of_all_stages_leaves_its_report(two: Workshop) -> None:
    promote("2", stage="shadow", as_of="2026-12-01")
    traffic(range(10))
    promote("2", stage="canary", percent=20, as_of="2026-12-30")
    traffic(range(100))
    outcome = promote("2", as_of="2026-12-31")
    evidence = two.read(outcome.details["record"])["evidence"]
    assert evidence["shadow"]["days"] == 29
    assert evidence["shadow"]["samples"] == 10
    assert evidence["shadow"]["acted"] == 0
    assert evidence["canary"]["samples"] >= 3
    routes = two.read("var/routes.json")
    assert (routes["champion"], routes["previous"], routes["challenger"]) == ("2", "1", None)


def test_a_shadow_that_acted_is_refused(two: Workshop) -> None:
    promote("2", stage="shadow", as_of="2026-12-01")
    lines = traffic(range(10))
    module("serving.capture").capture().write({**lines[0], "version": "2", "shadow": None})
    with refusal("must not act"):
        promote("2", stage="canary", as_of="2026-12-30")


def test_rolling_back_a_canary_keeps_the_champion(two: Workshop) -> None:
    promote("2", stage="shadow", as_of="2026-12-01")
    traffic(range(10))
    promote("2", stage="canary", percent=20, as_of="2026-12-30")
    module("pipeline.promote").rollback(reason="canary errors")
    routes = two.read("var/routes.json")
    assert (routes["champion"], routes["challenger"], routes["fallback"]) == ("1", None, False)
    with refusal("none seen"):
        promote("2", as_of="2026-12-31")


def test_with_nothing_live_there_is_nothing_to_run_beside(workshop: Workshop) -> None:
    workshop.release("1")
    with refusal("no release serves"):
        promote("1", stage="shadow")


@pytest.mark.parametrize("percent", [0, 100, -5])
def test_a_share_that_is_none(two: Workshop, percent: int) -> None:
    promote("2", stage="shadow", as_of="2026-12-01")
    traffic(range(10))
    with refusal("canary of"):
        promote("2", stage="canary", percent=percent, as_of="2026-12-30")


def test_a_tier_without_stages_says_so(two: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module("pipeline.promote"), "part", lambda name: None)
    with refusal("without shadow and canary"):
        promote("2", stage="shadow")
    promote("2")
    assert two.read("var/routes.json")["champion"] == "2"
