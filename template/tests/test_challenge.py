"""Hard cases: a score that rises when common sense says it must not is refused, on every row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conftest import Project
from project import module


class Contrary:
    """A model that says the opposite."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict_proba(self, inputs: Any) -> Any:
        return np.asarray(self.model.predict_proba(inputs))[:, ::-1]


def checked(contrary: bool, fewest: int | None = None) -> dict[str, bool | None]:
    policies, challenge = module("pipeline.policies"), module("pipeline.challenge")
    gates, run = policies.load(policies.GatesPolicy), module("pipeline.evaluate").read_run(None)
    if fewest is not None:
        gates = gates.model_copy(update={"min_rows": fewest})
    scorer = module("pipeline.scorer").load_scorer(module("pipeline.train").run_folder(run["run_id"]), ())
    scorer = replace(scorer, model=Contrary(scorer.model)) if contrary else scorer
    rows = module("pipeline.dataset").current().rows("challenge")
    found = challenge.challenged(gates.challenge, gates, scorer, rows)
    return {check.id: check.passed for check in challenge.checks(gates.challenge, gates, found)}


def test_the_candidate_keeps_every_direction(seen: Project) -> None:
    found = checked(contrary=False)
    assert len(found) > 1
    assert all(found.values())


def test_a_model_that_rewards_trouble_is_refused(seen: Project) -> None:
    found = checked(contrary=True)
    assert found["challenge"] is False
    assert [passed for name, passed in found.items() if name.startswith("direction:")].count(False) >= 1


def test_too_few_hard_cases_are_unknown(seen: Project) -> None:
    assert checked(contrary=False, fewest=10**6)["challenge"] is None
