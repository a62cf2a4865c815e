"""The measures, against the library that everybody trusts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as trusted

from project import module

RANDOM = np.random.default_rng(11)
ANSWERS = (RANDOM.random(400) < 0.8).astype(int)
SCORES = np.round(np.clip(RANDOM.normal(0.5, 0.2, 400) + 0.1 * ANSWERS, 0.01, 0.99), 2)


def judged(answers: object = ANSWERS, scores: object = SCORES) -> object:
    return module("pipeline.metrics").Judged(answers, scores, 0.5)


EXPECTED = {
    "auc": trusted.roc_auc_score(ANSWERS, SCORES),
    "brier": trusted.brier_score_loss(ANSWERS, SCORES),
    "accuracy": trusted.accuracy_score(ANSWERS, SCORES >= 0.5),
    "sensitivity": trusted.recall_score(ANSWERS, SCORES >= 0.5),
    "specificity": trusted.recall_score(ANSWERS, SCORES >= 0.5, pos_label=0),
    "selection_rate": float(np.mean(SCORES >= 0.5)),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_measure_is_what_its_name_says(name: str) -> None:
    assert module("pipeline.metrics").measure(name)(judged()) == pytest.approx(EXPECTED[name])


def test_log_loss_is_what_its_name_says() -> None:
    assert module("pipeline.metrics").log_loss(ANSWERS, SCORES) == pytest.approx(
        trusted.log_loss(ANSWERS, SCORES)
    )


def test_every_measure_is_tested() -> None:
    assert set(EXPECTED) == set(module("pipeline.metrics").METRICS)


def test_one_class_cannot_be_ranked() -> None:
    assert np.isnan(module("pipeline.metrics").auc(np.ones(5, dtype=int), np.linspace(0, 1, 5)))


def test_intervals_are_the_same_every_time_and_hold_the_value() -> None:
    metrics, policies = module("pipeline.metrics"), module("pipeline.policies")
    bootstrap = policies.Bootstrap(samples=200, level=0.95, seed=3)
    first = metrics.with_interval(metrics.measure("auc"), judged(), bootstrap)
    assert first == metrics.with_interval(metrics.measure("auc"), judged(), bootstrap)
    assert first.low < first.value < first.high


@pytest.mark.parametrize("name", EXPECTED)
def test_a_better_model_leads_whatever_way_the_metric_points(name: str) -> None:
    """Answers known in advance beat a coin in everything that has a better and a worse."""
    perfect, coin = judged(scores=ANSWERS.astype(float)), judged(scores=RANDOM.random(400))
    lead = module("pipeline.metrics").lead
    assert lead(name, perfect, coin) == pytest.approx(-lead(name, coin, perfect))
    assert name == "selection_rate" or lead(name, perfect, coin) > 0
