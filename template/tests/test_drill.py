"""The rehearsal is real: a real process, real clients, the real command, and a record of what they saw."""

from __future__ import annotations

import pytest

from project import module
from serving_fixtures import Workshop, keys, workshop

__all__ = ["keys", "workshop"]


def drill():
    return module("serving.drill").drill()


def test_without_a_release_there_is_nothing_to_rehearse(workshop: Workshop) -> None:
    with pytest.raises(module("pipeline.outcome").Refused, match="no release"):
        drill()


def test_an_unapproved_candidate_is_taken_back_to_the_safe_answer(workshop: Workshop) -> None:
    workshop.release("1", approved=False)
    outcome = drill()
    record = workshop.read(outcome.details["record"])
    assert outcome.ok, record
    assert (record["from_version"], record["to"], record["failed_requests"]) == ("1", "fallback", 0)
    assert record["requests"] > 0
    assert not (workshop.root / "var/routes.json").exists()
    assert not (workshop.root / "governance/deployments").exists()


def test_a_second_release_is_taken_back_to_the_one_that_served(workshop: Workshop) -> None:
    workshop.release("1")
    module("pipeline.promote").promote("1")
    workshop.release("2", approved=False)
    before = (workshop.root / "var/routes.json").read_bytes()
    outcome = drill()
    assert outcome.ok, outcome.lines
    assert (outcome.details["from_version"], outcome.details["to"]) == ("2", "1")
    assert outcome.details["failed_requests"] == 0
    assert (workshop.root / "var/routes.json").read_bytes() == before


def test_too_slow_is_not_passed(workshop: Workshop) -> None:
    workshop.release("1", approved=False)
    file = workshop.root / "policy/serving.yaml"
    file.write_text(file.read_text().replace("max_seconds: 10", "max_seconds: 0.000001"))
    outcome = drill()
    assert not outcome.ok
    assert not workshop.read(outcome.details["record"])["passed"]
