"""The model that the team writes: unfitted, able to learn, the same for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from conftest import Project
from project import module


def training() -> Any:
    policies = module("pipeline.policies")
    return policies.load(policies.TrainingPolicy)


def built() -> Any:
    policy = training()
    return module("model").build(dict(policy.parameters), policy.seed)


def problem() -> tuple[Any, Any]:
    inputs = np.random.default_rng(2).normal(size=(300, len(training().features)))
    return inputs, (inputs[:, 0] > 0).astype(int)


def test_it_comes_unfitted(seen: Project) -> None:
    with pytest.raises(NotFittedError):
        built().predict_proba(problem()[0])


def test_it_can_learn_what_is_plain(seen: Project) -> None:
    inputs, answers = problem()
    scores = built().fit(inputs, answers).predict_proba(inputs)[:, 1]
    assert module("pipeline.metrics").auc(answers, scores) > 0.9


def test_the_same_seed_is_the_same_model(seen: Project) -> None:
    inputs, answers = problem()
    first, second = (built().fit(inputs, answers).predict_proba(inputs) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_one_row_and_many_rows_get_the_same_score(seen: Project) -> None:
    """What serving answers for one applicant is what evaluation measured."""
    run, rows = module("pipeline.evaluate").read_run(None), module("pipeline.dataset").current().rows("test")
    scorer = module("pipeline.scorer").load_scorer(module("pipeline.train").run_folder(run["run_id"]), ())
    many = scorer.scores(rows)
    one = [scorer.score(row) for row in rows.head(50).to_dict("records")]
    np.testing.assert_allclose(many[:50], one, rtol=0, atol=1e-12)
    assert ((many >= 0) & (many <= 1)).all()


def test_a_missing_input_is_refused_by_name(seen: Project) -> None:
    run = module("pipeline.evaluate").read_run(None)
    scorer = module("pipeline.scorer").load_scorer(module("pipeline.train").run_folder(run["run_id"]), ())
    row = dict.fromkeys(scorer.columns, 1.0)
    del row[scorer.columns[0]]
    with pytest.raises(module("pipeline.outcome").Refused, match=scorer.columns[0]):
        scorer.score(row)
