"""Fairness: our figures are fairlearn's, unequal treatment is refused, few rows are unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as trusted

from conftest import Project
from project import module


def gates(smallest: int = 30) -> Any:
    policies = module("pipeline.policies")
    fairness = policies.FairnessGate(
        attribute="origin",
        groups={"inside": ("inside",), "outside": ("east", "west")},
        adverse_impact_ratio=policies.Limit(op=">=", limit=0.8),
        equal_opportunity_difference=policies.Limit(op="<=", limit=0.1),
    )
    return policies.GatesPolicy.model_construct(
        bootstrap=policies.Bootstrap(samples=100, level=0.95, seed=1), min_rows=smallest, fairness=fairness
    )


def case(approved_outside: float, seed: int = 5) -> tuple[Any, Any]:
    """400 applicants of whom nine in ten deserve a yes; insiders get what they deserve."""
    random = np.random.default_rng(seed)
    outside, answers = np.arange(400) % 4 == 0, (random.random(400) < 0.9).astype(int)
    said = np.where(outside, answers * (random.random(400) < approved_outside), answers)
    rows = pd.DataFrame({"inside": ~outside * 1, "east": outside * (np.arange(400) % 8 == 0) * 1, "west": 0})
    rows["west"] = 1 - rows["inside"] - rows["east"]
    return rows, module("pipeline.metrics").Judged(answers, said.astype(float), 0.5)


def verdicts(approved_outside: float, smallest: int = 30) -> dict[str, bool | None]:
    fairness, policy = module("pipeline.fairness"), gates(smallest)
    found = fairness.measured(policy.fairness, policy, *case(approved_outside))
    return {check.id: check.passed for check in fairness.checks(policy.fairness, policy, found)}


def test_unequal_treatment_is_refused() -> None:
    assert verdicts(0.5) == {"fairness:impact-ratio": False, "fairness:opportunity-gap": False}


def test_equal_treatment_passes() -> None:
    assert verdicts(1.0) == {"fairness:impact-ratio": True, "fairness:opportunity-gap": True}


def test_a_group_that_is_too_small_is_unknown_and_no_pass() -> None:
    assert verdicts(1.0, smallest=101) == {"fairness:impact-ratio": None, "fairness:opportunity-gap": None}


def test_our_figures_are_fairlearns() -> None:
    fairness, policy = module("pipeline.fairness"), gates()
    rows, judged = case(0.7)
    member = fairness.members(policy.fairness, rows)
    told = {"y_true": judged.answers, "y_pred": judged.decisions, "sensitive_features": member}
    assert fairness.ratio(policy.fairness, member, judged) == pytest.approx(
        trusted.demographic_parity_ratio(**told)
    )
    assert fairness.difference(policy.fairness, member, judged) == pytest.approx(
        trusted.equal_opportunity_difference(**told)
    )


def test_the_measured_candidate_is_judged_by_group(seen: Project) -> None:
    (file,) = seen.path("governance", "evaluations").glob("*.json")
    found = module("pipeline.records").read_record(file)["fairness"]
    assert len(found["groups"]) >= 2
    rates = [group["selection_rate"] for group in found["groups"]]
    assert found["metrics"]["adverse_impact_ratio"]["value"] == pytest.approx(
        min(rates) / max(rates), abs=1e-5
    )


def test_a_stricter_cutoff_widens_the_gap_and_is_refused(ran: Project) -> None:
    """The sample's first candidate: approval only when nearly certain."""
    ran.edit("policy/training.yaml", lambda value: value.update(threshold=0.9))
    ran.commit()
    module("pipeline.train").train()
    outcome = module("pipeline.evaluate").evaluate()
    assert not outcome.ok
    assert "fairness:impact-ratio" in outcome.lines[-1]
