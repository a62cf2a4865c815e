"""Groups side by side: how often each is approved, and how often those are who were approved before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .check import Check, judge
from .metrics import Interval, Judged, interval, resamples
from .policies import FairnessGate, GatesPolicy
from .rivals import Evidence

RATIO, DIFFERENCE = "adverse_impact_ratio", "equal_opportunity_difference"
NO_GROUP = "no group"
_WORDS = ("impact-ratio", "opportunity-gap")


@dataclass(frozen=True)
class Fairness:
    """Figures per group, and how far apart the groups are."""

    groups: list[dict[str, Any]]
    ratio: Interval
    difference: Interval


def judged(gates: GatesPolicy, evidence: Evidence) -> tuple[dict[str, Any], list[Check]]:
    """Record and checks of the groups that gates.yaml declares."""
    assert gates.fairness is not None
    found = measured(gates.fairness, gates, evidence.rows, evidence.candidate)
    return record(gates.fairness, found), checks(gates.fairness, gates, found)


def measured(gate: FairnessGate, gates: GatesPolicy, rows: pd.DataFrame, candidate: Judged) -> Fairness:
    """Selection and true positive rates per group, by fairlearn; intervals by the shared resamples."""
    from fairlearn.metrics import MetricFrame, selection_rate, true_positive_rate

    member = members(gate, rows)
    frame = MetricFrame(
        metrics={"selection_rate": selection_rate, "true_positive_rate": true_positive_rate},
        y_true=candidate.answers,
        y_pred=candidate.decisions,
        sensitive_features=pd.Series(member, name=gate.attribute),
    )
    groups = [_group(name, frame.by_group, member) for name in gate.groups if (member == name).any()]
    return Fairness(
        groups,
        _interval(ratio, gate, gates, member, candidate),
        _interval(difference, gate, gates, member, candidate),
    )


def members(gate: FairnessGate, rows: pd.DataFrame) -> NDArray[np.str_]:
    """Each row's group: the first whose columns mark it."""
    marks = [rows[list(columns)].eq(1).any(axis=1) for columns in gate.groups.values()]
    return np.select(marks, list(gate.groups), default=NO_GROUP)


def ratio(gate: FairnessGate, member: NDArray[np.str_], candidate: Judged) -> float:
    """Adverse impact ratio: the lowest selection rate over the highest."""
    rates = [_share(candidate.decisions[member == name]) for name in gate.groups]
    return min(rates) / max(rates) if max(rates) > 0 else float("nan")


def difference(gate: FairnessGate, member: NDArray[np.str_], candidate: Judged) -> float:
    """Equal opportunity: the widest gap in approvals of those who were approved before."""
    earned = candidate.answers == 1
    rates = [_share(candidate.decisions[(member == name) & earned]) for name in gate.groups]
    return max(rates) - min(rates)


def checks(gate: FairnessGate, gates: GatesPolicy, found: Fairness) -> list[Check]:
    """Both limits; a group that is absent or too small makes them unknown."""
    rows = {group["name"]: group["rows"] for group in found.groups}
    small = [name for name in gate.groups if rows.get(name, 0) < gates.min_rows]
    note = f"too few rows: {', '.join(small)}" if small else _span(found.ratio)
    values = [float("nan") if small else each.value for each in (found.ratio, found.difference)]
    limits = (gate.adverse_impact_ratio, gate.equal_opportunity_difference)
    notes = (note, note if small else _span(found.difference))
    return [
        judge(f"fairness:{word}", name, value, limit.op, limit.limit, told)
        for word, name, value, limit, told in zip(
            _WORDS, (RATIO, DIFFERENCE), values, limits, notes, strict=True
        )
    ]


def record(gate: FairnessGate, found: Fairness) -> dict[str, Any]:
    """Fairness as the evaluation holds it."""
    figures = {RATIO: found.ratio.record(), DIFFERENCE: found.difference.record()}
    return {"attribute": gate.attribute, "groups": found.groups, "metrics": figures}


def _group(name: str, by_group: pd.DataFrame, member: NDArray[np.str_]) -> dict[str, Any]:
    figures = {metric: round(float(by_group.loc[name, metric]), 6) for metric in by_group.columns}
    return {"name": name, "rows": int((member == name).sum()), **figures}


def _interval(
    function: Callable[[FairnessGate, NDArray[np.str_], Judged], float],
    gate: FairnessGate,
    gates: GatesPolicy,
    member: NDArray[np.str_],
    candidate: Judged,
) -> Interval:
    drawn = [
        function(gate, member[rows], candidate.at(rows)) for rows in resamples(len(member), gates.bootstrap)
    ]
    return interval(function(gate, member, candidate), drawn, gates.bootstrap)


def _share(decisions: NDArray[np.int64]) -> float:
    return float(decisions.mean()) if len(decisions) else float("nan")


def _span(figure: Interval) -> str:
    return f"interval {figure.low:.3f} to {figure.high:.3f}"
