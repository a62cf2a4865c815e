"""Slices: a bad corner is refused although the whole is good, and a tiny one is unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from project import module

ROWS = pd.DataFrame({"region": ["north"] * 100 + ["south"] * 60 + [None] * 10})


def gates() -> Any:
    policies = module("pipeline.policies")
    slices = policies.SlicesGate(columns=("region",), metric="accuracy", op=">=", limit=0.75)
    return policies.GatesPolicy.model_construct(
        bootstrap=policies.Bootstrap(samples=100, level=0.95, seed=1), min_rows=30, slices=slices
    )


def verdicts(right_in_south: int) -> dict[str, bool | None]:
    """Everything right but in the south, where so many are."""
    slices, policy = module("pipeline.slices"), gates()
    answers = np.ones(len(ROWS), dtype=int)
    scores = np.where(ROWS["region"].eq("south") & (np.arange(len(ROWS)) >= 100 + right_in_south), 0.1, 0.9)
    judged = module("pipeline.metrics").Judged(answers, scores, 0.5)
    found = slices.sliced(policy.slices, policy, ROWS, judged)
    return {check.id: check.passed for check in slices.checks(policy.slices, policy, found)}


def test_a_bad_slice_is_refused() -> None:
    assert verdicts(30) == {
        "slice:region=north": True,
        "slice:region=south": False,
        "slice:region=missing": None,
    }


def test_good_slices_pass_and_a_small_one_is_unknown() -> None:
    assert verdicts(60) == {
        "slice:region=north": True,
        "slice:region=south": True,
        "slice:region=missing": None,
    }
