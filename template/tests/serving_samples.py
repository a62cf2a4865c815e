"""What the serving tests are made of: the policy, features, rows and models of a small made-up system."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

SYSTEM = "sample-system"
FEATURES = '''"""Features of the test system."""


def burden(debt, income):
    return debt / income


def history(late):
    return late
'''
DATA = """
schema: data/v1
source: {name: made up, about: for tests}
target: good
key: id
protected: []
time: {received: received_on, event: null, max_age_days: 30, max_delay_days: 14}
rows: {min: 1, max_duplicates: 0}
columns:
  id: {type: integer, min: 1}
  debt: {type: number, min: 0, max: 1000}
  income: {type: number, min: 1, max: 1000}
  late: {type: integer, values: [0, 1, 2]}
  good: {type: integer, values: [0, 1]}
categories: {columns: [late], max_shift: 0.1}
splits: {salt: test, percent: {train: 50, validation: 10, test: 30, challenge: 10}, hard: []}
"""
TRAINING = """
schema: training/v1
seed: 7
features: [burden, history]
parameters: {}
search: {}
threshold: 0.5
baseline: [history]
"""
SERVING = """
schema: serving/v1
decisions: {positive: approve, negative: review}
fallback: {decision: refer, text: refer to a human}
trusted_types: []
max_body_bytes: 4096
rollback: {max_seconds: 10}
capture: {fsync: false, redact: [], retention_days: 30}
"""
ROLLOUT = """
schema: rollout/v1
shadow: {min_days: 28, min_samples: 5, max_error_rate: 0.0, max_disagreement: 0.9}
canary: {percent: 20, min_samples: 3, max_error_rate: 0.0}
"""
MONITORING = """
schema: monitoring/v1
cadence_hours: 1
record_every_days: 1
window: {hours: 24, max_rows: 1000, min_rows: 100, outcome_days: 180, min_labels: 50}
actions:
  investigate: {recipients: [model@loans.example], do: look}
  pause: {recipients: [support@loans.example], do: stop acting}
  rollback: {recipients: [platform@loans.example], do: roll back or retrain}
signals:
  - {id: input-drift, group: data, measure: input_psi, investigate: 0.1, pause: 0.5}
  - {id: input-shape, group: data, measure: input_shape, investigate: 0.15, pause: 0.4}
  - {id: nulls, group: data, measure: nulls, investigate: 0.02, pause: 0.1}
  - {id: out-of-range, group: data, measure: novel, investigate: 0.05, pause: 0.2}
  - {id: refused, group: data, measure: refused, investigate: 0.02, pause: 0.2}
  - {id: redaction, group: data, measure: leaks, min_rows: 1, pause: 1}
  - {id: freshness, group: data, measure: input_age_hours, investigate: 24, pause: 72, when_unknown: wait}
  - {id: data-age, group: data, measure: data_age_days, investigate: 365}
  - {id: score-drift, group: prediction, measure: score_psi, investigate: 0.1, pause: 0.5}
  - {id: decision-rate, group: prediction, measure: decisions, investigate: 0.1, pause: 0.4}
  - {id: latency, group: prediction, measure: latency_p95_ms, investigate: 1000}
  - {id: errors, group: prediction, measure: errors, investigate: 0.001, pause: 0.05}
  - {id: ranking, group: performance, measure: auc_loss, investigate: 0.05, rollback: 0.1, when_unknown: wait}
  - {id: accuracy, group: performance, measure: accuracy_loss, when_unknown: wait,
     investigate: 0.05, rollback: 0.1}
  - {id: brier, group: performance, measure: brier_loss, investigate: 0.05, when_unknown: wait}
  - {id: calibration, group: performance, measure: calibration_gap, when_unknown: wait,
     investigate: 0.1, rollback: 0.3}
  - {id: cost, group: business, measure: cost_per_answer, limits: budgets}
"""
BUDGETS = """
schema: budgets/v1
currency: EUR
rates: {endpoint_per_hour: 0.05, review_per_case: 1.0, monitoring_per_run: 0.01}
per_answer: {alert: 2.0, hard: 5.0, owner: b@loans.example}
scaling: {max_workers: 4}
"""
RETRAINING = """
schema: retraining/v1
triggers:
  - {id: drift, kind: drift, signals: [input-drift, score-drift], windows: 2, of: 3}
  - {id: performance, kind: performance, signals: [ranking, accuracy, calibration], windows: 1, of: 3}
  - {id: new-outcomes, kind: labels, rows: 300}
  - {id: human-feedback, kind: feedback, rows: 3, days: 30}
cool_down_days: 7
"""
POLICIES = {
    "serving": SERVING,
    "rollout": ROLLOUT,
    "data": DATA,
    "monitoring": MONITORING,
    "budgets": BUDGETS,
    "retraining": RETRAINING,
}
INPUTS = {"debt": 100.0, "income": 400.0, "late": 0}


@cache
def fitted(seed: int) -> Any:
    """A real model on made-up rows; another seed is another model."""
    from sklearn.linear_model import LogisticRegression

    rows = made_up(seed)
    inputs = np.column_stack([rows["debt"] / rows["income"], rows["late"]])
    return LogisticRegression().fit(inputs, rows["good"])


def made_up(seed: int, rows: int = 400, debt: float = 300.0) -> dict[str, Any]:
    """Made-up applicants: more debt and more late payments, fewer good outcomes."""
    random = np.random.default_rng(seed)
    table = {
        "debt": random.uniform(0, debt, rows).round(2),
        "income": random.uniform(100, 500, rows).round(2),
        "late": random.integers(0, 3, rows),
    }
    risk = 2 * table["debt"] / table["income"] + table["late"] - 1.5
    return {**table, "good": (random.uniform(size=rows) > 1 / (1 + np.exp(-2 * risk))).astype(int)}
